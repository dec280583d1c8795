import { type SQL, sql } from 'drizzle-orm'
import type { NanoUsd } from '../money.ts'
import type { Db } from './client.ts'

/**
 * The functions of `migrations/0001_slices.sql`, as the rest of the gateway calls them. Each is one statement and safe
 * to repeat. A failure says nothing about whether it took effect.
 */

interface WindowRef {
  readonly scope: string
  readonly startMs: number
}

export interface ExchangeAsk extends WindowRef {
  readonly wantNano: NanoUsd
  readonly returnedNano: NanoUsd
  readonly seq: number
}

export interface ExchangeAnswer extends WindowRef {
  readonly unlimited: boolean
  readonly takenNano: NanoUsd
  readonly grantedNano: NanoUsd
  readonly chargedNano: NanoUsd
  readonly seq: number
  readonly limitNano: NanoUsd
  readonly spentNano: NanoUsd
  readonly roomNano: NanoUsd
  readonly othersNano: NanoUsd
}

export interface GrantToExpire {
  readonly id: string
  readonly amountNano: NanoUsd
  readonly single: boolean
  readonly windows: readonly WindowRef[]
  /** One per window: whether the grant's lease pays there. */
  readonly covered: readonly boolean[]
  readonly settleByMs: number
}

/** Answers come sorted by (scope, start), not in the order of the asks. */
export async function exchangeSlices(
  db: Db,
  ledger: string,
  asks: readonly ExchangeAsk[],
): Promise<readonly ExchangeAnswer[]> {
  const { rows } = await db.execute<Record<ExchangeColumn, string> & { unlimited: boolean }>(
    sql`select * from exchange_slices(${ledger}, ${exchangeJson(asks)}::jsonb)`,
  )
  return rows.map((row) => ({
    scope: row.scope,
    startMs: Number(row.start_ms),
    unlimited: row.unlimited,
    takenNano: BigInt(row.taken),
    grantedNano: BigInt(row.granted),
    chargedNano: BigInt(row.charged),
    seq: Number(row.seq),
    limitNano: BigInt(row.limit_nano),
    spentNano: BigInt(row.spent),
    roomNano: BigInt(row.room),
    othersNano: BigInt(row.others),
  }))
}

type ExchangeColumn =
  | 'scope'
  | 'start_ms'
  | 'taken'
  | 'granted'
  | 'charged'
  | 'seq'
  | 'limit_nano'
  | 'spent'
  | 'room'
  | 'others'

export async function expireGrants(
  db: Db,
  ledger: string,
  grants: readonly GrantToExpire[],
): Promise<readonly { id: string; paidNano: NanoUsd }[]> {
  const { rows } = await db.execute<{ grant_id: string; paid: string }>(
    sql`select * from expire_grants(${ledger}, ${expireJson(grants)}::jsonb)`,
  )
  return rows.map((row) => ({ id: row.grant_id, paidNano: BigInt(row.paid) }))
}

/** What went back to the windows of the expired allowance. */
export async function refundExpired(db: Db, grantId: string, usedNano: NanoUsd | null): Promise<NanoUsd> {
  const used = usedNano === null ? null : String(usedNano)
  const { rows } = await db.execute<{ back: string }>(sql`select refund_expired(${grantId}, ${used}::bigint) as back`)
  return BigInt(rows[0]?.back ?? 0)
}

/** How many rows were new. `eventsJson` is an array of at most 100 spend events; one that cannot be a row fails them all. */
export async function recordSpend(db: Db, eventsJson: string): Promise<number> {
  const { rows } = await db.execute<{ fresh: number }>(sql`select record_spend(${eventsJson}::jsonb) as fresh`)
  return rows[0]?.fresh ?? 0
}

/** The other ledgers with money on lease in a window, those with the most first. */
export async function leaseHolders(
  db: Db,
  ledger: string,
  { scope, startMs }: WindowRef,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await db.execute<{ ledger: string }>(sql`
    select ledger from budget_lease
    where scope = ${scope} and window_start = time_of_ms(${startMs}::bigint) and ledger <> ${ledger}
      and granted > returned + charged
    order by granted - returned - charged desc limit ${limit}::int`)
  return rows.map((row) => row.ledger)
}

export interface SpendReset extends WindowRef {
  /** A UUIDv7: the same operation resets once. */
  readonly operation: string
  readonly targetNano: NanoUsd
}

/** By how much the window's spend changed. */
export async function resetSpend(db: Db, { operation, scope, startMs, targetNano }: SpendReset): Promise<NanoUsd> {
  const { rows } = await db.execute<{ change: string }>(
    sql`select reset_spend(${operation}, ${scope}, ${startMs}::bigint, ${String(targetNano)}::bigint) as change`,
  )
  return BigInt(rows[0]?.change ?? 0)
}

/**
 * The expression that says which entities an admin write changed: part of that write's own statement, or of its batch.
 * The setting `generation` it keeps is `Generation`.
 */
export function raiseGeneration(ids: readonly string[]): SQL<string> {
  return sql<string>`raise_generation(array(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)))`
}

/** The value of the setting `generation`. Who knows a number below the first one listed must forget everything. */
export interface Generation {
  readonly number: number
  readonly changed: readonly { readonly number: number; readonly ids: readonly string[] }[]
}

/** Makes sure of a partition for each UTC day until `days` after today. Answers how many were missing. */
export async function makeSpendPartitions(db: Db, today: string, days: number): Promise<number> {
  const { rows } = await db.execute<{ made: number }>(
    sql`select make_spend_partitions(${today}::date, ${days}::int) as made`,
  )
  return rows[0]?.made ?? 0
}

/** Drops the log's UTC days before this one, at least 15 days old; answers how many had a partition. Sums per day stay. */
export async function dropSpendPartitions(db: Db, before: string): Promise<number> {
  const { rows } = await db.execute<{ dropped: number }>(sql`select drop_spend_partitions(${before}::date) as dropped`)
  return rows[0]?.dropped ?? 0
}

export function exchangeJson(asks: readonly ExchangeAsk[]): string {
  return JSON.stringify(
    asks.map(({ scope, startMs, wantNano, returnedNano, seq }) => ({
      scope,
      start_ms: startMs,
      want_nano: String(wantNano),
      returned_nano: String(returnedNano),
      seq,
    })),
  )
}

export function expireJson(grants: readonly GrantToExpire[]): string {
  return JSON.stringify(
    grants.map(({ id, amountNano, single, windows, covered, settleByMs }) => ({
      id,
      amount_nano: String(amountNano),
      single,
      scopes: windows.map(({ scope }) => scope),
      windows: windows.map(({ startMs }) => startMs),
      covered,
      settle_by_ms: settleByMs,
    })),
  )
}
