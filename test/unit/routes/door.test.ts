import { describe, expect, it } from 'vitest'
import { chat, MASTER, world } from './world.ts'

describe('every answer', () => {
  it('carries an id of ours, and shows the client its own apart', async () => {
    const { headers } = await world().get('/v1/models', MASTER, { 'x-request-id': 'mine-1' })
    expect(headers.get('x-litellm-call-id')).toMatch(/^[0-9a-f-]{14}7/)
    expect(headers.get('x-request-id')).toBe(headers.get('x-litellm-call-id'))
    expect(headers.get('x-client-request-id')).toBe('mine-1')
    expect(headers.get('x-litellm-version')).toBe('test')
  })

  it('does not repeat a client id that is not one', async () => {
    const { headers } = await world().get('/v1/models', MASTER, { 'x-litellm-call-id': '<script>' })
    expect(headers.get('x-client-request-id')).toBeNull()
  })

  it('names its request in the refusal too', async () => {
    const { status, headers, json } = await world().get('/v1/models', 'sk-nobody')
    expect(status).toBe(401)
    expect(json.error).toMatchObject({ type: 'token_not_found_in_db', code: '401', param: null })
    expect(json.error.request_id).toBe(headers.get('x-request-id'))
  })
})

describe('routing', () => {
  it('404 says what exists', async () => {
    const { status, json } = await world().get('/v1/modles')
    expect(status).toBe(404)
    expect(json.error).toMatchObject({ type: 'not_found_error', code: '404' })
    expect(json.error.message).toContain('/openapi.json')
  })

  it('405 says which methods there are', async () => {
    const { status, headers, json } = await world().get('/v1/chat/completions')
    expect([status, headers.get('allow')]).toEqual([405, 'POST'])
    expect(json.error.message).toContain('POST')
  })

  it.each([
    '/v1/chat/completions',
    '/chat/completions',
    '/engines/small/chat/completions',
    '/openai/deployments/small/chat/completions',
  ])('%s completes a chat', async (path) => {
    const w = world()
    const { status, json } = await w.post(path, path.includes('small') ? { ...chat, model: 'ignored' } : chat)
    expect([status, json.choices[0].message.content, json.model]).toEqual([200, 'hello', 'small'])
    expect(w.upstream).toEqual(['https://vendor.test/v1/chat/completions'])
  })

  it('a model may have a slash in its name', async () => {
    const { json } = await world().get('/v1/models/team/large')
    expect(json).toMatchObject({ id: 'team/large', object: 'model', owned_by: 'openai' })
  })
})

describe('who may call', () => {
  it('nobody without a key', async () => {
    const { status, json } = await world().said('/v1/models')
    expect([status, json.error.type]).toEqual([401, 'auth_error'])
    expect(json.error.message).toContain('Authorization: Bearer')
  })

  it('a key that is not one is not even looked up', async () => {
    const w = world({ databaseDown: () => true })
    expect((await w.get('/v1/models', 'nonsense')).status).toBe(401)
    expect((await w.get('/v1/models', `sk-${'x'.repeat(600)}`)).status).toBe(401)
  })

  it('a key may not administer', async () => {
    const w = world()
    const key = await w.key()
    const { status, json } = await w.post('/key/generate', {}, key)
    expect([status, json.error.type]).toEqual([401, 'auth_error'])
    expect(json.error.message).toContain('Only proxy admin')
    expect((await w.get('/user/list', key)).status).toBe(401)
    expect((await w.get('/key/list', key)).json).toMatchObject({ keys: [], total_count: 0 })
    expect((await w.get('/organization/info?organization_id=x', key)).status).toBe(403)
  })

  it('the configured header alone is looked at', async () => {
    const w = world({ keyHeaderName: 'x-mine' })
    expect((await w.get('/v1/models')).status).toBe(401)
    expect((await w.get('/v1/models', 'x', { 'x-mine': `Bearer ${MASTER}` })).status).toBe(200)
  })

  it('a guesser is barred, a known key behind the same address is not', async () => {
    const w = world()
    const known = await w.key()
    const cold = await w.key()
    const from = { 'cf-connecting-ip': '203.0.113.7' }
    expect((await w.get('/v1/models', known, from)).status).toBe(200)
    const statuses: number[] = []
    for (let i = 0; i < 102; i++) statuses.push((await w.get('/v1/models', `sk-guess-${i}`, from)).status)
    expect(statuses.slice(0, 100).every((status) => status === 401)).toBe(true)
    expect(statuses.slice(100)).toEqual([429, 429])
    expect((await w.get('/v1/models', known, from)).status).toBe(200)
    const refused = await w.get('/v1/models', cold, from)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    expect((await w.get('/v1/models', cold, { 'cf-connecting-ip': '203.0.113.8' })).status).toBe(200)
    w.pass(60_001)
    expect((await w.get('/v1/models', cold, from)).status).toBe(200)
  })

  it('an expired key is told when it ended', async () => {
    const w = world()
    const key = await w.key({ duration: '1h' })
    expect((await w.get('/v1/models', key)).status).toBe(200)
    w.pass(3_600_000)
    const { status, json } = await w.get('/v1/models', key)
    expect([status, json.error.type]).toEqual([400, 'expired_key'])
  })

  it('a blocked team stops its keys', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't', blocked: true })
    const { status, json } = await w.get('/v1/models', await w.key({ team_id: 't' }))
    expect([status, json.error.type]).toEqual([401, 'auth_error'])
  })
})

