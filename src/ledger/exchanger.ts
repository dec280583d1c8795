import { freeOf, giveBack, isIdle, learn, newPool, type Pool } from '../budget/pool.ts'
import { type Market, type Pace, paceAt, paced, sliceWant, standing, surplusOf } from '../budget/slice.ts'
import type { Clock } from '../clock.ts'
import type { LedgerSettings } from '../config/config.ts'
import { maxNano, type NanoUsd } from '../money.ts'
import { withinMs } from './deadline.ts'
import type { SliceAnswer, SliceAsk, SliceSource } from './slice-source.ts'
import type { LedgerStore } from './store.ts'

export interface ExchangerDeps {
  readonly name: string
  readonly store: LedgerStore
  readonly source: SliceSource
  readonly settings: LedgerSettings
  readonly clock: Clock
  readonly wake: (atMs: number) => void
  readonly report: (what: string, cause: unknown) => void
}

/** What is more than enough for so long goes back, also while the pool is in use. */
const SURPLUS_MS = 10_000

/** By `poolKey`. */
export type Answers = ReadonlyMap<string, SliceAnswer>

interface Need {
  readonly pool: Pool
  /** What all who wait for this pool need together. Nothing: only tell and hear the totals. */
  readonly sumNano: NanoUsd
  readonly largestNano: NanoUsd
}

interface Batch {
  readonly needs: Map<string, Need>
  readonly answers: Promise<Answers | undefined>
}

export const poolKey = ({ scope, startMs }: { scope: string; startMs: number }) => `${startMs}/${scope}`

/**
 * The one place that asks the source for slices. One exchange is in flight at a time; whoever needs something meanwhile
 * shares the next. Whatever is promised or learnt is on disk before anybody hears of it.
 */
export class Exchanger {
  readonly #deps: ExchangerDeps
  #next: Batch | undefined
  #running: Promise<unknown> = Promise.resolve()
  /** What sizes a slice. Advisory: after an eviction slices start small and grow again. */
  readonly #paces = new Map<string, Pace>()
  readonly #markets = new Map<string, Market & { readonly atMs: number }>()
  /** The largest hold that was short in a pool. */
  readonly #holds = new Map<string, NanoUsd>()
  readonly #surplusSince = new Map<string, number>()
  #unheard = false

  constructor(deps: ExchangerDeps) {
    this.#deps = deps
  }

  /** Answers undefined when the source did not answer. An exchange sent after this call decides it. */
  exchange(needs: readonly { pool: Pool; needNano: NanoUsd }[]): Promise<Answers | undefined> {
    const batch = this.#next ?? this.#open()
    for (const { pool, needNano } of needs) {
      const known = batch.needs.get(poolKey(pool))
      batch.needs.set(poolKey(pool), {
        pool,
        sumNano: (known?.sumNano ?? 0n) + needNano,
        largestNano: maxNano(known?.largestNano ?? 0n, needNano),
      })
    }
    return batch.answers
  }

  /** Something was spent there. */
  observe(pool: Pool, paidNano: NanoUsd): void {
    const key = poolKey(pool)
    this.#paces.set(key, paced(this.#paces.get(key) ?? standing, paidNano, this.#deps.clock()))
  }

  /** What the source had left, if it said so lately. */
  roomOf(pool: Pool): NanoUsd | undefined {
    const { settings, clock } = this.#deps
    const market = this.#markets.get(poolKey(pool))
    return market && clock() - market.atMs <= settings.sliceAheadMs ? market.roomNano : undefined
  }

  /**
   * What a busy pool has free beyond all need, once that has lasted (slices.md §5): the others may want it. Nothing after
   * an eviction, until the pool was short again.
   */
  surplusOf(pool: Pool): NanoUsd {
    const { settings, clock } = this.#deps
    const key = poolKey(pool)
    const holdNano = this.#holds.get(key)
    const nowMs = clock()
    const nanoPerMs = paceAt(this.#paces.get(key) ?? standing, nowMs)
    const surplusNano =
      holdNano === undefined
        ? 0n
        : surplusOf({ freeNano: freeOf(pool), holdNano, nanoPerMs, aheadMs: settings.sliceAheadMs })
    const sinceMs = this.#surplusSince.get(key) ?? nowMs
    if (surplusNano === 0n) this.#surplusSince.delete(key)
    else this.#surplusSince.set(key, sinceMs)
    return nowMs - sinceMs >= SURPLUS_MS ? surplusNano : 0n
  }

  forget(pool: Pool): void {
    this.#holds.delete(poolKey(pool))
    this.#surplusSince.delete(poolKey(pool))
    this.#paces.delete(poolKey(pool))
    this.#markets.delete(poolKey(pool))
  }

  #open(): Batch {
    const needs = new Map<string, Need>()
    const answers = this.#running.then(() => {
      this.#next = undefined
      return this.#send([...needs.values()])
    })
    this.#running = answers
    this.#next = { needs, answers }
    return this.#next
  }

  /** Never rejects: who waits wants to know whether there is an answer, the operator why not. */
  async #send(needs: readonly Need[]): Promise<Answers | undefined> {
    const { name, store, source, settings, clock, wake, report } = this.#deps
    try {
      const asks = store.transaction(() => needs.map((need) => this.#ask(need)))
      wake(clock() + settings.idleReturnMs)
      asks.sort((a, b) => (a.scope === b.scope ? a.startMs - b.startMs : a.scope < b.scope ? -1 : 1))
      const answers = await withinMs(settings.exchangeTimeoutMs, source.exchange(name, asks))
      store.transaction(() => {
        for (const answer of answers) {
          const pool = store.pool(answer.scope, answer.startMs)
          if (pool) store.putPool(learn(pool, answer))
        }
      })
      for (const answer of answers) this.#markets.set(poolKey(answer), { ...answer, atMs: clock() })
      // The source is back: what waited for it, expired grants above all, need not wait out its pause.
      if (this.#unheard) wake(clock())
      this.#unheard = false
      return new Map(answers.map((answer) => [poolKey(answer), answer]))
    } catch (cause) {
      this.#unheard = true
      report('an exchange of slices failed', cause)
      return undefined
    }
  }

  /** Writes down that an answer is owed, and what goes back, before the source hears of it. */
  #ask({ pool, sumNano, largestNano }: Need): SliceAsk {
    const { store, settings, clock } = this.#deps
    const nowMs = clock()
    const kept = store.pool(pool.scope, pool.startMs) ?? newPool(pool, nowMs)
    const idle = sumNano === 0n && isIdle(kept, nowMs, settings.idleReturnMs)
    const backNano = idle ? freeOf(kept) : sumNano === 0n ? this.surplusOf(kept) : 0n
    const told = { ...giveBack(kept, backNano), owing: true }
    store.putPool(told)
    const freeNano = freeOf(kept)
    const shortNano = maxNano(0n, sumNano - freeNano)
    const key = poolKey(pool)
    if (largestNano > 0n) this.#holds.set(key, largestNano)
    const wantNano =
      shortNano === 0n
        ? 0n
        : sliceWant({
            shortNano,
            holdNano: largestNano,
            freeNano,
            nanoPerMs: paceAt(this.#paces.get(key) ?? standing, nowMs),
            aheadMs: settings.sliceAheadMs,
            market: this.#markets.get(key),
          })
    return { scope: told.scope, startMs: told.startMs, wantNano, returnedNano: told.returnedNano, seq: told.seq }
  }
}
