import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { boundedMap } from './bounded-map.ts'
import type { Generations } from './generations.ts'
import { holds, isOverwritten } from './holds.ts'
import type { Copies, Copy, Moment } from './port.ts'
import { LATE, within } from './within.ts'

/** What a copy shows beside its rules (spend, increases that end) is read again in the background from this age on. */
const REFRESH_MS = 60_000
/** How long what does not exist stays unknown here. Short: another isolate may create it meanwhile. */
const UNKNOWN_MS = 1_000
/** How long shared copies stay: also for the day Postgres is away, where the operator lets old copies decide then. */
const KEPT_MS = 3_600_000

export interface CacheOptions<T> {
  /** From Postgres. */
  readonly source: (name: string, nowMs: number) => Promise<Copy<T> | undefined>
  readonly shared: Copies<T> | undefined
  readonly generations: Generations
  readonly clock: Clock
  readonly allowStale: boolean
  readonly maxEntries: number
  readonly waitMs: number
}

export interface Cache<T> {
  get(name: string, moment: Moment): Promise<T | undefined>
  has(name: string): boolean
  /** What was unknown may be there now. */
  forgetUnknown(): void
}

/**
 * Isolate, then shared copies, then Postgres. A copy is good as long as no change of the last five seconds or before
 * names it, so what is busy and does not change asks nobody. Holds plain data only, so that requests may share it; each
 * name is read once at a time, whoever asks.
 */
export function cache<T>(options: CacheOptions<T>): Cache<T> {
  const { source, shared, generations, clock, allowStale, maxEntries, waitMs } = options
  const here = boundedMap<Copy<T>>(maxEntries)
  const unknownUntilMs = boundedMap<number>(maxEntries)
  const reading = new Map<string, { readonly promise: Promise<T | undefined>; readonly startedAtMs: number }>()

  const good = (copy: Copy<T>) => holds(copy, generations.known(), clock())

  async function read(name: string, defer: Moment['defer'], refresh: boolean): Promise<T | undefined> {
    const lying = refresh ? undefined : await shared?.get(name)
    if (lying && good(lying)) {
      keep(name, lying)
      return lying.value
    }
    let fresh: Copy<T> | undefined
    try {
      fresh = await fromPostgres(name)
    } catch (cause) {
      const last = here.get(name) ?? lying
      if (allowStale && last) return last.value
      throw unavailable(cause)
    }
    if (!fresh) {
      here.delete(name)
      unknownUntilMs.set(name, clock() + UNKNOWN_MS)
      return undefined
    }
    keep(name, fresh)
    if (shared) defer('share a copy', shared.put(name, fresh, KEPT_MS))
    return fresh.value
  }

  async function fromPostgres(name: string): Promise<Copy<T> | undefined> {
    const answer = await within(source(name, clock()), waitMs)
    if (answer === LATE) throw new Error(`no answer within ${waitMs} ms`)
    return answer
  }

  function keep(name: string, copy: Copy<T>): void {
    const before = here.get(name)
    if (before && (before.generation > copy.generation || before.readAtMs > copy.readAtMs)) return
    unknownUntilMs.delete(name)
    here.set(name, copy)
  }

  /** Starts a reading that others may share; the runtime keeps it alive though its request may end. */
  function start(name: string, { nowMs, defer }: Moment, refresh = false): Promise<T | undefined> {
    const promise = read(name, defer, refresh).finally(() => {
      if (reading.get(name)?.promise === promise) reading.delete(name)
    })
    reading.set(name, { promise, startedAtMs: nowMs })
    defer('read a copy', promise)
    return promise
  }

  const running = (name: string, nowMs: number) => {
    const entry = reading.get(name)
    return entry && nowMs - entry.startedAtMs < waitMs ? entry.promise : undefined
  }

  /** What held under the generation that is known now need not be compared with the changes before it again. */
  function moveOn(name: string, copy: Copy<T>): void {
    const number = generations.known()?.number ?? 0
    if (number > copy.generation && here.get(name) === copy) here.set(name, { ...copy, generation: number })
  }

  /** The copy, if it can be shown to hold. */
  async function proven(copy: Copy<T>, moment: Moment): Promise<boolean> {
    const known = generations.known()
    if (known && isOverwritten(copy, known)) return false
    try {
      await generations.read(moment)
    } catch (cause) {
      if (allowStale) return true
      throw unavailable(cause)
    }
    return good(copy)
  }

  return {
    async get(name, moment) {
      const { nowMs } = moment
      generations.keepFresh(moment)
      const copy = here.get(name)
      if (copy && (holds(copy, generations.known(), nowMs) || (await proven(copy, moment)))) {
        moveOn(name, copy)
        if (nowMs - copy.readAtMs >= REFRESH_MS && !running(name, nowMs)) start(name, moment, true).catch(() => {})
        return copy.value
      }
      if ((unknownUntilMs.get(name) ?? 0) > nowMs) return undefined
      const before = running(name, nowMs)
      if (!before) return start(name, moment)
      const answer = await within(before, waitMs)
      return answer === LATE ? start(name, moment) : answer
    },
    has: (name) => here.has(name),
    forgetUnknown: () => unknownUntilMs.clear(),
  }
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError(
    'database_unavailable',
    'The database that knows your key cannot be reached. Ask again in a moment.',
    { cause, retryAfterMs: 1_000 },
  )
}
