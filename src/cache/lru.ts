import type { Entry } from './entry.ts'
import type { CacheKey } from './port.ts'

interface Held {
  readonly entry: Entry
  readonly bytes: number
  /** What was known of deletions when it came in. */
  readonly mark: string
}

interface Share {
  bytes: number
  /** The least recently used first. */
  readonly held: Map<string, Held>
}

/** What an entry costs beside its text. */
const OVERHEAD_BYTES = 512

/**
 * Entries in an isolate's memory, bounded by bytes. Where there is no room the scope that holds most gives way, its least
 * recently used first: a tenant who fills the cache drives out what is its own.
 */
export class Lru {
  readonly #maxBytes: number
  readonly #shares = new Map<string, Share>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Undefined for what is not there, is over, or came in under another mark. */
  get({ scope, hash }: CacheKey, nowMs: number, mark: string): Entry | undefined {
    const share = this.#shares.get(scope)
    const held = share?.held.get(hash)
    if (!share || !held) return undefined
    share.held.delete(hash)
    if (held.entry.expiresAtMs <= nowMs || held.mark !== mark) {
      this.#shrink(scope, share, held.bytes)
      return undefined
    }
    share.held.set(hash, held)
    return held.entry
  }

  /** `chars` is the length of the entry's text. What is larger than a quarter of all is not held. */
  put({ scope, hash }: CacheKey, entry: Entry, chars: number, mark: string): void {
    this.delete({ scope, hash })
    const bytes = chars * 2 + OVERHEAD_BYTES
    if (bytes > this.#maxBytes / 4) return
    const share = this.#shares.get(scope) ?? { bytes: 0, held: new Map<string, Held>() }
    this.#shares.set(scope, share)
    share.held.set(hash, { entry, bytes, mark })
    share.bytes += bytes
    this.#bytes += bytes
    while (this.#bytes > this.#maxBytes) this.#giveWay()
  }

  delete({ scope, hash }: CacheKey): void {
    const share = this.#shares.get(scope)
    const held = share?.held.get(hash)
    if (!share || !held) return
    share.held.delete(hash)
    this.#shrink(scope, share, held.bytes)
  }

  clear(): void {
    this.#shares.clear()
    this.#bytes = 0
  }

  #giveWay(): void {
    let largest: [string, Share] | undefined
    for (const one of this.#shares) if (!largest || one[1].bytes > largest[1].bytes) largest = one
    if (!largest) return
    const [scope, share] = largest
    for (const [hash, { bytes }] of share.held) {
      share.held.delete(hash)
      this.#shrink(scope, share, bytes)
      return
    }
  }

  #shrink(scope: string, share: Share, bytes: number): void {
    share.bytes -= bytes
    this.#bytes -= bytes
    if (share.held.size === 0) this.#shares.delete(scope)
  }
}
