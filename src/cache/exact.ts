import type { CacheSettings } from '../config/config.ts'
import { codec, type Seal } from './codec.ts'
import { Lru } from './lru.ts'
import type { SharedEntries } from './port.ts'
import type { ShownKeys } from './shown-key.ts'
import { Stats } from './stats.ts'
import { Tiers } from './tiers.ts'

export interface ExactOptions {
  readonly settings: Pick<CacheSettings, 'memoryBytes' | 'maxEntryBytes'>
  /** Without it, entries stay in this isolate. */
  readonly shared?: SharedEntries
  readonly seal?: Seal
  readonly shownKeys: ShownKeys
  readonly clock: () => number
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** What an operator asks of the cache. Throws where isolates share entries and the store does not answer. */
export interface CacheAdmin {
  readonly isShared: boolean
  ping(): Promise<void>
  /** By the keys that callers are told; those that were never told are left out. Answers how many were there. */
  forget(shown: readonly string[]): Promise<number>
  /** All entries of this gateway, and nothing else. */
  flush(): Promise<void>
  stats(): Promise<CacheStats>
}

export interface CacheStats {
  /** Of the isolate that answers. */
  readonly memoryBytes: number
  readonly faults: number
  readonly breakerOpened: number
  readonly counts: Readonly<Record<string, number>>
}

/** The exact cache of one isolate, and what its operator can do with it. */
export function exactCache({ settings, shared, seal, shownKeys, clock, warn }: ExactOptions) {
  const memory = new Lru(settings.memoryBytes)
  const { maxEntryBytes } = settings
  const entries = new Tiers({ memory, codec: codec(seal), clock, maxEntryBytes, warn, ...(shared && { shared }) })
  const stats = new Stats(shared)
  const admin: CacheAdmin = {
    isShared: shared !== undefined,
    async ping() {
      await shared?.ping()
    },
    async forget(shown) {
      const hashes = (await Promise.all(shown.map((key) => shownKeys.hashOf(key)))).filter((hash) => hash !== undefined)
      const gone = (await shared?.forget(hashes)) ?? 0
      entries.changed()
      return gone
    },
    async flush() {
      await shared?.flush()
      entries.changed()
      stats.clear()
    },
    async stats() {
      const counts = await stats.counted()
      return { memoryBytes: memory.bytes, faults: entries.faults, breakerOpened: entries.breaker.opened, counts }
    },
  }
  return { entries, stats, admin }
}
