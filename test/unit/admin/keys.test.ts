import { describe, expect, it } from 'vitest'
import { chat, world } from '../routes/world.ts'

const refusal = ({ status, json }: { status: number; json: { error: { message: string; param: string | null } } }) => [
  status,
  json.error.param,
  json.error.message,
]

describe('POST /key/generate', () => {
  it('answers the key once, and stores its hash', async () => {
    const w = world()
    const { status, json } = await w.post('/key/generate', { key_alias: 'ci', duration: '30d', metadata: { a: 1 } })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      key: expect.stringMatching(/^sk-[\w-]{22}$/),
      key_alias: 'ci',
      key_name: `sk-...${json.key.slice(-4)}`,
      token: expect.stringMatching(/^[0-9a-f]{64}$/),
      expires: '2026-12-22T12:00:00.000Z',
      created_by: 'default_user_id',
      spend: 0,
      max_budget: null,
      models: [],
      blocked: false,
    })
    expect(JSON.stringify(await w.store.findKey({ token: json.token }))).not.toContain(json.key)
    expect((await w.get('/v1/models', json.key)).status).toBe(200)
  })

  it('takes a key of your own', async () => {
    const w = world()
    expect((await w.post('/key/generate', { key: 'sk-mine-is-this' })).json.key).toBe('sk-mine-is-this')
    expect((await w.get('/v1/models', 'sk-mine-is-this')).status).toBe(200)
    expect(refusal(await w.post('/key/generate', { key: 'mine' }))).toEqual([
      400,
      'key',
      expect.stringContaining('sk-'),
    ])
    expect(refusal(await w.post('/key/generate', { key: 'sk-mine-is-this' }))).toEqual([
      400,
      'key',
      expect.stringContaining('exists'),
    ])
  })

  it('a key that was unknown a moment ago is known at once', async () => {
    const w = world()
    expect((await w.get('/v1/models', 'sk-soon-there')).status).toBe(401)
    await w.key({ key: 'sk-soon-there' })
    expect((await w.get('/v1/models', 'sk-soon-there')).status).toBe(200)
  })

  it('a budget of whole nano-dollars has its window and its reset', async () => {
    const w = world()
    const { json } = await w.post('/key/generate', { max_budget: 0.1, budget_duration: '1d' })
    expect(json).toMatchObject({ max_budget: 0.1, budget_duration: '1d', budget_reset_at: '2026-11-23T00:00:00.000Z' })
    const record = await w.store.findKey({ token: json.token })
    expect(record?.budgets).toMatchObject([{ scope: `key:${record?.id}@1d`, limitNano: 100_000_000n }])
  })

  it.each([
    [{ max_budget: -1 }, 'max_budget'],
    [{ max_budget: '5' }, 'max_budget'],
    [{ budget_duration: '30d' }, 'budget_duration'],
    [{ max_budget: 1, budget_duration: 'soon' }, 'budget_duration'],
    [{ max_budget: 1, budget_duration: '0d' }, 'budget_duration'],
    [{ duration: 'soon' }, 'duration'],
    [{ rpm_limit: 1.5 }, 'rpm_limit'],
    [{ models: 'small' }, 'models'],
    [{ metadata: [] }, 'metadata'],
    [{ team_id: 'nobody' }, 'team_id'],
    [{ key_alias: 'a\0b' }, 'key_alias'],
    [{ keys: ['sk-1'] }, 'keys'],
  ])('%o is refused by name', async (body, param) => {
    const { status, json } = await world().post('/key/generate', body)
    expect([status, json.error.param, json.error.type]).toEqual([400, param, expect.any(String)])
  })

  it('an unknown field is named with the nearest known one', async () => {
    expect(refusal(await world().post('/key/generate', { max_bugdet: 1 }))).toEqual([
      400,
      'max_bugdet',
      '"max_bugdet" is not a field. Did you mean "max_budget"?',
    ])
  })

  it('a known field that is never active is refused, unless it asks for nothing', async () => {
    const w = world()
    expect(refusal(await w.post('/key/generate', { auto_rotate: true })).slice(0, 2)).toEqual([501, 'auto_rotate'])
    expect(refusal(await w.post('/key/generate', { metadata: { guardrails: ['a'] } })).slice(0, 2)).toEqual([
      501,
      'metadata.guardrails',
    ])
    expect((await w.post('/key/generate', { aliases: {}, soft_budget: null, spend: 0, models: null })).status).toBe(200)
  })

  it('a key of a team belongs to its organization', async () => {
    const w = world()
    await w.post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
    await w.post('/organization/new', { organization_id: 'p', organization_alias: 'P' })
    await w.post('/team/new', { team_id: 't', organization_id: 'o' })
    expect((await w.post('/key/generate', { team_id: 't', organization_id: 'o' })).status).toBe(200)
    expect(refusal(await w.post('/key/generate', { team_id: 't', organization_id: 'p' })).slice(0, 2)).toEqual([
      400,
      'organization_id',
    ])
  })
})

