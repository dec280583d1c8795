import { Breaker } from './breaker.ts'
import type { Codec } from './codec.ts'
import type { Entry } from './entry.ts'
import type { Lru } from './lru.ts'
import type { Cache, CacheKey, CacheMoment, Marks, Put, SharedEntries } from './port.ts'

export interface TiersOptions {
  readonly memory: Lru
  /** Without one, entries stay in this isolate. */
  readonly shared?: SharedEntries
  readonly codec: Codec
  readonly clock: () => number
  /** Longer entries are not kept. */
  readonly maxEntryBytes: number
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** Memory is believed for so long after the marks were read: a deletion reaches every isolate within 5 s. */
const BELIEVED_MS = 4_000
/** From this age on the marks are read again beside a request. */
const FRESH_MS = 2_000

const ALONE: Marks = { epoch: '', deletions: '' }

/**
 * This isolate's memory over what isolates share. A hit in memory asks nobody while it is known that nothing was taken
 * away lately; a look-up reads that along. A store that fails is a miss, and is left alone when it goes on failing.
 */
export class Tiers implements Cache {
  readonly #options: TiersOptions
  readonly breaker = new Breaker()
  #marks: (Marks & { readonly readAtMs: number }) | undefined
  #refreshedAtMs = Number.NEGATIVE_INFINITY
  #faults = 0

  constructor(options: TiersOptions) {
    this.#options = options
  }

  /** How often the store did not answer. */
  get faults(): number {
    return this.#faults
  }

  async get(keys: readonly CacheKey[], moment: CacheMoment): Promise<readonly (Entry | undefined)[]> {
    const { memory, shared } = this.#options
    const { nowMs } = moment
    const mark = this.#believed(nowMs)
    const found = keys.map((key) => (mark === undefined ? undefined : memory.get(key, nowMs, mark)))
    if (!shared) return found
    if (!this.breaker.isClosed) {
      this.#probe(moment)
      return found
    }
    if (found.every((entry) => entry !== undefined)) {
      this.#keepFresh(moment)
      return found
    }
    const missing = keys.filter((_, at) => found[at] === undefined)
    const read = await this.#read(missing, nowMs)
    return found.map((entry, at) => entry ?? read.get(keys[at]?.hash ?? ''))
  }

  async put(puts: readonly Put[], { nowMs }: CacheMoment): Promise<void> {
    const { memory, shared, codec, maxEntryBytes } = this.#options
    const texts = puts.map(({ entry }) => JSON.stringify(entry))
    const kept = puts.flatMap((put, at) => {
      const text = texts[at] ?? ''
      return text.length <= maxEntryBytes && put.entry.expiresAtMs > nowMs ? [{ ...put, text }] : []
    })
    if (kept.length === 0) return
    const mark = this.#believed(nowMs)
    if (mark !== undefined) for (const { key, entry, text } of kept) memory.put(key, entry, text.length, mark)
    if (!shared || !this.breaker.isClosed) return
    if (!this.#marks) await this.#read([], nowMs)
    const epoch = this.#marks?.epoch
    if (epoch === undefined) return
    await this.#attempt('write', async () => {
      const entries = await Promise.all(
        kept.map(async ({ key: { hash }, entry, text }) => ({
          hash,
          text: await codec.write({ hash, epoch, text }),
          ttlMs: entry.expiresAtMs - nowMs,
        })),
      )
      await shared.write(entries)
    })
  }

  /** Forgets what it believed, so that the next look-up learns of a deletion made here. */
  changed(): void {
    this.#marks = undefined
    if (!this.#options.shared) this.#options.memory.clear()
  }

  #believed(nowMs: number): string | undefined {
    const known = this.#options.shared ? this.#marks : { ...ALONE, readAtMs: nowMs }
    return known && nowMs - known.readAtMs < BELIEVED_MS ? `${known.epoch}/${known.deletions}` : undefined
  }

  async #read(keys: readonly CacheKey[], nowMs: number): Promise<ReadonlyMap<string, Entry>> {
    const { shared, codec, memory } = this.#options
    const found = new Map<string, Entry>()
    await this.#attempt('read', async () => {
      if (!shared) return
      const { marks, texts } = await shared.read(keys.map(({ hash }) => hash))
      // Their age counts from before they were asked for, and an answer that was overtaken says nothing.
      if (!this.#marks || this.#marks.readAtMs <= nowMs) this.#marks = { ...marks, readAtMs: nowMs }
      const mark = `${marks.epoch}/${marks.deletions}`
      const reading = keys.map(async (key, at) => {
        const text = texts[at]
        const read = text === undefined ? undefined : await codec.read({ hash: key.hash, epoch: marks.epoch, text })
        if (!read || read.entry.expiresAtMs <= nowMs) return
        found.set(key.hash, read.entry)
        memory.put(key, read.entry, read.chars, mark)
      })
      await Promise.all(reading)
    })
    return found
  }

  #keepFresh({ nowMs, defer }: CacheMoment): void {
    if (!this.#marks || nowMs - this.#marks.readAtMs < FRESH_MS || nowMs - this.#refreshedAtMs < FRESH_MS) return
    this.#refreshedAtMs = nowMs
    defer('read the marks of the cache', this.#read([], nowMs))
  }

  #probe({ nowMs, defer }: CacheMoment): void {
    if (this.breaker.mayProbe(nowMs)) defer('probe the cache', this.#read([], nowMs))
  }

  async #attempt(what: 'read' | 'write', work: () => Promise<void>): Promise<void> {
    const { clock, warn } = this.#options
    try {
      await work()
      if (what === 'read') this.breaker.succeeded()
    } catch (error) {
      const wasClosed = this.breaker.isClosed
      this.#faults += 1
      // What is too long to be written in time is no sign that look-ups would fail.
      if (what === 'read') this.breaker.failed(clock())
      // The message of the client carries the command, which carries what people wrote.
      const name = error instanceof Error ? error.name : typeof error
      if (wasClosed) warn('the cache did not answer', { what, error: name, leftAlone: !this.breaker.isClosed })
    }
  }
}
