import { describe, expect, it } from 'vitest'
import { memoryModels } from '../../../src/models/memory.ts'
import { MASTER, world } from '../routes/world.ts'

function gateway() {
  const w = world()
  const models = memoryModels(
    () => 0,
    () => {},
  )
  Object.assign(w.deps, { models, builtConfig: w.deps.gateway.config })
  const call = async (method: string, path: string, body?: unknown) => {
    const said = await w.said(path, {
      method,
      headers: { 'x-api-key': MASTER, authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect([method, path, said.status, said.json]).toEqual([method, path, 200, said.json])
    return said.json
  }
  return { w, call }
}

/** The calls that LiteLLM's Terraform provider makes, with the zero values that it sends for what is not set. */
describe('the Terraform provider', () => {
  it('makes, reads, changes and deletes a team with its members and permissions', async () => {
    const { w, call } = gateway()
    const made = await call('POST', '/team/new', {
      team_alias: 'engineering',
      models: ['small'],
      max_budget: 1000,
      budget_duration: '1mo',
      tpm_limit: 500000,
      rpm_limit: 5000,
      blocked: false,
      metadata: { department: 'Engineering' },
    })
    const team_id = made.team_id
    await call('POST', '/team/permissions_update', { team_id, team_member_permissions: ['/key/generate', '/key/info'] })
    await call('POST', '/team/member_add', {
      team_id,
      member: [
        { role: 'user', user_id: 'user_3', user_email: 'engineer@example.com' },
        { role: 'admin', user_id: 'user_4', user_email: '' },
        { role: 'user', user_email: 'third@example.com' },
      ],
      max_budget_in_team: 200,
    })
    expect((await call('GET', '/user/info?user_id=user_3')).user_info.user_email).toBe('engineer@example.com')
    const change = {
      team_id,
      user_id: 'user_3',
      user_email: 'engineer@example.com',
      role: 'admin',
      max_budget_in_team: 100,
    }
    expect(await call('POST', '/team/member_update', change)).toMatchObject({ role: 'admin', max_budget_in_team: 100 })
    const { team_info: info } = await call('GET', `/team/info?team_id=${team_id}`)
    expect(info).toMatchObject({ team_alias: 'engineering', max_budget: 1000, models: ['small'] })
    expect(info.members_with_roles).toHaveLength(3)
    await call('POST', '/team/update', {
      team_id,
      team_alias: 'eng',
      max_budget: 900,
      models: ['small'],
      blocked: false,
    })
    await call('POST', '/team/member_delete', { team_id, user_id: 'user_3', user_email: 'engineer@example.com' })
    await call('POST', '/team/delete', { team_ids: [team_id] })
    expect((await w.get(`/team/info?team_id=${team_id}`)).status).toBe(404)
  })

  it('a key, and reads it by what it was told at its making', async () => {
    const { w, call } = gateway()
    const made = await call('POST', '/key/generate', {
      key_alias: 'tf',
      models: ['small'],
      max_budget: 100,
      budget_duration: '30d',
      max_parallel_requests: 10,
      tpm_limit: 1000,
      rpm_limit: 60,
      duration: '90d',
      aliases: {},
      config: {},
      permissions: {},
      model_max_budget: {},
      allowed_cache_controls: [],
      guardrails: [],
      tags: [],
      metadata: {},
      blocked: false,
      send_invite_email: false,
      soft_budget: 50,
    })
    expect((await call('GET', `/key/info?key=${made.key}`)).info).toMatchObject({ key_alias: 'tf', max_budget: 100 })
    expect(await call('POST', '/key/update', { key: made.key, max_budget: 80, soft_budget: 40 })).toMatchObject({
      max_budget: 80,
    })
    await call('POST', '/key/delete', { keys: [made.key] })
    expect((await w.get(`/key/info?key=${made.key}`)).status).toBe(404)
  })

  it('a credential and a model that uses it', async () => {
    const { call } = gateway()
    await call('POST', '/credentials', {
      credential_name: 'openai-prod',
      credential_info: { d: 'x' },
      credential_values: { api_key: 'sk-geheim' },
    })
    expect(await call('GET', '/credentials/by_name/openai-prod')).toMatchObject({ credential_name: 'openai-prod' })
    await call('PATCH', '/credentials/openai-prod', {
      credential_name: 'openai-prod',
      credential_values: { api_key: 'sk-neu' },
    })
    const params = {
      custom_llm_provider: 'openai',
      model: 'openai/gpt-4o',
      litellm_credential_name: 'openai-prod',
      rpm: 100,
      tpm: 1000,
    }
    const info = { id: 'tf-model', base_model: 'gpt-4o', mode: 'chat' }
    await call('POST', '/model/new', { model_name: 'gpt-4-proxy', litellm_params: params, model_info: info })
    await call('PATCH', '/model/tf-model/update', { litellm_params: { rpm: 50 } })
    await call('POST', '/model/delete', { id: 'tf-model' })
    await call('DELETE', '/credentials/openai-prod')
  })

  it('an organization, its members by id and by e-mail, and what they are in it', async () => {
    const { w, call } = gateway()
    const made = await call('POST', '/organization/new', {
      organization_alias: 'acme',
      models: ['small'],
      max_budget: 1000,
      tpm_limit: 200_000,
      rpm_limit: 2000,
      budget_duration: '30d',
      metadata: { environment: 'testing' },
      model_rpm_limit: { small: 1000 },
      model_tpm_limit: { small: 100_000 },
      tags: [],
    })
    const organization_id = made.organization_id
    expect(made).toMatchObject({ litellm_budget_table: { max_budget: 1000, budget_duration: '30d', rpm_limit: 2000 } })
    const added = await call('POST', '/organization/member_add', {
      organization_id,
      member: { role: 'internal_user', user_email: 'ann@example.com' },
    })
    expect(added.organization_id).toBe(organization_id)
    const [user] = added.updated_users
    const [member] = added.updated_organization_memberships
    expect([user.user_email, user.user_id]).toEqual(['ann@example.com', member.user_id])
    expect([member.organization_id, member.user_role]).toEqual([organization_id, 'internal_user'])
    const one = { organization_id, user_id: member.user_id }
    await call('PATCH', '/organization/member_update', { ...one, role: 'org_admin' })
    const info = await call('GET', `/organization/info?organization_id=${organization_id}`)
    expect(info.members).toMatchObject([{ ...one, user_role: 'org_admin' }])
    await call('DELETE', '/organization/member_delete', one)
    await call('PATCH', '/organization/update', { organization_id, organization_alias: 'acme 2', max_budget: null })
    expect(await call('GET', `/organization/info?organization_id=${organization_id}`)).toMatchObject({
      organization_alias: 'acme 2',
      litellm_budget_table: { max_budget: null },
      members: [],
    })
    expect(
      (await call('GET', '/organization/list')).map((o: { organization_id: string }) => o.organization_id),
    ).toEqual([organization_id])
    await call('DELETE', '/organization/delete', { organization_ids: [organization_id] })
    expect((await w.get(`/organization/info?organization_id=${organization_id}`)).status).toBe(404)
  })

  it('a user in a team, whom it finds by e-mail when a second one is refused as there', async () => {
    const { w, call } = gateway()
    const { team_id } = await call('POST', '/team/new', { team_alias: 't' })
    const { organization_id } = await call('POST', '/organization/new', { organization_alias: 'o' })
    const fields = {
      user_email: 'bob@example.com',
      user_alias: 'Bob',
      user_role: 'internal_user',
      teams: [team_id],
      models: ['small'],
      max_budget: 100,
      budget_duration: '1mo',
      tpm_limit: 10_000,
      rpm_limit: 100,
      auto_create_key: true,
      send_invite_email: false,
      metadata: { department: 'x' },
    }
    const made = await call('POST', '/user/new', { ...fields, organizations: [organization_id] })
    expect(made.key).toMatch(/^sk-/)
    const { members } = await call('GET', `/organization/info?organization_id=${organization_id}`)
    expect(members).toMatchObject([{ user_id: made.user_id, user_role: 'internal_user' }])
    expect((await w.post('/user/new', { organizations: ['nobody'] })).status).toBe(404)
    expect((await w.post('/user/new', fields)).status).toBe(409)
    const listed = await call('GET', '/user/list?page=1&page_size=100&user_email=bob%40example.com')
    expect([listed.users[0].user_id, listed.total_pages]).toEqual([made.user_id, 1])
    const { teams: _, auto_create_key: __, send_invite_email: ___, ...changes } = fields
    await call('POST', '/user/update', { ...changes, user_id: made.user_id, max_budget: 50 })
    const info = await call('GET', `/user/info?user_id=${made.user_id}`)
    expect([info.user_info.max_budget, info.teams[0].team_id, info.keys.length]).toEqual([50, team_id, 1])
    await call('POST', '/user/delete', { user_ids: [made.user_id] })
    expect((await w.get(`/user/info?user_id=${made.user_id}`)).status).toBe(404)
  })

  it('a budget and a tag that is under it, and takes their limits away again', async () => {
    const { w, call } = gateway()
    const limits = { max_budget: 10, soft_budget: 5, tpm_limit: 1000, rpm_limit: 10, budget_duration: '28d' }
    const { budget_id } = await call('POST', '/budget/new', limits)
    expect(await call('POST', '/budget/info', { budgets: [budget_id] })).toMatchObject([{ budget_id, ...limits }])
    await call('POST', '/budget/update', { budget_id, max_budget: 20, soft_budget: null })
    expect(await call('POST', '/budget/info', { budgets: [budget_id] })).toMatchObject([
      { max_budget: 20, soft_budget: null },
    ])
    expect(await call('GET', '/tag/list')).toEqual([])
    await call('POST', '/tag/new', { name: 'prod', description: 'd', models: ['small'], budget_id })
    expect((await call('POST', '/tag/info', { names: ['prod'] })).prod).toMatchObject({
      description: 'd',
      models: ['small'],
      budget_id,
      litellm_budget_table: { budget_id, max_budget: 20 },
    })
    await call('POST', '/tag/update', { name: 'prod', description: 'e' })
    expect((await call('GET', '/tag/list'))[0]).toMatchObject({ name: 'prod', description: 'e' })
    await call('POST', '/tag/delete', { name: 'prod' })
    await call('POST', '/budget/delete', { id: budget_id })
    expect((await w.post('/budget/info', { budgets: [budget_id] })).json).toEqual([])
    const refused = await w.post('/budget/new', { tpd_limit: 5 })
    expect([refused.status, refused.json.error.param]).toEqual([501, 'tpd_limit'])
  })

  it('an access group, and a key of a team without a person', async () => {
    const { w, call } = gateway()
    await call('POST', '/access_group/new', { access_group: 'g', model_names: ['small'] })
    expect(await call('GET', '/access_group/g/info')).toMatchObject({ access_group: 'g', model_names: ['small'] })
    await call('PUT', '/access_group/g/update', { model_names: ['small', 'team/large'] })
    expect((await call('GET', '/access_group/g/info')).model_names).toHaveLength(2)
    const { team_id } = await call('POST', '/team/new', { team_alias: 't', models: ['g'] })
    const service = {
      team_id,
      key_alias: 's',
      models: ['g'],
      object_permission: { mcp_servers: [], vector_stores: [] },
    }
    const made = await call('POST', '/key/service-account/generate', service)
    expect((await call('GET', `/key/info?key=${made.token}`)).info).toMatchObject({ team_id, user_id: null })
    expect(await call('POST', '/key/block', { key: made.token })).toMatchObject({ blocked: true })
    expect(await call('POST', `/key/${made.token}/regenerate`, {})).toMatchObject({ key_alias: 's' })
    await call('DELETE', '/access_group/g/delete')
    expect((await w.get('/access_group/g/info')).status).toBe(404)
  })
})

/** The calls of LiteLLM's own Python client and command line. */
describe('the Python client', () => {
  it('lists, makes and deletes keys, users, teams, models and credentials', async () => {
    const { call } = gateway()
    const { key } = await call('POST', '/key/generate', {
      api_key: MASTER,
      models: ['small'],
      key_alias: 'cli',
      duration: '24h',
      aliases: {},
      config: {},
      spend: 0,
    })
    const all = 'return_full_object=true&include_team_keys=true'
    const keys = await call('GET', `/key/list?page=1&size=10&${all}`)
    expect(keys).toMatchObject({ total_count: 1, current_page: 1, total_pages: 1 })
    expect(keys.keys[0]).toMatchObject({ key_alias: 'cli' })
    await call('POST', '/key/delete', { keys: null, key_aliases: ['cli'] })
    expect(key).toMatch(/^sk-/)
    await call('POST', '/user/new', {
      user_email: 'ann@example.com',
      user_role: 'internal_user',
      user_alias: 'ann',
      max_budget: 5,
    })
    const { users } = await call('GET', '/user/list?page=1&page_size=25')
    expect(users).toMatchObject([{ user_email: 'ann@example.com', key_count: 1 }])
    await call('POST', '/user/delete', { user_ids: [users[0].user_id] })
    await call('POST', '/team/new', { team_alias: 'cli' })
    expect((await call('GET', '/v2/team/list?page=1&page_size=10')).total).toBe(1)
    await call('POST', '/model/new', {
      model_name: 'm',
      litellm_params: { model: 'openai/gpt-4o', api_key: 'k' },
      model_info: { id: 'm1' },
    })
    expect((await call('GET', '/v1/model/info')).data.length).toBeGreaterThan(0)
    await call('GET', '/models')
    await call('GET', '/model_group/info')
    expect(await call('GET', '/credentials')).toMatchObject({ credentials: [] })
    await call('GET', '/health/readiness')
  })
})
