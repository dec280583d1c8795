import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { RateState, Take, Taken } from '../ledger/port.ts'
import type { WorstCase } from '../operations/chat.ts'
import type { AnyRequest, Operation } from '../operations/operation.ts'
import { appliesTo } from '../tenants/applies.ts'
import type { Principal } from '../tenants/principal.ts'
import { modelName } from '../tenants/scope.ts'
import type { Attempt } from './attempt.ts'
import { tokensTaken } from './counted-tokens.ts'
import type { GatewayDeps } from './deps.ts'
import type { Step } from './itinerary.ts'
import type { Journey } from './journey.ts'
import type { Ready } from './plan.ts'
import { refused } from './refusal.ts'

/**
 * Limits and money together, at this attempt's worst case, in all scopes or none; the hold of the attempt before ends as
 * this one begins. A caller whom nothing limits takes nothing and asks nobody. A request that named no maximum is lowered
 * to the answer that fits. Throws the refusal, in words.
 */
export async function take<R extends AnyRequest>(step: Step<R>, journey: Journey<R>): Promise<Attempt<R>> {
  const { call, deps } = journey
  const { principal, operation } = call
  const { candidate, request } = step
  const attempt = attemptOf(step, journey)
  const asked = { principal, operation, request }
  const needed = needOf(asked, candidate, deps, attempt.id)
  if (!needed) return attempt
  const taken = await takenFor(needed, journey)
  if (taken.granted) return { ...attempt, grant: taken.grant, rates: ratesOf(taken.rates, journey) }

  const { lowering } = operation
  const mayBeLowered = lowering?.namesMaximum(request) === false || principal.metadata.budget_clamp === true
  if (!lowering || !mayBeLowered || !isShortOfMoney(taken)) throw refused(taken.refusal, deps.config.general)
  const leastNano = lowering.leastCase(request, candidate.deployment)
  if (leastNano === undefined || leastNano >= needed.amountNano) throw refused(taken.refusal, deps.config.general)
  const less = await takenFor({ ...needed, leastNano }, journey)
  if (!less.granted) throw refused(taken.refusal, deps.config.general)
  const tokens = lowering.longestWithin(request, candidate.deployment, less.grant.amountNano)
  return {
    ...attempt,
    request: lowering.lowered(request, candidate.deployment, tokens),
    loweredTo: tokens,
    grant: less.grant,
    rates: ratesOf(less.rates, journey),
  }
}

function attemptOf<R extends AnyRequest>(step: Step<R>, journey: Journey<R>): Attempt<R> {
  const { candidate, group, request, retold, elsewhere, filterFails } = step
  const { call, deps, fallbacks, retries, maxRetries, trail, keep } = journey
  const { deployment, provider, target } = candidate
  const startedAtMs = deps.clock()
  const id = newId(startedAtMs)
  return {
    ...{ id, call, request, startedAtMs, group, deployment, provider, target },
    ...{ retold, elsewhere, filterFails, fallbacks, retries, maxRetries },
    ...(trail ? { trail } : {}),
    ...(keep ? { keep } : {}),
    rates: [],
  }
}

/**
 * A request counts once, whatever it takes: the ledger knows that of an attempt that is repriced. One that is asked beside
 * another has a slot of its own, because it may run on when the other has ended.
 */
async function takenFor<R extends AnyRequest>(needed: Take, journey: Journey<R>): Promise<Taken> {
  const { call, deps, unclosed, counted } = journey
  const { ledger } = call.principal
  const limits = counted && !unclosed ? furtherLimits(needed.limits) : needed.limits
  const taken = unclosed
    ? await deps.ledger.reprice(ledger, unclosed, needed)
    : await deps.ledger.take(ledger, { ...needed, limits })
  // One that was asked beside it may have left its own meanwhile; what may not have been heard is told again.
  const isHeard = taken.granted || taken.refusal.kind !== 'ledger_unavailable'
  if (isHeard && unclosed !== undefined && journey.unclosed === unclosed) delete journey.unclosed
  journey.counted ||= taken.granted
  return taken
}

function furtherLimits(limits: Take['limits']): Take['limits'] {
  return limits.flatMap(({ rpm: _, ...rest }) =>
    rest.maxParallel === undefined && rest.tpm === undefined ? [] : [rest],
  )
}

/** What is left of requests was said when they were counted. */
function ratesOf<R extends AnyRequest>(rates: readonly RateState[], journey: Journey<R>): readonly RateState[] {
  journey.rates ??= rates
  if (journey.rates === rates) return rates
  return [...rates, ...journey.rates.filter(({ kind }) => !rates.some((one) => one.kind === kind))]
}

function isShortOfMoney(taken: Extract<Taken, { granted: false }>): boolean {
  return taken.refusal.kind === 'budget_exceeded' || taken.refusal.kind === 'budget_held'
}

/** Who asks what of whom, as far as money and limits care. */
interface Asked<R extends AnyRequest> {
  readonly principal: Principal
  readonly operation: Operation<R>
  readonly request: R
}

/** What a request takes at its worst; undefined for a caller whom nothing limits. Throws where nobody can say. */
function needOf<R extends AnyRequest>(asked: Asked<R>, ready: Ready, deps: GatewayDeps, id: string): Take | undefined {
  const { scopes, limits } = appliesTo(asked.principal, ready.deployment, deps.config, ready.state.failures > 0)
  const budgeted = scopes.some((scope) => scope.limited)
  if (!budgeted && limits.length === 0) return undefined
  const { worst, needed } = worstNeed(asked, ready, deps, id)
  if (budgeted && worst.costNano === undefined) throw unbounded(ready.deployment.group, worst)
  return budgeted ? needed : { ...needed, amountNano: 0n }
}

/** The same for everyone, with nothing where nobody can say. */
export function worstNeed<R extends AnyRequest>(
  { principal, operation, request }: Asked<R>,
  { deployment, state }: Ready,
  deps: GatewayDeps,
  id: string,
): { readonly worst: WorstCase; readonly needed: Take } {
  const { scopes, limits } = appliesTo(principal, deployment, deps.config, state.failures > 0)
  const worst = operation.worstCase(request, deployment)
  const { general } = deps.config
  const [amountNano, tokens] = [worst.costNano ?? 0n, tokensTaken(worst, general)]
  return { worst, needed: { attempt: id, scopes, limits, amountNano, tokens, callMs: general.totalTimeoutMs } }
}

/** What cannot be bounded cannot be held: a caller with a budget is told why, and what would help. */
function unbounded(group: string, { unbounded }: WorstCase): GatewayError {
  const reason = unbounded ?? `Nobody knows what a request to ${group} can cost.`
  return new GatewayError('model_without_price', `A caller with a budget cannot send this: ${reason}`, {
    param: 'model',
    retry: false,
  })
}

/** A refusal for the sake of this candidate, perhaps of no other: the budget of its vendor, its own, or of its model. */
export function isOfCandidateAlone({ kind, details }: GatewayError, group: string): boolean {
  if (kind === 'model_without_price') return true
  const { scope, entity } = details.facts ?? {}
  const name = typeof scope === 'string' ? scope : typeof entity === 'string' ? entity : ''
  if (name.startsWith('provider:') || name.startsWith('deployment:')) return true
  return name.includes(':model=') && !`${name}@`.includes(`${modelName('', group)}@`)
}
