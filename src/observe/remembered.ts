import type { Clock } from '../clock.ts'

/** As long as any other change takes to reach every isolate. */
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
    if (known.size + names.length > MOST_NAMES) known.clear()
    const asked = names.filter((name) => (known.get(name)?.untilMs ?? 0) <= nowMs)
    if (asked.length > 0) {
      const found = await lookUp(asked, nowMs)
      for (const name of asked) known.set(name, { value: found.get(name), untilMs: nowMs + KEPT_MS })
    }
    const answers = new Map<string, Value>()
    for (const name of names) {
      const value = known.get(name)?.value
      if (value !== undefined) answers.set(name, value)
    }
    return answers
  }
}
