import { describe, expect, it } from 'vitest'
import { chat, world } from '../routes/world.ts'

type World = ReturnType<typeof world>
const DAY_MS = 86_400_000

const principalOf = async (w: World, key: string) => {
  const info = await w.get(`/key/info?key=${key}`)
  const read = await w.store.principalOf((await w.get('/key/list')).json.keys[0], w.now())
  if (info.status !== 200 || !read) throw new Error('no such key')
  return read.value
}

describe('several budgets', () => {
  it('hold at once, each in a window of its own, and are shown', async () => {
    const w = world()
    const key = await w.key({
      max_budget: 100,
      budget_duration: '30d',
      soft_budget: 80,
      budget_limits: [
        { budget_duration: '1d', max_budget: 10 },
        { budget_duration: '7d', max_budget: 40 },
      ],
      model_max_budget: { small: { budget_limit: 3, time_period: '1d' } },
    })
    const principal = await principalOf(w, key)
    const entity = `key:${principal.keyId}`
    expect(principal.scopes.filter(({ limited }) => limited).map(({ name, model }) => [name, model])).toEqual([
      [`${entity}:model=small@1d`, 'small'],
      [`${entity}@1d`, undefined],
      [`${entity}@30d`, undefined],
      [`${entity}@7d`, undefined],
    ])
    w.spent({ scope: `${entity}@1d`, startMs: Date.UTC(2026, 10, 22), spentNano: 2_500_000_000n })
    const { info } = (await w.get(`/key/info?key=${key}`)).json
    expect(info).toMatchObject({
      max_budget: 100,
      soft_budget: 80,
      budget_duration: '30d',
      budget_reset_at: '2026-12-01T00:00:00.000Z',
      budget_limits: [
        { budget_duration: '1d', max_budget: 10, spend: 2.5, reset_at: '2026-11-23T00:00:00.000Z' },
        { budget_duration: '7d', max_budget: 40, spend: 0, reset_at: '2026-11-23T00:00:00.000Z' },
      ],
      model_max_budget: { small: { budget_limit: 3, time_period: '1d', spend: 0 } },
    })
  })

  it('change by kind: what is not named stays, null takes away', async () => {
    const w = world()
    const key = await w.key({
      max_budget: 5,
      budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
      model_max_budget: { small: { max_budget: 3 } },
    })
    const change = async (fields: object) => {
      const { json } = await w.post('/key/update', { key, ...fields })
      return [json.max_budget, json.budget_limits.length, Object.keys(json.model_max_budget)]
    }
    expect(await change({ budget_limits: null })).toEqual([5, 0, ['small']])
    expect(await change({ max_budget: 6 })).toEqual([6, 0, ['small']])
    expect(await change({ model_max_budget: {} })).toEqual([6, 0, []])
    expect(await change({ max_budget: null })).toEqual([null, 0, []])
  })

  it.each([
    [
      {
        budget_limits: [
          { budget_duration: '1d', max_budget: 1 },
          { budget_duration: '1d', max_budget: 2 },
        ],
      },
      'budget_limits',
    ],
    [
      { max_budget: 1, budget_duration: '1d', budget_limits: [{ budget_duration: '1d', max_budget: 2 }] },
      'budget_limits',
    ],
    [{ budget_limits: [{ budget_duration: 'often', max_budget: 1 }] }, 'budget_limits.budget_duration'],
    [{ model_max_budget: { small: {} } }, 'model_max_budget'],
    [{ model_max_budget: { small: { budget_limit: -1 } } }, 'model_max_budget.small.budget_limit'],
    [{ max_budget: 1, soft_budget: 1 }, 'soft_budget'],
    [{ temp_budget_increase: 1 }, 'temp_budget_increase'],
    [{ budget_id: 'nobody' }, 'budget_id'],
    [{ budget_id: 'b', max_budget: 1 }, 'budget_id'],
  ])('%j is refused', async (fields, param) => {
    const { status, json } = await world().post('/key/generate', fields)
    expect([status, json.error.param]).toEqual([400, param])
  })

  it('a temporary increase lasts until it ends; both or neither', async () => {
    const w = world()
    const key = await w.key({ max_budget: 5 })
    const expiry = new Date(w.now() + DAY_MS).toISOString()
    const update = (fields: object) => w.post('/key/update', { key, ...fields })
    expect((await update({ temp_budget_increase: 2 })).json.error.param).toBe('temp_budget_expiry')
    const { json } = await update({ temp_budget_increase: 2, temp_budget_expiry: expiry })
    expect(json).toMatchObject({ max_budget: 5, temp_budget_increase: 2, temp_budget_expiry: expiry })
    expect((await principalOf(w, key)).maxBudgetNano).toBe(7_000_000_000n)
    w.pass(DAY_MS)
    expect((await principalOf(w, key)).maxBudgetNano).toBe(5_000_000_000n)
    expect((await w.get(`/key/info?key=${key}`)).json.info.temp_budget_increase).toBeNull()
  })
})

