import { describe, expect, it } from 'vitest'
import { laidOver } from '../../../src/config/laid-over.ts'
import { memoryModels } from '../../../src/models/memory.ts'
import { overlayOf } from '../../../src/models/resolve.ts'
import { settings } from '../../../src/models/settings.ts'
import { chat, MASTER, world } from '../routes/world.ts'

/** A gateway that keeps models and settings; `laid` is what runs after the next reading. */
function storing() {
  const w = world()
  const models = memoryModels(
    () => 0,
    () => {},
  )
  const built = w.deps.gateway.config
  Object.assign(w.deps, { models, builtConfig: built })
  const laid = async () => laidOver(built, overlayOf(await models.read(0), built))
  const run = async () => void Object.assign(w.deps.gateway, { config: await laid() })
  return { w, laid, run, built }
}

describe('stored settings', () => {
  it('need a gateway that keeps models, like LiteLLM', async () => {
    const { status, json } = await world().post('/config/update', { router_settings: { num_retries: 1 } })
    expect([status, json.error.message]).toEqual([501, expect.stringContaining('STORE_MODEL_IN_DB')])
  })

  it('go before those of the file until they are taken away', async () => {
    const { w, laid, built } = storing()
    const body = {
      router_settings: { num_retries: 7, timeout: 30, fallbacks: [{ small: ['team/large'] }], retry_after: null },
      litellm_settings: { drop_params: true },
    }
    expect((await w.post('/config/update', body)).status).toBe(200)
    expect(await laid()).toMatchObject({
      router: { numRetries: 7, timeoutMs: 30_000, fallbacks: { small: ['team/large'] } },
      litellm: { dropParams: true },
    })
    const { json } = await w.get('/config/field/info?config_type=router_settings&field_name=num_retries')
    expect(json).toMatchObject({ field_value: 7, stored_in_db: true, field_default_value: null })
    await w.post('/config/field/delete', { config_type: 'router_settings', field_name: 'num_retries' })
    expect((await laid()).router.numRetries).toBe(built.router.numRetries)
    const exported = (await w.get('/config/export')).json
    expect(exported).toEqual({
      general_settings: {},
      router_settings: { timeout: 30, fallbacks: [{ small: ['team/large'] }] },
      litellm_settings: { drop_params: true },
    })
    const applied = await w.post('/config/apply', { ...exported, litellm_settings: {} })
    expect(applied.json.changed).toEqual(['litellm_settings.drop_params'])
    expect((await laid()).litellm.dropParams).toBe(false)
  })

  it('are whole or not there: one wrong field and nothing is stored', async () => {
    const { w, laid, built } = storing()
    const ask = async (body: object) => {
      const { status, json } = await w.post('/config/update', body)
      return [status, json.error?.param]
    }
    const good = { num_retries: 7 }
    expect(await ask({ router_settings: { ...good, timeout: 'long' } })).toEqual([400, 'router_settings.timeout'])
    expect(await ask({ router_settings: good, general_settings: { master_key: 'sk-x' } })).toEqual([
      400,
      'general_settings.master_key',
    ])
    expect(await ask({ router_settings: good, environment_variables: {} })).toEqual([400, 'environment_variables'])
    expect(await ask({ router_settings: { ...good, fallbacks: [{ small: 'x' }] } })).toEqual([
      400,
      'router_settings.fallbacks.0.small',
    ])
    expect(await laid()).toBe(built)
  })

  it('do not shut out who stores them', async () => {
    const { w, run } = storing()
    const body = (ip: string) => ({ field_name: 'allowed_ips', field_value: [ip] })
    const from = { 'cf-connecting-ip': '203.0.113.5' }
    const out = await w.post('/config/field/update', body('198.51.100.1'), MASTER, from)
    expect([out.status, out.json.error.param]).toEqual([400, 'general_settings.allowed_ips'])
    expect((await w.post('/config/field/update', body('203.0.113.0/24'), MASTER, from)).status).toBe(200)
    const routes = { field_name: 'allowed_routes', field_value: ['llm_api_routes'] }
    expect((await w.post('/config/field/update', routes, MASTER, from)).status).toBe(400)
    await run()
    expect((await w.get('/v1/models', MASTER, { 'cf-connecting-ip': '198.51.100.1' })).status).toBe(403)
  })

  it('are listed with what runs, each as the file would say it', async () => {
    const { w, run } = storing()
    await w.post('/config/update', {
      general_settings: { allow_master_key_llm: false },
      router_settings: { cooldown_time: 9 },
    })
    await run()
    expect((await w.post('/v1/chat/completions', chat)).status).toBe(403)
    const { json } = await w.get('/router/settings')
    expect(json.current_values).toMatchObject({ cooldown_time: 9, routing_strategy: 'simple-shuffle' })
    const listed = (await w.get('/config/list?config_type=general_settings')).json
    expect(listed.map((one: { field_name: string }) => one.field_name)).toEqual(Object.keys(settings.general_settings))
    await w.post('/config/update', { general_settings: { allow_master_key_llm: true } })
    await run()
    expect((await w.post('/v1/chat/completions', chat)).status).toBe(200)
  })

  it('lay what they read: every setting shows the value that was stored', async () => {
    const values: Record<string, unknown> = {
      allowed_ips: ['10.0.0.0/8'],
      routing_strategy: 'least-busy',
      model_group_alias: { a: 'small' },
      fallbacks: [{ small: ['b'] }],
      context_window_fallbacks: [{ small: ['b'] }],
      content_policy_fallbacks: [{ small: ['b'] }],
      cost_discount_config: { openai: 0.05 },
      cost_margin_config: { global: 0.1, openai: { percentage: 0.2, fixed_amount: 0.001 } },
    }
    const { built } = storing()
    for (const section of Object.values(settings)) {
      for (const [name, setting] of Object.entries(section)) {
        const value = values[name] ?? { Boolean: true, Integer: 3, Float: 2, List: ['/x'] }[setting.type as 'Float']
        const parsed = setting.value.parse(value)
        expect([name, setting.read(setting.lay(built, parsed as never))]).toEqual([name, value])
      }
    }
  })
})

describe('credentials of a model', () => {
  it('are shown hidden', async () => {
    const { w } = storing()
    const params = { model: 'openai/gpt-4o', api_key: 'sk-geheim', api_base: 'https://vendor.test' }
    await w.post('/model/new', { model_name: 'mine', litellm_params: params, model_info: { id: 'm1' } })
    const { json } = await w.get('/credentials/by_model/m1')
    expect(json.credential_values).toEqual({ api_key: '********', api_base: 'https://vendor.test' })
    expect((await w.get('/credentials/by_model/other')).json.error.param).toBe('model_id')
  })
})
