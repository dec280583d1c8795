/** One piece of work that others may wait for. */
export interface Flight<T> {
  /** How many wait. */
  readonly followers: number
  /** Ends it, once: with what it came to, or with nothing where it failed. */
  land(result: T | undefined): void
}

interface Flying<T> {
  followers: number
  readonly landed: Promise<T | undefined>
}

/**
 * The same work at the same time in one isolate is done once. The first leads, the others wait for what it comes to, as
 * plain data: streams and bodies belong to the request that made them, and the runtime lets no other touch them. A wait
 * has a deadline of the waiting request's own, which also tells the runtime that it is not stuck.
 */
export class Flights<T> {
  readonly #flying = new Map<string, Flying<T>>()
  readonly #wait: (ms: number, until: AbortSignal) => Promise<void>

  constructor(wait: (ms: number, until: AbortSignal) => Promise<void>) {
    this.#wait = wait
  }

  /** Undefined where somebody leads already. */
  lead(key: string): Flight<T> | undefined {
    if (this.#flying.has(key)) return undefined
    const { promise, resolve } = Promise.withResolvers<T | undefined>()
    const flying: Flying<T> = { followers: 0, landed: promise }
    this.#flying.set(key, flying)
    return {
      get followers() {
        return flying.followers
      },
      land: (result) => {
        if (this.#flying.get(key) === flying) this.#flying.delete(key)
        resolve(result)
      },
    }
  }

  /** What the leader comes to; undefined where nobody leads, it failed, or it takes too long. */
  async follow(key: string, waitMs: number, signal: AbortSignal): Promise<T | undefined> {
    const flying = this.#flying.get(key)
    if (!flying) return undefined
    flying.followers += 1
    const over = new AbortController()
    const leave = () => over.abort()
    signal.addEventListener('abort', leave, { once: true })
    const late = this.#wait(waitMs, over.signal).then(() => undefined)
    try {
      return await Promise.race([flying.landed, late])
    } finally {
      signal.removeEventListener('abort', leave)
      over.abort()
      flying.followers -= 1
    }
  }
}
