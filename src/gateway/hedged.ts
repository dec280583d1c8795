import type { AnyRequest } from '../operations/operation.ts'
import { answered } from './answered.ts'
import type { Attempt } from './attempt.ts'
import { begun, gaveWay, isFailed } from './begun.ts'
import { fail } from './finish.ts'
import type { Failed, Hedge, Step, Way } from './itinerary.ts'
import { closeLast, type Journey } from './journey.ts'
import { drop } from './unasked.ts'

/** One of two that are asked at the same time. */
interface Runner<R extends AnyRequest> {
  readonly attempt: Attempt<R>
  readonly stop: () => void
  /** Never rejects. */
  readonly result: Promise<Result<R>>
}

interface Result<R extends AnyRequest> {
  readonly runner: Runner<R>
  readonly response?: Response
  readonly thrown?: unknown
}

/**
 * An attempt beside which another is asked, under a hold of its own, where it has not begun by the time that is slow for
 * it. Who begins first answers; the other is ended, and charged for its input and what it may have written.
 */
export async function hedged<R extends AnyRequest>(
  attempt: Attempt<R>,
  step: Step<R> & { readonly hedge: Hedge },
  journey: Journey<R>,
  way: Way<R>,
): Promise<Response | Failed> {
  const { deps, call, trail } = journey
  const { hedge } = step
  const first = run(attempt, journey)
  const soon = await within(hedge.afterMs, first.result, journey)
  if (soon || call.signal.aborted || !hedge.spend()) return ended(soon ?? (await first.result), journey)

  const taking = besideIt({ ...step, candidate: hedge.candidate }, journey, way)
  const beside = await Promise.race([taking, first.result.then(() => undefined)])
  if (!beside) {
    deps.defer('drop hedge', dropped(taking, journey))
    return ended(await first.result, journey)
  }
  trail?.slow(step.group, attempt.deployment.id, hedge.afterMs)
  const second = run(beside, journey)
  const fastest = await Promise.race([first.result, second.result])
  const other = fastest.runner === first ? second : first
  if (fastest.response) {
    other.stop()
    deps.defer('end hedge', overtaken(other, journey))
    return fastest.response
  }
  const why = ended(fastest, journey, fastest.runner === second)
  const last = ended(await other.result, journey, other === second)
  return last instanceof Response ? last : { ...last, ...(why instanceof Response ? {} : { hedge: hedge.candidate }) }
}

/** That there is no money or no slot for another is nothing to tell the caller, whom the first may still answer. */
async function besideIt<R extends AnyRequest>(
  step: Step<R>,
  journey: Journey<R>,
  way: Way<R>,
): Promise<Attempt<R> | undefined> {
  const { firstError } = journey
  const beside = await begun(step, journey, way).catch(() => undefined)
  if (beside !== undefined && !isFailed(beside)) return beside
  if (firstError === undefined) delete journey.firstError
  return undefined
}

/** It ends when the client leaves, or when the other has won. */
function run<R extends AnyRequest>(attempt: Attempt<R>, { deps }: Journey<R>): Runner<R> {
  const { call } = attempt
  const stopped = new AbortController()
  const own = { ...attempt, call: { ...call, signal: AbortSignal.any([call.signal, stopped.signal]) } }
  const { promise: result, resolve } = Promise.withResolvers<Result<R>>()
  const runner: Runner<R> = { attempt: own, stop: () => stopped.abort(), result }
  answered(own, deps).then(
    (response) => resolve({ runner, response }),
    (thrown) => resolve({ runner, thrown }),
  )
  return runner
}

/** Undefined when it is not over by then. */
async function within<R extends AnyRequest>(
  ms: number,
  result: Promise<Result<R>>,
  { deps, call }: Journey<R>,
): Promise<Result<R> | undefined> {
  const over = new AbortController()
  const signal = AbortSignal.any([call.signal, over.signal])
  try {
    return await Promise.race([result, deps.sleep(ms, signal).then(() => undefined)])
  } finally {
    over.abort()
  }
}

function ended<R extends AnyRequest>(
  { runner, response, thrown }: Result<R>,
  journey: Journey<R>,
  beside = false,
): Response | Failed {
  return response ?? gaveWay(runner.attempt, thrown, journey, beside)
}

/** The first was done before the other's money was there. */
async function dropped<R extends AnyRequest>(
  taking: Promise<Attempt<R> | undefined>,
  journey: Journey<R>,
): Promise<void> {
  const attempt = await taking
  if (attempt) drop(attempt, journey.deps)
  else closeLast(journey)
}

/** One that began to answer in the same moment is let go of as if its client had left. */
async function overtaken<R extends AnyRequest>({ result }: Runner<R>, { deps }: Journey<R>): Promise<void> {
  const { runner, response, thrown } = await result
  if (response) await response.body?.cancel().catch(() => {})
  else fail(runner.attempt, thrown, deps)
}