describe('budgets by name', () => {
  it('limit everyone who has them, and change with them', async () => {
    const w = world()
    const made = await w.post('/budget/new', { budget_id: 'b', max_budget: 5, budget_duration: '1d', rpm_limit: 9 })
    expect(made.json).toMatchObject({ budget_id: 'b', max_budget: 5, rpm_limit: 9 })
    await w.post('/customer/new', { user_id: 'c', budget_id: 'b' })
    const key = await w.key({ budget_id: 'b' })
    expect((await principalOf(w, key)).limits).toEqual([{ entity: expect.stringContaining('key:'), rpm: 9 }])
    await w.post('/budget/update', { budget_id: 'b', max_budget: 7, rpm_limit: null })
    const { json } = await w.get('/customer/info?end_user_id=c')
    expect(json).toMatchObject({ max_budget: 7, budget_duration: '1d', rpm_limit: null, budget_id: 'b' })
    expect(json.litellm_budget_table).toMatchObject({ budget_id: 'b', max_budget: 7 })
    expect((await principalOf(w, key)).limits).toEqual([])
    expect((await w.post('/budget/info', { budgets: ['b', 'nobody'] })).json).toHaveLength(1)
    expect((await w.post('/budget/new', { budget_id: 'b' })).status).toBe(400)
    expect((await w.post('/budget/update', { budget_id: 'x' })).status).toBe(404)
  })

  it('give way to a budget of its own', async () => {
    const w = world()
    await w.post('/budget/new', { budget_id: 'b', max_budget: 5 })
    const key = await w.key({ budget_id: 'b', budget_limits: [{ budget_duration: '1d', max_budget: 1 }] })
    expect((await w.post('/key/update', { key, max_budget: 3 })).json).toMatchObject({ max_budget: 3, budget_id: null })
    await w.post('/budget/update', { budget_id: 'b', max_budget: 9 })
    const { info } = (await w.get(`/key/info?key=${key}`)).json
    expect([info.max_budget, info.budget_limits.length]).toEqual([3, 1])
    expect((await w.post('/key/update', { key, budget_id: 'b' })).json).toMatchObject({ max_budget: 9, budget_id: 'b' })
    const untied = (await w.post('/key/update', { key, budget_id: null })).json
    expect([untied.max_budget, untied.budget_limits.length]).toEqual([null, 1])
  })
})

it('requests at the same time are limited where their entity is', async () => {
  const w = world()
  await w.post('/customer/new', { user_id: 'c', max_parallel_requests: 2 })
  await w.post('/budget/new', { budget_id: 'b', max_parallel_requests: 1 })
  const key = await w.key({ budget_id: 'b' })
  expect((await principalOf(w, key)).limits).toMatchObject([{ maxParallel: 1 }])
  expect((await w.get('/customer/info?end_user_id=c')).json.max_parallel_requests).toBe(2)
})

