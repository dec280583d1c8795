import type { ChatRequest } from '../dialects/chat.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import { type WorstCase, worstCase } from '../operations/chat.ts'
import { limitsFor, modelNames, scopesFor } from '../tenants/applies.ts'
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
  const names = modelNames(candidate.deployment)
  const scopes = scopesFor(principal, names)
  const limits = limitsFor(principal, names)
  const budgeted = scopes.some((scope) => scope.limited)
  if (!budgeted && limits.length === 0) return { ...attempt, rates: [] }

  const worst = worstCase(request, candidate.deployment)
  if (budgeted && worst.costNano === undefined) throw unbounded(candidate, worst)
  const taken = await deps.ledger.take(principal.ledger, {
    attempt: attempt.id,
    scopes,
    amountNano: budgeted ? (worst.costNano ?? 0n) : 0n,
    limits,
    tokens: worst.tokens,
    callMs: deps.config.general.totalTimeoutMs,
  })
  if (!taken.granted) throw refused(taken.refusal)
  return { ...attempt, grant: taken.grant, rates: taken.rates }
}

/** What cannot be bounded cannot be held: a caller with a budget is told why, and what would help. */
function unbounded({ deployment }: Candidate, { unbounded }: WorstCase): GatewayError {
  const reason = unbounded ?? `Nobody knows what a request to ${deployment.group} can cost.`
  return new GatewayError('model_without_price', `A caller with a budget cannot send this: ${reason}`, {
    param: 'model',
    retry: false,
  })
}
