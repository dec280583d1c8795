import type { Config } from '../config/config.ts'
import { readText } from '../config/read.ts'
import { GatewayError } from '../errors.ts'
import { LONGEST_TOKEN, looksLikeToken } from '../identity/tokens.ts'
import { NOT_VALID } from '../identity/verified.ts'
import { type BoundedMap, boundedMap } from '../tenants/bounded-map.ts'
import { digestOf, hexOf, keyNameOf } from '../tenants/key-text.ts'
import type { Moment, Tenants } from '../tenants/port.ts'
import type { Principal } from '../tenants/principal.ts'
import { masterPrincipal } from '../tenants/principal-of.ts'
import { mustBeActive } from '../tenants/standing.ts'
import { bearerOf, type TokenDoor } from './bearer.ts'
import { presentedKey } from './credentials.ts'
import { addressOf, type Bars, type Guard } from './guard.ts'
import { sameBytes } from './same-bytes.ts'

export interface Door {
  readonly config: Config
  readonly env: Readonly<Record<string, unknown>>
  readonly tenants: Tenants
  readonly guards: { readonly guess: Guard; readonly flood: Guard; readonly bars: Bars }
  /** Absent where the operator takes keys alone. */
  readonly byToken?: Omit<TokenDoor, 'tenants'> | undefined
}

const LONGEST_KEY = 512

/**
 * Who is asking, or a refusal. An address that guessed too often is barred for a while from presenting keys which this
 * isolate has not met; everyone else behind that address goes on.
 */
export async function authenticate(headers: Headers, door: Door, moment: Moment): Promise<Principal> {
  const { config, tenants, guards } = door
  const key = presentedKey(headers, config.general.keyHeaderName)
  if (key === undefined) throw missing(config)
  if (door.byToken && looksLikeToken(key)) return byToken(key, headers, { ...door, ...door.byToken }, moment)
  const met = metBy(door.env)
  const hashed = met.get(key) ?? (await hashedKey(key.slice(0, LONGEST_KEY + 1)))
  const master = await masterDigest(config, door.env)
  if (master && sameBytes(hashed.digest, master)) {
    if (!met.has(key)) met.set(key, hashed)
    return masterPrincipal(moment.nowMs)
  }
  if (!key.startsWith('sk-') || key.length > LONGEST_KEY) {
    throw denied(`LiteLLM Virtual Key expected. Received=${keyNameOf(key)}, expected to start with 'sk-'.`)
  }

  const { keyHash } = hashed
  const address = addressOf(headers)
  if (guards.bars.has(address, moment.nowMs) && !tenants.knows(keyHash)) throw guessing(guards.guess)
  const principal = await tenants.principalOf(keyHash, moment)
  if (!principal) {
    if (!(await guards.guess.allows(address, moment.nowMs))) {
      guards.bars.add(address, moment.nowMs + guards.guess.periodMs)
      throw guessing(guards.guess)
    }
    throw unknown(key)
  }
  if (!(await guards.flood.allows(principal.keyId, moment.nowMs))) throw flooding(guards.flood)
  mustBeActive(principal, moment.nowMs)
  if (!met.has(key)) met.set(key, hashed)
  return principal
}

/** The same for a token. One that has merely expired is no guess. */
async function byToken(token: string, headers: Headers, door: Door & TokenDoor, moment: Moment): Promise<Principal> {
  const { guards, tokens, env } = door
  const { nowMs } = moment
  if (token.length > LONGEST_TOKEN)
    throw denied(`Your token is longer than ${LONGEST_TOKEN} characters. Ask for fewer claims.`)
  const met = metBy(env)
  const hashed = met.get(token) ?? (await hashedKey(token))
  const hash = hashed.keyHash
  const address = addressOf(headers)
  if (guards.bars.has(address, nowMs) && !tokens.knows(hash, nowMs)) throw guessing(guards.guess)
  try {
    const bearing = await tokens.bearing(token, hash, nowMs)
    if (!(await guards.flood.allows(hash, nowMs))) throw flooding(guards.flood)
    const principal = await bearerOf(bearing, headers, door, moment)
    mustBeActive(principal, nowMs)
    if (!met.has(token)) met.set(token, hashed)
    return principal
  } catch (error) {
    if (isGuess(error) && !(await guards.guess.allows(address, nowMs))) {
      guards.bars.add(address, nowMs + guards.guess.periodMs)
      throw guessing(guards.guess)
    }
    throw error
  }
}

const isGuess = (error: unknown) => error instanceof GatewayError && error.code === NOT_VALID

interface Hashed {
  readonly digest: Uint8Array
  readonly keyHash: string
}

async function hashedKey(key: string): Promise<Hashed> {
  const digest = await digestOf(key)
  return { digest, keyHash: hexOf(digest) }
}

/** So many good keys of an isolate need not be hashed again. */
const MOST_MET = 1_000
const met = new WeakMap<object, BoundedMap<Hashed>>()

/**
 * What keys that were good hash to: hashing is the dearest thing at the door. A hash is never stale; whether its key still
 * holds is asked each time. The texts never leave the isolate's memory, where each request brings them anyway.
 */
function metBy(env: Door['env']): BoundedMap<Hashed> {
  const known = met.get(env) ?? boundedMap(MOST_MET)
  met.set(env, known)
  return known
}

const digests = new WeakMap<Config, WeakMap<object, Promise<Uint8Array | undefined>>>()

/** `config` and `env` are the same objects for the life of an isolate, so the master key is hashed once. */
function masterDigest(config: Config, env: Door['env']): Promise<Uint8Array | undefined> {
  const byEnv = digests.get(config) ?? new WeakMap<object, Promise<Uint8Array | undefined>>()
  digests.set(config, byEnv)
  const known = byEnv.get(env)
  if (known) return known
  const text = readText(config.general.masterKey, config, env)
  const digest = text ? digestOf(text) : Promise.resolve(undefined)
  byEnv.set(env, digest)
  return digest
}

const denied = (message: string) => new GatewayError('auth_error', `Authentication Error, ${message}`, { retry: false })

function missing(config: Config): GatewayError {
  const header = config.general.keyHeaderName
  return denied(
    `No api key passed in. Send your key as ${header === undefined ? '`Authorization: Bearer sk-...`' : `\`${header}: Bearer sk-...\``}.`,
  )
}

function unknown(key: string): GatewayError {
  return new GatewayError(
    'token_not_found_in_db',
    `Authentication Error, Invalid proxy server token passed. Received API Key = ${keyNameOf(key)}. No such key exists. Ask the admin for a key.`,
    { retry: false },
  )
}

const guessing = (guard: Guard) =>
  new GatewayError('rate_limited', 'Too many unknown keys came from your address. Wait, then use a key that exists.', {
    retryAfterMs: guard.periodMs,
  })

const flooding = (guard: Guard) =>
  new GatewayError('rate_limited', 'This key sends more requests than the gateway takes from one key. Slow down.', {
    retryAfterMs: guard.periodMs,
  })