describe('GET /key/info', () => {
  it('a key may ask about itself, the admin about any', async () => {
    const w = world()
    const [mine, other] = [await w.key({ key_alias: 'mine' }), await w.key()]
    expect((await w.get('/key/info', mine)).json.info).toMatchObject({ key_alias: 'mine' })
    expect((await w.get(`/key/info?key=${mine}`, mine)).json).toMatchObject({ key: mine })
    expect((await w.get(`/key/info?key=${other}`, mine)).status).toBe(403)
    const { json } = await w.get(`/key/info?key=${mine}`)
    expect(json.info.key_alias).toBe('mine')
    expect(json.info.token).toBeUndefined()
    expect(refusal(await w.get('/key/info?key=sk-nobody-has-this')).slice(0, 2)).toEqual([404, 'key'])
    expect((await w.get('/key/info')).status).toBe(400)
  })

  it('shows the spend of the window that is open now', async () => {
    const w = world()
    const { json } = await w.post('/key/generate', { max_budget: 1, budget_duration: '1d' })
    const record = await w.store.findKey({ token: json.token })
    w.spent({ scope: `key:${record?.id}@1d`, startMs: Date.UTC(2026, 10, 22), spentNano: 250_000_000n })
    expect((await w.get(`/key/info?key=${json.token}`)).json.info).toMatchObject({ spend: 0.25 })
    w.pass(12 * 3_600_000)
    expect((await w.get(`/key/info?key=${json.token}`)).json.info).toMatchObject({
      spend: 0,
      budget_reset_at: '2026-11-24T00:00:00.000Z',
    })
  })
})

describe('POST /key/update', () => {
  it('changes what it names; null takes a limit away', async () => {
    const w = world()
    const key = await w.key({ rpm_limit: 5, tpm_limit: 6, max_budget: 1, key_alias: 'a' })
    const { json } = await w.post('/key/update', { key, rpm_limit: null, max_budget: 2 })
    expect(json).toMatchObject({
      key,
      key_alias: 'a',
      rpm_limit: null,
      tpm_limit: 6,
      max_budget: 2,
      budget_duration: null,
    })
    expect((await w.post('/key/update', { key, budget_duration: '1d' })).json).toMatchObject({
      max_budget: 2,
      budget_duration: '1d',
    })
    expect((await w.post('/key/update', { key, max_budget: null })).json).toMatchObject({
      max_budget: null,
      budget_duration: null,
    })
    expect((await w.post('/key/update', { key, models: null })).status).toBe(400)
    expect((await w.post('/key/update', { key: 'sk-nobody-has-this' })).status).toBe(404)
  })

  it('keeps the window when only the amount changes', async () => {
    const w = world()
    const { json } = await w.post('/key/generate', { max_budget: 1, budget_duration: '3d' })
    const before = (await w.store.findKey({ token: json.token }))?.budgets[0]
    w.pass(86_400_000)
    await w.post('/key/update', { key: json.token, max_budget: 9 })
    expect((await w.store.findKey({ token: json.token }))?.budgets[0]).toEqual({ ...before, limitNano: 9_000_000_000n })
  })

  it('takes effect on the next request here', async () => {
    const w = world()
    const key = await w.key({ models: ['team/large'] })
    expect((await w.post('/v1/chat/completions', chat, key)).status).toBe(401)
    await w.post('/key/update', { key, models: [] })
    expect((await w.post('/v1/chat/completions', chat, key)).status).toBe(200)
    await w.post('/key/update', { key, duration: '1s' })
    w.pass(1_000)
    expect((await w.get('/v1/models', key)).status).toBe(400)
    await w.post('/key/update', { key, duration: '-1' })
    expect((await w.get('/v1/models', key)).status).toBe(200)
  })
})

