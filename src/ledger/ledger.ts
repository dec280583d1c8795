import { freeOf, hold, newPool, type Pool, release } from '../budget/pool.ts'
import { windowAt } from '../budget/window.ts'
import { maxNano, minNano } from '../money.ts'
import type { Scope } from '../tenants/scope.ts'
import { type Answers, Exchanger, type ExchangerDeps, poolKey } from './exchanger.ts'
import { Housekeeping, type HousekeepingDeps } from './housekeeping.ts'
import type { Grant, Refusal, Settlement, Take, Taken } from './port.ts'
import { correctTokens, countRates, rateStates, refusedByRate } from './rates.ts'
import { fitsNow, gravest, refuse, type Short } from './refusal.ts'
import type { SliceAnswer } from './slice-source.ts'
import type { GrantRecord } from './store.ts'

/** `wake` makes sure that `tick` runs at that time or before; it may be called often. */
export type LedgerDeps = ExchangerDeps & Omit<HousekeepingDeps, 'exchanger'>

const UNREACHABLE_RETRY_MS = 1_000
/** A take that still finds its money taken by others after so many exchanges is told to come back. */
const MOST_EXCHANGES = 8

/**
 * One ledger: it lends what it has on lease to requests, one grant each, and asks the source for more when it is short.
 * What moves money or counts is one transaction of its store, done before anybody hears of it, so that it may be thrown
 * away between any two calls and made again over the same store.
 */
export class LedgerCore {
  readonly #deps: LedgerDeps
  readonly #exchanger: Exchanger
  readonly #housekeeping: Housekeeping

  constructor(deps: LedgerDeps) {
    this.#deps = deps
    this.#exchanger = new Exchanger(deps)
    this.#housekeeping = new Housekeeping({ ...deps, exchanger: this.#exchanger })
  }

  get name(): string {
    return this.#deps.name
  }

