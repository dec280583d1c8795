/** So many faults in a row, and the store is left alone. */
const FAULTS = 3
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 4_000

/**
 * Leaves a store alone that does not answer, so that its outage costs a few deadlines and then nothing: requests never
 * pay for finding out whether it is back, a probe beside them does.
 */
export class Breaker {
  #faults = 0
  #pauseMs = 0
  #untilMs = 0
  #opened = 0

  /** How often it has opened. */
  get opened(): number {
    return this.#opened
  }

  get isClosed(): boolean {
    return this.#faults < FAULTS
  }

  /** True for one caller after each pause: it finds out, and says how that went. */
  mayProbe(nowMs: number): boolean {
    if (this.isClosed || nowMs < this.#untilMs) return false
    this.#untilMs = nowMs + LONGEST_PAUSE_MS
    return true
  }

  succeeded(): void {
    this.#faults = 0
    this.#pauseMs = 0
  }

  failed(nowMs: number): void {
    this.#faults += 1
    if (this.isClosed) return
    if (this.#faults === FAULTS) this.#opened += 1
    this.#pauseMs = Math.min(this.#pauseMs * 2 || FIRST_PAUSE_MS, LONGEST_PAUSE_MS)
    this.#untilMs = nowMs + this.#pauseMs
  }
}
