const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 300_000
const MOST_NAMES = 10_000

/**
 * For how long each sink is left alone that does not take what it is told: five seconds, and twice as long each time that it
 * still does not, up to five minutes. Whatever waits for it is not brought again and again meanwhile. Kept in an isolate's memory.
 */
export class Pauses {
  readonly #failing = new Map<string, { readonly untilMs: number; readonly pauseMs: number }>()

  /** How long it is left alone yet; zero for one that may be told. */
  leftMs(name: string, nowMs: number): number {
    return Math.max(0, (this.#failing.get(name)?.untilMs ?? 0) - nowMs)
  }

  /** Several that fail in one pause are one failure. */
  failed(name: string, nowMs: number): void {
    if (this.leftMs(name, nowMs) > 0) return
    const { pauseMs } = this.#failing.get(name) ?? { pauseMs: FIRST_PAUSE_MS / 2 }
    const nextMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    if (this.#failing.size >= MOST_NAMES) this.#failing.clear()
    this.#failing.set(name, { untilMs: nowMs + nextMs, pauseMs: nextMs })
  }

  took(name: string): void {
    this.#failing.delete(name)
  }
}
