import { type ModerationRequest, parseModeration } from '../dialects/moderations.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { boundedBy } from './bound.ts'
import type { Operation } from './operation.ts'
import { taskOperation } from './task.ts'
import { valueBytes } from './text-size.ts'

/** A picture is billed by nobody today; this is more than any vendor counts one at. */
const TOKENS_PER_PART = 4096

/** Whether texts and pictures may be said and shown. */
export const moderation: Operation<ModerationRequest> = taskOperation({
  name: 'moderation',
  callType: 'amoderation',
  parse: parseModeration,
  taskOf: (vendor) => vendor.moderation,
  lacking: 'its vendor moderates nothing here',
  worstCase: (request, deployment) =>
    boundedBy(deployment, mostUsage(request), 'input_cost_per_token', deployment.params, request),
  estimateUsage: ({ input }) => ({ ...noUsage, inputTokens: Math.ceil(valueBytes(input) / 3) }),
  print: ({ answer }, { deployment }) => JSON.stringify({ ...answer, model: deployment.group }),
})

function mostUsage({ input }: ModerationRequest): Usage {
  const parts = typeof input === 'string' ? 1 : input.length
  return { ...noUsage, inputTokens: valueBytes(input) + parts * TOKENS_PER_PART }
}
