import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose'
import { JOSEError, JWKSNoMatchingKey, JWTClaimValidationFailed, JWTExpired } from 'jose/errors'
import { createLocalJWKSet } from 'jose/jwks/local'
import { jwtVerify } from 'jose/jwt/verify'
import { GatewayError } from '../errors.ts'
import { type Fetch, fetchedJson } from './fetched.ts'
import { readOnce } from './read-once.ts'

/** Signatures of a private key alone: neither `none`, nor a MAC that who knows a public key could make (RFC 8725 §3.1). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const LEEWAY_S = 30

export interface Expected {
  /** Where keys may be: key sets, or discovery documents that name one. */
  readonly keysUrls: readonly string[]
  readonly issuer: string
  readonly audience: string | readonly string[]
}

export type Claims = Readonly<Record<string, unknown>>

/** A token's claims, once its signature, issuer, audience and times are shown to hold. Throws `auth_error` where they do not. */
export type Verify = (token: string, expected: Expected, nowMs: number) => Promise<Claims>

/** Keys are kept for `ttlMs`; one that is unknown makes us look once whether they were rotated. */
export function verifier(fetching: Fetch, ttlMs: number): Verify {
  const sets = readOnce(async (url) => createLocalJWKSet(await keySetAt(fetching, url)), ttlMs)

  /** The first of the sets that has the key; those that were not read lately are read again before it is unknown. */
  async function keyIn(urls: readonly string[], nowMs: number, [header, given]: Parameters<JWTVerifyGetKey>) {
    for (const read of [sets.get, sets.again]) {
      for (const url of urls) {
        const set = await published(() => read(url, nowMs))
        if (!set) continue
        try {
          return await set(header, given)
        } catch (error) {
          if (!(error instanceof JWKSNoMatchingKey)) throw error
        }
      }
    }
    throw new JWKSNoMatchingKey()
  }

  return async (token, { keysUrls, issuer, audience }, nowMs) => {
    const options = {
      issuer,
      audience: typeof audience === 'string' ? audience : [...audience],
      algorithms: ALGORITHMS,
      clockTolerance: LEEWAY_S,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp'],
    }
    const keyOf: JWTVerifyGetKey = (header, given) => keyIn(keysUrls, nowMs, [header, given])
    try {
      const { payload } = await jwtVerify(token, keyOf, options)
      return payload
    } catch (error) {
      throw refusal(error)
    }
  }
}

async function keySetAt(fetching: Fetch, url: string, follows = true): Promise<JSONWebKeySet> {
  const { keys, jwks_uri: elsewhere } = await fetchedJson(fetching, url)
  if (follows && keys === undefined && typeof elsewhere === 'string') return keySetAt(fetching, elsewhere, false)
  return { keys: Array.isArray(keys) ? keys : [] }
}

async function published<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw unreachable(cause)
  }
}

export const unreachable = (cause: unknown) =>
  new GatewayError(
    'upstream_failed',
    'The identity provider cannot be reached or answered nothing usable. Ask again in a moment; the operator finds why in the log.',
    { status: 503, cause, retryAfterMs: 2_000 },
  )

/** The code of a token that never held: somebody may be guessing. */
export const NOT_VALID = 'invalid_token'

/** Says which check failed, and nothing of the token. */
function refusal(error: unknown): unknown {
  if (!(error instanceof JOSEError)) return error
  const why =
    error instanceof JWTExpired
      ? 'it has expired; get a new one from your identity provider'
      : error instanceof JWTClaimValidationFailed
        ? `its claim \`${error.claim}\` is not what this gateway expects; get one that is made for it`
        : error instanceof JWKSNoMatchingKey
          ? 'its key is not one of the issuer; get a new one from your identity provider'
          : 'it is malformed, or its signature does not hold; get a new one from your identity provider'
  return new GatewayError('auth_error', `Authentication Error, this token is not valid: ${why}.`, {
    retry: false,
    ...(error instanceof JWTExpired ? {} : { code: NOT_VALID }),
    cause: error,
  })
}
