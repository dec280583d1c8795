import { GatewayError, toGatewayError } from '../errors.ts'
import type { Settlement } from '../ledger/port.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { circuitBars } from '../routing/circuit-bars.ts'
import { asked } from './answered.ts'
import type { Attempt, Continued } from './attempt.ts'
import { failureOf, giveWay, type Outcome } from './finish.ts'
import type { Failed, Step, Way } from './itinerary.ts'
import { closeLast, handedOver, type Journey, notAnswered } from './journey.ts'
import { isOfCandidateAlone, take } from './take.ts'
import { unusedOf } from './unasked.ts'

export function isFailed<R extends AnyRequest>(one: Attempt<R> | Failed): one is Failed {
  return 'error' in one
}

/**
 * Takes what the step needs, or says why it is not asked: what another candidate may still do, and, once somebody has
 * failed, whatever the caller cannot pay or may not ask so often.
 */
export async function begun<R extends AnyRequest>(
  step: Step<R>,
  journey: Journey<R>,
  way: Way<R>,
): Promise<Attempt<R> | Failed> {
  const { deps, attempts, trail } = journey
  const { group, candidate } = step
  try {
    const taken = await take(step, journey)
    const bars = circuitBars(candidate.state, taken.startedAtMs)
    if (bars !== undefined) return leftAlone(taken, bars, journey)
    journey.attempts += 1
    deps.health.began(group, candidate.id, taken.startedAtMs, deps.defer)
    return mayChangeHands(journey) ? { ...taken, continueWith: continueWith(taken, journey, way) } : taken
  } catch (thrown) {
    const error = toGatewayError(thrown)
    trail?.passedOver(group, candidate.id, error.message)
    const goesOn = attempts > 0 || isOfCandidateAlone(error, group)
    if (!goesOn || error.kind === 'ledger_unavailable' || error.kind === 'internal') throw notAnswered(journey, error)
    journey.firstError ??= error
    return { error, asked: false }
  }
}

/** Its hold ends with the next take, or with the request. Of two that were asked at the same time the second ends at once. */
function leaveOpen<R extends AnyRequest>(hold: Settlement | undefined, journey: Journey<R>, beside = false): void {
  if (!hold) return
  if (beside && journey.unclosed) {
    handedOver(hold, journey.call, journey.deps)
    return
  }
  closeLast(journey)
  journey.unclosed = hold
}

/** While money was taken for it, others found that it fails, or began to try it. */
function leftAlone<R extends AnyRequest>(taken: Attempt<R>, why: string, journey: Journey<R>): Failed {
  const { group, deployment } = taken
  const hold = unusedOf(taken)
  // Who was never asked is not counted.
  const isUntaken = journey.attempts === 0
  if (isUntaken) journey.counted = false
  leaveOpen(hold && { ...hold, ...(isUntaken && { untaken: true }) }, journey)
  journey.trail?.passedOver(group, deployment.id, why)
  const message = `${deployment.id} of ${group} is not asked now: ${why}. Ask again in a moment.`
  const error = new GatewayError('rate_limited', message, { retryAfterMs: 1_000 })
  journey.firstError ??= error
  return { error, asked: false }
}

export function gaveWay<R extends AnyRequest>(
  attempt: Attempt<R>,
  thrown: unknown,
  journey: Journey<R>,
  beside = false,
): Failed {
  const { deps, trail } = journey
  const error = toGatewayError(thrown)
  leaveOpen(giveWay(attempt, failureOf(attempt, error, deps), deps), journey, beside)
  journey.firstError ??= error
  trail?.failed(attempt.group, attempt.deployment.id, error, deps.clock() - attempt.startedAtMs)
  return { error, asked: true }
}

function mayChangeHands<R extends AnyRequest>({ call, request, controls, deps }: Journey<R>): boolean {
  if (deps.config.router.midStreamFallback !== 'continue' || controls.disableFallbacks) return false
  return call.operation.streams(request)
}

/** The same way goes on after a stream that broke off: whoever would have been asked next completes it. */
function continueWith<R extends AnyRequest>(
  attempt: Attempt<R>,
  journey: Journey<R>,
  way: Way<R>,
): NonNullable<Attempt<R>['continueWith']> {
  const { deps } = journey
  return async (outcome, requestFor) => {
    leaveOpen(giveWay(attempt, outcome, deps), journey)
    try {
      return await wentOn(outcome, requestFor, journey, way)
    } catch {
      return undefined
    } finally {
      closeLast(journey)
    }
  }
}

async function wentOn<R extends AnyRequest>(
  { error }: Outcome,
  requestFor: Parameters<NonNullable<Attempt<R>['continueWith']>>[1],
  journey: Journey<R>,
  way: Way<R>,
): Promise<Continued<R> | undefined> {
  const why = error ?? new GatewayError('upstream_failed', 'The stream broke off.')
  let failed: Failed = { error: why, asked: true, brokeOff: true }
  for (;;) {
    const next = await way.next(failed)
    if (next.done) return undefined
    const attempt = await begun(
      { ...next.value, request: requestFor(next.value.candidate), retold: true },
      journey,
      way,
    )
    if (isFailed(attempt)) {
      failed = attempt
      continue
    }
    try {
      const { ready, answer } = await asked(attempt, journey.deps)
      return { attempt: ready, answer }
    } catch (thrown) {
      failed = gaveWay(attempt, thrown, journey)
    }
  }
}
