import type { CacheSettings, Notice } from '../../src/config/config.ts'
import { given } from '../../src/models/row/given.ts'
import type { ConfigFile } from './schema/file.ts'
import { semanticTypes } from './schema/semantic-cache.ts'
import { semanticOf } from './semantic-cache.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void
type Params = NonNullable<NonNullable<ConfigFile['litellm_settings']>['cache_params']>

/** LiteLLM's, for what says nothing. */
const DEFAULT_TTL_S = { redis: 60, local: 600 }
/** An isolate has 128 MB for everything. */
const DEFAULT_MEMORY_MB = 24
const MOST_MEMORY_MB = 64
const DEFAULT_ENTRY_KB = 1_024
const DEFAULT_TIMEOUT_MS = 150

/** Undefined where answers are not cached. */
export function cacheOf(file: ConfigFile, note: Note): CacheSettings | undefined {
  const { litellm_settings: litellm = {} } = file
  const { cache, cache_params: params = {} } = litellm
  if (cache !== true) {
    if (cache === undefined && litellm.cache_params !== undefined)
      note('warning', ['litellm_settings', 'cache_params'], 'means nothing without cache: true')
    return undefined
  }
  const type = typeOf(params, note)
  const ttlS = params.ttl ?? (type === 'redis' ? params.default_in_redis_ttl : params.default_in_memory_ttl)
  return {
    type,
    scope: params.scope ?? 'team',
    optIn: params.mode === 'default_off',
    ttlMs: (ttlS ?? DEFAULT_TTL_S[type]) * 1000,
    ...given('ttlMsBy', ttlMsBy(params)),
    ...given('namespace', params.namespace || undefined),
    ...given('callTypes', params.supported_call_types),
    timeoutMs: params.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    streams: params.stream ?? true,
    ...given('maxTemperature', params.max_temperature),
    maxEntryBytes: (params.max_entry_kb ?? DEFAULT_ENTRY_KB) * 1024,
    memoryBytes: Math.min(params.max_memory_mb ?? DEFAULT_MEMORY_MB, MOST_MEMORY_MB) * 1024 * 1024,
    encrypt: params.encrypt ?? false,
    ...given('semantic', semanticOf(params, groupsOf(file), note)),
  }
}

/** Vectors lie beside the answers, which lie in Redis. Buckets and disks are no place for what must be there in milliseconds. */
function typeOf({ type = 'local' }: Params, note: Note): CacheSettings['type'] {
  if (type === 'local' || type === 'redis') return type
  if (semanticTypes.some((name) => name === type)) return 'redis'
  note(
    'warning',
    ['litellm_settings', 'cache_params', 'type'],
    `answers are not kept in ${type} here; Redis is used where UPSTASH_REDIS_REST_URL is set, else each isolate's own memory`,
  )
  return 'redis'
}

function groupsOf({ model_list: models = [] }: ConfigFile): readonly string[] {
  return models.flatMap((row) => row?.model_name ?? [])
}

function ttlMsBy({ ttl_by: by }: Params): CacheSettings['ttlMsBy'] {
  const kinds = (['key', 'tag', 'team', 'model'] as const).flatMap((kind) => {
    const times = by?.[kind]
    if (times === undefined) return []
    return [[kind, Object.fromEntries(Object.entries(times).map(([name, seconds]) => [name, seconds * 1000]))] as const]
  })
  return kinds.length === 0 ? undefined : Object.fromEntries(kinds)
}
