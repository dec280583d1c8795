import type { AnyRequest } from '../operations/operation.ts'
import { attempted } from './attempted.ts'
import { cached } from './cached.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'
import { itinerary } from './itinerary.ts'
import { begin, closeLast, type Journey, notAnswered } from './journey.ts'
import { keptBodies } from './kept-bodies.ts'

/**
 * The story of a request: parse → admit → cache → plan → take → ask → relay; log and settle follow the answer. Where an
 * attempt fails before anything was sent, the next is asked, re-priced, for as long as somebody is left. Whatever is
 * thrown ends the request here, and an attempt that was taken is always finished.
 */
export async function serve<R extends AnyRequest>(call: Call<R>, deps: GatewayDeps): Promise<Response> {
  const journey = begin(call, deps)
  const answer = deps.cache ? cached(journey, deps.cache, asked) : asked(journey)
  return await (deps.bodies ? keptBodies(call, answer, deps) : answer)
}

async function asked<R extends AnyRequest>(journey: Journey<R>): Promise<Response> {
  const way = itinerary(journey)
  try {
    let next = await way.next()
    while (next.done !== true) {
      const outcome = await attempted(next.value, journey, way)
      if (outcome instanceof Response) return outcome
      next = await way.next(outcome)
    }
    throw notAnswered(journey, next.value.error)
  } finally {
    closeLast(journey)
  }
}
