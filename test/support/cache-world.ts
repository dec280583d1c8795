import type { Entry } from '../../src/cache/entry.ts'
import { exactCache } from '../../src/cache/exact.ts'
import { Flights } from '../../src/cache/flight.ts'
import type { SharedEntries } from '../../src/cache/port.ts'
import { shownKeys } from '../../src/cache/shown-key.ts'
import type { CacheSettings } from '../../src/config/config.ts'
import type { CacheDeps } from '../../src/gateway/cache-deps.ts'
import { pause } from '../../src/gateway/pause.ts'

export const cacheSettings: CacheSettings = {
  type: 'redis',
  scope: 'team',
  optIn: false,
  ttlMs: 60_000,
  timeoutMs: 150,
  streams: true,
  maxEntryBytes: 1024 * 1024,
  memoryBytes: 8 * 1024 * 1024,
  encrypt: false,
}

/** One isolate's cache, over what isolates share. */
export function cacheWorld(
  clock: () => number,
  shared: SharedEntries | undefined,
  changed: Partial<CacheSettings> = {},
) {
  const settings = { ...cacheSettings, ...changed }
  const keys = shownKeys('salt')
  const warnings: string[] = []
  const made = exactCache({
    settings,
    shownKeys: keys,
    clock,
    warn: (message) => warnings.push(message),
    ...(shared && { shared }),
  })
  const { entries, stats, admin } = made
  const deps: CacheDeps = { settings, entries, stats, shownKeys: keys, flights: new Flights<Entry>(pause) }
  return { deps, entries, admin, warnings }
}
