import type { ChatRequest } from '../dialects/chat.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import { worstCase } from '../operations/chat.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import type { Candidate } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'
import { refused } from './refusal.ts'

/**
 * Limits and money together, at this attempt's worst case, in all scopes or none. A caller whom nothing limits takes
 * nothing and asks nobody. Throws the refusal, in words.
 */
export async function take(
  call: Call,
  request: ChatRequest,
  candidate: Candidate,
  deps: GatewayDeps,
): Promise<Attempt> {
  const { principal } = call
  const startedAtMs = deps.clock()
  const attempt = { id: newId(startedAtMs), call, request, startedAtMs, ...candidate }
  const budgeted = principal.scopes.some((scope) => scope.limited)
  if (!budgeted && principal.limits.length === 0) return { ...attempt, rates: [] }

  const worst = worstCase(request, candidate.deployment)
  if (budgeted && worst.costNano === undefined) throw withoutPrice(candidate)
  const taken = await deps.ledger.take(principal.ledger, {
    attempt: attempt.id,
    scopes: principal.scopes,
    amountNano: budgeted ? (worst.costNano ?? 0n) : 0n,
    limits: principal.limits,
    tokens: worst.tokens,
    callMs: deps.config.general.totalTimeoutMs,
  })
  if (!taken.granted) throw refused(taken.refusal)
  return { ...attempt, grant: taken.grant, rates: taken.rates }
}

function withoutPrice({ deployment }: Candidate): GatewayError {
  return new GatewayError(
    'model_without_price',
    `${deployment.group} has no known price, so a caller with a budget cannot use it. The operator can set input_cost_per_token and output_cost_per_token for ${deployment.provider}/${deployment.model}.`,
    { param: 'model', retry: false },
  )
}
