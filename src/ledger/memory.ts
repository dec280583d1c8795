import * as books from '../budget/books.ts'
import type { Pool } from '../budget/pool.ts'
import type { Clock } from '../clock.ts'
import { type LedgerSettings, ledgerDefaults } from '../config/config.ts'
import { newestSecond, type SlidingWindow, unused } from '../limits/sliding-window.ts'
import type { SpendEvent } from '../spend/event.ts'
import { LedgerCore } from './ledger.ts'
import type {
  Allowance,
  AllowanceAsk,
  AllowanceClose,
  Checked,
  Ledger,
  RateState,
  Settlement,
  Take,
  Taken,
} from './port.ts'
import type { SliceSource } from './slice-source.ts'
import type { GrantRecord, GrantState, LedgerStore } from './store.ts'

/** A ledger's state in memory. A transaction that throws is undone. */
export class MemoryStore implements LedgerStore {
  readonly #pools = new Map<string, Pool>()
  readonly #grants = new Map<string, GrantRecord>()
  readonly #events = new Map<string, SpendEvent>()
  readonly #rates = new Map<string, SlidingWindow>()
  #undo: (() => void)[] = []

  transaction<T>(work: () => T): T {
    this.#undo = []
    try {
      return work()
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo()
      throw error
    }
  }

  pool(scope: string, startMs: number): Pool | undefined {
    return this.#pools.get(`${startMs}/${scope}`)
  }

  newestPool(scope: string): Pool | undefined {
    return this.pools()
      .filter((pool) => pool.scope === scope)
      .reduce<Pool | undefined>((a, b) => (a && a.startMs > b.startMs ? a : b), undefined)
  }

  pools(): readonly Pool[] {
    return [...this.#pools.values()]
  }

  putPool(pool: Pool): void {
    this.#set(this.#pools, `${pool.startMs}/${pool.scope}`, pool)
  }

  deletePool(pool: Pool): void {
    this.#set(this.#pools, `${pool.startMs}/${pool.scope}`, undefined)
  }

  grant(id: string): GrantRecord | undefined {
    return this.#grants.get(id)
  }

  putGrant(record: GrantRecord): void {
    this.#set(this.#grants, record.grant.id, record)
  }

  deleteGrant(id: string): void {
    this.#set(this.#grants, id, undefined)
  }

  grantsDue(state: GrantState, beforeMs: number, limit: number): readonly GrantRecord[] {
    return this.#inState(state)
      .filter(({ grant }) => grant.settleByMs < beforeMs)
      .slice(0, limit)
  }

  deleteGrantsDue(state: GrantState, beforeMs: number): void {
    for (const { grant } of this.grantsDue(state, beforeMs, Number.POSITIVE_INFINITY)) this.deleteGrant(grant.id)
  }

  deadlines(state: GrantState): { firstMs: number; lastMs: number } | undefined {
    const records = this.#inState(state)
    const first = records[0]
    const last = records.at(-1)
    return first && last && { firstMs: first.grant.settleByMs, lastMs: last.grant.settleByMs }
  }

  keepEvent(event: SpendEvent): void {
    if (!this.#events.has(event.id)) this.#set(this.#events, event.id, event)
  }

  events(limit: number): readonly SpendEvent[] {
    return [...this.#events.values()].slice(0, limit)
  }

  deleteEvents(ids: readonly string[]): void {
    for (const id of ids) this.#set(this.#events, id, undefined)
  }

  rate(entity: string, kind: RateState['kind']): SlidingWindow {
    return this.#rates.get(`${kind}/${entity}`) ?? unused
  }

  putRate(entity: string, kind: RateState['kind'], window: SlidingWindow): void {
    this.#set(this.#rates, `${kind}/${entity}`, window)
  }

  deleteRatesBefore(second: number): void {
    for (const [key, window] of this.#rates) if (newestSecond(window) < second) this.#set(this.#rates, key, undefined)
  }

  #inState(state: GrantState): GrantRecord[] {
    return [...this.#grants.values()]
      .filter((record) => record.state === state)
      .sort((a, b) => a.grant.settleByMs - b.grant.settleByMs)
  }

  #set<T>(map: Map<string, T>, key: string, value: T | undefined): void {
    const before = map.get(key)
    this.#undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)))
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }
}

/** Slices out of books in memory. */
export function memorySource(from: books.Books): SliceSource {
  return {
    exchange: (ledger, asks) => Promise.resolve(books.exchange(from, ledger, asks)),
    expire: (ledger, grants) => Promise.resolve(books.expire(from, ledger, grants)),
    holders: (ledger, window, limit) => Promise.resolve(books.holders(from, ledger, window, limit)),
    refund: (grantId, usedNano) => Promise.resolve(books.refund(from, grantId, usedNano)),
    record: (events) => {
      books.record(from, events)
      return Promise.resolve()
    },
  }
}

/** The ledgers of a gateway in one process, without alarms: `tick` is called by whoever owns the time. */
export class MemoryLedger implements Ledger {
  readonly #options: { source: SliceSource; clock: Clock; settings: LedgerSettings }
  readonly #cores = new Map<string, LedgerCore>()
  readonly #stores = new Map<string, MemoryStore>()

  constructor(options: { source: SliceSource; clock: Clock; settings?: Partial<LedgerSettings> }) {
    this.#options = { ...options, settings: { ...ledgerDefaults, ...options.settings } }
  }

  take(ledger: string, take: Take): Promise<Taken> {
    return this.#core(ledger).take(take)
  }

  reprice(ledger: string, failed: Settlement, take: Take): Promise<Taken> {
    return this.#core(ledger).reprice(failed, take)
  }

  settle(ledger: string, settlements: readonly Settlement[], closes: readonly AllowanceClose[] = []): Promise<void> {
    this.#core(ledger).settle(settlements, closes)
    return Promise.resolve()
  }

  allow(ledger: string, ask: AllowanceAsk, closes: readonly AllowanceClose[] = []): Promise<Allowance | undefined> {
    this.#core(ledger).settle([], closes)
    return this.#core(ledger).allow(ask)
  }

  check(ledger: string, take: Take): Promise<Checked> {
    return this.#core(ledger).check(take)
  }

  recall(ledger: string, scopes: readonly string[]): Promise<void> {
    return this.#core(ledger).recall(scopes)
  }

  tick(ledger: string): Promise<number | undefined> {
    return this.#core(ledger).tick()
  }

  /** Forgets everything but what is stored, as an eviction does. */
  evict(ledger: string): void {
    this.#cores.delete(ledger)
  }

  #core(name: string): LedgerCore {
    const known = this.#cores.get(name)
    if (known) return known
    const { source, clock, settings } = this.#options
    const store = this.#stores.get(name) ?? new MemoryStore()
    this.#stores.set(name, store)
    const core = new LedgerCore({
      ...{ name, store, source, settings, clock },
      send: (events) => source.record(events),
      recall: async (ledgers, scopes) => void (await Promise.all(ledgers.map((other) => this.recall(other, scopes)))),
      wake: () => undefined,
      report: () => undefined,
    })
    this.#cores.set(name, core)
    return core
  }
}