describe('the database is away', () => {
  it('a copy decides for five seconds, then the request is refused', async () => {
    let down = false
    const w = world({ databaseDown: () => down })
    const key = await w.key()
    expect((await w.get('/v1/models', key)).status).toBe(200)
    down = true
    w.pass(4_999)
    expect((await w.get('/v1/models', key)).status).toBe(200)
    w.pass(1)
    const { status, json, headers } = await w.get('/v1/models', key)
    expect([status, json.error.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '1'])
    expect(w.logged.join()).toContain('connection refused')
    expect(JSON.stringify(json)).not.toContain('refused"')
  })

  it('readiness says so', async () => {
    let down = false
    const w = world({ databaseDown: () => down })
    const well = await w.said('/health/readiness')
    expect([well.status, well.json.status, well.json.db]).toEqual([200, 'healthy', 'connected'])
    expect(well.json.dependencies.db).toMatchObject({ status: 'connected', age_ms: 0 })
    down = true
    w.pass(3_000)
    expect((await w.said('/health/readiness')).json.dependencies.db.age_ms).toBe(3_000)
    w.pass(3_000)
    const ill = await w.said('/health/readiness')
    expect([ill.status, ill.json.status, ill.json.db]).toEqual([503, 'unhealthy', 'Not connected'])
  })
})

describe('what is open to all', () => {
  it('liveness, the page and the description', async () => {
    const w = world()
    expect((await w.said('/health/liveliness')).json).toBe("I'm alive!")
    const page = await w.fetched('/')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await page.text()).toContain('http://gateway.test/v1')
    const { json } = await w.said('/openapi.json')
    expect(json.openapi).toBe('3.1.0')
    expect(
      json.paths['/key/generate'].post.requestBody.content['application/json'].schema.properties.max_budget,
    ).toBeDefined()
    expect(
      json.paths['/spend/logs/v2'].get.parameters.find((p: { name: string }) => p.name === 'start_date').required,
    ).toBe(true)
    expect(json.paths['/v1/models/{model}'].get.parameters[0]).toMatchObject({ name: 'model', in: 'path' })
  })

  it('a browser may ask', async () => {
    const w = world()
    const preflight = await w.fetched('/v1/chat/completions', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://page.test',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-lang',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-stainless-lang')
    const { headers } = await w.get('/v1/models', 'sk-nobody', { origin: 'https://page.test' })
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-expose-headers')).toContain('x-litellm-call-id')
  })
})

it('an unknown fault shows nothing of itself, and is logged whole under the request id', async () => {
  const w = world()
  w.deps.tenantStore.listKeys = () => Promise.reject(new Error('password=hunter2'))
  const { status, json } = await w.get('/key/list')
  expect([status, json.error.type]).toEqual([500, 'internal_server_error'])
  expect(JSON.stringify(json)).not.toContain('hunter2')
  expect(w.logged).toHaveLength(1)
  expect(JSON.parse(w.logged[0] ?? '')).toMatchObject({
    request_id: json.error.request_id,
    error: { message: 'password=hunter2' },
  })
})
