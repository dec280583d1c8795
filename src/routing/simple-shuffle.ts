interface Weighted {
  readonly weight?: number
  readonly rpm?: number
  readonly tpm?: number
}

/**
 * LiteLLM's `simple-shuffle`: by `weight` where any candidate has one, else by `rpm`, else by `tpm`, else alike. A
 * candidate that lacks the field counts as the average of those that have it, so none is starved by an omission.
 * Returns every candidate once, in the order they should be asked.
 */
export function simpleShuffle<T extends Weighted>(candidates: readonly T[], random: () => number): T[] {
  const weigh = weighing(candidates)
  const rest = candidates.map((candidate) => ({ candidate, weight: weigh(candidate) }))
  const order: T[] = []
  while (rest.length > 0) {
    const [next] = rest.splice(draw(rest, random), 1)
    if (next) order.push(next.candidate)
  }
  return order
}

function weighing(candidates: readonly Weighted[]): (candidate: Weighted) => number {
  for (const field of ['weight', 'rpm', 'tpm'] as const) {
    const given = candidates.flatMap((candidate) => candidate[field] ?? [])
    if (given.length === 0) continue
    const average = given.reduce((sum, one) => sum + one, 0) / given.length
    return (candidate) => candidate[field] ?? average
  }
  return () => 1
}

/** The index of one entry, with a chance in proportion to its weight; entries of weight zero come last. */
function draw(entries: readonly { weight: number }[], random: () => number): number {
  const total = entries.reduce((sum, entry) => sum + entry.weight, 0)
  if (total <= 0) return Math.floor(random() * entries.length)
  let left = random() * total
  const index = entries.findIndex((entry) => {
    left -= entry.weight
    return left < 0
  })
  return index < 0 ? entries.length - 1 : index
}
