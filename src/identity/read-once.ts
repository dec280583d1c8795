/** What an identity provider publishes: read when it is needed, kept for a time, and asked for at a bounded rate. */
export interface ReadOnce<T> {
  /** Throws when there is none and it cannot be read. */
  get(url: string, nowMs: number): Promise<T>
  /** What may have changed since, read again; undefined where that was asked for too lately. */
  again(url: string, nowMs: number): Promise<T | undefined>
}

interface Held<T> {
  value?: T
  readAtMs: number
  askedAtMs: number
  /** Another request's, which may have died with it. */
  reading?: Promise<T>
}

/** An issuer that is away is not asked by every request. */
const RETRY_MS = 2_000
/** Keys that are unknown make us ask again so often at most: who invents key ids shall not reach the issuer through us. */
const AGAIN_MS = 30_000
const WAIT_MS = 6_000
/** While an issuer is away, what it published last still counts. */
const STALE_MS = 24 * 3_600_000
const MOST_URLS = 50

export function readOnce<T>(read: (url: string) => Promise<T>, ttlMs: number): ReadOnce<T> {
  const held = new Map<string, Held<T>>()

  function heldAt(url: string): Held<T> {
    const known = held.get(url)
    if (known) return known
    const [oldest] = held.keys()
    if (held.size >= MOST_URLS && oldest !== undefined) held.delete(oldest)
    const made: Held<T> = { readAtMs: Number.NEGATIVE_INFINITY, askedAtMs: Number.NEGATIVE_INFINITY }
    held.set(url, made)
    return made
  }

  async function asked(url: string, one: Held<T>, nowMs: number): Promise<T> {
    one.askedAtMs = nowMs
    const reading = read(url)
    one.reading = reading
    try {
      const value = await reading
      one.value = value
      one.readAtMs = nowMs
      return value
    } finally {
      if (one.reading === reading) delete one.reading
    }
  }

  const running = ({ reading, askedAtMs }: Held<T>, nowMs: number) =>
    nowMs - askedAtMs < WAIT_MS ? reading : undefined

  function fresh(url: string, one: Held<T>, nowMs: number): Promise<T> {
    const reading = running(one, nowMs)
    if (reading !== undefined) return within(reading)
    if (nowMs - one.askedAtMs >= RETRY_MS) return asked(url, one, nowMs)
    return Promise.reject(new Error(`${new URL(url).origin} did not answer a moment ago`))
  }

  return {
    async get(url, nowMs) {
      const one = heldAt(url)
      const { value, readAtMs } = one
      if (value !== undefined && nowMs - readAtMs < ttlMs) return value
      try {
        return await fresh(url, one, nowMs)
      } catch (error) {
        if (value !== undefined && nowMs - readAtMs < STALE_MS) return value
        throw error
      }
    },
    again(url, nowMs) {
      const one = heldAt(url)
      const reading = running(one, nowMs)
      if (reading !== undefined) return within(reading)
      return nowMs - one.askedAtMs < AGAIN_MS ? Promise.resolve(undefined) : asked(url, one, nowMs)
    },
  }
}

/** Its answer, or no longer than that: the request that reads may have died. */
async function within<T>(reading: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${WAIT_MS} ms`)), WAIT_MS)
  })
  try {
    return await Promise.race([reading, late])
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}
