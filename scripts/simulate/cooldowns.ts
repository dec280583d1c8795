import { ISOLATES, sites } from './world.ts'

const COOLDOWN_MS = 5_000

interface Minute {
  minute: number
  all: number
  failed: number
}

/**
 * LiteLLM's default cooldowns, the same for every router, so that only strategies are compared: a 429 at once, else more
 * than half of at least five in a minute; for five seconds; known to the isolate at once and to the others when they
 * refresh.
 */
export class Cooldowns {
  readonly #shared: number[] = sites.map(() => 0)
  readonly #known: number[][] = Array.from({ length: ISOLATES }, () => sites.map(() => 0))
  readonly #minutes: Minute[] = sites.map(() => ({ minute: 0, all: 0, failed: 0 }))

  open(isolate: number, nowMs: number): number[] {
    return sites.flatMap((_, site) => ((this.#known[isolate]?.[site] ?? 0) > nowMs ? [] : [site]))
  }

  ended(isolate: number, site: number, status: number, nowMs: number): void {
    const counted = this.#minutes[site]
    if (!counted) return
    const minute = Math.floor(nowMs / 60_000)
    if (counted.minute !== minute) Object.assign(counted, { minute, all: 0, failed: 0 })
    counted.all += 1
    if (status === 200) return
    counted.failed += 1
    if (status !== 429 && (counted.all < 5 || counted.failed * 2 <= counted.all)) return
    this.#shared[site] = nowMs + COOLDOWN_MS
    const known = this.#known[isolate]
    if (known) known[site] = nowMs + COOLDOWN_MS
  }

  refresh(isolate: number): void {
    this.#known[isolate] = [...this.#shared]
  }
}
