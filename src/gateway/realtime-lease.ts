import { newId } from '../ids.ts'
import type { Grant, Settlement } from '../ledger/port.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { appliesTo } from '../tenants/applies.ts'
import type { Principal } from '../tenants/principal.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { refused } from './refusal.ts'
import { unusedOf } from './unasked.ts'

/** A slot of an isolate that died is free again after this. */
const LEASE_MS = 120_000
const RENEW_MS = 40_000

/**
 * The place that a session has among its caller's `max_parallel_requests`, for as long as it lasts. What was taken to
 * open it ends at once where there is no such limit.
 */
export class Lease {
  readonly #attempt: Attempt<AnyRequest>
  readonly #deps: GatewayDeps
  #held: { readonly grant: Grant; readonly close: Settlement; readonly atMs: number } | undefined
  #isOver = false

  constructor(attempt: Attempt<AnyRequest>, deps: GatewayDeps) {
    this.#attempt = attempt
    this.#deps = deps
    const close = unusedOf(attempt)
    if (!attempt.grant || !close) return
    // The one it was opened with is of the length of a call; it is renewed at the first look.
    this.#held = { grant: attempt.grant, close, atMs: 0 }
    if (this.#slots(attempt.call.principal).length === 0) this.#giveBack()
  }

  /**
   * Takes the place anew before it ends: at once where the caller's ledger is another one now, or where it has such a limit
   * since. Throws where the caller may not have it any more.
   */
  async renew(principal: Principal): Promise<void> {
    const { clock, ledger, config } = this.#deps
    const atMs = clock()
    const held = this.#held
    const moved = held !== undefined && held.grant.ledger !== principal.ledger
    if (held && !moved && atMs - held.atMs < RENEW_MS) return
    const limits = this.#slots(principal)
    if (limits.length === 0 || moved) this.#giveBack()
    if (limits.length === 0 || this.#isOver) return
    const attempt = newId(atMs)
    const take = { attempt, scopes: [], limits, amountNano: 0n, tokens: 0, callMs: LEASE_MS, alone: true } as const
    const taken = await (held && !moved
      ? ledger.reprice(principal.ledger, held.close, take)
      : ledger.take(principal.ledger, take))
    if (taken.granted) {
      const { grant } = taken
      const { id, also } = grant
      this.#held = { grant, close: { grantId: id, attempt, paidNano: 0n, tokens: 0, ...(also && { also }) }, atMs }
      if (this.#isOver) this.#giveBack()
      return
    }
    // A ledger that is away is asked again; the place holds until then.
    if (taken.refusal.kind === 'ledger_unavailable') return
    this.#held = undefined
    throw refused(taken.refusal, config.general)
  }

  end(): void {
    this.#isOver = true
    this.#giveBack()
  }

  #giveBack(): void {
    const held = this.#held
    this.#held = undefined
    if (held) this.#deps.handOver.add({ ledger: held.grant.ledger, close: held.close }, this.#deps.defer)
  }

  #slots(principal: Principal) {
    const { limits } = appliesTo(principal, this.#attempt.deployment, this.#deps.config)
    return limits.flatMap(({ rpm: _, tpm: __, dynamic: ___, ...rest }) =>
      rest.maxParallel === undefined ? [] : [rest],
    )
  }
}
