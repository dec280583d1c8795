import type { Pool } from '../budget/pool.ts'
import type { SlidingWindow } from '../limits/sliding-window.ts'
import type { NanoUsd } from '../money.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { Grant, RateState } from './port.ts'

/**
 * `open`: its holder may still use it. `expiring`: nobody closed it in time, the source is being asked. `closed`: its
 * holder told what was paid, to be compared with its row past the horizon. `expired`: an allowance charged in full, of
 * which the source gives back past the horizon what no row has claimed. `refunding`: its holder told late what was used;
 * the source is to give the rest back. `done`: nothing is left to ask; it is kept for a while so that a repeated take is
 * known.
 */
export type GrantState = 'open' | 'expiring' | 'closed' | 'expired' | 'refunding' | 'done'

/** A use that a rate limit has counted. */
export interface Counted {
  readonly entity: string
  readonly kind: RateState['kind']
  readonly second: number
  readonly amount: number
}

export interface GrantRecord {
  readonly grant: Grant
  readonly state: GrantState
  readonly paidNano: NanoUsd
  /** What its limits have counted for it, until the real number is known. */
  readonly counted: readonly Counted[]
  /** What the holder of an allowance said, too late, that it had used. */
  readonly lateUsedNano?: NanoUsd
}

/** What survives an eviction: everything a ledger decides by. Synchronous, and a transaction is whole or absent. */
export interface LedgerStore {
  transaction<T>(work: () => T): T

  pool(scope: string, startMs: number): Pool | undefined
  /** The latest window of a scope that was ever used. */
  newestPool(scope: string): Pool | undefined
  pools(): readonly Pool[]
  putPool(pool: Pool): void
  deletePool(pool: Pool): void

  grant(id: string): GrantRecord | undefined
  putGrant(record: GrantRecord): void
  deleteGrant(id: string): void
  /** Those with `settleByMs` below the time, the earliest first. */
  grantsDue(state: GrantState, beforeMs: number, limit: number): readonly GrantRecord[]
  deleteGrantsDue(state: GrantState, beforeMs: number): void
  /** The earliest and the latest `settleByMs` in a state; undefined when there is none. */
  deadlines(state: GrantState): { readonly firstMs: number; readonly lastMs: number } | undefined

  /** Rows on their way, kept once per id, the oldest first. */
  keepEvent(event: SpendEvent): void
  events(limit: number): readonly SpendEvent[]
  deleteEvents(ids: readonly string[]): void

  rate(entity: string, kind: RateState['kind']): SlidingWindow
  putRate(entity: string, kind: RateState['kind'], window: SlidingWindow): void
  /** Forgets windows whose newest use is older. */
  deleteRatesBefore(second: number): void
}
