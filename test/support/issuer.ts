import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

interface Key {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

interface Code {
  readonly challenge: string
  readonly redirectUri: string
  readonly nonce: string
}

export const CLIENT = { id: 'tollgate', secret: 'the client secret' } as const

/**
 * An identity provider as OpenID Connect wants it: discovery, keys that rotate, codes that work once and for who holds
 * the verifier, and a person who is always willing. `person` is who signs in next.
 */
export async function fakeIssuer(
  issuer: string,
  redirectUri = 'https://gateway.test/sso/callback',
  firstAlg = 'ES256',
) {
  let serial = 0
  const newKey = async (alg = firstAlg): Promise<Key> => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const kid = `key-${++serial}`
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
  }
  let keys = [await newKey()]
  const codes = new Map<string, Code>()
  const calls: string[] = []
  let person: Record<string, unknown> = { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada' }
  let spoil: (claims: Record<string, unknown>) => Record<string, unknown> = (claims) => claims
  let isAway = false

  async function sign(claims: Record<string, unknown>, over: { key?: Key; header?: Record<string, unknown> } = {}) {
    const [first] = keys
    const key = over.key ?? first
    if (!key) throw new Error('the issuer has no key')
    const header = { alg: key.jwk.alg ?? firstAlg, kid: key.kid, ...over.header }
    return new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey)
  }

  /** A good token for an hour from `nowMs`; undefined takes a claim away. */
  function token(claims: Record<string, unknown>, nowMs: number, over: Parameters<typeof sign>[1] = {}) {
    const seconds = Math.floor(nowMs / 1000)
    const all = { iss: issuer, aud: 'the-gateway', iat: seconds, exp: seconds + 3600, ...claims }
    return sign(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)), over)
  }

  async function exchange(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text())
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const basic = `Basic ${btoa(`${CLIENT.id}:${encodeURIComponent(CLIENT.secret)}`)}`
    const hashed = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(form.get('code_verifier') ?? ''))
    const refused = (error: string) => Response.json({ error }, { status: 400 })
    if (request.headers.get('authorization') !== basic) return refused('invalid_client')
    if (!code || form.get('redirect_uri') !== code.redirectUri) return refused('invalid_grant')
    if (Buffer.from(hashed).toString('base64url') !== code.challenge) return refused('invalid_grant')
    const seconds = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: CLIENT.id, iat: seconds, exp: seconds + 300, nonce: code.nonce, ...person }
    return Response.json({ id_token: await sign(spoil(claims)), access_token: 'at', token_type: 'Bearer' })
  }

  function authorize({ searchParams: asked }: URL): Response {
    const text = (name: string) => asked.get(name) ?? ''
    const isGood =
      text('client_id') === CLIENT.id &&
      text('redirect_uri') === redirectUri &&
      text('code_challenge_method') === 'S256' &&
      text('response_type') === 'code' &&
      text('scope').split(' ').includes('openid')
    if (!isGood) return new Response('this request is not from a client of ours', { status: 400 })
    const code = crypto.randomUUID()
    codes.set(code, { challenge: text('code_challenge'), redirectUri: text('redirect_uri'), nonce: text('nonce') })
    const back = new URL(redirectUri)
    for (const [name, value] of Object.entries({ code, state: text('state'), iss: issuer }))
      back.searchParams.set(name, value)
    return new Response(null, { status: 302, headers: { location: back.href } })
  }

  function answered(request: Request): Response | Promise<Response> {
    const url = new URL(request.url)
    const path = url.pathname.slice(new URL(issuer).pathname.replace(/\/$/, '').length)
    calls.push(path)
    if (isAway) return new Response('away', { status: 503 })
    if (path === '/keys') return Response.json({ keys: keys.map(({ jwk }) => jwk) })
    if (path === '/authorize') return authorize(url)
    if (path === '/token') return exchange(request)
    if (path === '/userinfo') return Response.json(person)
    if (path !== '/.well-known/openid-configuration') return new Response('no such page', { status: 404 })
    return Response.json({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/keys`,
    })
  }

  return {
    issuer,
    calls,
    token,
    sign,
    newKey,
    answered: async (request: Request) => answered(request),
    fetch: ((input: string, init?: RequestInit) => Promise.resolve(answered(new Request(input, init)))) as typeof fetch,
    /** New keys; the old ones count no longer. */
    async rotate() {
      keys = [await newKey()]
    },
    signs(next: Record<string, unknown>) {
      person = next
    },
    /** What the issuer does to id_tokens before it signs them. */
    spoils(how: typeof spoil) {
      spoil = how
    },
    goesAway(away: boolean) {
      isAway = away
    },
  }
}
