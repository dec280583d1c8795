import { GatewayError } from '../errors.ts'
import type { Role } from '../tenants/principal.ts'
import { claimAt, isOfDomain, textAt, textsAt } from './claims.ts'
import { discovery, type Issuer } from './discovery.ts'
import { BadAnswer, type Fetch, fetchedJson } from './fetched.ts'
import { type Cookies, endedStart, STARTED_MS, type Started } from './session.ts'
import { roleOf, type SignInSettings } from './sign-in-settings.ts'
import { unreachable, verifier } from './verified.ts'

/** Who signed in, as the identity provider says. */
export interface Person {
  readonly userId: string
  readonly email?: string
  /** The provider vouches for the address: who has it may take over the user that was made for it. */
  readonly ownsEmail: boolean
  readonly alias?: string
  /** What the claims say; the user's own stays where they say nothing. */
  readonly role?: Role
}

/** Sign-in by OpenID Connect's authorization code, with state, nonce and PKCE (RFC 9700 §2.1). */
export interface SignIn {
  /** Where the browser goes, and the cookie it takes along. */
  begin(returnTo: string, nowMs: number): Promise<{ readonly location: string; readonly cookie: string }>
  /** The person whom the provider sent back. Throws what keeps them out; `ended` takes the cookie of `begin` away. */
  finish(
    query: Readonly<Record<string, string | undefined>>,
    cookie: string | null,
    nowMs: number,
  ): Promise<{ readonly person: Person; readonly returnTo: string; readonly ended: string }>
  readonly defaultRole: Role
  /** The one origin whose pages may act with a session. */
  readonly origin: string
}

export interface SignInDeps {
  readonly fetch: Fetch
  readonly cookies: Cookies
  readonly randomBytes: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array
}

const KEYS_TTL_MS = 600_000
type Fields = Readonly<Record<string, unknown>>

export function signIn(settings: SignInSettings, { fetch, cookies, randomBytes }: SignInDeps): SignIn {
  const { provider, clientId, baseUrl, scope } = settings
  const documents = discovery(fetch)
  const verify = verifier(fetch, KEYS_TTL_MS)
  const redirectUri = `${baseUrl}/sso/callback`
  const random = () => base64url(randomBytes(new Uint8Array(32)))

  async function known(nowMs: number) {
    const found = await asked(() =>
      'issuer' in provider
        ? documents.of(provider.issuer, nowMs)
        : documents.above(provider.authorizationEndpoint, nowMs),
    )
    const { authorizationEndpoint, tokenEndpoint } = found
    if (authorizationEndpoint === undefined || tokenEndpoint === undefined)
      throw unreachable(new Error(`${found.issuer} names no authorization_endpoint or no token_endpoint`))
    return { ...found, authorizationEndpoint, tokenEndpoint }
  }

  async function exchanged(code: string, { verifier }: Started, issuer: Issuer & { readonly tokenEndpoint: string }) {
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: clientId,
      code_verifier: verifier,
    })
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' })
    const { clientSecret } = settings
    if (clientSecret !== undefined && issuer.takesSecretInBody) form.set('client_secret', clientSecret)
    else if (clientSecret !== undefined) headers.set('authorization', basic(clientId, clientSecret))
    const answer = await asked(() =>
      fetchedJson(fetch, issuer.tokenEndpoint, { method: 'POST', headers, body: form.toString() }),
    )
    const { id_token: idToken, access_token: accessToken } = answer
    if (typeof idToken !== 'string') throw unreachable(new Error('the token endpoint answered no id_token'))
    return { idToken, accessToken: typeof accessToken === 'string' ? accessToken : undefined }
  }

  /** Some providers put little into an id_token: what is missing comes from their userinfo, of the same subject. */
  async function withUserinfo(
    claims: Fields,
    accessToken: string | undefined,
    { userinfoEndpoint }: Issuer,
  ): Promise<Fields> {
    const { id, email } = settings.claims
    const wanted = [id, email, ...(settings.groups ? [settings.groups.claim] : [])]
    if (!userinfoEndpoint || accessToken === undefined) return claims
    if (wanted.every((name) => claimAt(claims, name) !== undefined)) return claims
    const more = await asked(() =>
      fetchedJson(fetch, userinfoEndpoint, { headers: { authorization: `Bearer ${accessToken}` } }),
    )
    if (more.sub !== claims.sub) throw refused('the provider told of somebody else')
    return { ...more, ...claims }
  }

  return {
    defaultRole: settings.defaultRole,
    origin: new URL(baseUrl).origin,
    async begin(returnTo, nowMs) {
      const { authorizationEndpoint } = await known(nowMs)
      const started = {
        state: random(),
        nonce: random(),
        verifier: random(),
        returnTo,
        expiresAtMs: nowMs + STARTED_MS,
      }
      const location = new URL(authorizationEndpoint)
      const asking = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope,
        state: started.state,
        nonce: started.nonce,
        code_challenge: base64url(
          new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(started.verifier))),
        ),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(asking)) location.searchParams.set(name, value)
      return { location: location.href, cookie: await cookies.started(started, nowMs) }
    },
    async finish(query, cookie, nowMs) {
      const started = await cookies.startedIn(cookie, nowMs)
      if (!started || query.state !== started.state) throw refused('it was not begun in this browser, or too long ago')
      const issuer = await known(nowMs)
      // RFC 9207: an answer of another issuer is somebody's attempt to mix two up.
      if (query.iss !== undefined && query.iss !== issuer.issuer) throw refused('another provider answered')
      if (query.error !== undefined) throw refused('the identity provider did not let you in')
      if (query.code === undefined) throw refused('the identity provider sent no code')
      const { idToken, accessToken } = await exchanged(query.code, started, issuer)
      const expected = { keysUrls: [issuer.keysUrl], issuer: issuer.issuer, audience: clientId }
      const claims = await verify(idToken, expected, nowMs)
      if (claims.nonce !== started.nonce) throw refused('the token is not for this sign-in')
      if (claims.azp !== undefined && claims.azp !== clientId) throw refused('the token is for another client')
      const person = personOf(await withUserinfo(claims, accessToken, issuer), settings)
      return { person, returnTo: started.returnTo, ended: endedStart }
    },
  }
}

