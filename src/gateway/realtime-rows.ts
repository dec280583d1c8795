import { type Fields, fields, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { RealtimeRequest } from '../operations/realtime.ts'
import { noUsage, totalTokens, type Usage } from '../prices/usage.ts'
import { maskSecrets } from '../providers/mask.ts'
import type { Attempt } from './attempt.ts'
import { toldOfCharge } from './charge.ts'
import type { GatewayDeps } from './deps.ts'
import { type Outcome, toEvent } from './finish.ts'
import { endOf, type Held, type Hold, release } from './realtime-holds.ts'

/** What a row says beside how it ended: who and what it is of, where nothing could be held for it. */
export interface Of extends Pick<Hold, 'principal' | 'deployment'> {
  readonly startedAtMs: number
  readonly callType: string
}

/** The rows of one session: each ends what was held for it. */
export class Rows {
  readonly #attempt: Attempt<RealtimeRequest>
  readonly #deps: GatewayDeps
  readonly #pending = new Set<Promise<void>>()
  count = 0
  tokens = 0

  constructor(attempt: Attempt<RealtimeRequest>, deps: GatewayDeps) {
    this.#attempt = attempt
    this.#deps = deps
  }

  /** Something that the vendor bills is over: its row, as soon as it is known what was held for it. */
  add(held: Held, of: Of, outcome: Outcome): void {
    if (held instanceof Promise) this.#when(held, (one) => this.#add(one ?? bareOf(of), of, outcome))
    else this.#add(held, of, outcome)
  }

  /** Nothing came of it. */
  free(held: Held): void {
    if (held instanceof Promise) this.#when(held, (one) => one && release(one, this.#deps))
    else release(held, this.#deps)
  }

  /** Resolves when nothing is waited for any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending)
  }

  #when(held: Promise<Hold | GatewayError>, then: (one: Hold | undefined) => void): void {
    const pending = held.then((one) => then(one instanceof GatewayError ? undefined : one))
    this.#pending.add(pending)
    void pending.finally(() => this.#pending.delete(pending))
  }

  #add(held: Hold, { startedAtMs, callType }: Of, outcome: Outcome): void {
    const { grant: _, ...bare } = this.#attempt
    const { call, target } = bare
    const { deployment, principal, grant } = held
    const { charge, close } = endOf(held, outcome, this.#deps)
    const attempt: Attempt<RealtimeRequest> = {
      ...bare,
      ...{ id: held.id, startedAtMs, deployment },
      target: { ...target, model: deployment.model },
      call: { ...call, principal, operation: { ...call.operation, callType } },
      ...(grant && { grant }),
    }
    if (charge.unpriced) this.#deps.unpriced?.(deployment)
    const event = { ...toEvent(attempt, outcome, charge.costNano, this.#deps), ...toldOfCharge(charge) }
    this.count += 1
    this.tokens += totalTokens(outcome.usage)
    const ledger = grant?.ledger ?? principal.ledger
    this.#deps.handOver.add({ ledger, event, ...(close && { close }) }, this.#deps.defer)
  }

  /**
   * The session is over: told to routing, which counts as the vendor's failure only what was. Where nothing was answered
   * it has a row of its own, which cost nothing.
   */
  end(openedMs: number, vendorFailed: boolean, error: GatewayError | undefined): void {
    const { group, deployment, call } = this.#attempt
    const { health, handOver, defer, clock } = this.#deps
    const failed = vendorFailed ? error : undefined
    health.ended(
      {
        ...{ group, deployment: deployment.id, ok: !failed, durationMs: openedMs, atMs: clock() },
        ...(failed && { error: { kind: failed.kind, status: failed.status } }),
        ...{ outputTokens: 0, totalTokens: this.tokens },
      },
      defer,
    )
    if (this.count > 0) return
    const status = error === undefined ? 'success' : failed ? 'failure' : 'cancelled'
    const outcome = { status, usage: noUsage, estimated: false, httpStatus: error?.status ?? 200 } as const
    const event = toEvent(this.#attempt, error ? { ...outcome, error } : outcome, 0n, this.#deps)
    handOver.add({ ledger: call.principal.ledger, event }, defer)
  }
}

/** What nothing could be held for has a row all the same. */
function bareOf({ startedAtMs, principal, deployment }: Of): Hold {
  return { id: newId(startedAtMs), takenAtMs: startedAtMs, principal, deployment }
}

/** How a response ended, as its vendor tells it; what it does not tell is reckoned, unless it failed. */
export function outcomeOf(response: Fields, usage: Usage | undefined, reckoned: Usage): Outcome {
  const { status, status_details } = response
  if (status !== 'failed') {
    const ended = { usage: usage ?? reckoned, estimated: usage === undefined }
    return status === 'cancelled'
      ? { ...ended, status: 'cancelled', httpStatus: 499 }
      : { ...ended, status: 'success', httpStatus: 200 }
  }
  const { message, code } = fields(fields(status_details).error)
  const said = text(message) ?? text(code) ?? 'The response failed.'
  const error = new GatewayError('upstream_failed', maskSecrets(said))
  return { status: 'failure', usage: usage ?? noUsage, estimated: false, httpStatus: error.status, error }
}
