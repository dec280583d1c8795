import type { Pool } from '../budget/pool.ts'
import { newestSecond, type SlidingWindow, unused } from '../limits/sliding-window.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { RateState } from './port.ts'
import type { GrantRecord, GrantState, LedgerStore } from './store.ts'
import { grantFromText, grantToText, type PoolRow, poolFromRow, rowFromPool, windowFromText } from './stored.ts'

/**
 * Each entry brings an object's tables from one version to the next. What was deployed is never edited: objects sleep for
 * months and wake up with the tables of the day they fell asleep.
 */
const VERSIONS: readonly (readonly string[])[] = [
  [
    `create table pool (
      scope text not null, start_ms integer not null, end_ms integer,
      granted text not null, returned text not null, used text not null, held text not null, charged text not null,
      seq integer not null, owing integer not null, last_taken_ms integer not null,
      primary key (scope, start_ms)) without rowid`,
    `create table lent (id text primary key, state text not null, settle_by_ms integer not null, body text not null) without rowid`,
    `create index lent_due on lent (state, settle_by_ms)`,
    `create table kept_event (n integer primary key, id text not null unique, body text not null)`,
    `create table rate (entity text, kind text, newest_second integer not null, body text not null,
      primary key (entity, kind)) without rowid`,
  ],
]

/** A ledger's state in its Durable Object's own SQLite. */
export class SqliteStore implements LedgerStore {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
    this.#upgrade()
  }

  #upgrade(): void {
    this.#sql.exec('create table if not exists schema_version (version integer primary key)')
    const { version } = this.#sql
      .exec<{ version: number }>('select coalesce(max(version), 0) as version from schema_version')
      .one()
    VERSIONS.slice(version).forEach((statements, at) => {
      this.#storage.transactionSync(() => {
        for (const statement of statements) this.#sql.exec(statement)
        this.#sql.exec('insert into schema_version (version) values (?)', version + at + 1)
      })
    })
  }

  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work)
  }

  pool(scope: string, startMs: number): Pool | undefined {
    const [row] = this.#sql.exec<PoolRow>('select * from pool where scope = ? and start_ms = ?', scope, startMs)
    return row && poolFromRow(row)
  }

  newestPool(scope: string): Pool | undefined {
    const [row] = this.#sql.exec<PoolRow>('select * from pool where scope = ? order by start_ms desc limit 1', scope)
    return row && poolFromRow(row)
  }

  pools(): readonly Pool[] {
    return [...this.#sql.exec<PoolRow>('select * from pool')].map(poolFromRow)
  }

  putPool(pool: Pool): void {
    this.#sql.exec('insert or replace into pool values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', ...rowFromPool(pool))
  }

  deletePool({ scope, startMs }: Pool): void {
    this.#sql.exec('delete from pool where scope = ? and start_ms = ?', scope, startMs)
  }

  grant(id: string): GrantRecord | undefined {
    const [row] = this.#sql.exec<LentRow>('select state, body from lent where id = ?', id)
    return row && grantFromText(row.state, row.body)
  }

  putGrant(record: GrantRecord): void {
    const { id, settleByMs } = record.grant
    this.#sql.exec('insert or replace into lent values (?, ?, ?, ?)', id, record.state, settleByMs, grantToText(record))
  }

  deleteGrant(id: string): void {
    this.#sql.exec('delete from lent where id = ?', id)
  }

  grantsDue(state: GrantState, beforeMs: number, limit: number): readonly GrantRecord[] {
    const rows = this.#sql.exec<LentRow>(
      'select state, body from lent where state = ? and settle_by_ms < ? order by settle_by_ms limit ?',
      ...[state, beforeMs, limit],
    )
    return [...rows].map((row) => grantFromText(row.state, row.body))
  }

  deleteGrantsDue(state: GrantState, beforeMs: number): void {
    this.#sql.exec('delete from lent where state = ? and settle_by_ms < ?', state, beforeMs)
  }

  deadlines(state: GrantState): { firstMs: number; lastMs: number } | undefined {
    const { firstMs, lastMs } = this.#sql
      .exec<{ firstMs: number | null; lastMs: number | null }>(
        `select (select min(settle_by_ms) from lent where state = ?1) as firstMs,
                (select max(settle_by_ms) from lent where state = ?1) as lastMs`,
        state,
      )
      .one()
    return firstMs === null || lastMs === null ? undefined : { firstMs, lastMs }
  }

  keepEvent(event: SpendEvent): void {
    this.#sql.exec('insert or ignore into kept_event (id, body) values (?, ?)', event.id, JSON.stringify(event))
  }

  events(limit: number): readonly SpendEvent[] {
    const rows = this.#sql.exec<{ body: string }>('select body from kept_event order by n limit ?', limit)
    return [...rows].map(({ body }): SpendEvent => JSON.parse(body))
  }

  deleteEvents(ids: readonly string[]): void {
    for (const id of ids) this.#sql.exec('delete from kept_event where id = ?', id)
  }

  rate(entity: string, kind: RateState['kind']): SlidingWindow {
    const [row] = this.#sql.exec<{ body: string }>('select body from rate where entity = ? and kind = ?', entity, kind)
    return row ? windowFromText(row.body) : unused
  }

  putRate(entity: string, kind: RateState['kind'], window: SlidingWindow): void {
    const body = JSON.stringify(window)
    this.#sql.exec('insert or replace into rate values (?, ?, ?, ?)', entity, kind, newestSecond(window), body)
  }

  deleteRatesBefore(second: number): void {
    this.#sql.exec('delete from rate where newest_second < ?', second)
  }
}

type LentRow = { state: GrantState; body: string }
