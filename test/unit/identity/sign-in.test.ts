import { describe, expect, it } from 'vitest'
import { discovery } from '../../../src/identity/discovery.ts'
import { cookies } from '../../../src/identity/session.ts'
import { personOf } from '../../../src/identity/sign-in.ts'
import { isSignInSet, signInSettings } from '../../../src/identity/sign-in-settings.ts'
import { keyRing, sealer } from '../../../src/seal.ts'
import { fakeIssuer } from '../../support/issuer.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const reading = (variables: Record<string, string>) => (name: string) => variables[name]
const GENERIC = { GENERIC_CLIENT_ID: 'c', GENERIC_ISSUER: 'https://id.test', PROXY_BASE_URL: 'https://gateway.test/' }

describe('who people sign in with', () => {
  it('is read from the variables of LiteLLM', () => {
    expect(isSignInSet(reading({}))).toBe(false)
    expect(signInSettings(reading(GENERIC))).toMatchObject({
      provider: { issuer: 'https://id.test' },
      scope: 'openid email profile',
      claims: { id: 'sub', email: 'email', alias: 'name', role: 'role' },
      defaultRole: 'internal_user_viewer',
      baseUrl: 'https://gateway.test',
    })
    const google = { GOOGLE_CLIENT_ID: 'g', PROXY_BASE_URL: 'https://gateway.test' }
    expect(signInSettings(reading(google))).toMatchObject({ provider: { issuer: 'https://accounts.google.com' } })
    const entra = { MICROSOFT_CLIENT_ID: 'm', MICROSOFT_TENANT: 't', PROXY_BASE_URL: 'https://gateway.test' }
    expect(signInSettings(reading(entra))).toMatchObject({
      provider: { issuer: 'https://login.microsoftonline.com/t/v2.0' },
      claims: { role: 'roles' },
    })
  })

  it.each(['PROXY_BASE_URL', 'GENERIC_ISSUER'])('is told what is missing: %s', (name) => {
    expect(() => signInSettings(reading({ ...GENERIC, [name]: undefined as unknown as string }))).toThrow(name)
  })

  it('is found above the authorization endpoint that LiteLLM is given', async () => {
    const issuer = await fakeIssuer('https://id.test/realms/a')
    const found = await discovery(issuer.fetch).above('https://id.test/realms/a/authorize', NOW)
    expect(found.issuer).toBe('https://id.test/realms/a')
    await expect(discovery(issuer.fetch).above('https://id.test/realms/a/other', NOW)).rejects.toThrow('GENERIC_ISSUER')
  })

  it('bears the name that it was asked by', async () => {
    const issuer = await fakeIssuer('https://id.test')
    const lying = (() => issuer.fetch('https://id.test/.well-known/openid-configuration')) as unknown as typeof fetch
    await expect(discovery(lying).of('https://other.test', NOW)).rejects.toThrow('is of https://id.test')
    const plain = fakeIssuer('http://id.test')
    await expect(discovery((await plain).fetch).of('http://id.test', NOW)).rejects.toThrow('not reached over TLS')
  })
})

describe('a person', () => {
  const groups = { proxy_admin: ['ops'], internal_user: ['staff'] }
  const settings = signInSettings(
    reading({
      ...GENERIC,
      GENERIC_ROLE_MAPPINGS_GROUP_CLAIM: 'groups',
      GENERIC_ROLE_MAPPINGS_ROLES: JSON.stringify(groups),
      PROXY_ADMIN_ID: 'root',
    }),
  )
  const role = (claims: Record<string, unknown>) => personOf({ sub: 'u', ...claims }, settings).role

  it('has the role that a claim says, else the mightiest of its groups, else none', () => {
    expect(role({ role: 'internal_user_view_only' })).toBe('internal_user_viewer')
    expect(role({ role: ['x', 'internal_user'], groups: ['ops'] })).toBe('internal_user')
    expect(role({ groups: ['staff', 'ops'] })).toBe('proxy_admin')
    expect(role({ groups: ['others'] })).toBeUndefined()
    expect(role({ role: 'owner' })).toBeUndefined()
    expect(role({ sub: 'root' })).toBe('proxy_admin')
  })

  it('has an address only where the provider does not say that it is unverified', () => {
    const claims = { sub: 'u', email: 'A@b.c' }
    expect(personOf(claims, settings)).toMatchObject({ email: 'a@b.c', ownsEmail: false })
    expect(personOf({ ...claims, email_verified: true }, settings)).toMatchObject({ ownsEmail: true })
    expect(personOf({ ...claims, email_verified: false }, settings).email).toBeUndefined()
    expect(() => personOf({ email: 'a@b.c' }, settings)).toThrow('`sub`')
  })
})

describe('the cookie of a session', () => {
  const random = (bytes: Uint8Array) => crypto.getRandomValues(bytes)
  const ring = (...salts: [string, ...string[]]) => {
    const [first, ...rest] = salts.map((salt) => sealer(salt, random))
    return () => keyRing([first ?? sealer('', random), ...rest])
  }
  const pair = (set: string) => set.slice(0, set.indexOf(';'))

  it('holds until it ends, also while a new salt takes over from the old one', async () => {
    const session = { userId: 'u', expiresAtMs: NOW + 60_000 }
    const cookie = pair(await cookies(ring('old')).session(session, NOW))
    expect(await cookies(ring('new', 'old')).sessionIn(`a=b; ${cookie}; c=d`, NOW)).toEqual(session)
    expect(await cookies(ring('new', 'old')).sessionIn(cookie, NOW + 60_000)).toBeUndefined()
    expect(await cookies(ring('new')).sessionIn(cookie, NOW)).toBeUndefined()
  })

  it('is no cookie of another kind, or of another name', async () => {
    const jar = cookies(ring('salt'))
    const started = { state: 's', nonce: 'n', verifier: 'v', returnTo: '/', expiresAtMs: NOW + 60_000, userId: 'admin' }
    const cookie = pair(await jar.started(started, NOW))
    expect(await jar.startedIn(cookie, NOW)).toEqual(started)
    expect(await jar.sessionIn(cookie.replace('sign-in', 'session'), NOW)).toBeUndefined()
    expect(
      await jar.sessionIn(`x${pair(await jar.session({ userId: 'u', expiresAtMs: NOW + 1 }, NOW))}`, NOW),
    ).toBeUndefined()
    for (const broken of ['', 'k', 'k.', 'k.!.!', '.'])
      expect(await jar.sessionIn(`__Host-tollgate-session=${broken}`, NOW)).toBeUndefined()
  })
})
