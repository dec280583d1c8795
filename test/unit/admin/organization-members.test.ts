import { describe, expect, it } from 'vitest'
import { MASTER, world } from '../routes/world.ts'

async function organization() {
  const w = world()
  const ok = async (path: string, body: unknown, key = MASTER) => {
    const { status, json } = await w.post(path, body, key)
    expect([path, status, json]).toEqual([path, 200, json])
    return json
  }
  await ok('/organization/new', { organization_id: 'o', organization_alias: 'O', max_budget: 100, models: ['small'] })
  const { key: ann } = await ok('/user/new', { user_id: 'ann' })
  const { key: bob } = await ok('/user/new', { user_id: 'bob' })
  const added = await ok('/organization/member_add', {
    organization_id: 'o',
    member: [{ user_id: 'ann', role: 'org_admin' }, { user_id: 'bob' }, { user_email: 'new@example.com' }],
  })
  return { w, ok, ann, bob, added }
}

describe('members of an organization', () => {
  it('are added, changed, shown and taken out; who is new is made', async () => {
    const { w, ok, added } = await organization()
    expect(added.updated_organization_memberships.map((one: { user_role: string }) => one.user_role)).toEqual([
      'org_admin',
      'internal_user',
      'internal_user',
    ])
    expect(added.updated_users[2].user_email).toBe('new@example.com')
    const { json } = await w.get('/organization/info?organization_id=o')
    expect(json.members).toHaveLength(3)
    const patched = await w.said('/organization/member_update', {
      method: 'PATCH',
      headers: { authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' },
      body: JSON.stringify({ organization_id: 'o', user_email: 'new@example.com', role: 'org_admin' }),
    })
    expect(patched.json.user_role).toBe('org_admin')
    await ok('/organization/member_delete', { organization_id: 'o', user_email: 'new@example.com' })
    expect((await w.get('/organization/info?organization_id=o')).json.members).toHaveLength(2)
  })

  it('are there once, and who is not there is said so', async () => {
    const { w } = await organization()
    const body = { organization_id: 'o', member: { user_id: 'ann' } }
    expect((await w.post('/organization/member_add', body)).json.error.param).toBe('user_id')
    const gone = await w.post('/organization/member_delete', { organization_id: 'o', user_id: 'nobody' })
    expect([gone.status, gone.json.error.param]).toEqual([404, 'user_id'])
    const nowhere = await w.post('/organization/member_add', { organization_id: 'x', member: { user_id: 'z' } })
    expect([nowhere.status, nowhere.json.error.param]).toEqual([404, 'organization_id'])
    const budget = { organization_id: 'o', member: { user_id: 'z' }, max_budget_in_organization: 5 }
    expect((await w.post('/organization/member_add', budget)).json.error.param).toBe('max_budget_in_organization')
  })
})

describe('an org_admin', () => {
  it('makes and runs teams of the organization, with their members and keys', async () => {
    const { w, ok, ann } = await organization()
    await ok('/team/new', { team_id: 't', organization_id: 'o', max_budget: 50 }, ann)
    await ok('/team/update', { team_id: 't', max_budget: 60, models: ['small'] }, ann)
    await ok('/team/member_add', { team_id: 't', member: { user_id: 'bob' } }, ann)
    const { key } = await ok('/key/generate', { team_id: 't', max_budget: 5 }, ann)
    await ok('/key/block', { key }, ann)
    expect((await w.get('/team/info?team_id=t', ann)).json.keys).toHaveLength(1)
    expect((await w.get('/key/list?team_id=t', ann)).json.total_count).toBe(1)
    expect((await w.get('/team/list', ann)).json.teams).toHaveLength(1)
    expect((await w.get('/organization/list', ann)).json).toHaveLength(1)
    await ok('/team/block', { team_id: 't' }, ann)
    await ok('/team/delete', { team_ids: ['t'] }, ann)
  })

  it('stays within the organization, and in no other', async () => {
    const { w, ok, ann } = await organization()
    const refused = async (path: string, body: object) => {
      const { status, json } = await w.post(path, body, ann)
      return [status, json.error.param]
    }
    await ok('/organization/new', { organization_id: 'p', organization_alias: 'P' })
    await ok('/team/new', { team_id: 'of-p', organization_id: 'p' })
    await ok('/team/new', { team_id: 'alone' })
    await ok('/team/new', { team_id: 't', organization_id: 'o', models: ['small'] }, ann)
    await ok('/budget/new', { budget_id: 'rich', max_budget: 1_000_000 })
    expect(await refused('/team/new', { organization_id: 'o', max_budget: 101 })).toEqual([400, 'max_budget'])
    expect(await refused('/team/new', { organization_id: 'p' })).toEqual([403, 'organization_id'])
    expect(await refused('/team/new', {})).toEqual([403, 'organization_id'])
    expect(await refused('/team/new', { organization_id: 'o', budget_id: 'rich' })).toEqual([403, 'budget_id'])
    for (const organization_id of ['p', '', null])
      expect(await refused('/team/update', { team_id: 't', organization_id })).toEqual([403, 'organization_id'])
    expect(await refused('/team/model/add', { team_id: 't', models: ['team/large'] })).toEqual([400, 'models'])
    for (const team_id of ['of-p', 'alone', 'nowhere']) {
      expect((await refused('/team/update', { team_id, team_alias: 'x' }))[0]).toBe(403)
      expect((await refused('/team/block', { team_id }))[0]).toBe(403)
      expect((await refused('/team/delete', { team_ids: ['t', team_id] }))[0]).toBe(403)
    }
    expect((await w.get('/team/info?team_id=t', ann)).status).toBe(200)
    expect((await refused('/organization/member_add', { organization_id: 'p', member: { user_id: 'ann' } }))[0]).toBe(
      403,
    )
    expect((await refused('/organization/update', { organization_id: 'o', max_budget: 1_000 }))[0]).toBe(401)
  })

  it("is one by a key of its own, not by a team's; a plain member runs nothing", async () => {
    const { w, ok, bob } = await organization()
    await ok('/team/new', { team_id: 't', organization_id: 'o', team_member_permissions: ['/key/generate'] })
    await ok('/team/member_add', { team_id: 't', member: { user_id: 'ann' } })
    const { key } = await ok('/key/generate', { team_id: 't', user_id: 'ann' })
    for (const by of [key, bob]) {
      expect((await w.post('/team/new', { organization_id: 'o' }, by)).status).toBe(403)
      expect(
        (await w.post('/organization/member_add', { organization_id: 'o', member: { user_id: 'x' } }, by)).status,
      ).toBe(403)
      expect((await w.get('/organization/info?organization_id=o', by)).status).toBe(403)
    }
  })
})
