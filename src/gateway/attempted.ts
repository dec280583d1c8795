import type { AnyRequest } from '../operations/operation.ts'
import { answered } from './answered.ts'
import { begun, gaveWay, isFailed } from './begun.ts'
import { hedged } from './hedged.ts'
import type { Failed, Step, Way } from './itinerary.ts'
import type { Journey } from './journey.ts'

/** One step of the way: taken, asked, and answered or ended. Throws where the caller may not ask at all. */
export async function attempted<R extends AnyRequest>(
  step: Step<R>,
  journey: Journey<R>,
  way: Way<R>,
): Promise<Response | Failed> {
  const attempt = await begun(step, journey, way)
  if (isFailed(attempt)) return attempt
  if (step.hedge) return await hedged(attempt, { ...step, hedge: step.hedge }, journey, way)
  try {
    return await answered(attempt, journey.deps)
  } catch (thrown) {
    return gaveWay(attempt, thrown, journey)
  }
}
