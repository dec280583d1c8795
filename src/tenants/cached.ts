import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { Copies, Moment, PrincipalSource, Tenants } from './port.ts'
import type { Principal } from './principal.ts'

/** A copy older than this is refreshed in the background; older than `LIFE_MS` it decides nothing. Both count from its reading in Postgres. */
const FRESH_MS = 2_000
const LIFE_MS = 5_000
/** How long an unknown key stays unknown here. Short: another isolate may create it meanwhile. */
const UNKNOWN_MS = 1_000
/** How long shared copies stay for the day Postgres is away, where the operator lets old copies decide then. */
const KEPT_MS = 3_600_000

export interface CachedOptions {
  readonly clock: Clock
  /** `allow_requests_on_db_unavailable`: with Postgres away the last copy decides, however old. */
  readonly allowStale: boolean
  readonly maxEntries?: number
  /** How long a reading may take, and how long a request waits for one that another request began. */
  readonly waitMs?: number
}

/**
 * Isolate, then shared copies, then Postgres. One per isolate; holds plain data only, so that requests may share it.
 * Each key is read once at a time, whoever asks.
 */
export function cachedTenants(source: PrincipalSource, copies: Copies | undefined, options: CachedOptions): Tenants {
  const { clock, allowStale, maxEntries = 5_000, waitMs = 3_000 } = options
  const here = boundedMap<Principal>(maxEntries)
  const unknownUntilMs = boundedMap<number>(maxEntries)
  const reading = new Map<string, { readonly promise: Promise<Principal | undefined>; readonly startedAtMs: number }>()
  /** Raised by `forget`: a reading that began before may carry what was just overwritten, and is not kept. */
  let epoch = 0

  /** `acceptMs`: how old a shared copy may be to spare Postgres the question. */
  async function read(keyHash: string, acceptMs: number, defer: Moment['defer']): Promise<Principal | undefined> {
    const began = epoch
    const shared = await copies?.get(keyHash)
    if (shared && clock() - shared.readAtMs < acceptMs) {
      if (began === epoch) keep(shared)
      return shared
    }
    let fresh: Principal | undefined
    try {
      fresh = await fromPostgres(keyHash)
    } catch (cause) {
      const last = here.get(keyHash) ?? shared
      if (allowStale && last) return last
      throw new GatewayError(
        'database_unavailable',
        'The database that knows your key cannot be reached. Ask again in a moment.',
        { cause, retryAfterMs: 1_000 },
      )
    }
    if (began !== epoch) return fresh
    if (!fresh) {
      here.delete(keyHash)
      unknownUntilMs.set(keyHash, clock() + UNKNOWN_MS)
      return undefined
    }
    keep(fresh)
    const ttlMs = fresh.readAtMs + (allowStale ? KEPT_MS : LIFE_MS) - clock()
    if (copies && ttlMs > 0) defer('share a principal', copies.put(fresh, ttlMs))
    return fresh
  }

  async function fromPostgres(keyHash: string): Promise<Principal | undefined> {
    const answer = await within(source.principalOf(keyHash, clock()), waitMs)
    if (answer === LATE) throw new Error(`no answer within ${waitMs} ms`)
    return answer
  }

  function keep(copy: Principal): void {
    const known = here.get(copy.keyHash)
    if (known && known.readAtMs > copy.readAtMs) return
    unknownUntilMs.delete(copy.keyHash)
    here.set(copy.keyHash, copy)
  }

  /** Starts a reading that others may share; the runtime keeps it alive though its request may end. */
  function start(keyHash: string, acceptMs: number, { nowMs, defer }: Moment): Promise<Principal | undefined> {
    const promise = read(keyHash, acceptMs, defer).finally(() => {
      if (reading.get(keyHash)?.promise === promise) reading.delete(keyHash)
    })
    reading.set(keyHash, { promise, startedAtMs: nowMs })
    defer('read a principal', promise)
    return promise
  }

  const running = (keyHash: string, nowMs: number) => {
    const entry = reading.get(keyHash)
    return entry && nowMs - entry.startedAtMs < waitMs ? entry.promise : undefined
  }

  return {
    async principalOf(keyHash, moment) {
      const { nowMs } = moment
      const copy = here.get(keyHash)
      const ageMs = copy ? nowMs - copy.readAtMs : Number.POSITIVE_INFINITY
      if (copy && ageMs < LIFE_MS) {
        if (ageMs >= FRESH_MS && !running(keyHash, nowMs)) start(keyHash, FRESH_MS, moment).catch(() => {})
        return copy
      }
      if ((unknownUntilMs.get(keyHash) ?? 0) > nowMs) return undefined
      const shared = running(keyHash, nowMs)
      if (!shared) return start(keyHash, LIFE_MS, moment)
      const answer = await within(shared, waitMs)
      return answer === LATE ? start(keyHash, LIFE_MS, moment) : answer
    },
    knows: (keyHash) => here.has(keyHash),
    async forget(keyHashes) {
      epoch += 1
      for (const keyHash of keyHashes) {
        here.delete(keyHash)
        unknownUntilMs.delete(keyHash)
        reading.delete(keyHash)
      }
      if (keyHashes.length > 0) await copies?.drop(keyHashes)
    },
  }
}

const LATE = Symbol('late')

/** The promise's answer, or `LATE`: its owner's request may have died with it. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await Promise.race([
      promise,
      new Promise<typeof LATE>((resolve) => {
        timer = setTimeout(() => resolve(LATE), ms)
      }),
    ])
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}

/** Forgets what was written longest ago. */
function boundedMap<V>(max: number) {
  const map = new Map<string, V>()
  return {
    get: (key: string) => map.get(key),
    has: (key: string) => map.has(key),
    delete: (key: string) => map.delete(key),
    set(key: string, value: V) {
      map.delete(key)
      map.set(key, value)
      if (map.size <= max) return
      for (const oldest of map.keys()) {
        map.delete(oldest)
        break
      }
    },
  }
}
