import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { laidOver } from '../config/laid-over.ts'
import { CONFIG_NAME, type ModelStore, type Stored } from './port.ts'
import type { PriceLists } from './price-lists.ts'
import { priced } from './repriced.ts'
import { overlayOf } from './resolve.ts'

/** How old what is known may be when it decides. */
const LIFE_MS = 5_000
/** With Postgres away, so long passes before it is asked again. */
const PAUSE_MS = 1_000

interface Moment {
  readonly nowMs: number
  readonly defer: (name: string, work: Promise<unknown>) => void
}

interface Known {
  readonly number: number
  readonly changed: readonly { readonly number: number; readonly ids: readonly string[] }[]
  readonly readAtMs: number
}

/** The generation of all that admins write, as this isolate knows it (tenants/generations.ts). */
export interface KnownGenerations {
  known(): Known | undefined
  keepFresh(moment: Moment): void
  read(moment: Moment): Promise<void>
}

export interface CurrentOptions {
  readonly built: Config
  readonly store: Pick<ModelStore, 'read'>
  readonly generations: KnownGenerations
  readonly clock: Clock
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
  /** What was read of prices since the build; absent where nothing is. */
  readonly lists?: Pick<PriceLists, 'some'>
}

export interface CurrentConfig {
  /** The last one made; asks nobody. */
  readonly latest: Config
  /** What runs now, at most five seconds old: at once while that is known, else when it has been read. */
  now(moment: Moment): Config | Promise<Config>
}

/**
 * What runs in this isolate. Read again when the generation says that it changed. With Postgres away, the last one goes
 * on: models of the file need no database.
 */
export function currentConfig({ built, store, generations, clock, warn, lists }: CurrentOptions): CurrentConfig {
  let latest = built
  let copy: Pick<Stored, 'generation' | 'readAtMs'> | undefined
  let reading: Promise<void> | undefined
  let pausedUntilMs = 0

  function isChanged(known: Known): boolean {
    if (!copy || known.number <= copy.generation) return !copy
    const { generation } = copy
    const [first] = known.changed
    if (!first || generation < first.number - 1) return true
    return known.changed.some(({ number, ids }) => number > generation && ids.includes(CONFIG_NAME))
  }

  function isGood(nowMs: number): boolean {
    if (!copy) return false
    const known = generations.known()
    if (!known) return nowMs - copy.readAtMs < LIFE_MS
    return !isChanged(known) && nowMs - Math.max(copy.readAtMs, known.readAtMs) < LIFE_MS
  }

  async function read(): Promise<void> {
    const stored = await store.read(clock())
    if (copy && copy.generation > stored.generation) return
    const laid = laidOver(built, overlayOf(stored, built))
    latest = lists ? await priced(laid, stored, lists) : laid
    copy = stored
  }

  async function freshened(moment: Moment): Promise<Config> {
    try {
      const known = generations.known()
      if (copy && !(known && isChanged(known))) await generations.read(moment)
      if (!isGood(clock())) {
        reading ??= read().finally(() => {
          reading = undefined
        })
        moment.defer('read the stored models', reading)
        await reading
      }
    } catch (error) {
      pausedUntilMs = clock() + PAUSE_MS
      warn('the stored models cannot be read; the last ones known go on', { error: String(error) })
    }
    return latest
  }

  return {
    get latest() {
      return latest
    },
    now(moment) {
      generations.keepFresh(moment)
      return isGood(moment.nowMs) || moment.nowMs < pausedUntilMs ? latest : freshened(moment)
    },
  }
}
