interface Ordered {
  readonly deployment: { readonly order?: number }
}

/**
 * Candidates by `order`: 1 before 2 before 3, those without one after all that have one; within a tier in the order in
 * which they came. Every candidate once. Where nobody has an order, the candidates themselves are the one tier.
 */
export function tiers<T extends Ordered>(candidates: readonly T[]): readonly (readonly T[])[] {
  if (candidates.every(({ deployment }) => deployment.order === candidates[0]?.deployment.order)) {
    return candidates.length === 0 ? [] : [candidates]
  }
  const byOrder = Map.groupBy(candidates, ({ deployment }) => deployment.order ?? Number.POSITIVE_INFINITY)
  return [...byOrder].sort(([a], [b]) => a - b).map(([, tier]) => tier)
}
