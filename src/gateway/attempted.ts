import { GatewayError, toGatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { answered, asked } from './answered.ts'
import type { Attempt, Continued } from './attempt.ts'
import { failureOf, giveWay, type Outcome } from './finish.ts'
import type { Failed, Step, Way } from './itinerary.ts'
import { closeLast, type Journey, notAnswered } from './journey.ts'
import { isOfCandidateAlone, take } from './take.ts'

/** One step of the way: taken, asked, and answered or ended. Throws where the caller may not ask at all. */
export async function attempted<R extends AnyRequest>(
  step: Step<R>,
  journey: Journey<R>,
  way: Way<R>,
): Promise<Response | Failed> {
  const attempt = await begun(step, journey, way)
  if (isFailed(attempt)) return attempt
  try {
    return await answered(attempt, journey.deps)
  } catch (thrown) {
    return gaveWay(attempt, thrown, journey)
  }
}

function isFailed<R extends AnyRequest>(one: Attempt<R> | Failed): one is Failed {
  return 'error' in one
}

/**
 * Takes what the step needs, or says why it is not asked: what another candidate may still do, and, once somebody has
 * failed, whatever the caller cannot pay or may not ask so often.
 */
async function begun<R extends AnyRequest>(
  step: Step<R>,
  journey: Journey<R>,
  way: Way<R>,
): Promise<Attempt<R> | Failed> {
  const { deps, attempts, trail } = journey
  const { group, candidate } = step
  try {
    const taken = await take(step, journey)
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

function gaveWay<R extends AnyRequest>(attempt: Attempt<R>, thrown: unknown, journey: Journey<R>): Failed {
  const { deps, trail } = journey
  const error = toGatewayError(thrown)
  const unclosed = giveWay(attempt, failureOf(attempt, error, deps), deps)
  if (unclosed) journey.unclosed = unclosed
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
    const unclosed = giveWay(attempt, outcome, deps)
    if (unclosed) journey.unclosed = unclosed
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
  let failed: Failed = { error: error ?? new GatewayError('upstream_failed', 'The stream broke off.'), asked: true }
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
