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
})

/** The calls of LiteLLM's own Python client and command line. */
describe('the Python client', () => {
  it('lists, makes and deletes keys, users, teams, models and credentials', async () => {
    const { call } = gateway()
    const { key } = await call('POST', '/key/generate', { models: ['small'], key_alias: 'cli', duration: '24h' })
    const keys = await call('GET', '/key/list?page=1&size=10&return_full_object=true')
    expect(keys).toMatchObject({ total_count: 1, current_page: 1, total_pages: 1 })
    expect(keys.keys[0]).toMatchObject({ key_alias: 'cli' })
    await call('POST', '/key/delete', { key_aliases: ['cli'] })
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
