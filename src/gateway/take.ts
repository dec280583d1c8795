import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Refusal, Settlement, Take } from '../ledger/port.ts'
import type { WorstCase } from '../operations/chat.ts'
import type { AnyRequest, Operation } from '../operations/operation.ts'
import { appliesTo } from '../tenants/applies.ts'
import type { Principal } from '../tenants/principal.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import type { Candidate } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'
import { refused } from './refusal.ts'

/** What a take goes with: the place of its group among the fallbacks, and the hold that ends as this one begins. */
export interface Following {
  readonly fallbacks: number
  readonly failed?: Settlement
}

/**
 * Limits and money together, at this attempt's worst case, in all scopes or none. A caller whom nothing limits takes
 * nothing and asks nobody. A request that named no maximum is lowered to the answer that fits. Throws the refusal, in
 * words.
 */
export async function take<R extends AnyRequest>(
  call: Call<R>,
  request: R,
  candidate: Candidate,
  deps: GatewayDeps,
  following: Following = { fallbacks: 0 },
): Promise<Attempt<R>> {
  const { principal, operation } = call
  const { fallbacks, failed } = following
  const startedAtMs = deps.clock()
  const attempt = { id: newId(startedAtMs), call, request, startedAtMs, fallbacks, ...candidate }
  const needed = needOf(principal, request, candidate, { id: attempt.id, operation, deps })
  if (!needed) return { ...attempt, rates: [] }
  const { ledger } = principal
  const first = failed ? await deps.ledger.reprice(ledger, failed, needed) : await deps.ledger.take(ledger, needed)
  if (first.granted) return { ...attempt, grant: first.grant, rates: first.rates }

  const { lowering } = operation
  if (!lowering || !mayBeLowered(first.refusal, call, request)) throw refused(first.refusal)
  const leastNano = lowering.leastCase(request, candidate.deployment)
  if (leastNano === undefined || leastNano >= needed.amountNano) throw refused(first.refusal)
  const second = await deps.ledger.take(ledger, { ...needed, leastNano })
  if (!second.granted) throw refused(first.refusal)
  const tokens = lowering.longestWithin(request, candidate.deployment, second.grant.amountNano)
  return {
    ...attempt,
    request: lowering.lowered(request, candidate.deployment, tokens),
    loweredTo: tokens,
    grant: second.grant,
    rates: second.rates,
  }
}

/** What a request takes at its worst; undefined for a caller whom nothing limits. Throws where nobody can say. */
export function needOf<R extends AnyRequest>(
  principal: Principal,
  request: R,
  candidate: Candidate,
  { id, operation, deps }: { readonly id: string; readonly operation: Operation<R>; readonly deps: GatewayDeps },
): Take | undefined {
  const { scopes, limits } = appliesTo(principal, candidate.deployment, deps.config)
  const budgeted = scopes.some((scope) => scope.limited)
  if (!budgeted && limits.length === 0) return undefined
  const worst = operation.worstCase(request, candidate.deployment)
  if (budgeted && worst.costNano === undefined) throw unbounded(candidate, worst)
  return {
    attempt: id,
    scopes,
    amountNano: budgeted ? (worst.costNano ?? 0n) : 0n,
    limits,
    tokens: worst.tokens,
    callMs: deps.config.general.totalTimeoutMs,
  }
}

/** Money is short, and the caller left open how long the answer may be, or its key allows to shorten it. */
function mayBeLowered<R extends AnyRequest>({ kind }: Refusal, { principal, operation }: Call<R>, request: R): boolean {
  if (kind !== 'budget_exceeded' && kind !== 'budget_held') return false
  return operation.lowering?.namesMaximum(request) === false || principal.metadata.budget_clamp === true
}

/** What cannot be bounded cannot be held: a caller with a budget is told why, and what would help. */
function unbounded({ deployment }: Candidate, { unbounded }: WorstCase): GatewayError {
  const reason = unbounded ?? `Nobody knows what a request to ${deployment.group} can cost.`
  return new GatewayError('model_without_price', `A caller with a budget cannot send this: ${reason}`, {
    param: 'model',
    retry: false,
  })
}
