import { maxNano, minNano, type NanoUsd } from '../money.ts'

/** How fast a scope spends: an average over about ten seconds that fades. Advisory; lost memory starts from nothing. */
export interface Pace {
  readonly nanoPerMs: number
  readonly atMs: number
}

const FADE_MS = 10_000

/** So that a quiet caller's few requests at once, or a database that is away for a moment, need no exchange each. */
const HOLDS_AHEAD = 4n

export const standing: Pace = { nanoPerMs: 0, atMs: 0 }

export function paced(pace: Pace, paidNano: NanoUsd, nowMs: number): Pace {
  return { nanoPerMs: paceAt(pace, nowMs) + Number(paidNano) / FADE_MS, atMs: nowMs }
}

export function paceAt(pace: Pace, nowMs: number): number {
  return pace.nanoPerMs * Math.exp(-Math.max(0, nowMs - pace.atMs) / FADE_MS)
}

/**
 * What a busy ledger has free beyond all need: more than twice what it spends in the time it asks ahead for, and than
 * twice the holds it keeps ready.
 */
export function surplusOf(pool: { freeNano: NanoUsd; holdNano: NanoUsd; nanoPerMs: number; aheadMs: number }): NanoUsd {
  const ahead = BigInt(Math.ceil(pool.nanoPerMs * pool.aheadMs))
  return maxNano(0n, pool.freeNano - 2n * maxNano(ahead, HOLDS_AHEAD * pool.holdNano))
}

export interface Market {
  /** What the source had left at its last answer. */
  readonly roomNano: NanoUsd
  /** What other ledgers have on lease there. */
  readonly othersNano: NanoUsd
}

/**
 * How much to ask for (slices.md §5): what is missing, and spending for `aheadMs` or a few holds, whichever is more, but
 * never more than a quarter of what is left, half of that where others draw on it, and nothing ahead where few requests
 * would still fit.
 */
export function sliceWant(need: {
  shortNano: NanoUsd
  /** The largest worst case among those who wait. */
  holdNano: NanoUsd
  freeNano: NanoUsd
  nanoPerMs: number
  aheadMs: number
  market: Market | undefined
}): NanoUsd {
  const { shortNano, holdNano, freeNano, market } = need
  if (!market) return shortNano
  const left = maxNano(0n, market.roomNano) + freeNano
  if (left < 8n * holdNano) return shortNano
  const ahead = maxNano(BigInt(Math.floor(need.nanoPerMs * need.aheadMs)), HOLDS_AHEAD * holdNano)
  return shortNano + minNano(ahead, left / (market.othersNano > 0n ? 8n : 4n))
}
