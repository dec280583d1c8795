import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import type { JwtSettings } from '../../../src/config/identity.ts'
import { looksLikeToken, tokens } from '../../../src/identity/tokens.ts'
import { fakeIssuer } from '../../support/issuer.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const ISSUER = 'https://id.test/realm'

const settings = (over: Partial<JwtSettings> = {}): JwtSettings => ({
  issuers: [
    {
      issuer: ISSUER,
      audience: 'the-gateway',
      claims: { userId: 'sub', userEmail: 'email', teamIds: 'realm.groups', organizationId: 'org', endUserId: 'for' },
    },
  ],
  adminScope: 'litellm_proxy_admin',
  adminRoutes: ['management_routes'],
  teamRoutes: ['llm_api_routes'],
  keysTtlMs: 600_000,
  upsertsUsers: false,
  ...over,
})

async function world(over: Partial<JwtSettings> = {}) {
  const issuer = await fakeIssuer(ISSUER)
  const read = (text: unknown) => (typeof text === 'string' ? text : undefined)
  const made = tokens(settings(over), { fetch: issuer.fetch, read })
  let serial = 0
  const bearing = (token: string, nowMs = NOW, hash = `hash ${++serial}`) => made.bearing(token, hash, nowMs)
  const refusal = async (token: string, nowMs = NOW) => {
    const error = await bearing(token, nowMs).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    return error as { message: string; status: number; code: string } | undefined
  }
  return { issuer, made, bearing, refusal, asked: () => issuer.calls.filter((path) => path === '/keys').length }
}

describe('a token that holds', () => {
  it('says who bears it, by the mapping of the operator', async () => {
    const { issuer, bearing } = await world()
    const claims = { sub: 'u', email: 'U@Example.com', email_verified: true, realm: { groups: ['a', 'b'] } }
    const token = await issuer.token({ ...claims, org: 'o', for: 'customer', scope: 'read write' }, NOW)
    expect(looksLikeToken(token)).toBe(true)
    expect(await bearing(token)).toEqual({
      userId: 'u',
      email: 'u@example.com',
      teamIds: ['a', 'b'],
      organizationId: 'o',
      customerId: 'customer',
      isAdmin: false,
      expiresAtMs: NOW + 3_600_000,
    })
  })

  it('is remembered until it ends: nothing is verified or asked twice', async () => {
    const { issuer, made, bearing, asked } = await world()
    const token = await issuer.token({ sub: 'u' }, NOW)
    const verified = vi.spyOn(crypto.subtle, 'verify')
    const first = await bearing(token, NOW, 'h')
    await bearing(token, NOW + 1, 'h')
    expect(verified).toHaveBeenCalledTimes(1)
    verified.mockRestore()
    issuer.goesAway(true)
    expect(await bearing(token, NOW + 599_000, 'h')).toBe(first)
    expect(asked()).toBe(1)
    const late = await issuer.token({ sub: 'u', exp: NOW / 1000 + 60 }, NOW)
    await bearing(late, NOW, 'late')
    expect(made.knows('late', NOW + 59_000)).toBe(true)
    expect(made.knows('late', NOW + 61_000)).toBe(false)
  })

  it('may be of any of several audiences, and be a little early or late', async () => {
    const { issuer, bearing } = await world()
    await bearing(await issuer.token({ sub: 'u', aud: ['other', 'the-gateway'] }, NOW))
    await bearing(await issuer.token({ sub: 'u', nbf: NOW / 1000 + 20 }, NOW))
    await bearing(await issuer.token({ sub: 'u' }, NOW - 3_620_000))
  })

  it('makes an admin by its scope, as a text or as a list', async () => {
    const { issuer, bearing } = await world()
    for (const claims of [{ scope: 'x litellm_proxy_admin' }, { scp: ['litellm_proxy_admin'] }])
      expect(await bearing(await issuer.token(claims, NOW))).toMatchObject({ isAdmin: true })
    expect(await bearing(await issuer.token({ scope: 'litellm_proxy_admins' }, NOW))).toMatchObject({ isAdmin: false })
  })
})

