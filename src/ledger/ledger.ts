import { freeOf, giveBack, hold, newPool, type Pool, release } from '../budget/pool.ts'
import { windowAt } from '../budget/window.ts'
import { maxNano, minNano, type NanoUsd } from '../money.ts'
import type { Scope } from '../tenants/scope.ts'
import { ALLOWANCE_LIFE_MS, chargeable, lendable, lendableUses } from './allowance.ts'
import { type Answers, Exchanger, type ExchangerDeps, poolKey } from './exchanger.ts'
import { Housekeeping, type HousekeepingDeps } from './housekeeping.ts'
import type {
  Allowance,
  AllowanceAsk,
  AllowanceClose,
  Checked,
  Grant,
  Refusal,
  Settlement,
  Take,
  Taken,
} from './port.ts'
import { correctRates, countRates, leftOfRates, type RealUse, rateStates, refusedByRate } from './rates.ts'
import { Recalls, type RecallsDeps } from './recalls.ts'
import { fitsNow, gravest, othersMayHelp, refuse, type Short, windowState } from './refusal.ts'
import type { SliceAnswer } from './slice-source.ts'
import type { GrantRecord } from './store.ts'
import { Waiting } from './waiting.ts'

/** `wake` makes sure that `tick` runs at that time or before; it may be called often. */
export type LedgerDeps = ExchangerDeps & Omit<HousekeepingDeps, 'exchanger' | 'freed'> & RecallsDeps

