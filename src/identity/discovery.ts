import { GatewayError } from '../errors.ts'
import { type Fetch, fetchedJson } from './fetched.ts'
import { readOnce } from './read-once.ts'

/** What we read of an issuer's discovery document (OpenID Connect Discovery 1.0 §3). */
export interface Issuer {
  readonly issuer: string
  readonly authorizationEndpoint?: string
  readonly tokenEndpoint?: string
  readonly userinfoEndpoint?: string
  readonly keysUrl: string
  /** The token endpoint takes the secret in its body. */
  readonly takesSecretInBody: boolean
}

const WELL_KNOWN = '/.well-known/openid-configuration'
const TTL_MS = 3_600_000

export interface Discovery {
  /** The issuer of this name, which its document must bear too. */
  of(issuer: string, nowMs: number): Promise<Issuer>
  /** The issuer above an authorization endpoint, whose document names that endpoint. */
  above(authorizationEndpoint: string, nowMs: number): Promise<Issuer>
}

export function discovery(fetching: Fetch): Discovery {
  const documents = readOnce(async (url) => issuerIn(await fetchedJson(fetching, url), url), TTL_MS)
  const at = (base: string, nowMs: number) => documents.get(`${base.replace(/\/$/, '')}${WELL_KNOWN}`, nowMs)
  const found = new Map<string, string>()

  return {
    async of(name, nowMs) {
      const issuer = await at(name, nowMs)
      if (issuer.issuer === name || isEntraTenant(name, issuer.issuer)) return issuer
      throw new Error(`the discovery document of ${name} is of ${issuer.issuer}`)
    },
    async above(endpoint, nowMs) {
      const known = found.get(endpoint)
      if (known !== undefined) return at(known, nowMs)
      for (const base of basesAbove(endpoint)) {
        const issuer = await at(base, nowMs).catch(() => undefined)
        if (issuer?.authorizationEndpoint !== endpoint) continue
        found.set(endpoint, base)
        return issuer
      }
      throw new GatewayError(
        'internal',
        'The operator must say who the identity provider is: no discovery document above GENERIC_AUTHORIZATION_ENDPOINT names it. Set GENERIC_ISSUER.',
      )
    },
  }
}

/** Entra's tenants have names beside their ids, and their documents bear the id; one for many tenants has a placeholder. */
function isEntraTenant(asked: string, issuer: string): boolean {
  const entra = 'https://login.microsoftonline.com/'
  return asked.startsWith(entra) && issuer.startsWith(entra) && !issuer.includes('{')
}

function basesAbove(endpoint: string): readonly string[] {
  const { origin, pathname } = new URL(endpoint)
  const parts = pathname.split('/').filter((part) => part !== '')
  return parts.map((_, n) => [origin, ...parts.slice(0, parts.length - 1 - n)].join('/')).slice(0, 6)
}

function issuerIn(document: Readonly<Record<string, unknown>>, url: string): Issuer {
  const text = (name: string) => {
    const value = document[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [issuer, keysUrl] = [text('issuer'), text('jwks_uri')]
  if (issuer === undefined || keysUrl === undefined) throw new Error(`${url} has no issuer or no jwks_uri`)
  const methods = document.token_endpoint_auth_methods_supported
  const endpoints = {
    authorizationEndpoint: text('authorization_endpoint'),
    tokenEndpoint: text('token_endpoint'),
    userinfoEndpoint: text('userinfo_endpoint'),
  }
  return {
    issuer,
    keysUrl,
    takesSecretInBody: Array.isArray(methods) && methods.includes('client_secret_post'),
    ...(Object.fromEntries(Object.entries(endpoints).filter(([, value]) => value !== undefined)) as Pick<
      Issuer,
      'authorizationEndpoint' | 'tokenEndpoint' | 'userinfoEndpoint'
    >),
  }
}