describe('users', () => {
  it('are made with a key, changed and shown', async () => {
    const w = world()
    const { json } = await w.post('/user/new', { user_id: 'u', user_email: 'u@example.com', max_budget: 5 })
    expect(json).toMatchObject({ user_id: 'u', max_budget: 5, key: expect.stringMatching(/^sk-/) })
    expect((await principalOf(w, json.key)).scopes.map(({ name }) => name)).toContain('user:u@life')
    const changed = await w.post('/user/update', { user_id: 'u', rpm_limit: 1 })
    expect(changed.json).toMatchObject({ user_id: 'u', data: { max_budget: 5, rpm_limit: 1 } })
    const info = await w.get('/user/info', json.key)
    expect(info.json).toMatchObject({
      user_id: 'u',
      user_info: { user_email: 'u@example.com' },
      keys: [{ user_id: 'u' }],
    })
    expect((await w.get('/user/info?user_id=v', json.key)).status).toBe(403)
    expect((await w.post('/user/new', { user_id: 'u' })).status).toBe(409)
    expect((await w.post('/user/update', { user_id: 'v' })).status).toBe(404)
    expect((await w.post('/user/new', { auto_create_key: false })).json.key).toBeNull()
  })

  it('a blocked user stops its keys at once where it was blocked', async () => {
    const w = world()
    const { key } = (await w.post('/user/new', { user_id: 'u' })).json
    expect((await w.get('/v1/models', key)).status).toBe(200)
    await w.post('/user/update', { user_id: 'u', blocked: true })
    expect((await w.get('/v1/models', key)).status).toBe(401)
  })

  it("bind their own keys by their models, and a team's keys by the team's", async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't' })
    const { key } = (await w.post('/user/new', { user_id: 'u', models: ['small'] })).json
    const ask = async (asking: string) =>
      (await w.post('/v1/chat/completions', { ...chat, model: 'team/large' }, asking)).status
    expect(await ask(key)).toBe(401)
    expect(await ask(await w.key({ user_id: 'u', team_id: 't' }))).toBe(200)
  })
})

describe('members', () => {
  it('have what their team gives, or what they are given', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't', team_member_budget: 5, team_member_budget_duration: '1d' })
    const added = await w.post('/team/member_add', {
      team_id: 't',
      member: [{ user_id: 'u' }, { user_id: 'v', role: 'admin' }],
    })
    expect(added.json).toMatchObject({
      members_with_roles: [
        { user_id: 'u', role: 'user' },
        { user_id: 'v', role: 'admin' },
      ],
      updated_users: [{ user_id: 'u' }, { user_id: 'v' }],
      updated_team_memberships: [{ litellm_budget_table: { max_budget: 5, budget_duration: '1d' } }, {}],
    })
    const key = await w.key({ team_id: 't', user_id: 'u' })
    expect((await principalOf(w, key)).scopes).toContainEqual(
      expect.objectContaining({ name: 'member:t:u@1d', limited: true }),
    )
    const own = await w.post('/team/member_update', { team_id: 't', user_id: 'v', max_budget_in_team: 2, rpm_limit: 4 })
    expect(own.json).toMatchObject({ user_id: 'v', max_budget_in_team: 2, rpm_limit: 4, role: 'admin' })
    await w.post('/team/update', { team_id: 't', team_member_budget: 6 })
    const { team_memberships } = (await w.get('/team/info?team_id=t')).json
    expect(
      team_memberships.map(
        (one: { litellm_budget_table: { max_budget: number } }) => one.litellm_budget_table.max_budget,
      ),
    ).toEqual([6, 2])
    const again = await w.post('/team/member_add', { team_id: 't', member: { user_id: 'u' } })
    expect([again.status, again.json.error.type]).toEqual([400, 'team_member_already_in_team'])
    expect((await w.post('/team/member_add', { team_id: 'x', member: { user_id: 'u' } })).status).toBe(404)
  })
})

