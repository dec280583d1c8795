import type { Refusal } from '../guard/guard.ts'
import { tokensOf } from '../guard/tokens.ts'

/** What shadow mode saw of one request. Numbers only, so that it may be logged; empty when nothing was near. */
export interface ShadowRecord {
  readonly similarity?: number
  /** What the guard had against it. */
  readonly refusal?: Refusal
  /** How far the real answer was from the one that would have been given. */
  readonly distance?: number
}

/**
 * From 0 (the same words) to 1 (no word in common): 1 − F1 over the bags of words. Two answers of one model to one
 * question lie somewhere between, so the report compares with what it sees at the highest similarities.
 */
export function distanceOf(a: string, b: string): number {
  const [left, right] = [bagOf(a), bagOf(b)]
  const [inLeft, inRight] = [sizeOf(left), sizeOf(right)]
  if (inLeft + inRight === 0) return 0
  let common = 0
  for (const [word, times] of left) common += Math.min(times, right.get(word) ?? 0)
  return 1 - (2 * common) / (inLeft + inRight)
}

function bagOf(text: string): Map<string, number> {
  const bag = new Map<string, number>()
  for (const { text: word } of tokensOf(text)) bag.set(word, (bag.get(word) ?? 0) + 1)
  return bag
}

function sizeOf(bag: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const times of bag.values()) sum += times
  return sum
}

export interface ThresholdRow {
  readonly threshold: number
  /** Requests that would have been answered, and their share of all. */
  readonly answered: number
  readonly share: number
  readonly refused: number
  readonly meanDistance: number
  /** How many of the answered were far off. */
  readonly far: number
  readonly farShare: number
}

export interface ShadowReport {
  readonly requests: number
  readonly rows: readonly ThresholdRow[]
  /** The lowest threshold from which on hardly any answer was far off; undefined when there is too little to say. */
  readonly safe: number | undefined
}

export interface ShadowBars {
  /** An answer further away than this is far off. */
  readonly farFrom: number
  /** As many of the answered may be far off. */
  readonly mostFar: number
  /** With fewer answered a threshold is not judged. */
  readonly leastAnswered: number
}

export const shadowBars: ShadowBars = { farFrom: 0.7, mostFar: 0.02, leastAnswered: 30 }

const THRESHOLDS = [0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.92, 0.91, 0.9, 0.88, 0.86, 0.84, 0.82, 0.8]

/** What each threshold would have done, from the highest down; safe is the lowest above the first that is not. */
export function shadowReport(records: readonly ShadowRecord[], bars: ShadowBars = shadowBars): ShadowReport {
  const rows = THRESHOLDS.map((threshold) => rowOf(threshold, records, bars))
  let safe: number | undefined
  for (const { threshold, answered, farShare } of rows) {
    if (answered < bars.leastAnswered) continue
    if (farShare > bars.mostFar) break
    safe = threshold
  }
  return { requests: records.length, rows, safe }
}

function rowOf(threshold: number, records: readonly ShadowRecord[], { farFrom }: ShadowBars): ThresholdRow {
  const near = records.filter(({ similarity }) => similarity !== undefined && similarity >= threshold)
  const distances = near.filter(({ refusal }) => refusal === undefined).map(({ distance = 1 }) => distance)
  const answered = distances.length
  const far = distances.filter((distance) => distance > farFrom).length
  return {
    threshold,
    answered,
    share: answered / (records.length || 1),
    refused: near.length - answered,
    meanDistance: distances.reduce((sum, one) => sum + one, 0) / (answered || 1),
    far,
    farShare: far / (answered || 1),
  }
}
