import { usdFromNano } from '../money.ts'
import type { SpendGroup, Sums } from './report.ts'

export const nothing: Sums = {
  costNano: 0n,
  savedNano: 0n,
  promptTokens: 0,
  completionTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  totalTokens: 0,
  requests: 0,
  successes: 0,
  failures: 0,
  cacheHits: 0,
  rows: 0,
}

export function plus(a: Sums, b: Sums): Sums {
  return {
    costNano: a.costNano + b.costNano,
    savedNano: a.savedNano + b.savedNano,
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    requests: a.requests + b.requests,
    successes: a.successes + b.successes,
    failures: a.failures + b.failures,
    cacheHits: a.cacheHits + b.cacheHits,
    rows: a.rows + b.rows,
  }
}

export const sumOf = (groups: readonly Sums[]): Sums => groups.reduce(plus, nothing)

/** Groups added up by a name of theirs, in the order in which the names first come. */
export function sumsBy(
  groups: readonly SpendGroup[],
  nameOf: (group: SpendGroup) => string,
): ReadonlyMap<string, Sums> {
  const sums = new Map<string, Sums>()
  for (const group of groups) {
    const name = nameOf(group)
    const before = sums.get(name)
    sums.set(name, before ? plus(before, group) : group)
  }
  return sums
}

/** Dollars of several groups: whole nanos are added, so that nothing is lost on the way. */
export const spent = (groups: readonly Sums[]): number =>
  usdFromNano(groups.reduce((sum, { costNano }) => sum + costNano, 0n))