describe('a token that does not hold', () => {
  const attacks: Record<string, (issuer: Awaited<ReturnType<typeof fakeIssuer>>) => Promise<string>> = {
    'is for another audience': ({ token }) => token({ sub: 'u', aud: 'somebody-else' }, NOW),
    'names no audience': ({ token }) => token({ sub: 'u', aud: undefined }, NOW),
    'is of another issuer': ({ token }) => token({ sub: 'u', iss: 'https://evil.test' }, NOW),
    'names no issuer': ({ token }) => token({ sub: 'u', iss: undefined }, NOW),
    'never ends': ({ token }) => token({ sub: 'u', exp: undefined }, NOW),
    'is not valid yet': ({ token }) => token({ sub: 'u', nbf: NOW / 1000 + 120 }, NOW),
    'is signed by a key of somebody else': async ({ token, newKey }) =>
      token({ sub: 'u' }, NOW, { key: await newKey() }),
    "borrows the name of the issuer's key": async ({ token, newKey }) =>
      token({ sub: 'u' }, NOW, { key: { ...(await newKey()), kid: 'key-1' } }),
    'brings its own key along': async ({ token, newKey }) => {
      const key = await newKey()
      return token({ sub: 'u' }, NOW, { key, header: { jwk: key.jwk, jku: 'https://evil.test/keys' } })
    },
    'is not signed at all': () =>
      Promise.resolve(
        new UnsecuredJWT({ sub: 'u' }).setIssuer(ISSUER).setAudience('the-gateway').setExpirationTime('1h').encode(),
      ),
    'is signed with the public key as a secret': async (issuer) => {
      const { keys } = (await (await issuer.fetch(`${ISSUER}/keys`)).json()) as { keys: { n: string }[] }
      const secret = new TextEncoder().encode(JSON.stringify(keys[0]))
      return new SignJWT({ sub: 'u', iss: ISSUER, aud: 'the-gateway', exp: NOW / 1000 + 60 })
        .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
        .sign(secret)
    },
    'was changed after it was signed': async ({ token }) => {
      const [header, , signature] = (await token({ sub: 'u' }, NOW)).split('.')
      const claims = { sub: 'admin', iss: ISSUER, aud: 'the-gateway', exp: NOW / 1000 + 60 }
      return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
    },
    'is no token': () => Promise.resolve('eyJhbGciOiJSUzI1NiJ9.e30.x'),
  }

  it.each(Object.keys(attacks))('is refused as a guess where it %s', async (name) => {
    const { issuer, refusal } = await world()
    const token = (await attacks[name]?.(issuer)) ?? ''
    const error = await refusal(token)
    expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(error?.message).not.toContain(token.slice(10, 30))
  })

  it('has expired: that is said, and is no guess', async () => {
    const { issuer, refusal } = await world()
    const error = await refusal(await issuer.token({ sub: 'u' }, NOW - 3_700_000))
    expect(error).toMatchObject({ status: 401, code: '401' })
    expect(error?.message).toContain('expired')
  })
})

