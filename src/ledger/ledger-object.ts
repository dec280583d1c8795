import { DurableObject } from 'cloudflare:workers'
import { systemClock } from '../clock.ts'
import { builtConfig } from '../config/built.ts'
import { createDb } from '../db/client.ts'
import type { SpendEvent } from '../spend/event.ts'
import { LedgerCore } from './ledger.ts'
import { neonSource } from './neon.ts'
import type { Allowance, AllowanceAsk, AllowanceClose, Checked, Settlement, Take, Taken } from './port.ts'
import { ledgerSettingsFrom } from './settings.ts'
import type { SliceSource } from './slice-source.ts'
import { SqliteStore } from './sqlite-store.ts'

/** What a ledger needs of its environment. */
export interface LedgerEnv {
  readonly DATABASE_URL: string
  readonly SPEND?: Queue
  /** The other ledgers. */
  readonly LEDGER?: DurableObjectNamespace<LedgerObject>
  /** The ledger's times as JSON; see `ledgerSettingsFrom`. */
  readonly LEDGER_SETTINGS?: string
}

/** Rows per queue call: together they stay below its 256 KB. */
const SEND_BATCH = 50
const AFTER_A_BUG_MS = 15_000

/**
 * One per root owner. Everything it decides by is in its SQLite; memory only holds what sizes the next slice. It reaches
 * Postgres through its source alone, and never between two writes of one transaction.
 */
export class LedgerObject extends DurableObject<LedgerEnv> {
  readonly #core: LedgerCore
  readonly #source: SliceSource
  #alarmAtMs: number | undefined

  constructor(ctx: DurableObjectState, env: LedgerEnv) {
    super(ctx, env)
    const settings = ledgerSettingsFrom(env.LEDGER_SETTINGS, builtConfig().ledger)
    this.#source = this.slices(env, settings.exchangeTimeoutMs)
    this.#core = new LedgerCore({
      name: this.#name(),
      store: new SqliteStore(ctx.storage),
      source: this.#source,
      settings,
      clock: systemClock,
      send: (events) => this.#send(events),
      recall: (ledgers, scopes) => this.#recall(ledgers, scopes),
      wake: (atMs) => this.#wake(atMs),
      report: (what, cause) => this.#report(what, cause),
    })
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmAtMs = (await ctx.storage.getAlarm()) ?? undefined
      if (this.#alarmAtMs === undefined) this.#wake(this.#core.nextTickMs())
    })
  }

  /** Where this ledger's slices come from. */
  protected slices(env: LedgerEnv, timeoutMs: number): SliceSource {
    return neonSource(createDb(env.DATABASE_URL, { timeoutMs }))
  }

  take(take: Take): Promise<Taken> {
    return this.#core.take(take)
  }

  reprice(failed: Settlement, take: Take): Promise<Taken> {
    return this.#core.reprice(failed, take)
  }

  allow(ask: AllowanceAsk, closes: readonly AllowanceClose[]): Promise<Allowance | undefined> {
    this.#core.settle([], closes)
    return this.#core.allow(ask)
  }

  settle(settlements: readonly Settlement[], closes: readonly AllowanceClose[] = []): void {
    this.#core.settle(settlements, closes)
  }

  check(take: Take): Promise<Checked> {
    return this.#core.check(take)
  }

  recall(scopes: readonly string[]): Promise<void> {
    return this.#core.recall(scopes)
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = undefined
    try {
      this.#wake(await this.#core.tick())
    } catch (bug) {
      this.#report('a tick failed', bug)
      this.#wake(Date.now() + AFTER_A_BUG_MS)
    }
  }

  /** The write of the alarm is durable together with the others of this turn. */
  #wake(atMs: number | undefined): void {
    if (atMs === undefined || (this.#alarmAtMs !== undefined && this.#alarmAtMs <= atMs)) return
    this.#alarmAtMs = atMs
    this.ctx.waitUntil(this.ctx.storage.setAlarm(atMs))
  }

  /** One that does not answer keeps what it has until it is idle. */
  async #recall(ledgers: readonly string[], scopes: readonly string[]): Promise<void> {
    const { LEDGER } = this.env
    if (!LEDGER) return
    const asked = await Promise.allSettled(ledgers.map((ledger) => LEDGER.getByName(ledger).recall(scopes)))
    for (const one of asked) if (one.status === 'rejected') this.#report('a ledger was not recalled', one.reason)
  }

  /** To the queue, else straight to Postgres. */
  async #send(events: readonly SpendEvent[]): Promise<void> {
    const queue = this.env.SPEND
    if (!queue) return this.#source.record(events)
    for (let at = 0; at < events.length; at += SEND_BATCH) {
      const batch = events.slice(at, at + SEND_BATCH)
      try {
        await queue.sendBatch(batch.map((event) => ({ body: { v: 1, events: [event] } })))
      } catch (refused) {
        this.#report('the queue refused kept rows, so they go straight to the database', refused)
        await this.#source.record(batch)
      }
    }
  }

  /** Wherever it was made from, an object of ours is named; its name is the ledger's. */
  #name(): string {
    const { name } = this.ctx.id
    const { sql } = this.ctx.storage
    sql.exec('create table if not exists ledger_name (name text primary key)')
    if (name !== undefined) {
      sql.exec('insert or ignore into ledger_name (name) values (?)', name)
      return name
    }
    const [known] = sql.exec<{ name: string }>('select name from ledger_name')
    if (!known) throw new Error('a ledger is asked by its name, never by an id alone')
    return known.name
  }

  #report(what: string, cause: unknown): void {
    const facts = { level: 'error', message: what, ledger: this.#core.name, cause: innermost(cause).slice(0, 500) }
    console.error(JSON.stringify(facts))
  }
}

/** Drivers wrap what went wrong in the statement and its values; the reason is inside. */
function innermost(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause === undefined ? cause.message : innermost(cause.cause)
}
