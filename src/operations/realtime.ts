import * as z from 'zod'
import { refusedBody } from '../dialects/openai.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { boundedBy } from './bound.ts'
import type { AnyRequest, Operation } from './operation.ts'

export interface RealtimeRequest extends AnyRequest {
  readonly model: string
}

const asked = z.looseObject({
  model: z
    .string('must be named in the query: /v1/realtime?model=NAME')
    .min(1, 'must be named in the query: /v1/realtime?model=NAME'),
})

const LACKING = 'its vendor holds no conversations over a WebSocket here'

/**
 * A conversation over a WebSocket, as far as opening it goes: whom to ask and how. It costs nothing by itself; each of
 * its responses is held for, charged and recorded apart (`realtime-context.ts` says what one may use at the most).
 */
export const realtime: Operation<RealtimeRequest> = {
  name: 'realtime',
  /** LiteLLM's word. */
  callType: '_arealtime',
  parse(body) {
    const result = asked.safeParse(body)
    if (!result.success) throw refusedBody(result.error.issues)
    return result.data
  },
  unfit: ({ realtime: opens }, mode) => {
    if (!opens) return LACKING
    // A name that no list knows counts as a chat's; the vendor says what it is.
    return mode === 'realtime' || mode === 'chat' ? undefined : `it is a model for ${mode}`
  },
  worstCase(_, deployment) {
    const bound = boundedBy(deployment, noUsage, 'input_cost_per_token')
    return bound.costNano === undefined ? bound : { ...bound, costNano: 0n }
  },
  needs: () => ({ inputTokens: 0, capabilities: [] }),
  estimateUsage: () => noUsage,
  streams: () => false,
  upstreams({ provider, target }) {
    if (provider.realtime) return [provider.realtime(target)]
    throw new GatewayError('not_implemented', `It cannot be asked: ${LACKING}. Use another model.`, { param: 'model' })
  },
  told({ deployment }) {
    throw new GatewayError('upstream_failed', `${deployment.group} opened no conversation.`, { retry: true })
  },
}
