import type { Pool } from '../budget/pool.ts'
import { withinMs } from './deadline.ts'
import { type ExchangerDeps, poolKey } from './exchanger.ts'

export interface RecallsDeps extends Pick<ExchangerDeps, 'name' | 'source' | 'settings' | 'clock' | 'report'> {
  /** Asks other ledgers to give back what they hold free in these scopes. Absent where they cannot be asked. */
  readonly recall?: (ledgers: readonly string[], scopes: readonly string[]) => Promise<void>
}

/** Ledgers asked at once. Who has the most is asked first. */
const MOST_ASKED = 16
/** What a recall brought is not asked for again sooner. */
const PAUSE_MS = 1_000

/** Asks those with a lease on a window to give back what they do not use (slices.md rules 13, 15). */
export class Recalls {
  readonly #deps: RecallsDeps
  readonly #lately = new Map<string, { readonly atMs: number; readonly done: Promise<boolean> }>()

  constructor(deps: RecallsDeps) {
    this.#deps = deps
  }

  /** Resolves, in time, to whether somebody was asked. Who comes meanwhile shares the answer. */
  async ask(pools: readonly Pool[]): Promise<boolean> {
    const asked = await Promise.all(pools.map((pool) => this.#ask(pool)))
    return asked.includes(true)
  }

  #ask(pool: Pool): Promise<boolean> {
    const nowMs = this.#deps.clock()
    for (const [key, { atMs }] of this.#lately) if (nowMs - atMs > PAUSE_MS) this.#lately.delete(key)
    const known = this.#lately.get(poolKey(pool))
    if (known) return known.done
    const done = this.#recall(pool)
    this.#lately.set(poolKey(pool), { atMs: nowMs, done })
    return done
  }

  async #recall({ scope, startMs }: Pool): Promise<boolean> {
    const { name, source, settings, recall, report } = this.#deps
    if (!recall) return false
    try {
      const others = await withinMs(settings.exchangeTimeoutMs, source.holders(name, { scope, startMs }, MOST_ASKED))
      if (others.length === 0) return false
      await withinMs(settings.exchangeTimeoutMs, recall(others, [scope]))
    } catch (cause) {
      report('a recall of slices failed', cause)
    }
    return true
  }
}
