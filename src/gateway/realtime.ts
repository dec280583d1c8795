import { GatewayError } from '../errors.ts'
import type { RealtimeRequest } from '../operations/realtime.ts'
import type { Principal } from '../tenants/principal.ts'
import { asked } from './answered.ts'
import type { Attempt } from './attempt.ts'
import { begun, gaveWay, isFailed } from './begun.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'
import { headerText } from './header-text.ts'
import { type Failed, itinerary, type Step, type Way } from './itinerary.ts'
import { begin, closeLast, type Journey, notAnswered } from './journey.ts'
import { RealtimeSession } from './realtime-session.ts'
import { openSocket, type RuntimeSocket, type Socket, socketOf } from './realtime-socket.ts'
import { rateHeaders } from './refusal.ts'

/** The caller's side, once somebody is found who talks to it. */
export interface Client {
  /** Who it is by now; throws where it may not call any more. */
  readonly standing: () => Promise<Principal>
  /** Opens its end, and makes the answer that switches to it. */
  accept(headers: Readonly<Record<string, string>>): { readonly socket: Socket; readonly response: Response }
}

/**
 * The story of a conversation: whom to ask is found as for any request, and once a vendor's socket is open the two are
 * joined. Nothing is said to the client before that, so that whoever fails to open is passed over.
 */
export async function converse(call: Call<RealtimeRequest>, client: Client, deps: GatewayDeps): Promise<Response> {
  const journey = begin(call, deps)
  const way = itinerary(journey)
  try {
    let next = await way.next()
    while (next.done !== true) {
      const outcome = await opened(next.value, journey, way)
      if (!('error' in outcome)) return joined(outcome, client, deps)
      next = await way.next(outcome)
    }
    throw notAnswered(journey, next.value.error)
  } finally {
    closeLast(journey)
  }
}

interface Line {
  readonly attempt: Attempt<RealtimeRequest>
  readonly vendor: RuntimeSocket
}

async function opened(
  step: Step<RealtimeRequest>,
  journey: Journey<RealtimeRequest>,
  way: Way<RealtimeRequest>,
): Promise<Line | Failed> {
  const attempt = await begun(step, journey, way)
  if (isFailed(attempt)) return attempt
  try {
    const { ready, answer } = await asked(attempt, journey.deps)
    answer.watch.over()
    const vendor = socketOf(answer.response)
    if (vendor) return { attempt: ready, vendor }
    await answer.response.body?.cancel()
    throw new GatewayError('upstream_failed', `${step.group} opened no WebSocket.`, { retry: true })
  } catch (thrown) {
    return gaveWay(attempt, thrown, journey)
  }
}

function joined({ attempt, vendor }: Line, { standing, accept }: Client, deps: GatewayDeps): Response {
  const { deployment, rates, startedAtMs, call } = attempt
  const { socket, response } = accept({
    'x-litellm-call-id': call.requestId,
    'x-litellm-model-id': headerText(deployment.id),
    'x-litellm-model-group': headerText(deployment.group),
    ...rateHeaders(rates),
  })
  const openedMs = deps.clock() - startedAtMs
  const session = new RealtimeSession({ attempt, client: socket, vendor: openSocket(vendor), openedMs, standing }, deps)
  deps.defer('realtime session', session.run())
  return response
}
