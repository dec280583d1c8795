import { type NanoUsd, usdFromNano } from '../money.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { regionOf } from '../routing/region.ts'
import { shownHeaders } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { Charge } from './charge.ts'
import type { GatewayDeps } from './deps.ts'
import { headerText } from './header-text.ts'
import { rateHeaders } from './refusal.ts'
import { TRAIL_HEADER } from './trail.ts'

export const COST_HEADER = 'x-litellm-response-cost'

/** What every good answer says about itself, in LiteLLM's names. The cost is known only to answers that are whole. */
export function answerHeaders(
  attempt: Attempt<AnyRequest>,
  upstream: Headers,
  waitedMs: number,
  cost: NanoUsd | undefined,
  deps: GatewayDeps,
): Record<string, string> {
  const { call, deployment, target, rates } = attempt
  const { principal } = call
  const durationMs = deps.clock() - call.receivedAtMs
  const headers: Record<string, string> = {
    'x-litellm-call-id': call.requestId,
    'x-litellm-model-id': headerText(deployment.id),
    'x-litellm-model-group': headerText(deployment.group),
    'x-litellm-model-api-base': headerText(target.apiBase?.split('?')[0] ?? ''),
    'x-litellm-version': deps.version,
    'x-litellm-attempted-retries': String(attempt.retries),
    'x-litellm-max-retries': String(attempt.maxRetries),
    'x-litellm-attempted-fallbacks': String(attempt.fallbacks),
    'x-litellm-response-duration-ms': String(durationMs),
    'x-litellm-overhead-duration-ms': String(Math.max(0, durationMs - waitedMs)),
  }
  if (attempt.trail) {
    const afterMs = deps.clock() - attempt.startedAtMs
    headers[TRAIL_HEADER] = attempt.trail.text({ group: attempt.group, deployment: deployment.id, afterMs })
  }
  const region = regionOf(deployment)
  if (region !== undefined) headers['x-litellm-model-region'] = region
  if (attempt.loweredTo !== undefined) headers['x-tollgate-max-tokens'] = String(attempt.loweredTo)
  Object.assign(headers, shownHeaders(upstream), rateHeaders(rates))
  if (principal.maxBudgetNano !== undefined) {
    headers['x-litellm-key-max-budget'] = String(usdFromNano(principal.maxBudgetNano))
  }
  const key = principal.limits.find(({ entity, model }) => entity.startsWith('key:') && model === undefined)
  if (key?.rpm !== undefined) headers['x-litellm-key-rpm-limit'] = String(key.rpm)
  if (key?.tpm !== undefined) headers['x-litellm-key-tpm-limit'] = String(key.tpm)
  headers['x-litellm-key-spend'] = String(usdFromNano(principal.spendNano + (cost ?? 0n)))
  if (cost !== undefined) headers[COST_HEADER] = String(usdFromNano(cost))
  return headers
}

const ORIGINAL_HEADER = `${COST_HEADER}-original`
const DISCOUNT_HEADER = `${COST_HEADER}-discount-amount`
const MARGIN_HEADER = `${COST_HEADER}-margin-amount`
const MARGIN_PERCENT_HEADER = `${COST_HEADER}-margin-percent`

/** How a cost came about, in LiteLLM's names; nothing where a price is what it is. */
export function costHeaders({ terms }: Charge): Record<string, string> | undefined {
  if (terms === undefined) return undefined
  const { applied, originalNano, discountNano, marginNano } = terms
  return {
    [ORIGINAL_HEADER]: String(usdFromNano(originalNano)),
    ...(applied.discount > 0 && { [DISCOUNT_HEADER]: String(usdFromNano(discountNano)) }),
    ...(marginNano > 0n && { [MARGIN_HEADER]: String(usdFromNano(marginNano)) }),
    ...(applied.margin > 0 && { [MARGIN_PERCENT_HEADER]: String(applied.margin / 1e9) }),
  }
}
