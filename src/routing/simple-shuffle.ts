import { ascending } from './ascending.ts'

interface Weighted {
  readonly weight?: number
  readonly rpm?: number
  readonly tpm?: number
}

const FIELDS = ['weight', 'rpm', 'tpm'] as const

/**
 * LiteLLM's `simple-shuffle`: by `weight` where any candidate has one, else by `rpm`, else by `tpm`, else alike. A
 * candidate that lacks the field counts as the average of those that have it, so none is starved by an omission; one of
 * weight zero is asked last. Returns every candidate once, in the order they should be asked.
 */
export function simpleShuffle<T extends Weighted>(candidates: readonly T[], random: () => number): readonly T[] {
  if (candidates.length < 2) return candidates
  const field = FIELDS.find((name) => candidates.some((candidate) => candidate[name] !== undefined))
  const average = field === undefined ? 1 : averageOf(candidates, field)
  // Drawing without putting back, in one pass: each waits a random time, shorter by its weight (Efraimidis, Spirakis 2006).
  const waits = candidates.map((candidate) => {
    const weight = field === undefined ? average : (candidate[field] ?? average)
    return weight > 0 ? -Math.log(1 - random()) / weight : Number.POSITIVE_INFINITY
  })
  return ascending(candidates, waits, random).order
}

function averageOf(candidates: readonly Weighted[], field: (typeof FIELDS)[number]): number {
  const given = candidates.flatMap((candidate) => candidate[field] ?? [])
  return given.reduce((sum, one) => sum + one, 0) / given.length
}
