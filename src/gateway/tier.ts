import { GatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { circuitBars } from '../routing/circuit-bars.ts'
import { hedgeAfterMs } from '../routing/hedge.ts'
import {
  type Again,
  againAfter,
  pauseMs,
  type RetryBudget,
  retriesAsked,
  retriesByPolicy,
  retriesFor,
} from '../routing/retry.ts'
import type { Failed, Hedge, Leg, Way } from './itinerary.ts'
import type { Journey } from './journey.ts'
import { mockedLimit } from './mock.ts'
import type { Ready } from './plan.ts'
import { retryBudgetOf } from './retry-budgets.ts'

interface Tier<R extends AnyRequest> {
  readonly leg: Leg<R>
  /** Best first; never empty. */
  readonly candidates: readonly Ready[]
  /** No tier and no fallback comes after this one. */
  readonly isLast: boolean
  /** Whether a later tier or a fallback would really be asked after such a failure. */
  readonly goesOn: (error: GatewayError) => boolean
  readonly filterFails: boolean
}

/** The longest pause for which a client is kept waiting, and the longest where somebody else could be asked instead. */
const LONGEST_PAUSE_MS = 10_000
const SHORT_PAUSE_MS = 1_000

/**
 * The candidates of one tier, best first. After a failure another one is asked at once; when all have been asked, the one
 * that may be asked again soonest is, after a pause. Each time counts as a retry, and there are only so many. Who failed
 * in an answer that may be billed is not asked for another while somebody else is left.
 */
export async function* throughTier<R extends AnyRequest>(tier: Tier<R>, journey: Journey<R>): Way<R> {
  const { leg, candidates, isLast, filterFails } = tier
  const { call, controls, deps } = journey
  const { name } = leg.group
  const { router } = deps.config
  const budget = retryBudgetOf(name, deps.config)
  budget.earn(deps.clock())
  /** Those that were asked, and when each may be asked again: never, for some. */
  const againAtMs = new Map<Ready, number>()
  let failed: Failed | undefined
  let retries = 0
  let pauses = 0
  for (let candidate = candidates[0]; candidate; ) {
    const last = candidate
    const elsewhere = !isLast || candidates.some((one) => one !== last && !againAtMs.has(one))
    journey.maxRetries = retriesAsked(last.deployment, controls.numRetries, router)
    const hedge = hedgeFor(last, tier, journey, againAtMs, budget)
    const step = { group: name, candidate: last, request: leg.request, retold: leg.retold, elsewhere, filterFails }
    failed = mockedLimit(journey, name) ?? (yield hedge ? { ...step, hedge } : step)
    const { kind, details } = failed.error
    if (kind === 'client_closed' || call.signal.aborted) return failed

    const again = againOf(failed, retriesByPolicy(kind, name, router))
    const most = retriesFor(kind, last.deployment, controls.numRetries, router)
    if (failed.asked) journey.maxRetries = most
    if (again === 'nobody' || (failed.asked && retries >= most)) return failed
    const inPlace = again === 'anyone' && !(details.billed && tier.goesOn(failed.error))
    againAtMs.set(last, inPlace ? deps.clock() + (details.retryAfterMs ?? 0) : Number.POSITIVE_INFINITY)

    if (failed.hedge) againAtMs.set(failed.hedge, Number.POSITIVE_INFINITY)

    const well = await wellOf(candidates, name, journey)
    candidate = well.find((one) => !againAtMs.has(one))
    if (!candidate && retries < most) {
      const soonest = soonestOf(well, againAtMs)
      if (!soonest) return failed
      const waitMs = pauseMs(pauses, Math.max(router.retryAfterMs ?? 0, soonest.atMs - deps.clock()), deps.random)
      if (waitMs > (isLast ? LONGEST_PAUSE_MS : SHORT_PAUSE_MS) || !budget.spend()) return failed
      await deps.sleep(waitMs, call.signal)
      if (call.signal.aborted) return left()
      candidate = soonest.candidate
      pauses += 1
    }
    if (candidate && failed.asked) {
      retries += 1
      journey.retries += 1
    }
  }
  return failed ?? nobody()
}

/** What an answer lacks is for somebody else to say. */
function againOf({ error, asked, brokeOff }: Failed, byPolicy: number | undefined): Again {
  return asked && brokeOff !== true ? againAfter(error, byPolicy) : 'others'
}

const left = (): Failed => ({
  error: new GatewayError('client_closed', 'The client closed the connection.'),
  asked: true,
})

export const nobody = (): Failed => ({ error: new GatewayError('internal', 'A plan names nobody.'), asked: false })

/** Those that nobody has reason to leave alone by now. */
async function wellOf<R extends AnyRequest>(
  candidates: readonly Ready[],
  group: string,
  { deps }: Journey<R>,
): Promise<readonly Ready[]> {
  const nowMs = deps.clock()
  const states = await deps.health.state(group, nowMs, deps.defer)
  return candidates.filter(({ id }) => {
    const state = states.get(id)
    return state === undefined || circuitBars(state, nowMs) === undefined
  })
}

function soonestOf(
  candidates: readonly Ready[],
  againAtMs: ReadonlyMap<Ready, number>,
): { readonly candidate: Ready; readonly atMs: number } | undefined {
  let soonest: { candidate: Ready; atMs: number } | undefined
  for (const candidate of candidates) {
    const atMs = againAtMs.get(candidate) ?? Number.POSITIVE_INFINITY
    if (atMs < (soonest?.atMs ?? Number.POSITIVE_INFINITY)) soonest = { candidate, atMs }
  }
  return soonest
}

/** In groups of `hedged_groups`: the next who is well. */
function hedgeFor<R extends AnyRequest>(
  asked: Ready,
  { leg, candidates }: Tier<R>,
  { call, deps }: Journey<R>,
  wasAsked: ReadonlyMap<Ready, number>,
  budget: RetryBudget,
): Hedge | undefined {
  if (!deps.config.router.hedgedGroups?.includes(leg.group.name)) return undefined
  const afterMs = hedgeAfterMs(asked.state, call.operation.streams(leg.request))
  const nowMs = deps.clock()
  const candidate = candidates.find(
    (one) => one !== asked && !wasAsked.has(one) && circuitBars(one.state, nowMs) === undefined,
  )
  if (afterMs === undefined || !candidate) return undefined
  return { candidate, afterMs, spend: () => budget.spend() }
}