describe('keys of an issuer', () => {
  it('that were rotated are found by one more look', async () => {
    const { issuer, bearing, refusal, asked } = await world()
    const old = await issuer.token({ sub: 'u' }, NOW)
    await bearing(old)
    await issuer.rotate()
    const later = NOW + 31_000
    expect(await bearing(await issuer.token({ sub: 'u' }, later), later)).toMatchObject({ userId: 'u' })
    expect(asked()).toBe(2)
    expect(await refusal(old, later + 31_000)).toMatchObject({ code: 'invalid_token' })
  })

  it('that an issuer withdraws count no longer, also for tokens that held before', async () => {
    const { issuer, bearing, refusal, made } = await world()
    const token = await issuer.token({ sub: 'u', exp: NOW / 1000 + 86_400 }, NOW)
    await bearing(token, NOW, 'h')
    await issuer.rotate()
    expect(made.knows('h', NOW + 601_000)).toBe(false)
    expect(await refusal(token, NOW + 601_000)).toMatchObject({ code: 'invalid_token' })
  })

  it('may be in several places, or be named by a discovery document', async () => {
    const { issuer } = await world()
    const keysUrl = `${ISSUER}/none, ${ISSUER}/.well-known/openid-configuration`
    const one = { issuer: ISSUER, audience: 'the-gateway', claims: { userId: 'sub' } }
    const none = ((url: string) =>
      url.endsWith('/none') ? Promise.resolve(Response.json({ keys: [] })) : issuer.fetch(url)) as typeof fetch
    const read = (text: unknown) => (typeof text === 'string' ? text : undefined)
    const made = tokens(settings({ issuers: [{ ...one, keysUrl }] }), { fetch: none, read })
    expect(await made.bearing(await issuer.token({ sub: 'u' }, NOW), 'h', NOW)).toMatchObject({ userId: 'u' })
  })

  it('are not looked up for every token with an invented key', async () => {
    const { issuer, bearing, refusal, asked } = await world()
    await bearing(await issuer.token({ sub: 'u' }, NOW))
    const key = await issuer.newKey()
    const invented = await Promise.all(
      Array.from({ length: 50 }, (_, n) => issuer.token({ sub: 'u' }, NOW, { key: { ...key, kid: `invented ${n}` } })),
    )
    const refusals = await Promise.all(invented.slice(25).map((token) => refusal(token, NOW + 40_000)))
    for (const token of invented.slice(0, 25)) refusals.push(await refusal(token, NOW + 41_000))
    expect(refusals.every((error) => error?.code === 'invalid_token')).toBe(true)
    expect(asked()).toBe(2)
  })

  it('count on while the issuer is away, and their absence is no fault of the caller', async () => {
    const { issuer, bearing, refusal, asked } = await world()
    await bearing(await issuer.token({ sub: 'u' }, NOW))
    issuer.goesAway(true)
    const later = NOW + 700_000
    expect(await bearing(await issuer.token({ sub: 'v' }, later), later)).toMatchObject({ userId: 'v' })
    const fresh = await world()
    fresh.issuer.goesAway(true)
    const token = await fresh.issuer.token({ sub: 'u' }, NOW)
    for (let n = 0; n < 5; n++) expect(await fresh.refusal(token)).toMatchObject({ status: 503 })
    expect(fresh.issuer.calls).toHaveLength(1)
    expect(asked()).toBe(2)
    expect(await refusal('eyJ.e30.x')).toMatchObject({ code: 'invalid_token' })
  })

  it('are looked for once, however many ask at the same time', async () => {
    const { issuer, bearing, asked } = await world()
    const signed = await Promise.all(Array.from({ length: 20 }, (_, n) => issuer.token({ sub: `u${n}` }, NOW)))
    await Promise.all(signed.map((token) => bearing(token)))
    expect(asked()).toBe(1)
  })
})

describe('what the operator demands', () => {
  it('is an address of a domain that the issuer does not say is unverified', async () => {
    const { issuer, bearing, refusal } = await world({ allowedEmailDomain: 'example.com' })
    await bearing(await issuer.token({ sub: 'u', email: 'a@example.com' }, NOW))
    for (const claims of [
      {},
      { email: 'a@evil.com' },
      { email: 'a@evilexample.com' },
      { email: 'a@example.com@evil.com' },
      { email: 'a@example.com', email_verified: false },
      { email: 'example.com' },
    ])
      expect(await refusal(await issuer.token({ sub: 'u', ...claims }, NOW))).toMatchObject({ status: 403 })
  })

  it('is a role that is let in', async () => {
    const over = { enforceRbac: true, roleMappings: [{ role: 'consumer', internalRole: 'team' }] } as const
    const claims = { roles: 'roles', objectId: 'azp' }
    const { issuer, bearing, refusal } = await world({
      ...over,
      issuers: [{ issuer: ISSUER, audience: 'the-gateway', claims }],
    })
    expect(await bearing(await issuer.token({ roles: ['x', 'consumer'], azp: 'team-a' }, NOW))).toMatchObject({
      teamIds: ['team-a'],
    })
    expect(await refusal(await issuer.token({ roles: ['x'], azp: 'team-a' }, NOW))).toMatchObject({ status: 403 })
    expect(await bearing(await issuer.token({ scope: 'litellm_proxy_admin' }, NOW))).toMatchObject({ isAdmin: true })
  })

  it('is claims that can be names', async () => {
    const { issuer, refusal } = await world()
    for (const sub of ['x'.repeat(300), 'a\0b'])
      expect(await refusal(await issuer.token({ sub }, NOW))).toMatchObject({ status: 403 })
    expect(await refusal(await issuer.token({ sub: 'u', org: { a: 1 } }, NOW))).toMatchObject({ status: 403 })
  })
})

it('nobody is let in while the issuer or the audience is not set', async () => {
  const { issuer } = await world()
  const unset = tokens(settings({ issuers: [{ issuer: ISSUER, audience: { env: 'JWT_AUDIENCE' }, claims: {} }] }), {
    fetch: issuer.fetch,
    read: (text) => (typeof text === 'string' ? text : undefined),
  })
  await expect(unset.bearing(await issuer.token({ sub: 'u' }, NOW), 'h', NOW)).rejects.toThrow('JWT_AUDIENCE')
})
