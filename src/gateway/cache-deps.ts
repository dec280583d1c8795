import type { Entry } from '../cache/entry.ts'
import type { Flights } from '../cache/flight.ts'
import type { Cache } from '../cache/port.ts'
import type { ShownKeys } from '../cache/shown-key.ts'
import type { Stats } from '../cache/stats.ts'
import type { CacheSettings } from '../config/config.ts'
import type { SemanticDeps } from './cached-semantic.ts'

/** What the story needs for its cache. One per isolate. */
export interface CacheDeps {
  readonly settings: CacheSettings
  readonly entries: Cache
  readonly flights: Flights<Entry>
  readonly shownKeys: ShownKeys
  readonly stats: Stats
  /** Absent where only equal requests are found. */
  readonly semantic?: SemanticDeps
}
