import type { Entry } from '../../src/cache/entry.ts'
import { exactCache } from '../../src/cache/exact.ts'
import { Flights } from '../../src/cache/flight.ts'
import type { SharedEntries } from '../../src/cache/port.ts'
import { sharedMemory } from '../../src/cache/shared-memory.ts'
import { shownKeys } from '../../src/cache/shown-key.ts'
import type { CacheSettings } from '../../src/config/config.ts'
import { openaiChat } from '../../src/dialects/openai-chat.ts'
import type { CacheDeps } from '../../src/gateway/cache-deps.ts'
import { pause } from '../../src/gateway/pause.ts'
import { serve } from '../../src/gateway/serve.ts'
import { newId } from '../../src/ids.ts'
import { embeddings } from '../../src/operations/embeddings-operation.ts'
import type { Principal } from '../../src/tenants/principal.ts'
import { gatewayWorld, keyWith } from './gateway-world.ts'

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

type World = Parameters<typeof gatewayWorld>

/** The whole story with a cache that isolates share. */
export function cachedGateway(vendor: World[0], changed: Partial<CacheSettings> = {}, more: World[1] = {}) {
  const gateway = gatewayWorld(vendor, more)
  const cache = cacheWorld(gateway.deps.clock, sharedMemory(gateway.deps.clock), changed)
  Object.assign(gateway.deps, { cache: cache.deps })
  const embed = (body: Record<string, unknown>, principal: Principal = keyWith()): Promise<Response> =>
    serve(
      {
        requestId: newId(gateway.deps.clock()),
        principal,
        operation: embeddings,
        dialect: openaiChat,
        path: {},
        body,
        headers: new Headers(),
        signal: new AbortController().signal,
        receivedAtMs: gateway.deps.clock(),
      },
      gateway.deps,
    )
  return Object.assign(gateway, { cache, embed })
}

export const member = (teamId: string, keyId = `k-${teamId}`): Principal => ({ ...keyWith(), keyId, teamId })
export const kindOf = (response: Response) => response.headers.get('x-litellm-cache-hit')
