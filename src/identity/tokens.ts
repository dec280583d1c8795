import { decodeJwt } from 'jose/jwt/decode'
import type { Text } from '../config/config.ts'
import type { JwtIssuer, JwtSettings } from '../config/identity.ts'
import { GatewayError } from '../errors.ts'
import { type Bearing, bearingOf } from './claims.ts'
import { type Discovery, discovery } from './discovery.ts'
import type { Fetch } from './fetched.ts'
import { NOT_VALID, unreachable, type Verify, verifier } from './verified.ts'

/** Tokens of identity providers in the place of keys. */
export interface Tokens {
  /**
   * Who bears the token; a refusal where it does not hold. `hash` is the token's, under which it is remembered
   * till it ends, and no longer than keys are: one that an issuer withdraws counts no longer than that.
   */
  bearing(token: string, hash: string, nowMs: number): Promise<Bearing>
  /** Whether this isolate has seen that the token holds. Asks nobody. */
  knows(hash: string, nowMs: number): boolean
}

export const LONGEST_TOKEN = 8_192
const MOST_REMEMBERED = 2_000

/** Three parts, the first of which is a JSON object. */
export function looksLikeToken(text: string): boolean {
  return text.startsWith('eyJ') && text.split('.', 4).length === 3
}

interface TokensDeps {
  readonly fetch: Fetch
  readonly read: (text: Text) => string | undefined
}

interface Remembered {
  readonly bearing: Bearing
  readonly untilMs: number
}

/** One per isolate. */
export function tokens(settings: JwtSettings, { fetch, read }: TokensDeps): Tokens {
  const verify: Verify = verifier(fetch, settings.keysTtlMs)
  const documents: Discovery = discovery(fetch)
  const remembered = new Map<string, Remembered>()

  function remember(hash: string, bearing: Bearing, nowMs: number): void {
    remembered.set(hash, { bearing, untilMs: Math.min(bearing.expiresAtMs, nowMs + settings.keysTtlMs) })
    if (remembered.size <= MOST_REMEMBERED) return
    const [oldest] = remembered.keys()
    if (oldest !== undefined) remembered.delete(oldest)
  }

  function held(hash: string, nowMs: number): Bearing | undefined {
    const known = remembered.get(hash)
    if (known && known.untilMs > nowMs) return known.bearing
    remembered.delete(hash)
    return undefined
  }

  async function keysUrlsOf({ keysUrl }: JwtIssuer, issuer: string, nowMs: number): Promise<readonly string[]> {
    const urls = keysUrl && read(keysUrl)
    if (urls !== undefined) return listed(urls)
    try {
      return [(await documents.of(issuer, nowMs)).keysUrl]
    } catch (cause) {
      throw unreachable(cause)
    }
  }

  return {
    async bearing(token, hash, nowMs) {
      const known = held(hash, nowMs)
      if (known) return known
      const said = issuerIn(token)
      const expected = settings.issuers.map((one) => ({
        one,
        issuer: read(one.issuer) ?? notSet(one.issuer),
        audience: listed(read(one.audience) ?? notSet(one.audience)),
      }))
      const match = expected.find(({ issuer }) => issuer === said)
      if (!match) throw unknownIssuer()
      const { one, issuer, audience } = match
      const claims = await verify(token, { keysUrls: await keysUrlsOf(one, issuer, nowMs), issuer, audience }, nowMs)
      const bearing = bearingOf(claims, one.claims, settings)
      remember(hash, bearing, nowMs)
      return bearing
    },
    knows: (hash, nowMs) => held(hash, nowMs) !== undefined,
  }
}

/** Not believed: it only chooses whose keys the token is held against. */
function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/** LiteLLM writes several with commas. */
const listed = (text: string) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const unknownIssuer = () =>
  new GatewayError(
    'auth_error',
    'Authentication Error, this token is not valid: its issuer is not one that this gateway trusts. Use a token of your identity provider, or a virtual key.',
    { retry: false, code: NOT_VALID },
  )

function notSet(text: Text): never {
  const name = typeof text === 'string' ? 'issuer and audience' : text.env
  throw new GatewayError(
    'internal',
    `Tokens are not accepted yet: the operator must set ${name}, so that a token made for somebody else does not open this gateway.`,
  )
}
