import { describe, expect, it } from 'vitest'
import type { NewEntityRules } from '../../../src/config/new-entities.ts'
import { MASTER, world } from '../routes/world.ts'

const keyMost = { max_budget: 100, budget_duration: '30d', duration: '90d', rpm_limit: 60 }

function ruled(newEntities: NewEntityRules) {
  const w = world({ newEntities })
  const ok = async (path: string, body: unknown, key = MASTER) => {
    const { status, json } = await w.post(path, body, key)
    expect([path, status, json]).toEqual([path, 200, json])
    return json
  }
  return { w, ok }
}

describe('new keys', () => {
  it('get what the operator gives where their maker says nothing', async () => {
    const { ok } = ruled({ key: { max_budget: 5, models: ['small'], metadata: { by: 'rule' }, team_id: 'everyone' } })
    await ok('/team/new', { team_id: 'everyone' })
    expect(await ok('/key/generate', {})).toMatchObject({ max_budget: 5, models: ['small'], team_id: 'everyone' })
    expect(await ok('/key/generate', { max_budget: 9, models: [] })).toMatchObject({ max_budget: 9, models: [] })
  })

  it('have no more than the operator lets any key have, and that where their maker says nothing', async () => {
    const { w, ok } = ruled({ keyMost })
    const made = await ok('/key/generate', { rpm_limit: 10 })
    expect(made).toMatchObject({ max_budget: 100, budget_duration: '30d', rpm_limit: 10 })
    expect(Date.parse(made.expires) - w.now()).toBe(90 * 86_400_000)
    for (const [field, value] of Object.entries({
      max_budget: 101,
      rpm_limit: 61,
      duration: '91d',
      budget_duration: '1mo',
    })) {
      const { status, json } = await w.post('/key/generate', { max_budget: 1, [field]: value })
      expect([status, json.error.param]).toEqual([400, field])
      expect((await w.post('/key/update', { key: made.key, [field]: value })).json.error.param).toBe(field)
    }
    expect((await w.post('/key/update', { key: made.key, rpm_limit: null })).json.error.param).toBe('rpm_limit')
    expect((await w.post('/key/update', { key: made.key, duration: '-1' })).json.error.param).toBe('duration')
    expect((await w.post('/user/new', { user_id: 'ann' })).json.expires).toBe(made.expires)
  })

  it('of a team with less get no more than the team', async () => {
    const { ok } = ruled({ keyMost })
    await ok('/team/new', { team_id: 'poor', max_budget: 7 })
    expect(await ok('/key/generate', { team_id: 'poor' })).toMatchObject({ max_budget: 7 })
  })

  it('are made by whom the operator lets, with what it wants to know', async () => {
    const { w, ok } = ruled({
      personalKeys: { roles: ['proxy_admin'] },
      teamKeys: { roles: ['admin'], required: ['metadata'] },
    })
    const { key: ann } = await ok('/user/new', { user_id: 'ann' })
    const { key: bob } = await ok('/user/new', { user_id: 'bob' })
    await ok('/team/new', {
      team_id: 't',
      team_member_permissions: ['/key/generate'],
      members_with_roles: [
        { user_id: 'ann', role: 'admin' },
        { user_id: 'bob', role: 'user' },
      ],
    })
    expect((await w.post('/key/generate', {}, ann)).status).toBe(403)
    expect((await w.post('/key/generate', { team_id: 't', metadata: { a: 1 } }, bob)).status).toBe(403)
    expect((await w.post('/key/generate', { team_id: 't' }, ann)).json.error.param).toBe('metadata')
    await ok('/key/generate', { team_id: 't', metadata: { a: 1 } }, ann)
    await ok('/key/generate', {})
  })
})

describe('new users and teams', () => {
  it('get what the operator gives, users their teams too; admins what their maker says', async () => {
    const { ok, w } = ruled({
      user: { max_budget: 3, models: ['small'], teams: [{ team_id: 't', max_budget_in_team: 1, user_role: 'user' }] },
      team: { max_budget: 50, rpm_limit: 5, team_member_permissions: ['/key/generate'] },
    })
    expect(await ok('/team/new', { team_id: 't', rpm_limit: 6 })).toMatchObject({
      max_budget: 50,
      rpm_limit: 6,
      team_member_permissions: ['/key/generate'],
    })
    expect(await ok('/user/new', { user_id: 'ann' })).toMatchObject({ max_budget: 3, models: ['small'], teams: ['t'] })
    expect(await ok('/user/new', { user_id: 'root', user_role: 'proxy_admin' })).toMatchObject({
      max_budget: null,
      teams: [],
    })
    const { json } = await w.get('/team/info?team_id=t')
    expect(json.team_memberships).toMatchObject([{ user_id: 'ann', litellm_budget_table: { max_budget: 1 } }])
  })

  it('are whole or not there: a user of an unknown team is not made', async () => {
    const { w } = ruled({})
    const { status, json } = await w.post('/user/new', { user_id: 'ann', teams: ['nowhere'] })
    expect([status, json.error.param]).toEqual([404, 'team_id'])
    expect((await w.get('/user/info?user_id=ann')).status).toBe(404)
  })
})

describe('members', () => {
  it('are named by e-mail too; who is unknown becomes a user', async () => {
    const { ok, w } = ruled({})
    await ok('/user/new', { user_id: 'ann', user_email: 'ann@example.com', auto_create_key: false })
    await ok('/team/new', { team_id: 't', members_with_roles: [{ user_email: 'ann@example.com', role: 'admin' }] })
    const { updated_users: users } = await ok('/team/member_add', {
      team_id: 't',
      member: { user_email: 'bob@example.com' },
    })
    expect(users).toMatchObject([{ user_email: 'bob@example.com' }])
    const { json } = await w.get('/team/info?team_id=t')
    expect(json.team_info.members_with_roles).toEqual([
      { user_id: 'ann', role: 'admin' },
      { user_id: users[0].user_id, role: 'user' },
    ])
    expect(
      await ok('/team/member_update', { team_id: 't', user_email: 'bob@example.com', role: 'admin' }),
    ).toMatchObject({
      role: 'admin',
    })
    await ok('/team/member_delete', { team_id: 't', user_email: 'bob@example.com' })
    expect((await w.post('/team/member_delete', { team_id: 't', user_email: 'x@example.com' })).status).toBe(404)
    expect((await w.post('/team/member_add', { team_id: 't', member: {} })).json.error.param).toBe('member')
  })

  it('of a new team have the budget that the team gives its members', async () => {
    const { ok, w } = ruled({})
    await ok('/team/new', {
      team_id: 't',
      team_member_budget: 2,
      members_with_roles: [{ user_id: 'ann', role: 'user' }],
    })
    const { json } = await w.get('/team/info?team_id=t')
    expect(json.team_memberships).toMatchObject([{ user_id: 'ann', litellm_budget_table: { max_budget: 2 } }])
  })
})
