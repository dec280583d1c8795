import { maxNano, minNano, type NanoUsd } from '../money.ts'

/**
 * A ledger's share of one window (slices.md §1.2): totals that only grow, and what is held by open grants now. A value:
 * each rule below makes the next one.
 */
export interface Pool {
  readonly scope: string
  readonly startMs: number
  /** Infinite when the window never ends. */
  readonly endMs: number
  readonly grantedNano: NanoUsd
  readonly returnedNano: NanoUsd
  /** What closed and expired grants have cost. */
  readonly usedNano: NanoUsd
  /** What open and expiring grants may still cost. */
  readonly heldNano: NanoUsd
  /** Of `usedNano`, what the source has seen in rows, as of its last answer. */
  readonly chargedNano: NanoUsd
  readonly seq: number
  /** The source was told something and nobody has seen its answer: one more exchange is owed. */
  readonly owing: boolean
  readonly lastTakenMs: number
}

/** What the source answers about a lease. */
export interface LeaseTotals {
  readonly grantedNano: NanoUsd
  readonly chargedNano: NanoUsd
  readonly seq: number
}

export function newPool({ scope, startMs, endMs }: Pick<Pool, 'scope' | 'startMs' | 'endMs'>, nowMs: number): Pool {
  const nothing = { grantedNano: 0n, returnedNano: 0n, usedNano: 0n, heldNano: 0n, chargedNano: 0n }
  return { scope, startMs, endMs, ...nothing, seq: 0, owing: false, lastTakenMs: nowMs }
}

/** What may be granted without asking anyone. */
export function freeOf(pool: Pool): NanoUsd {
  return pool.grantedNano - pool.returnedNano - pool.usedNano - pool.heldNano
}

export function hold(pool: Pool, amountNano: NanoUsd, nowMs: number): Pool {
  return { ...pool, heldNano: pool.heldNano + amountNano, lastTakenMs: nowMs }
}

/** A grant is over: what it held is free again but for what it cost. */
export function release(pool: Pool, heldNano: NanoUsd, paidNano: NanoUsd): Pool {
  return { ...pool, heldNano: pool.heldNano - heldNano, usedNano: pool.usedNano + paidNano }
}

/** What is free goes back, or part of it. Written down before the source is told, so that it can never be granted meanwhile. */
export function giveBack(pool: Pool, amountNano: NanoUsd = freeOf(pool)): Pool {
  return { ...pool, returnedNano: pool.returnedNano + maxNano(0n, minNano(amountNano, freeOf(pool))) }
}

/** Totals only grow: an answer that comes late, twice or out of order teaches nothing wrong. */
export function learn(pool: Pool, lease: LeaseTotals): Pool {
  return {
    ...pool,
    grantedNano: maxNano(pool.grantedNano, lease.grantedNano),
    chargedNano: maxNano(pool.chargedNano, lease.chargedNano),
    seq: Math.max(pool.seq, lease.seq),
    owing: false,
  }
}

/** Whether free money lies here for nobody: its window is over, or nobody took any for a while. */
export function isIdle(pool: Pool, nowMs: number, idleMs: number): boolean {
  return freeOf(pool) > 0n && nowMs >= idleAtMs(pool, idleMs)
}

export function idleAtMs(pool: Pool, idleMs: number): number {
  return Math.min(pool.endMs, pool.lastTakenMs + idleMs)
}

/** Every row of this window's grants has arrived, and nothing is left to give, ask or wait for. */
export function isFinished(pool: Pool, nowMs: number): boolean {
  return (
    nowMs >= pool.endMs &&
    !pool.owing &&
    pool.heldNano === 0n &&
    freeOf(pool) === 0n &&
    pool.usedNano === pool.chargedNano
  )
}