it('POST /key/block and /key/unblock stop a key and let it go on', async () => {
  const w = world()
  const key = await w.key()
  expect((await w.get('/v1/models', key)).status).toBe(200)
  expect((await w.post('/key/block', { key })).json).toMatchObject({ key, blocked: true })
  const { status, json } = await w.get('/v1/models', key)
  expect([status, json.error.type, json.error.message]).toEqual([
    401,
    'auth_error',
    expect.stringContaining('/key/unblock'),
  ])
  await w.post('/key/unblock', { key })
  expect((await w.get('/v1/models', key)).status).toBe(200)
})

it('POST /key/delete takes keys, hashes and aliases', async () => {
  const w = world()
  const [a, b, c] = [await w.key(), await w.key(), await w.key({ key_alias: 'c' })]
  const hash = (await w.get('/key/list?key_alias=c')).json.keys[0]
  expect((await w.get('/v1/models', a)).status).toBe(200)
  expect((await w.post('/key/delete', { keys: [a, 'sk-nobody-has-this'] })).json).toEqual({ deleted_keys: [a] })
  expect((await w.get('/v1/models', a)).status).toBe(401)
  expect((await w.post('/key/delete', { key_aliases: ['c'] })).json).toEqual({ deleted_keys: ['c'] })
  expect((await w.post('/key/delete', { keys: [hash] })).status).toBe(404)
  expect((await w.post('/key/delete', {})).status).toBe(400)
  expect([(await w.get('/v1/models', b)).status, (await w.get('/v1/models', c)).status]).toEqual([200, 401])
})

it('GET /key/list has LiteLLM pages', async () => {
  const w = world()
  for (const alias of ['a', 'b', 'c']) await w.key({ key_alias: alias })
  const { json } = await w.get('/key/list?size=2&sort_by=key_alias&sort_order=asc&return_full_object=true')
  expect(json).toMatchObject({
    total_count: 3,
    current_page: 1,
    total_pages: 2,
    keys: [{ key_alias: 'a' }, { key_alias: 'b' }],
  })
  expect((await w.get('/key/list?page=2&size=2')).json.keys).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect((await w.get('/key/list?size=101')).status).toBe(400)
  expect((await w.get('/key/list?sizes=1')).status).toBe(400)
  expect((await w.get('/key/list?size=1&size=2')).status).toBe(400)
})

it('GET /v1/models lists what the caller may use and somebody can serve', async () => {
  const w = world()
  const ids = async (key?: string) => (await w.get('/v1/models', key)).json.data.map(({ id }: { id: string }) => id)
  expect(await ids()).toEqual(['small', 'team/large', 'tiny'])
  expect(await ids(await w.key({ models: ['small', 'keyless', 'nothing'] }))).toEqual(['small', 'tiny'])
  const key = await w.key({ models: ['small'] })
  expect((await w.get('/v1/models/team/large', key)).status).toBe(404)
})
