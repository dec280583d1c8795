import { describe, expect, it } from 'vitest'
import { world } from '../routes/world.ts'

describe('teams', () => {
  it('are made and shown with their keys', async () => {
    const w = world()
    const made = await w.post('/team/new', {
      team_alias: 'T',
      max_budget: 5,
      budget_duration: '7d',
      tpm_limit: 9,
      models: ['small'],
    })
    expect(made.json).toMatchObject({
      team_alias: 'T',
      max_budget: 5,
      budget_duration: '7d',
      tpm_limit: 9,
      members_with_roles: [],
    })
    const id = made.json.team_id
    const key = await w.key({ team_id: id, key_alias: 'k' })
    const { json } = await w.get(`/team/info?team_id=${id}`)
    expect(json).toMatchObject({
      team_id: id,
      team_info: { team_alias: 'T' },
      keys: [{ key_alias: 'k' }],
      team_memberships: [],
    })
    expect((await w.get(`/team/info?team_id=${id}`, key)).status).toBe(200)
    expect((await w.get(`/team/info?team_id=${id}`, await w.key())).status).toBe(403)
    expect((await w.get('/team/info?team_id=nobody')).json.error).toMatchObject({ type: 'auth_error', code: '404' })
  })

  it('a name that is taken is refused', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't' })
    expect((await w.post('/team/new', { team_id: 't' })).json.error).toMatchObject({ code: '400', param: 'team_id' })
    expect((await w.post('/team/new', { organization_id: 'nobody' })).json.error).toMatchObject({
      code: '400',
      param: 'organization_id',
    })
  })

  it.each([
    [{ max_budget: 11 }, 'max_budget'],
    [{ rpm_limit: 21 }, 'rpm_limit'],
    [{ tpm_limit: 31 }, 'tpm_limit'],
    [{ models: ['small', 'large'] }, 'models'],
  ])('%o is more than the organization has', async (body, param) => {
    const w = world()
    await w.post('/organization/new', {
      organization_id: 'o',
      organization_alias: 'O',
      max_budget: 10,
      rpm_limit: 20,
      tpm_limit: 30,
      models: ['small'],
    })
    expect(
      (await w.post('/team/new', { organization_id: 'o', max_budget: 10, rpm_limit: 20, models: ['small'] })).status,
    ).toBe(200)
    expect((await w.post('/team/new', { organization_id: 'o', ...body })).json.error).toMatchObject({
      code: '400',
      param,
    })
  })
})

it('organizations are made and shown with their teams', async () => {
  const w = world()
  const { json } = await w.post('/organization/new', { organization_alias: 'O', max_budget: 5 })
  expect(json).toMatchObject({ organization_alias: 'O', max_budget: 5, litellm_budget_table: { max_budget: 5 } })
  await w.post('/team/new', { team_id: 't', organization_id: json.organization_id })
  const info = await w.get(`/organization/info?organization_id=${json.organization_id}`)
  expect(info.json).toMatchObject({ organization_alias: 'O', teams: [{ team_id: 't' }], members: [] })
  expect((await w.post('/organization/new', {})).json.error.param).toBe('organization_alias')
  expect((await w.get('/organization/info?organization_id=x')).status).toBe(404)
})

describe('GET /spend/logs/v2', () => {
  const days = 'start_date=2026-11-01&end_date=2026-11-22'

  it('a key sees its own rows only', async () => {
    const w = world()
    const key = await w.key()
    const hash = (await w.get('/key/list')).json.keys[0]
    await w.get(`/spend/logs/v2?${days}&page_size=7`, key)
    expect(w.asked[0]).toMatchObject({ api_key: hash, page_size: 7 })
    expect((await w.get(`/spend/logs/v2?${days}&api_key=${'0'.repeat(64)}`, key)).status).toBe(403)
    await w.get(`/spend/logs/v2?${days}`)
    expect(w.asked[1]).not.toHaveProperty('api_key')
  })

  it.each([
    '',
    'start_date=2026-11-01',
    'start_date=yesterday&end_date=today',
    'start_date=0000-01-01&end_date=2026-11-22',
    'start_date=2026-11-22&end_date=2026-11-01',
    `${days}&page_size=101`,
    `${days}&unknown=1`,
  ])('?%s is refused', async (query) => expect((await world().get(`/spend/logs/v2?${query}`)).status).toBe(400))
})

describe('a department of the article', () => {
  it('has a team, a service key within it, a personal key, and is seen by its monitor', async () => {
    const w = world()
    const team = await w.post('/team/new', {
      team_alias: 'data-science',
      max_budget: 2000,
      budget_duration: '30d',
      tpm_limit: 5_000_000,
      rpm_limit: 2000,
      models: ['small'],
      metadata: { department: 'DS' },
    })
    const team_id = team.json.team_id
    const service = await w.post('/key/generate', {
      team_id,
      key_alias: 'chatbot',
      max_budget: 800,
      budget_duration: '30d',
    })
    const person = { team_id, user_id: 'a@company.com', key_alias: 'research', max_budget: 100, duration: '90d' }
    expect([service.status, (await w.post('/key/generate', person)).status]).toEqual([200, 200])
    const more = await w.post('/key/generate', { team_id, max_budget: 2001 })
    expect([more.status, more.json.error.param]).toEqual([400, 'max_budget'])
    const { teams } = (await w.get('/team/list')).json
    expect(teams).toMatchObject([{ team_id, team_alias: 'data-science', spend: 0, max_budget: 2000 }])
  })

  it('is deleted with its keys, and a blocked one stops them', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't' })
    const key = await w.key({ team_id: 't' })
    await w.post('/team/block', { team_id: 't' })
    expect((await w.get('/v1/models', key)).status).toBe(401)
    await w.post('/team/unblock', { team_id: 't' })
    expect((await w.get('/v1/models', key)).status).toBe(200)
    expect((await w.post('/team/delete', { team_ids: ['t', 'x'] })).status).toBe(404)
    expect((await w.post('/team/delete', { team_ids: ['t'] })).json).toEqual({ deleted_teams: ['t'] })
    expect((await w.get('/v1/models', key)).json.error.type).toBe('token_not_found_in_db')
  })

  it('gains and loses members, each told by name', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't' })
    const members = [{ user_id: 'a' }, { user_id: 'b', role: 'admin' }, { user_id: 'a' }]
    const { json } = await w.post('/team/bulk_member_add', { team_id: 't', members })
    expect([json.successful_additions, json.failed_additions]).toEqual([2, 1])
    const key = await w.key({ team_id: 't', user_id: 'a' })
    const left = await w.post('/team/member_delete', { team_id: 't', user_id: 'a' })
    expect(left.json.members_with_roles).toEqual([{ user_id: 'b', role: 'admin' }])
    expect((await w.get('/v1/models', key)).status).toBe(401)
    expect((await w.post('/team/member_delete', { team_id: 't', user_id: 'a' })).status).toBe(404)
  })
})
