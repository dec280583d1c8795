/**
 * Every candidate once, by its number (`numbers[i]` is that of `candidates[i]`), lowest first. Equal ones come in a
 * random turn, so that none is preferred for where it stands in the file. Sorts in place what it makes: lists are short.
 */
export function ascending<T>(candidates: readonly T[], numbers: readonly number[], random: () => number): Ranked<T> {
  const count = candidates.length
  const order: T[] = []
  const ranks: number[] = []
  const turn = Math.floor(random() * count)
  for (let step = 0; step < count; step++) {
    const from = (turn + step) % count
    const number = numbers[from] ?? 0
    let at = step
    for (; at > 0 && (ranks[at - 1] ?? 0) > number; at--) {
      order[at] = order[at - 1] as T
      ranks[at] = ranks[at - 1] as number
    }
    order[at] = candidates[from] as T
    ranks[at] = number
  }
  return { order, ranks }
}

export interface Ranked<T> {
  readonly order: T[]
  /** The numbers, in the same order. */
  readonly ranks: readonly number[]
}
