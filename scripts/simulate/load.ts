import type { Arrival, Phase, Site } from './world.ts'

const WINDOW_SECONDS = 60
const REFUSES_AT = 3

/** One site under load: how long it takes, what it refuses, and how overloaded it ever was. */
export class Load {
  readonly #site: Site
  readonly #perSecond: number[] = Array.from({ length: WINDOW_SECONDS }, () => 0)
  readonly #seconds: number[] = Array.from({ length: WINDOW_SECONDS }, () => -1)
  inFlight = 0
  asked = 0
  refused = 0
  worstOverload = 0

  constructor(site: Site) {
    this.#site = site
  }

  /** The time it will take to answer, and with what. */
  begin(arrival: Arrival, phase: Phase, nowMs: number): { readonly durationMs: number; readonly status: number } {
    const { id, slots, rpm } = this.#site
    this.asked += 1
    this.inFlight += 1
    const overload = this.inFlight / slots
    this.worstOverload = Math.max(this.worstOverload, overload)
    if (phase.failing === id) return { durationMs: 200, status: 500 }
    if (overload > REFUSES_AT || this.#lastMinute(nowMs) >= rpm) {
      this.refused += 1
      return { durationMs: 50, status: 429 }
    }
    this.#count(nowMs)
    const slowness = Math.max(1, overload) * (phase.slowed?.[id] ?? 1)
    return { durationMs: this.usualMs(arrival) * slowness, status: 200 }
  }

  usualMs({ outputTokens }: Arrival): number {
    return this.#site.firstTokenMs + outputTokens * this.#site.msPerToken
  }

  end(): void {
    this.inFlight -= 1
  }

  #count(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    const at = second % WINDOW_SECONDS
    if (this.#seconds[at] !== second) this.#perSecond[at] = 0
    this.#seconds[at] = second
    this.#perSecond[at] = (this.#perSecond[at] ?? 0) + 1
  }

  #lastMinute(nowMs: number): number {
    const from = Math.floor(nowMs / 1000) - WINDOW_SECONDS
    return this.#perSecond.reduce((sum, count, at) => ((this.#seconds[at] ?? -1) > from ? sum + count : sum), 0)
  }
}
