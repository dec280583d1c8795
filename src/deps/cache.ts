import type { Entry } from '../cache/entry.ts'
import { exactCache } from '../cache/exact.ts'
import { Flights } from '../cache/flight.ts'
import { semantic } from '../cache/semantic/semantic.ts'
import { vectorStore } from '../cache/semantic/stores.ts'
import { shownKeys } from '../cache/shown-key.ts'
import { upstashEntries } from '../cache/upstash-exact.ts'
import { systemClock } from '../clock.ts'
import type { Config, Text } from '../config/config.ts'
import type { SemanticDeps } from '../gateway/cached-semantic.ts'
import { pause } from '../gateway/pause.ts'
import { sealer } from '../seal.ts'
import { operatorLog, warn } from './operator-log.ts'

interface Redis {
  readonly url: string
  readonly token: string
}

/** Undefined where answers are not cached. Without Redis they stay in the isolate, and so they do where they are to be sealed with a key that is not set. */
export function cacheOver(config: Config, redis: Redis | undefined, text: (value: Text) => string | undefined) {
  const settings = config.litellm.cache
  if (!settings) return undefined
  const salt = text(config.general.saltKey ?? '')
  const seals = settings.encrypt && salt !== undefined
  const isShared = settings.type === 'redis' && redis !== undefined && (seals || !settings.encrypt)
  if (settings.type === 'redis' && !isShared)
    warn('the cache is not shared', { because: redis ? 'LITELLM_SALT_KEY is not set' : 'Redis is not configured' })
  const keys = shownKeys(salt ?? text(config.general.masterKey) ?? '')
  const { entries, stats, admin } = exactCache({
    settings,
    shownKeys: keys,
    clock: systemClock,
    warn,
    ...(isShared && {
      shared: upstashEntries({ ...redis, timeoutMs: settings.timeoutMs, newMark: () => crypto.randomUUID() }),
    }),
    ...(seals && { seal: sealer(salt, (bytes) => crypto.getRandomValues(bytes)) }),
  })
  const semantic = semanticFor(config, { redis: isShared ? redis : undefined, salt: seals ? salt : undefined, text })
  const flights = new Flights<Entry>(pause)
  return { admin, deps: { settings, entries, stats, shownKeys: keys, flights, ...(semantic && { semantic }) } }
}

interface SemanticAccess {
  readonly redis: Redis | undefined
  /** Where questions are sealed. */
  readonly salt: string | undefined
  readonly text: (value: Text) => string | undefined
}

/** Undefined where only equal requests are found, and where questions are to be sealed with a key that is not set. */
function semanticFor(config: Config, { redis, salt, text }: SemanticAccess): SemanticDeps | undefined {
  const { semantic: settings, encrypt = false } = config.litellm.cache ?? {}
  if (!settings || (encrypt && salt === undefined)) return undefined
  const { url, apiKey } = settings
  const store = vectorStore(settings, {
    fetch: (input, init) => fetch(input, init),
    redis,
    url: url && text(url),
    apiKey: apiKey && text(apiKey),
  })
  const sealed = salt === undefined ? undefined : sealer(salt, (bytes) => crypto.getRandomValues(bytes))
  return {
    settings,
    cache: semantic({
      store,
      clock: systemClock,
      settings,
      warn,
      ...(sealed && {
        seal: (note, place) => sealed.seal(note, place),
        open: (note, place) => sealed.open(note, place),
      }),
    }),
    record: (seen) => operatorLog('info', 'semantic shadow', { ...seen }),
  }
}