/** Throws when the address is not of a domain that the operator lets in. */
export function personOf(claims: Fields, settings: Omit<SignInSettings, 'provider'>): Person {
  const { claims: names, emailDomains, adminId } = settings
  const userId = textAt(claims, names.id)
  if (userId === undefined) throw refused(`the identity provider tells no \`${names.id}\``)
  const email = textAt(claims, names.email)?.toLowerCase()
  if (emailDomains && !isOfDomain(email, claims, emailDomains)) {
    throw refused(`your e-mail address is not one of ${emailDomains.join(', ')}, or is not verified`)
  }
  const alias = textAt(claims, names.alias)
  const role = userId === adminId ? 'proxy_admin' : roleIn(claims, settings)
  return {
    userId,
    ...(email === undefined || claims.email_verified === false ? {} : { email }),
    ownsEmail: claims.email_verified === true,
    ...(alias === undefined ? {} : { alias }),
    ...(role === undefined ? {} : { role }),
  }
}

function roleIn(
  claims: Fields,
  { claims: { role: name }, groups }: Omit<SignInSettings, 'provider'>,
): Role | undefined {
  const value = claimAt(claims, name)
  const said = Array.isArray(value) ? value : [value]
  const own = said.map(roleOf).find((role) => role !== undefined)
  if (own !== undefined || !groups) return own
  const named = textsAt(claims, groups.claim)
  return groups.roles.find(([, names]) => names.some((one) => named.includes(one)))?.[0]
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    if (cause instanceof BadAnswer && cause.status === 400) {
      throw refused('the identity provider took back what it sent, as it does with what is old or used')
    }
    throw cause instanceof GatewayError ? cause : unreachable(cause)
  }
}

const refused = (why: string) =>
  new GatewayError('auth_error', `Authentication Error, you are not signed in: ${why}. Begin again at /sign-in.`, {
    retry: false,
  })

/** RFC 6749 §2.3.1: both are form-encoded first. */
const basic = (id: string, secret: string) => `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
