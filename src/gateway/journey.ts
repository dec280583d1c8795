import { refuseInactive } from '../config/capabilities.ts'
import { GatewayError } from '../errors.ts'
import type { RateState, Settlement } from '../ledger/port.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Call } from './call.ts'
import { type Controls, controlsOf } from './controls.ts'
import type { GatewayDeps } from './deps.ts'
import { headerText } from './header-text.ts'
import type { Keep } from './keep.ts'
import { checkLogsMetadata } from './logs-metadata.ts'
import { TRAIL_HEADER, Trail } from './trail.ts'

/** One request on its way: what it asks, and what has become of it so far. */
export interface Journey<R extends AnyRequest> {
  readonly call: Call<R>
  readonly request: R
  readonly controls: Controls
  readonly deps: GatewayDeps
  /** Only where the caller wants it explained. */
  readonly trail: Trail | undefined
  /** Sees the answer, where it may be kept. */
  readonly keep?: Keep<R>
  /** How many attempts were made, and how many of them were again in the same group. */
  attempts: number
  retries: number
  /** The most retries that the present group may have. */
  maxRetries: number
  fallbacks: number
  /** `mock_testing_rate_limit_error` has had its effect. */
  mockedLimit: boolean
  /** What the client is told where nobody answers. */
  firstError?: GatewayError
  /** The hold of the last attempt, with its row if it cost anything: the next take closes it. */
  unclosed?: Settlement
  /** The request counts in its caller's limits. */
  counted: boolean
  /** What was left of the caller's limits when the request was counted. */
  rates?: readonly RateState[]
}

/** Reads the request in its dialect; what it says to the gateway itself goes no further. */
export function begin<R extends AnyRequest>(given: Call<R>, deps: GatewayDeps): Journey<R> {
  const { controls, body } = controlsOf(given.body, given.headers, given.principal)
  const call = body === given.body ? given : { ...given, body }
  const asked = call.operation.parse(body, call.path, call.dialect)
  const showsUsage = deps.config.general.alwaysStreamUsage === true && call.operation.streams(asked)
  const request = showsUsage ? withUsage(asked) : asked
  refuseInactive(request, 'chat')
  checkLogsMetadata(body, given.headers)
  const trail = controls.explain ? new Trail() : undefined
  const nothingYet = { attempts: 0, retries: 0, maxRetries: 0, fallbacks: 0, mockedLimit: false, counted: false }
  return { call, request, controls, deps, trail, ...nothingYet }
}

/** A stream tells its usage, unless its caller has said otherwise. */
function withUsage<R extends AnyRequest>(request: R): R {
  const { stream_options: options } = request as { readonly stream_options?: object | null }
  return { ...request, stream_options: { include_usage: true, ...options } }
}

/** The last hold ends by itself where no other take ends it. */
export function closeLast<R extends AnyRequest>(journey: Journey<R>): void {
  const { unclosed, call, deps } = journey
  if (!unclosed) return
  delete journey.unclosed
  handedOver(unclosed, call, deps)
}

/** Ends a hold by itself. */
export function handedOver<R extends AnyRequest>(hold: Settlement, { principal }: Call<R>, deps: GatewayDeps): void {
  const { event, ...close } = hold
  deps.handOver.add({ ledger: principal.ledger, close, ...(event && { event }) }, deps.defer)
}

/** The end of a request that nobody answered: why the first failed, and what was tried. */
export function notAnswered<R extends AnyRequest>(journey: Journey<R>, last: GatewayError): GatewayError {
  const { attempts, retries, maxRetries, fallbacks, trail, firstError, request } = journey
  const error = firstError ?? last
  if (attempts === 0 && !trail) return error
  // LiteLLM's words, which its users look for.
  const retried = retries === 0 ? '' : ` LiteLLM Retried: ${retries} times, LiteLLM Max Retries: ${maxRetries}`
  return new GatewayError(error.kind, `${error.message}${retried}`, {
    ...error.details,
    headers: {
      ...error.details.headers,
      'x-litellm-model-group': headerText(request.model),
      'x-litellm-attempted-retries': String(retries),
      'x-litellm-max-retries': String(maxRetries),
      'x-litellm-attempted-fallbacks': String(fallbacks),
      ...(trail && { [TRAIL_HEADER]: trail.text() }),
    },
  })
}