describe('teams, organizations and tags', () => {
  it('all keys of a team have one root, since one ledger counts its requests', async () => {
    const w = world()
    await w.post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
    await w.post('/organization/new', { organization_id: 'p', organization_alias: 'P' })
    await w.post('/team/new', { team_id: 'inside', organization_id: 'o' })
    await w.post('/team/new', { team_id: 'free' })
    for (const [team_id, organization_id, status] of [
      ['inside', 'o', 200],
      ['inside', 'p', 400],
      ['free', 'o', 400],
    ] as const) {
      const made = await w.post('/key/generate', { team_id, organization_id })
      expect([team_id, organization_id, made.status]).toEqual([team_id, organization_id, status])
      if (status === 400) expect(made.json.error).toMatchObject({ param: 'organization_id' })
    }
    // Put into an organization at the very moment in which its team had none any more.
    const { json } = await w.post('/key/generate', { team_id: 'free' })
    const before = await w.store.principalOf(json.token, w.now())
    const author = { by: 'x', nowMs: w.now() }
    await w.store.update('key', [before?.value.keyId ?? ''], { organizationId: 'o' }, author)
    const after = await w.store.principalOf(json.token, w.now())
    expect(after?.value).toMatchObject({ ledger: 'team:free', organizationId: 'o' })
  })

  it('are updated', async () => {
    const w = world()
    await w.post('/organization/new', {
      organization_id: 'o',
      organization_alias: 'O',
      max_budget: 9,
      metadata: { a: 1 },
    })
    const patched = await w.said('/organization/update', {
      method: 'PATCH',
      headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json' },
      body: JSON.stringify({ organization_id: 'o', litellm_budget_table: { max_budget: 8 }, metadata: { b: 2 } }),
    })
    expect(patched.json).toMatchObject({ max_budget: 8, metadata: { a: 1, b: 2 } })
    await w.post('/team/new', { team_id: 't', organization_id: 'o', max_budget: 3 })
    expect((await w.post('/team/update', { team_id: 't', max_budget: 10 })).json.error.param).toBe('max_budget')
    const team = await w.post('/team/update', { team_id: 't', organization_id: '', max_budget: 10 })
    expect(team.json.data).toMatchObject({ max_budget: 10, organization_id: null })
    await w.post('/tag/new', { name: 'blue', description: 'B', max_budget: 1 })
    await w.post('/tag/update', { name: 'blue', max_budget: 2 })
    expect((await w.post('/tag/info', { names: ['blue', 'red'] })).json).toEqual({
      blue: expect.objectContaining({ name: 'blue', description: 'B', max_budget: 2 }),
    })
    expect((await w.post('/team/update', { team_id: 'x' })).status).toBe(404)
    expect((await w.post('/tag/update', { name: 'x' })).status).toBe(404)
    expect((await w.post('/customer/update', { user_id: 'x' })).json.error.type).toBe('not_found')
  })

  it('ask back what is on lease when a limit is lowered, a team is blocked or an owner moves', async () => {
    const w = world({ holders: () => ['org:o'] })
    await w.post('/team/new', { team_id: 't', max_budget: 10 })
    await w.post('/team/update', { team_id: 't', max_budget: 11 })
    expect(w.recalled).toEqual([])
    await w.post('/team/update', { team_id: 't', max_budget: 4 })
    expect(w.recalled).toEqual([{ ledgers: ['org:o'], scopes: ['team:t@life'] }])
    await w.post('/team/update', { team_id: 't', blocked: true })
    expect(w.recalled).toHaveLength(2)
    const key = await w.key({ max_budget: 1 })
    await w.post('/key/update', { key, team_id: 't' })
    expect(w.recalled).toHaveLength(3)
  })

  it('ask back what is on lease of everyone whose budget by name, or default in a team, was lowered', async () => {
    const w = world({ holders: () => ['org:o'] })
    await w.post('/budget/new', { budget_id: 'b', max_budget: 5, budget_duration: '1d' })
    await w.post('/customer/new', { user_id: 'c', budget_id: 'b' })
    await w.post('/budget/update', { budget_id: 'b', max_budget: 6 })
    expect(w.recalled).toEqual([])
    await w.post('/budget/update', { budget_id: 'b', max_budget: 2 })
    expect(w.recalled).toEqual([{ ledgers: ['org:o'], scopes: ['customer:c@1d'] }])
    await w.post('/team/new', { team_id: 't', team_member_budget: 3 })
    await w.post('/team/member_add', { team_id: 't', member: { user_id: 'u' } })
    await w.post('/team/update', { team_id: 't', team_member_budget: 1 })
    expect(w.recalled.slice(1)).toEqual([{ ledgers: ['org:o'], scopes: ['member:t:u@life'] }])
  })
})