const UNREACHABLE_RETRY_MS = 1_000
/** When an allowance needs a slice, it is one for the next few as well: a quarter of what is left at the most. */
const AHEAD = 4n
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
  readonly #waiting = new Waiting()
  readonly #recalls: Recalls

  constructor(deps: LedgerDeps) {
    this.#deps = deps
    this.#exchanger = new Exchanger(deps)
    this.#recalls = new Recalls(deps)
    this.#housekeeping = new Housekeeping({
      ...deps,
      exchanger: this.#exchanger,
      freed: () => this.#waiting.wake(),
    })
  }

  get name(): string {
    return this.#deps.name
  }

  /**
   * All or nothing; the same attempt is answered the same while its grant is open and may still be started on. What only
   * waits for open holds waits here, and is refused when nothing came back in time.
   */
  take(take: Take): Promise<Taken> {
    return this.#patient({ take, unlimited: new Set(), ending: undefined })
  }

  /**
   * Ends an attempt that failed and takes for the next one of its request in one transaction: what that one holds is
   * never lent to another first. The request itself is counted already, unless nobody was asked; its tokens and its slot
   * are those of the new attempt now.
   */
  reprice(settlement: Settlement, take: Take): Promise<Taken> {
    const limits = settlement.untaken ? take.limits : take.limits.map(({ rpm, ...others }) => others)
    return this.#patient({ take: { ...take, limits }, unlimited: new Set(), ending: settlement })
  }

  async #patient(wish: Wish): Promise<Taken> {
    const { amountNano, tokens } = wish.take
    if (amountNano < 0n || !(tokens >= 0)) throw new RangeError('a take is of an amount, not of a debt')
    const { budgetWaitMs } = this.#deps.settings
    const taken = await this.#seek(wish)
    if (taken.granted || taken.refusal.kind !== 'budget_held') return taken
    if (budgetWaitMs === 0 || this.#waiting.isFull) return taken
    const found = await this.#waiting.until(budgetWaitMs, () => {
      const decided = this.#decideOn(wish, leastOf(wish.take))
      return decided.kind === 'answer' ? decided.taken : undefined
    })
    return found ?? this.#seek(wish)
  }

  /** What it finds here and, where that is short, at the source. */
  async #seek(wish: Wish): Promise<Taken> {
    const { settings } = this.#deps
    const { take, unlimited } = wish
    let answers: Answers = new Map()
    let recalled = false
    for (let exchanges = 0; ; exchanges++) {
      // Less than all of it is only taken once the source has been asked for all of it.
      const decided = this.#decideOn(wish, exchanges === 0 ? take.amountNano : leastOf(take))
      if (decided.kind === 'answer') return decided.taken

      const told = decided.short.flatMap((short) => withAnswer(short, answers))
      const waiting = exchanges < MOST_EXCHANGES ? told.filter(([short, answer]) => !fitsNow(short, answer)) : told
      const refusal = gravest(waiting.map(([short, answer]) => refuse(short, answer, settings)))
      if (refusal) {
        const theirs = waiting.filter(([short, answer]) => othersMayHelp(short, answer)).map(([{ pool }]) => pool)
        const mayHelp = refusal.kind === 'budget_held' && theirs.length > 0 && !recalled
        recalled = true
        if (!mayHelp || !(await this.#recalls.ask(theirs))) return { granted: false, refusal }
        answers = new Map()
        continue
      }
      if (exchanges > MOST_EXCHANGES) return { granted: false, refusal: unavailable }

      const heard = await this.#exchanger.exchange(decided.short)
      if (!heard) return { granted: false, refusal: unavailable }
      answers = heard
      for (const answer of heard.values()) if (answer.unlimited) unlimited.add(answer.scope)
    }
  }

  /**
   * Lends ahead to an isolate, or answers undefined where it should not: near a limit, or where the source is away. All
   * scopes and limits count it before it is used.
   */
  async allow(ask: AllowanceAsk): Promise<Allowance | undefined> {
    const { store } = this.#deps
    const unlimited = new Set<string>()
    for (let exchanges = 0; ; exchanges++) {
      const decided = store.transaction(() => this.#decideAllowance(ask, unlimited))
      if (!decided || 'grant' in decided) return decided
      const heard = exchanges < 2 ? await this.#exchanger.exchange(decided.short) : undefined
      if (!heard) return undefined
      for (const answer of heard.values()) if (answer.unlimited) unlimited.add(answer.scope)
    }
  }

  /** Ignores what is closed, expiring or unknown, but keeps every event, and remembers what an allowance has used. */
  settle(settlements: readonly Settlement[], closes: readonly AllowanceClose[] = []): void {
    const { store, wake, clock } = this.#deps
    store.transaction(() => {
      for (const settlement of settlements) this.#end(settlement)
      for (const close of closes) {
        const record = store.grant(close.grantId)
        if (record && !record.grant.single) this.#closeAllowance(record, close)
      }
    })
    this.#waiting.wake()
    if (settlements.some(({ event }) => event !== undefined)) wake(clock())
  }

  /**
   * What a take would find now: each limited window as it stands, each limit, and who would refuse. Takes nothing; what
   * lies idle with others is asked for, as a take would.
   */
  async check(take: Take): Promise<Checked> {
    const { store, clock } = this.#deps
    const nowMs = clock()
    const rates = rateStates(store, take, nowMs)
    const rateRefusal = refusedByRate(store, take, nowMs)
    let found = await this.#look(take)
    if (!found) return { windows: [], rates, refusal: rateRefusal ?? unavailable }
    const mayHelp = !rateRefusal && found.refusal?.kind === 'budget_held' && found.theirs.length > 0
    if (mayHelp && (await this.#recalls.ask(found.theirs))) found = (await this.#look(take)) ?? found
    const refusal = rateRefusal ?? found.refusal
    return { windows: found.windows, rates, ...(refusal ? { refusal } : {}) }
  }

  /** Undefined when nobody can tell. `theirs`: of what others have something that could make room. */
  async #look(take: Take): Promise<Look | undefined> {
    const { settings, clock } = this.#deps
    const nowMs = clock()
    const needNano = leastOf(take)
    const limited = take.scopes.filter((scope) => scope.limited).map((scope) => this.#windowOf(scope, nowMs))
    if (limited.length === 0) return { windows: [], refusal: undefined, theirs: [] }
    const heard = await this.#exchanger.exchange(
      limited.map((window) => ({ pool: this.#poolOf(window, nowMs), needNano: 0n })),
    )
    if (!heard) return undefined
    const told = limited.flatMap((window) => withAnswer({ pool: this.#poolOf(window, nowMs), needNano }, heard))
    const known = told.filter(([, answer]) => !answer.unlimited)
    const short = known.filter(([one, answer]) => !fitsNow(one, answer))
    return {
      windows: known.map(([{ pool }, answer]) => windowState(pool, answer)),
      refusal: gravest(short.map(([one, answer]) => refuse(one, answer, settings))),
      theirs: short.filter(([one, answer]) => othersMayHelp(one, answer)).map(([{ pool }]) => pool),
    }
  }

  /** Gives back what is free in these scopes, now: somebody else needs it, or nobody may have it any more. */
  async recall(scopes: readonly string[]): Promise<void> {
    const { store } = this.#deps
    const wanted = new Set(scopes)
    const pools = store.transaction(() =>
      store
        .pools()
        .filter((pool) => wanted.has(pool.scope) && freeOf(pool) > 0n)
        .map((pool) => {
          const given = { ...giveBack(pool), owing: true }
          store.putPool(given)
          return given
        }),
    )
    if (pools.length > 0) await this.#exchanger.exchange(pools.map((pool) => ({ pool, needNano: 0n })))
  }

  /** What time brings: see `Housekeeping`. Answers when it wants to run again; undefined when all is at rest. */
  tick(): Promise<number | undefined> {
    return this.#housekeeping.tick()
  }

  /** When the next tick is due, by what the store says. */
  nextTickMs(): number | undefined {
    return this.#housekeeping.nextTickMs()
  }

  #decideOn(wish: Wish, leastNano: NanoUsd): Decided {
    const decided = this.#deps.store.transaction(() => {
      if (wish.ending) this.#end(wish.ending)
      return this.#decide(wish.take, leastNano, wish.unlimited)
    })
    if (wish.ending?.event) this.#deps.wake(this.#deps.clock())
    wish.ending = undefined
    return decided
  }

  #end(settlement: Settlement): void {
    const { store } = this.#deps
    if (settlement.event) store.keepEvent(settlement.event)
    const record = store.grant(settlement.grantId)
    if (record?.state !== 'open' || !record.grant.single) return
    const { paidNano, tokens, untaken } = settlement
    this.#close(record, paidNano, untaken ? { tokens, requests: 0 } : { tokens })
  }

  #decide(take: Take, leastNano: NanoUsd, unlimited: ReadonlySet<string>): Decided {
    const { name, store, settings, clock } = this.#deps
    const nowMs = clock()
    const known = store.grant(`${name}:${take.attempt}`)
    if (known) return answer(this.#again(known, take, nowMs))

    const refusal = refusedByRate(store, take, nowMs)
    if (refusal) return answer({ granted: false, refusal })

    const windows = take.scopes.map((scope) => this.#windowOf(scope, nowMs))
    const covered = take.scopes.map((scope) => scope.limited && !unlimited.has(scope.name))
    const pools = windows.filter((_, at) => covered[at]).map((window) => this.#poolOf(window, nowMs))
    const short = pools.filter((pool) => freeOf(pool) < leastNano)
    if (short.length > 0) return { kind: 'short', short: short.map((pool) => ({ pool, needNano: leastNano })) }

    const amountNano = pools.map(freeOf).reduce(minNano, take.amountNano)
    for (const pool of pools) store.putPool(hold(pool, amountNano, nowMs))
    const { id, startByMs } = { id: take.attempt, startByMs: this.#startBy(windows, nowMs, settings.grantLifeMs) }
    const grant = this.#grant({ ...take, id, amountNano, single: true, windows, covered, startByMs })
    this.#lend(grant, countRates(store, take, { atMs: nowMs, endsByMs: grant.settleByMs }), nowMs)
    return answer({ granted: true, grant, rates: rateStates(store, take, nowMs) })
  }

  #decideAllowance(ask: AllowanceAsk, unlimited: ReadonlySet<string>): Allowance | { short: Short[] } | undefined {
    const { name, store, settings, clock } = this.#deps
    const nowMs = clock()
    // Nobody asks twice for the same; a grant whose answer was lost is closed by whoever asked.
    if (store.grant(`${name}:${ask.id}`)) return undefined
    // A slot belongs to one request.
    if (ask.limits.some(({ maxParallel }) => maxParallel !== undefined)) return undefined
    const uses = lendableUses(ask, leftOfRates(store, ask.limits, nowMs))
    if (!uses) return undefined

    const windows = ask.scopes.map((scope) => this.#windowOf(scope, nowMs))
    const covered = ask.scopes.map((scope) => scope.limited && !unlimited.has(scope.name))
    const pools = windows.filter((_, at) => covered[at]).map((window) => this.#poolOf(window, nowMs))
    const startByMs = this.#startBy(windows, nowMs, Math.min(settings.grantLifeMs, ALLOWANCE_LIFE_MS))
    const lefts = pools.map((pool) => ({ freeNano: freeOf(pool), roomNano: this.#exchanger.roomOf(pool) }))
    const amountNano = lendable(ask, lefts)
    if (amountNano === undefined) return undefined
    if (amountNano === 'look') return { short: pools.map((pool) => ({ pool, needNano: ask.holdNano })) }
    const short = pools.filter((pool) => freeOf(pool) < amountNano)
    if (short.length > 0) return { short: short.map((pool) => ({ pool, needNano: AHEAD * amountNano })) }

    for (const pool of pools) store.putPool(hold(pool, amountNano, nowMs))
    const grant = this.#grant({ ...ask, amountNano, single: false, windows, covered, startByMs })
    const counted = { ...uses, limits: ask.limits }
    // In the second of its end, so that no use of it leaves the window too early.
    this.#lend(grant, countRates(store, counted, { atMs: startByMs, endsByMs: grant.settleByMs }), nowMs)
    return { grant, ...uses, rates: rateStates(store, counted, nowMs) }
  }

  /** Never past the end of a window. */
  #startBy(windows: readonly WindowSpan[], nowMs: number, lifeMs: number): number {
    return Math.min(nowMs + lifeMs, ...windows.map(({ endMs }) => endMs - 1))
  }

  #grant(of: {
    id: string
    amountNano: bigint
    single: boolean
    windows: readonly WindowSpan[]
    covered: readonly boolean[]
    startByMs: number
    callMs: number
  }): Grant {
    const { name, settings } = this.#deps
    return {
      id: `${name}:${of.id}`,
      ledger: name,
      amountNano: of.amountNano,
      single: of.single,
      windows: of.windows.map(({ scope, startMs }) => ({ scope, startMs })),
      covered: of.covered,
      startByMs: of.startByMs,
      settleByMs: of.startByMs + of.callMs + settings.skewMs,
    }
  }

  /** On disk before anybody may use it, and the ledger wakes for it. */
  #lend(grant: Grant, counted: GrantRecord['counted'], nowMs: number): void {
    const { store, settings, wake } = this.#deps
    store.putGrant({ grant, state: 'open', paidNano: 0n, counted })
    wake(Math.min(grant.settleByMs + 1, nowMs + settings.idleReturnMs))
  }

  /** Asked again: the same answer, unless nothing may start on it any more. */
  #again({ grant, state }: GrantRecord, take: Take, nowMs: number): Taken {
    if (state !== 'open' || nowMs > grant.startByMs) return { granted: false, refusal: unavailable }
    return { granted: true, grant, rates: rateStates(this.#deps.store, take, nowMs) }
  }

  #close(record: GrantRecord, paidNano: bigint, real: RealUse): void {
    const { store } = this.#deps
    const { grant } = record
    const paid = minNano(grant.amountNano, maxNano(0n, paidNano))
    for (const pool of coveredPools(store, grant)) {
      store.putPool(release(pool, grant.amountNano, paid))
      this.#exchanger.observe(pool, paid)
    }
    const counted = correctRates(store, record.counted, { ...real, max_parallel_requests: 0 })
    const nothingToVerify = paid === 0n || !grant.covered.includes(true)
    store.putGrant({ ...record, state: nothingToVerify ? 'done' : 'closed', paidNano: paid, counted })
  }

  /** Over, or nothing starts on it any more: then only what its running requests hold stays lent. */
  #closeAllowance(record: GrantRecord, close: AllowanceClose): void {
    const { store } = this.#deps
    const { grant } = record
    if (record.state === 'open' && close.running === 0) this.#close(record, close.usedNano, close)
    else if (record.state === 'open') {
      const amountNano = minNano(grant.amountNano, maxNano(0n, chargeable(close)))
      for (const pool of coveredPools(store, grant)) store.putPool(release(pool, grant.amountNano - amountNano, 0n))
      const counted = correctRates(store, record.counted, close)
      store.putGrant({ ...record, grant: { ...grant, amountNano }, counted })
    } else if (close.running === 0 && (record.state === 'expiring' || record.state === 'expired')) {
      const state = record.state === 'expired' ? 'refunding' : record.state
      store.putGrant({ ...record, state, lateUsedNano: maxNano(0n, close.usedNano) })
    }
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

/** A take under way. */
interface Wish {
  readonly take: Take
  /** Scopes behind which no limit was found. */
  readonly unlimited: Set<string>
  /** What ends in the transaction that first looks for the take. */
  ending: Settlement | undefined
}

interface Look {
  readonly windows: Checked['windows']
  readonly refusal: Refusal | undefined
  readonly theirs: readonly Pool[]
}

interface WindowSpan {
  readonly scope: string
  readonly startMs: number
  readonly endMs: number
}

type Decided = { readonly kind: 'answer'; readonly taken: Taken } | { readonly kind: 'short'; readonly short: Short[] }

const leastOf = ({ amountNano, leastNano }: Take) => minNano(amountNano, leastNano ?? amountNano)

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
