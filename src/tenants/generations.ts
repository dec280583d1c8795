import type { Clock } from '../clock.ts'
import type { KnownGeneration, Moment, PrincipalSource, SharedGeneration } from './port.ts'
import { LATE, within } from './within.ts'

/** From this age on it is read again in the background, and never more often. */
const FRESH_MS = 2_000
/** Isolates' clocks differ by less; what claims to come from later than that is not believed. */
const SKEW_MS = 1_000

export interface Generations {
  /** What this isolate knows, however old. */
  known(): KnownGeneration | undefined
  /** Reads it again in the background when it is time. */
  keepFresh(moment: Moment): void
  /** Reads it now. Throws when nobody can tell. */
  read(moment: Moment): Promise<void>
  /** Reads it from Postgres and tells the others: after a write. */
  announce(): Promise<void>
}

/**
 * The generation as one isolate knows it: from Redis while what lies there was read from Postgres lately, else from
 * Postgres itself, which is then told to Redis. A Redis that is down, or that kept an old value, costs Postgres the
 * question and nothing else.
 */
export function generations(
  source: Pick<PrincipalSource, 'generation'>,
  shared: SharedGeneration | undefined,
  { clock, waitMs }: { readonly clock: Clock; readonly waitMs: number },
): Generations {
  let known: KnownGeneration | undefined
  let triedAtMs = Number.NEGATIVE_INFINITY
  let reading: { readonly promise: Promise<void>; readonly startedAtMs: number } | undefined

  function learn(told: KnownGeneration): void {
    const earlier =
      known && (told.readAtMs < known.readAtMs || (told.readAtMs === known.readAtMs && told.number < known.number))
    if (!earlier) known = told
  }

  async function fromPostgres(): Promise<KnownGeneration> {
    const answer = await within(source.generation(clock()), waitMs)
    if (answer === LATE) throw new Error(`no answer within ${waitMs} ms`)
    learn(answer)
    return answer
  }

  const tell = async (told: KnownGeneration) => await shared?.put(told)

  async function readOnce(): Promise<void> {
    const told = await shared?.get()
    const ageMs = told ? clock() - told.readAtMs : Number.POSITIVE_INFINITY
    if (told && ageMs < FRESH_MS && ageMs > -SKEW_MS && told.number >= (known?.number ?? 0)) learn(told)
    else await tell(await fromPostgres())
  }

  function start({ nowMs, defer }: Moment): Promise<void> {
    triedAtMs = nowMs
    const promise = readOnce().finally(() => {
      if (reading?.promise === promise) reading = undefined
    })
    reading = { promise, startedAtMs: nowMs }
    defer('read the generation', promise)
    return promise
  }

  return {
    known: () => known,
    keepFresh(moment) {
      const { nowMs } = moment
      if (nowMs - triedAtMs < FRESH_MS || (known && nowMs - known.readAtMs < FRESH_MS)) return
      start(moment).catch(() => {})
    },
    async read(moment) {
      const running = reading && moment.nowMs - reading.startedAtMs < waitMs ? reading.promise : undefined
      if (running && (await within(running, waitMs)) !== LATE) return
      await start(moment)
    },
    async announce() {
      try {
        await tell(await fromPostgres())
      } catch {
        // What was written is there; others read the generation from Postgres when they next do.
      }
    },
  }
}
