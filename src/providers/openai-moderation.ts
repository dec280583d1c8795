import { isFields, list } from '../dialects/loose-json.ts'
import type { Moderation, ModerationRequest } from '../dialects/moderations.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { embeddingsUsage } from './openai-embeddings.ts'
import type { Provider } from './provider.ts'
import { openaiReach, posted, taskBody } from './task-request.ts'
import type { Task } from './translator.ts'

/** Moderations of a vendor that has OpenAI's. OpenAI counts nothing for them. */
export function openaiModeration(
  defaults: Provider['defaults'],
  { counts = true }: { readonly counts?: boolean } = {},
): Task<ModerationRequest, Moderation> {
  const reach = openaiReach(defaults, '/moderations')
  return {
    ask: (request, target) => [posted(reach, target, { ...taskBody(request, target), input: request.input })],
    read([answer]) {
      if (!isFields(answer) || list(answer.results).length === 0)
        throw new GatewayError('upstream_failed', 'The provider answered without results.')
      const usage = embeddingsUsage(answer) ?? (counts ? undefined : noUsage)
      return { answer: { ...answer, results: list(answer.results).map(flagged) }, ...(usage && { usage }) }
    },
  }
}

/** Mistral judges by category alone: what one of them finds is flagged, as OpenAI's clients are told. */
function flagged(result: unknown): unknown {
  if (!isFields(result) || result.flagged !== undefined || !isFields(result.categories)) return result
  return { flagged: Object.values(result.categories).includes(true), ...result }
}
