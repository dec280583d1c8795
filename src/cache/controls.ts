import { GatewayError } from '../errors.ts'

type Fields = Readonly<Record<string, unknown>>

/** What a request says about the cache. */
export interface CacheControls {
  readonly noCache: boolean
  readonly noStore: boolean
  readonly useCache: boolean
  readonly ttlMs?: number
  /** Only answers younger than this will do. */
  readonly maxAgeMs?: number
  readonly namespace?: string
}

export const cacheControlNames = [
  'ttl',
  's-maxage',
  's-max-age',
  'no-cache',
  'no-store',
  'namespace',
  'use-cache',
] as const
const KNOWN: ReadonlySet<string> = new Set(cacheControlNames)
const LONGEST_NAMESPACE = 256
/** A year: Redis refuses what it cannot count, and a fault of one caller's making must not be a fault for all. */
const LONGEST_SECONDS = 31_536_000

export interface Said {
  /** The body's `cache`. */
  readonly cache: unknown
  /** The body's `caching`: `false` is LiteLLM's short word for neither. */
  readonly caching: unknown
  readonly header: string | null
  /** The `cache` of the key's `metadata`: what holds where the request says nothing. */
  readonly defaults: unknown
  /** The key's and its team's `allowed_cache_controls`: absent where everything may be said. */
  readonly allowed?: readonly string[] | undefined
}

/**
 * The body's controls, else those of `Cache-Control` (`s-maxage` there is how long to keep, as in LiteLLM), else the key's
 * own. Throws 403 for a control that the key may not set, and 400 for one that cannot be read.
 */
export function cacheControlsOf({ cache, caching, header, defaults, allowed }: Said): CacheControls {
  const inBody = fieldsIn(cache)
  const asked: Fields = {
    ...inHeader(header),
    ...(caching === false && { 'no-cache': true, 'no-store': true }),
    ...inBody,
  }
  if (allowed) for (const name of Object.keys(asked)) if (!allowed.includes(name)) throw forbidden(name)
  return controlsIn({ ...defaultsIn(defaults), ...asked })
}

/** Throws 400 unless these are controls that can be read: as the `cache` of a key's `metadata` is written. */
export function mustBeControls(cache: unknown): void {
  controlsIn(fieldsIn(cache))
}

function controlsIn(said: Fields): CacheControls {
  const ttlMs = secondsIn('ttl', said.ttl)
  const maxAgeMs = secondsIn('s-maxage', said['s-maxage'] ?? said['s-max-age'])
  const { namespace } = said
  if (namespace !== undefined && (typeof namespace !== 'string' || namespace.length > LONGEST_NAMESPACE))
    throw refused('namespace', `must be a text of at most ${LONGEST_NAMESPACE} characters`)
  return {
    noCache: flagIn('no-cache', said['no-cache']),
    noStore: flagIn('no-store', said['no-store']),
    useCache: flagIn('use-cache', said['use-cache']),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(maxAgeMs !== undefined && { maxAgeMs }),
    ...(typeof namespace === 'string' && namespace !== '' && { namespace }),
  }
}

function fieldsIn(cache: unknown): Fields {
  if (cache === undefined || cache === null) return {}
  if (!isFields(cache)) throw new GatewayError('invalid_request', 'cache must be an object.', { param: 'cache' })
  const said = Object.entries(cache).filter(([, value]) => value !== undefined && value !== null)
  for (const [name] of said) {
    if (!KNOWN.has(name)) throw refused(name, `is not known. There are ${[...KNOWN].join(', ')}`)
  }
  return Object.fromEntries(said)
}

/** What an operator wrote wrongly must not refuse every request of a key. */
function defaultsIn(cache: unknown): Fields {
  if (!isFields(cache)) return {}
  return Object.fromEntries(Object.entries(cache).filter(([name, value]) => KNOWN.has(name) && isReadable(name, value)))
}

function isReadable(name: string, value: unknown): boolean {
  try {
    controlsIn({ [name]: value })
    return true
  } catch {
    return false
  }
}

function inHeader(header: string | null): Fields {
  if (header === null) return {}
  const said: Record<string, unknown> = {}
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', value = ''] = part.trim().split('=', 2)
    if (name === 'no-cache' || name === 'no-store') said[name] = true
    if (name === 's-maxage' && /^\d+$/.test(value)) said.ttl = Number(value)
  }
  return said
}

function secondsIn(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds))
    return Math.min(seconds, LONGEST_SECONDS) * 1000
  throw refused(name, 'must be a number of seconds, 0 or above')
}

function flagIn(name: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return value === true
  throw refused(name, 'must be true or false')
}

function refused(name: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `cache.${name} ${fault}.`, { param: `cache.${name}` })
}

function forbidden(name: string): GatewayError {
  return new GatewayError(
    'forbidden',
    `Not allowed to set ${name} as a cache control. Contact admin to change permissions.`,
    { param: `cache.${name}` },
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