  /** All or nothing; the same attempt is answered the same while its grant is open and may still be started on. */
  async take(take: Take): Promise<Taken> {
    if (take.amountNano < 0n || !(take.tokens >= 0)) throw new RangeError('a take is of an amount, not of a debt')
    const { store, settings } = this.#deps
    const unlimited = new Set<string>()
    let answers: Answers = new Map()
    for (let exchanges = 0; ; exchanges++) {
      const decided = store.transaction(() => this.#decide(take, unlimited))
      if (decided.kind === 'answer') return decided.taken

      const told = decided.short.flatMap((short) => withAnswer(short, answers))
      const waiting = exchanges < MOST_EXCHANGES ? told.filter(([short, answer]) => !fitsNow(short, answer)) : told
      const refusal = gravest(waiting.map(([short, answer]) => refuse(short, answer, settings)))
      if (refusal) return { granted: false, refusal }
      if (exchanges > MOST_EXCHANGES) return { granted: false, refusal: unavailable }

      const heard = await this.#exchanger.exchange(decided.short)
      if (!heard) return { granted: false, refusal: unavailable }
      answers = heard
      for (const answer of heard.values()) if (answer.unlimited) unlimited.add(answer.scope)
    }
  }

  /** Ignores what is closed, expiring or unknown, but keeps every event. */
  settle(settlements: readonly Settlement[]): void {
    const { store, wake, clock } = this.#deps
    store.transaction(() => {
      for (const settlement of settlements) {
        if (settlement.event) store.keepEvent(settlement.event)
        const record = store.grant(settlement.grantId)
        if (record?.state === 'open') this.#close(record, settlement)
      }
    })
    if (settlements.some(({ event }) => event !== undefined)) wake(clock())
  }

  /** What time brings: see `Housekeeping`. Answers when it wants to run again; undefined when all is at rest. */
  tick(): Promise<number | undefined> {
    return this.#housekeeping.tick()
  }

  /** When the next tick is due, by what the store says. */
  nextTickMs(): number | undefined {
    return this.#housekeeping.nextTickMs()
  }

  #decide(take: Take, unlimited: ReadonlySet<string>): Decided {
    const { name, store, clock } = this.#deps
    const nowMs = clock()
    const known = store.grant(`${name}:${take.attempt}`)
    if (known) return answer(this.#again(known, take, nowMs))

    const refusal = refusedByRate(store, take, nowMs)
    if (refusal) return answer({ granted: false, refusal })

    const windows = take.scopes.map((scope) => this.#windowOf(scope, nowMs))
    const covered = take.scopes.map((scope) => scope.limited && !unlimited.has(scope.name))
    const pools = windows.filter((_, at) => covered[at]).map((window) => this.#poolOf(window, nowMs))
    const short = pools.filter((pool) => freeOf(pool) < take.amountNano)
    if (short.length > 0) return { kind: 'short', short: short.map((pool) => ({ pool, needNano: take.amountNano })) }

    for (const pool of pools) store.putPool(hold(pool, take.amountNano, nowMs))
    return answer(this.#grant(take, { windows, covered, nowMs }))
  }

  #grant(take: Take, at: { windows: readonly WindowSpan[]; covered: readonly boolean[]; nowMs: number }): Taken {
    const { name, store, settings, wake } = this.#deps
    const { windows, covered, nowMs } = at
    const startByMs = Math.min(nowMs + settings.grantLifeMs, ...windows.map(({ endMs }) => endMs - 1))
    const grant: Grant = {
      id: `${name}:${take.attempt}`,
      ledger: name,
      amountNano: take.amountNano,
      single: true,
      windows: windows.map(({ scope, startMs }) => ({ scope, startMs })),
      covered,
      startByMs,
      settleByMs: startByMs + take.callMs + settings.skewMs,
    }
    const tokensCountedIn = countRates(store, take, nowMs)
    store.putGrant({ grant, state: 'open', paidNano: 0n, tokensCountedIn })
    wake(Math.min(grant.settleByMs + 1, nowMs + settings.idleReturnMs))
    return { granted: true, grant, rates: rateStates(store, take, nowMs) }
  }

  /** Asked again: the same answer, unless nothing may start on it any more. */
  #again({ grant, state }: GrantRecord, take: Take, nowMs: number): Taken {
    if (state !== 'open' || nowMs > grant.startByMs) return { granted: false, refusal: unavailable }
    return { granted: true, grant, rates: rateStates(this.#deps.store, take, nowMs) }
  }

  #close(record: GrantRecord, { paidNano, tokens }: Settlement): void {
    const { store } = this.#deps
    const { grant } = record
    const paid = minNano(grant.amountNano, maxNano(0n, paidNano))
    for (const pool of coveredPools(store, grant)) {
      store.putPool(release(pool, grant.amountNano, paid))
      this.#exchanger.observe(pool, paid)
    }
    correctTokens(store, record, tokens)
    const nothingToVerify = paid === 0n || !grant.covered.includes(true)
    store.putGrant({ ...record, state: nothingToVerify ? 'done' : 'closed', paidNano: paid })
  }

  /** By this ledger's clock, and never earlier than a window already used of that scope. */
  #windowOf(scope: Scope, nowMs: number): WindowSpan {
    const span = windowAt(scope, nowMs)
    const newest = scope.limited ? this.#deps.store.newestPool(scope.name) : undefined
    const { startMs, endMs } = newest && newest.startMs > span.startMs ? newest : span
    return { scope: scope.name, startMs, endMs }
  }

  #poolOf(window: WindowSpan, nowMs: number): Pool {
    return this.#deps.store.pool(window.scope, window.startMs) ?? newPool(window, nowMs)
  }
}

interface WindowSpan {
  readonly scope: string
  readonly startMs: number
  readonly endMs: number
}

type Decided = { readonly kind: 'answer'; readonly taken: Taken } | { readonly kind: 'short'; readonly short: Short[] }

const answer = (taken: Taken): Decided => ({ kind: 'answer', taken })

const unavailable: Refusal = { kind: 'ledger_unavailable', retryAfterMs: UNREACHABLE_RETRY_MS }

function withAnswer(short: Short, answers: Answers): [Short, SliceAnswer][] {
  const known = answers.get(poolKey(short.pool))
  return known ? [[short, known]] : []
}

/** The pools in which a grant holds money. */
export function coveredPools(store: LedgerDeps['store'], grant: Grant): Pool[] {
  return grant.windows.flatMap(({ scope, startMs }, at) =>
    grant.covered[at] ? (store.pool(scope, startMs) ?? []) : [],
  )
}
