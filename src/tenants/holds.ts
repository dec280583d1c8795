import type { Copy, KnownGeneration } from './port.ts'

/** How old what we know may be when it decides. */
export const LIFE_MS = 5_000

/** Whether a change since it was read names one of the copy's entities, or might have. */
export function isOverwritten(copy: Pick<Copy<unknown>, 'names' | 'generation'>, known: KnownGeneration): boolean {
  if (known.number <= copy.generation) return false
  const [first] = known.changed
  if (!first || copy.generation < first.number - 1) return true
  return known.changed.some(({ number, ids }) => number > copy.generation && ids.some((id) => copy.names.includes(id)))
}

/** Whether a copy is what Postgres said at some moment of the last five seconds. */
export function holds(copy: Copy<unknown>, known: KnownGeneration | undefined, nowMs: number): boolean {
  if (!known) return nowMs - copy.readAtMs < LIFE_MS
  return !isOverwritten(copy, known) && nowMs - Math.max(copy.readAtMs, known.readAtMs) < LIFE_MS
}
