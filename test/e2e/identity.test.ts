import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { CLIENT, fakeIssuer } from '../support/issuer.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const BASE = 'https://gateway.example'
const vendor = await startVendor(() => ({
  body: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
  },
}))
const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', async () => {
    const { method = 'GET', url = '/' } = incoming
    const headers = new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]))
    const body = method === 'GET' ? {} : { body: Buffer.concat(chunks) }
    const answer = await issuer.answered(new Request(`${origin}${url}`, { method, headers, ...body }))
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    outgoing.end(await answer.text())
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const issuer = await fakeIssuer(`${origin}/realm`, `${BASE}/sso/callback`, 'RS256')
afterAll(() => void server.close())

const gateway = useGateway({
  isolates: 2,
  vars: {
    JWT_ISSUER: issuer.issuer,
    JWT_AUDIENCE: 'the-gateway',
    GENERIC_CLIENT_ID: CLIENT.id,
    GENERIC_CLIENT_SECRET: CLIENT.secret,
    GENERIC_AUTHORIZATION_ENDPOINT: `${issuer.issuer}/authorize`,
    GENERIC_USER_ROLE_ATTRIBUTE: 'gateway.role',
    ALLOWED_EMAIL_DOMAINS: 'example.com',
    PROXY_BASE_URL: BASE,
  },
  configFile: configFile(`model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/v1' }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
  enable_jwt_auth: true
  litellm_jwtauth:
    user_id_jwt_field: sub
    team_ids_jwt_field: groups
    org_id_jwt_field: org
    end_user_id_jwt_field: customer
    user_id_upsert: true
`),
})

