import { ascending } from './ascending.ts'

/**
 * Draws two candidates, each with a chance of one over its burden, and asks the less burdened of the two first; the
 * others follow by burden. What an isolate knows is up to two seconds old, and the same for all of them: whoever takes
 * "the best" takes it together with everybody else. Two drawn ones spread, and still avoid the worst (Mitzenmacher, "How
 * Useful Is Old Information?", 2000). A burden is above zero; an endless one is drawn by nobody and comes last.
 */
export function twoChoices<T>(candidates: readonly T[], burdens: readonly number[], random: () => number): T[] {
  const { order, ranks } = ascending(candidates, burdens, random)
  let total = 0
  for (const burden of ranks) total += 1 / burden
  if (!(total > 0) || !Number.isFinite(total)) return order
  const one = drawn(ranks, total, random, -1)
  const other = drawn(ranks, total - 1 / (ranks[one] ?? 1), random, one)
  const first = Math.min(one, other)
  const winner = order[first] as T
  order.copyWithin(1, 0, first)
  order[0] = winner
  return order
}

/** An index other than `except`; that one again where no other can be drawn. */
function drawn(burdens: readonly number[], total: number, random: () => number, except: number): number {
  let left = random() * total
  let last = except
  for (let at = 0; at < burdens.length; at++) {
    const chance = 1 / (burdens[at] ?? 1)
    if (at === except || chance === 0) continue
    last = at
    left -= chance
    if (left < 0) break
  }
  return last
}
