import type { Pool } from '../budget/pool.ts'
import type { Bucket, SlidingWindow } from '../limits/sliding-window.ts'
import type { GrantRecord } from './store.ts'

/**
 * How a ledger's state is written in SQLite. Money is decimal text: SQL integers come back as doubles. An end that never
 * comes is null.
 */
export type PoolRow = {
  readonly scope: string
  readonly start_ms: number
  readonly end_ms: number | null
  readonly granted: string
  readonly returned: string
  readonly used: string
  readonly held: string
  readonly charged: string
  readonly seq: number
  readonly owing: number
  readonly last_taken_ms: number
}

export function poolFromRow(row: PoolRow): Pool {
  return {
    scope: row.scope,
    startMs: row.start_ms,
    endMs: row.end_ms ?? Number.POSITIVE_INFINITY,
    grantedNano: BigInt(row.granted),
    returnedNano: BigInt(row.returned),
    usedNano: BigInt(row.used),
    heldNano: BigInt(row.held),
    chargedNano: BigInt(row.charged),
    seq: row.seq,
    owing: row.owing === 1,
    lastTakenMs: row.last_taken_ms,
  }
}

/** In the order of the table's columns. */
export function rowFromPool(pool: Pool): (string | number | null)[] {
  return [
    pool.scope,
    pool.startMs,
    Number.isFinite(pool.endMs) ? pool.endMs : null,
    String(pool.grantedNano),
    String(pool.returnedNano),
    String(pool.usedNano),
    String(pool.heldNano),
    String(pool.chargedNano),
    pool.seq,
    pool.owing ? 1 : 0,
    pool.lastTakenMs,
  ]
}

type Body = Pick<GrantRecord, 'counted'> & {
  readonly paidNano: string
  readonly lateUsedNano?: string
  readonly grant: Omit<GrantRecord['grant'], 'amountNano'> & { readonly amountNano: string }
}

export function grantToText({ grant, paidNano, counted, lateUsedNano }: GrantRecord): string {
  const body: Body = {
    grant: { ...grant, amountNano: String(grant.amountNano) },
    paidNano: String(paidNano),
    counted,
    ...(lateUsedNano === undefined ? {} : { lateUsedNano: String(lateUsedNano) }),
  }
  return JSON.stringify(body)
}

export function grantFromText(state: GrantRecord['state'], text: string): GrantRecord {
  const { grant, paidNano, counted, lateUsedNano }: Body = JSON.parse(text)
  return {
    state,
    grant: { ...grant, amountNano: BigInt(grant.amountNano) },
    paidNano: BigInt(paidNano),
    counted,
    ...(lateUsedNano === undefined ? {} : { lateUsedNano: BigInt(lateUsedNano) }),
  }
}

export function windowFromText(text: string): SlidingWindow {
  const buckets: Bucket[] = JSON.parse(text)
  return buckets
}