const token = (claims: Record<string, unknown>) => issuer.token(claims, Date.now())
const ask = (path: string, bearer: string, init: RequestInit & { isolate?: number } = {}) =>
  fetch(`${gateway().url(init.isolate)}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...init.headers },
  })
const chat = (bearer: string, headers: Record<string, string> = {}, isolate = 0) =>
  ask('/v1/chat/completions', bearer, {
    method: 'POST',
    body: JSON.stringify({ model: 'small', max_tokens: 300, messages: [{ role: 'user', content: 'hi' }] }),
    headers,
    isolate,
  })
const named = (name: string) => `${name}-${crypto.randomUUID()}`

describe('a token in the place of a key', () => {
  it('makes its person, spends the budgets of person and team, and is recorded under them and its customer', async () => {
    const [user, team] = [named('u'), named('t')]
    await gateway().admin('POST', '/team/new', { team_id: team, max_budget: 1, models: ['small'] })
    const bearer = await token({ sub: user, groups: ['unknown', team], customer: 'c-1', email: `${user}@example.com` })
    const answers = await Promise.all([0, 1, 0, 1].map((isolate) => chat(bearer, {}, isolate)))
    for (const answer of answers) expect([answer.status, await answer.clone().text()]).toEqual([200, expect.anything()])
    const rows = await eventually(
      async () =>
        (await gateway().db.query('select * from spend_log where team_id = $1', [team])).rows as Record<
          string,
          unknown
        >[],
      (found) => found.length === 4,
      20_000,
    )
    expect(rows[0]).toMatchObject({ user, team_id: team, ledger: `team:${team}`, end_user: 'c-1' })
    expect(rows[0]?.scopes).toEqual(
      expect.arrayContaining([`user:${user}@life`, `member:${team}:${user}@life`, 'customer:c-1@life']),
    )
    const info = await gateway().admin<{ user_info: { spend: number } }>('GET', `/user/info?user_id=${user}`)
    expect(info.user_info.spend).toBeGreaterThan(0)
    const log = await gateway().admin<{ audit_logs: Record<string, unknown>[] }>('GET', `/audit?object_id=${user}`)
    expect(log.audit_logs[0]).toMatchObject({ action: 'created', changed_by: user, route: 'POST /v1/chat/completions' })
  })

  it('cannot overspend its team, however many ask at once on two isolates', async () => {
    const team = named('poor')
    // One answer is held at what 300 tokens and the input may cost: two fit, a third does not.
    await gateway().admin('POST', '/team/new', { team_id: team, max_budget: 0.0004 })
    const bearers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => token({ sub: named(name), groups: [team] })))
    const answers = await Promise.all(bearers.flatMap((bearer, n) => [0, 1, 2].map(() => chat(bearer, {}, n % 2))))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.every((status) => status === 200 || status === 429)).toBe(true)
    expect(statuses).toContain(200)
    const spent = async () =>
      Number(
        (await gateway().db.query('select sum(cost_nano) as sum from spend_log where team_id = $1', [team])).rows[0]
          .sum,
      )
    const good = statuses.filter((status) => status === 200).length
    await eventually(
      async () =>
        Number((await gateway().db.query('select count(*) from spend_log where team_id = $1', [team])).rows[0].count),
      (count) => count >= good,
      20_000,
    )
    expect(await spent()).toBeLessThanOrEqual(400_000)
  })

  it('acts for no team, organization or person but its own', async () => {
    const [mine, foreign, org] = [named('mine'), named('foreign'), named('org')]
    const { organization_id } = await gateway().admin<{ organization_id: string }>('POST', '/organization/new', {
      organization_alias: org,
    })
    await gateway().admin('POST', '/team/new', { team_id: mine })
    await gateway().admin('POST', '/team/new', { team_id: foreign })
    const sub = named('u')
    const bearer = await token({ sub, groups: [mine] })
    expect((await chat(bearer, { 'x-litellm-team-id': foreign })).status).toBe(403)
    expect((await chat(bearer, { 'x-litellm-team-id': mine })).status).toBe(200)
    // A team of nobody's is not the organization's that the token is of.
    expect((await chat(await token({ sub, groups: [mine], org: organization_id }))).status).toBe(403)
    expect((await ask(`/team/info?team_id=${foreign}`, bearer)).status).toBe(403)
    await gateway().key({ team_id: foreign })
    expect(await (await ask('/key/list', bearer)).json()).toMatchObject({ keys: [] })
    expect((await ask('/key/generate', bearer, { method: 'POST', body: '{}' })).status).toBe(403)
    expect((await chat(await token({ aud: 'somebody-else', sub }))).status).toBe(401)
  })

  it('ends within five seconds where its person is blocked', async () => {
    const sub = named('blocked')
    const bearer = await token({ sub })
    for (const isolate of [0, 1]) expect((await chat(bearer, {}, isolate)).status).toBe(200)
    await gateway().admin('POST', '/user/update', { user_id: sub, blocked: true })
    expect((await chat(bearer)).status).toBe(401)
    await eventually(
      async () => (await chat(bearer, {}, 1)).status,
      (status) => status === 401,
      6_000,
    )
  })

  it('runs the gateway with the scope of an admin, and calls no models with it', async () => {
    const bearer = await token({ sub: named('admin'), scope: 'litellm_proxy_admin' })
    expect((await ask('/user/list', bearer)).status).toBe(200)
    expect((await chat(bearer)).status).toBe(403)
  })
})

describe('a person who signs in', () => {
  /** As a browser does it, with a jar of its own; `gateway.example` is the gateway. */
  function browser() {
    const jar = new Map<string, string>()
    async function go(path: string, init: RequestInit = {}) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = { ...(cookie === '' ? {} : { cookie }), ...init.headers }
      const answer = await fetch(`${gateway().url()}${path}`, { ...init, headers, redirect: 'manual' })
      for (const set of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
        expect(set).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=\d+$/)
        if (set.endsWith('Max-Age=0')) jar.delete(name)
        else jar.set(name, value)
      }
      return answer
    }
    async function callback(start = '/sign-in') {
      const begun = await go(start)
      expect(begun.status).toBe(303)
      const sent = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' })
      expect([sent.status, await sent.text()]).toEqual([302, ''])
      const back = sent.headers.get('location') ?? ''
      expect(back.startsWith(`${BASE}/sso/callback?`)).toBe(true)
      return back.slice(BASE.length)
    }
    return { go, callback, jar }
  }
  const person = (name: string, more: Record<string, unknown> = {}) => ({
    sub: name,
    email: `${name}@example.com`,
    email_verified: true,
    name: 'Somebody',
    ...more,
  })

  it('gets a session, makes a key from the own page alone, and calls models with the key only', async () => {
    const name = named('ada')
    issuer.signs(person(name, { gateway: { role: 'internal_user' } }))
    const { go, callback } = browser()
    const finished = await go(await callback('/sso/key/generate?return_to=/ui/keys'))
    expect([finished.status, finished.headers.get('location')]).toEqual([303, '/ui/keys'])
    expect(await (await go('/me')).json()).toMatchObject({
      user_id: name,
      user_email: `${name}@example.com`,
      user_role: 'internal_user',
      signed_in: true,
    })
    const make = (headers: Record<string, string>) =>
      go('/key/generate', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...headers } })
    expect((await make({})).status).toBe(403)
    expect((await make({ origin: 'https://evil.example' })).status).toBe(403)
    const made = await make({ origin: BASE })
    expect(made.status).toBe(200)
    const { key, user_id } = (await made.json()) as { key: string; user_id: string }
    expect(user_id).toBe(name)
    expect((await chat(key)).status).toBe(200)
    const body = JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'hi' }] })
    const called = await go('/v1/chat/completions', { method: 'POST', body, headers: { origin: BASE } })
    expect([called.status, await called.text()]).toEqual([403, expect.stringContaining('calls no models')])
    const admins = await go('/team/new', {
      method: 'POST',
      body: '{}',
      headers: { origin: BASE, 'content-type': 'application/json' },
    })
    expect([401, 403]).toContain(admins.status)
    expect((await go('/sign-out', { method: 'POST', headers: { origin: BASE } })).status).toBe(303)
    expect((await go('/me')).status).toBe(401)
  })

  it('has the role that the claims say now, and is out when blocked', async () => {
    const name = named('grace')
    issuer.signs(person(name, { gateway: { role: 'proxy_admin' } }))
    const { go, callback } = browser()
    await go(await callback())
    expect((await go('/user/list')).status).toBe(200)
    issuer.signs(person(name, { gateway: { role: 'internal_user_viewer' } }))
    await go(await callback())
    expect((await go('/user/list')).status).not.toBe(200)
    await gateway().admin('POST', '/user/update', { user_id: name, blocked: true })
    expect((await go('/me')).status).toBe(401)
  })

  it('is the user whom an admin invited by the address, where the provider vouches for it', async () => {
    const email = `${named('Invited')}@example.com`
    const { user_id } = await gateway().admin<{ user_id: string }>('POST', '/user/new', { user_email: email })
    for (const email_verified of [true, undefined]) {
      issuer.signs(person(named('sub'), { email: email.toLowerCase(), email_verified }))
      const { go, callback } = browser()
      await go(await callback())
      const me = (await (await go('/me')).json()) as { user_id: string }
      expect(me.user_id === user_id).toBe(email_verified === true)
    }
  })

  it.each<[string, (callback: string) => string]>([
    ['another state', (back) => back.replace(/state=[^&]+/, 'state=guessed')],
    ['no state', (back) => back.replace(/state=[^&]+&?/, '')],
    ['an invented code', (back) => back.replace(/code=[^&]+/, 'code=guessed')],
    ['another issuer', (back) => back.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.test')],
    ['a refusal of the provider', (back) => `${back}&error=access_denied`],
  ])('does not come in with %s', async (_, spoiled) => {
    issuer.signs(person(named('eve')))
    const { go, callback, jar } = browser()
    const answer = await go(spoiled(await callback()))
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('/sign-in')])
    expect([...jar.keys()]).not.toContain('__Host-tollgate-session')
  })

  it.each<[string, Record<string, unknown>]>([
    ['another nonce', { nonce: 'of another sign-in' }],
    ['no nonce', { nonce: undefined }],
    ['another audience', { aud: 'another client' }],
    ['another authorized party', { aud: [CLIENT.id, 'x'], azp: 'another client' }],
    ['another issuer', { iss: 'https://evil.test' }],
    ['an end that is past', { exp: 1_000_000 }],
    ['an address of another domain', { email: 'eve@evil.example' }],
    ['an address that is not verified', { email_verified: false }],
  ])('does not come in with a token that has %s', async (_, claims) => {
    issuer.signs(person(named('eve')))
    issuer.spoils((good) => ({ ...good, ...claims }))
    const { go, callback, jar } = browser()
    expect((await go(await callback())).status).toBe(401)
    expect(jar.has('__Host-tollgate-session')).toBe(false)
    issuer.spoils((good) => good)
  })

  it('comes in once by a callback, and not in another browser', async () => {
    issuer.signs(person(named('ada')))
    const first = browser()
    const back = await first.callback()
    expect((await browser().go(back)).status).toBe(401)
    expect((await first.go(back)).status).toBe(303)
    expect((await first.go(back)).status).toBe(401)
    expect((await fetch(`${gateway().url()}/sign-in?return_to=//evil.example`, { redirect: 'manual' })).status).toBe(
      400,
    )
  })

  it('cannot write a cookie, or use one for another', async () => {
    issuer.signs(person(named('ada')))
    const { go, callback, jar } = browser()
    await go('/sign-in')
    const started = jar.get('__Host-tollgate-sign-in') ?? ''
    await go(await callback())
    const session = jar.get('__Host-tollgate-session') ?? ''
    const me = (value: string) =>
      fetch(`${gateway().url()}/me`, { headers: { cookie: `__Host-tollgate-session=${value}` } })
    expect((await me(session)).status).toBe(200)
    expect((await me(started)).status).toBe(401)
    expect((await me(`${session.slice(0, -6)}AAAAA=`)).status).toBe(401)
    expect((await me('x.y.z')).status).toBe(401)
    expect(Buffer.from(session.split('.')[2] ?? '', 'base64').toString('latin1')).not.toContain('ada')
  })
})
