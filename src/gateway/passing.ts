import type { Fields } from '../dialects/loose-json.ts'
import type { GatewayError } from '../errors.ts'
import { minNano } from '../money.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Shape } from '../operations/pass-through-shape.ts'
import type { PicoUsd } from '../prices/price.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import type { Principal } from '../tenants/principal.ts'
import type { Attempt } from './attempt.ts'
import { toldOfCharge } from './charge.ts'
import { tokensUsed } from './counted-tokens.ts'
import type { GatewayDeps } from './deps.ts'
import { chargeFor, type Outcome, toEvent } from './finish.ts'
import type { Destination } from './pass-through-destination.ts'

/** One request that goes on as it came. */
export interface PassCall {
  readonly requestId: string
  readonly principal: Principal
  readonly method: string
  /** Below the vendor's address. */
  readonly rest: string
  readonly query: URLSearchParams
  readonly headers: Headers
  /** What the caller showed to us, which nobody else may see. */
  readonly key: string | undefined
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | undefined
  /** What the body says, as far as it was read. */
  readonly said: Fields
  readonly model: string | undefined
  readonly shape: Shape | undefined
  /** What the operator says that it costs. */
  readonly pricePico?: PicoUsd | undefined
  /** Where the vendor's address is reached here. */
  readonly here: string
  readonly signal: AbortSignal
  readonly receivedAtMs: number
}

/** A request on its way, with what was taken for it. */
export interface Passing {
  readonly call: PassCall
  readonly destination: Destination
  readonly attempt: Attempt<AnyRequest>
  /** Nothing that is said or used changes what it costs. */
  readonly free: boolean
  /** The vendor is asked to tell its usage, which the caller did not ask for. */
  readonly addsUsage: boolean
}

/** The end of it: its row, and of its hold what it cost. What its vendor refused cost nothing. */
export function ended({ call, attempt, free }: Passing, outcome: Outcome, deps: GatewayDeps): void {
  const { grant } = attempt
  const charge = free ? undefined : chargeFor(attempt, call.pricePico === undefined ? outcome : asPriced(outcome))
  const cost = charge?.costNano ?? 0n
  if (charge?.unpriced) deps.unpriced?.(attempt.deployment)
  const event = { ...toEvent(attempt, outcome, cost, deps), ...(charge && toldOfCharge(charge)) }
  const close = grant && {
    grantId: grant.id,
    attempt: attempt.id,
    paidNano: minNano(cost, grant.amountNano),
    tokens: tokensUsed(outcome.usage, deps.config.general),
    ...(grant.also ? { also: grant.also } : {}),
  }
  deps.handOver.add({ ledger: call.principal.ledger, event, ...(close ? { close } : {}) }, deps.defer)
}

/** What the operator prices costs that, whatever its vendor says. */
function asPriced(outcome: Outcome): Outcome {
  if (outcome.usage.reportedNano === undefined) return outcome
  const { reportedNano: _, ...usage } = outcome.usage
  return { ...outcome, usage }
}

/** Faster than models are known to write: what an answer nobody waited for is reckoned at. */
const CHARS_PER_SECOND = 1_000

/** What was sent and given up may be billed all the same; what a vendor refused, or never got, is not. */
export function failedOutcome({ attempt }: Pick<Passing, 'attempt'>, error: GatewayError, deps: GatewayDeps): Outcome {
  const billed = error.kind === 'client_closed' || error.kind === 'timeout' || error.details.billed === true
  return {
    status: error.kind === 'client_closed' ? 'cancelled' : 'failure',
    usage: billed ? reckonedOf(attempt, deps) : noUsage,
    estimated: billed,
    httpStatus: error.status,
    error,
  }
}

export function estimateOf({ call, request, deployment }: Attempt<AnyRequest>, outputChars: number): Usage {
  return call.operation.estimateUsage(request, outputChars, deployment.maxOutputTokens)
}

/** What may have been written since it was asked. */
export function reckonedOf(attempt: Attempt<AnyRequest>, deps: GatewayDeps): Usage {
  const seconds = (deps.clock() - attempt.startedAtMs) / 1000
  return estimateOf(attempt, Math.ceil(seconds * CHARS_PER_SECOND))
}