describe('regenerating a key', () => {
  it('keeps what it is and ends the old text', async () => {
    const w = world()
    const key = await w.key({ key_alias: 'mine', max_budget: 5 })
    const { json } = await w.post('/key/regenerate', { key, rpm_limit: 3 })
    expect(json).toMatchObject({ key_alias: 'mine', max_budget: 5, rpm_limit: 3, key: expect.stringMatching(/^sk-/) })
    expect((await w.get('/v1/models', key)).status).toBe(401)
    expect((await w.get('/v1/models', json.key)).status).toBe(200)
    const named = await w.post(`/key/${json.token}/regenerate`, { new_key: 'sk-my-own-new-key', grace_period: '1h' })
    expect(named.json.key).toBe('sk-my-own-new-key')
    expect((await w.get('/v1/models', json.key)).status).toBe(200)
    w.pass(3_600_000)
    expect((await w.get('/v1/models', json.key)).status).toBeGreaterThanOrEqual(400)
    expect((await w.get('/v1/models', 'sk-my-own-new-key')).status).toBe(200)
    expect((await w.post('/key/regenerate', { key: 'sk-nobody-has-this' })).status).toBe(404)
  })

  it('resetting its spend sets the window that is open', async () => {
    const w = world()
    const key = await w.key({ max_budget: 5 })
    const hash = (await w.get('/key/list')).json.keys[0]
    const { keyId } = await principalOf(w, key)
    w.spent({ scope: `key:${keyId}@life`, startMs: 0, spentNano: 4_000_000_000n })
    expect((await w.post(`/key/${hash}/reset_spend`, { reset_to: 4.5 })).status).toBe(400)
    const { json } = await w.post(`/key/${hash}/reset_spend`, { reset_to: 1 })
    expect(json).toMatchObject({ key_hash: hash, spend: 1, previous_spend: 4, max_budget: 5 })
    expect((await w.get(`/key/info?key=${key}`)).json.info.spend).toBe(1)
  })
})

describe('guaranteed limits', () => {
  const guaranteed = (rpm_limit: number) => ({ rpm_limit, rpm_limit_type: 'guaranteed_throughput' })

  it('of keys must fit their team, all together', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't', rpm_limit: 10 })
    const key = await w.key({ team_id: 't', ...guaranteed(6) })
    await w.key({ team_id: 't', rpm_limit: 10 })
    const refused = await w.post('/key/generate', { team_id: 't', ...guaranteed(5) })
    expect([refused.status, refused.json.error.param]).toEqual([400, 'rpm_limit'])
    expect(refused.json.error.message).toContain('at most 4')
    expect((await w.post('/key/generate', { team_id: 't', ...guaranteed(4) })).json.rpm_limit_type).toBe(
      'guaranteed_throughput',
    )
    expect((await w.post('/key/update', { key, rpm_limit: 7 })).status).toBe(400)
    expect((await w.post('/key/update', { key, rpm_limit: 5 })).status).toBe(200)
  })

  it('that are dynamic are marked, so that they count only while a deployment fails', async () => {
    const w = world()
    const key = await w.key({ rpm_limit: 1, tpm_limit: 9, rpm_limit_type: 'dynamic' })
    expect((await principalOf(w, key)).limits).toEqual([
      { entity: expect.stringContaining('key:'), rpm: 1, tpm: 9, dynamic: ['rpm'] },
    ])
  })

  it('of teams must fit their organization', async () => {
    const w = world()
    await w.post('/organization/new', { organization_id: 'o', organization_alias: 'O', rpm_limit: 10 })
    await w.post('/team/new', { team_id: 't', organization_id: 'o', ...guaranteed(6) })
    expect((await w.post('/team/new', { organization_id: 'o', ...guaranteed(5) })).status).toBe(400)
    expect((await w.post('/team/update', { team_id: 't', rpm_limit: 10 })).status).toBe(200)
  })
})
