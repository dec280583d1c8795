import type { Clock } from '../clock.ts'

/** Changes are effective on every isolate within five seconds, so no answer is older. */
const KEPT_MS = 5_000
const MOST_NAMES = 10_000

type LookUp<Value> = (names: readonly string[], nowMs: number) => Promise<ReadonlyMap<string, Value>>

/**
 * A look-up by names whose answers hold for five seconds, those that found nothing as well: one batch after another asks
 * about the same few keys, and a busy one would read the same rows for every batch. A failure is not remembered.
 */
export function remembered<Value>(
  lookUp: LookUp<Value>,
  clock: Clock,
): (names: readonly string[]) => ReturnType<LookUp<Value>> {
  const known = new Map<string, { readonly value: Value | undefined; readonly untilMs: number }>()
  return async (names) => {
    const nowMs = clock()
    const answers = new Map<string, Value>()
    const asked: string[] = []
    for (const name of names) {
      const kept = known.get(name)
      if (kept === undefined || kept.untilMs <= nowMs) asked.push(name)
      else if (kept.value !== undefined) answers.set(name, kept.value)
    }
    if (asked.length === 0) return answers
    const found = await lookUp(asked, nowMs)
    if (known.size + asked.length > MOST_NAMES) known.clear()
    for (const name of asked) known.set(name, { value: found.get(name), untilMs: nowMs + KEPT_MS })
    for (const [name, value] of found) answers.set(name, value)
    return answers
  }
}
