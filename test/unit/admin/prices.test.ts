import { describe, expect, it } from 'vitest'
import { laidOver } from '../../../src/config/laid-over.ts'
import { memoryModels } from '../../../src/models/memory.ts'
import { memoryPriceLists } from '../../../src/models/price-lists-memory.ts'
import { overlayOf } from '../../../src/models/resolve.ts'
import { reloadPricesWhenDue } from '../../../src/routes/admin/cost-map.ts'
import { MASTER, world } from '../routes/world.ts'

function storing() {
  const w = world()
  const models = memoryModels(
    () => 0,
    () => {},
  )
  const built = w.deps.gateway.config
  const map = {
    body: { 'gpt-x': { litellm_provider: 'openai', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } },
  }
  Object.assign(w.deps, { models, builtConfig: built, priceLists: memoryPriceLists(models) })
  Object.assign(w.deps.gateway, { fetch: () => Promise.resolve(Response.json(map.body)) })
  const send = (method: string, path: string, body?: object) =>
    w.said(path, {
      method,
      headers: { authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
  const patch = (path: string, body: object) => send('PATCH', path, body)
  return { w, map, patch, send, laid: async () => laidOver(built, overlayOf(await models.read(0), built)) }
}

describe('the price list', () => {
  it('is read when an admin asks, and the history says by whom', async () => {
    const { w } = storing()
    expect((await w.post('/reload/model_cost_map', {})).json).toMatchObject({
      status: 'success',
      models_count: 1,
      changed_count: 1,
    })
    const { json } = await w.get('/schedule/model_cost_map_reload/status')
    expect(json).toMatchObject({ scheduled: false, interval_hours: null, next_run: null, last_error: null })
    expect(json.history).toEqual([
      {
        version: expect.stringMatching(/^prices 2026-11-22 [0-9a-f]{12}$/),
        ...{ read_at: '2026-11-22T12:00:00.000Z', source: 'https://raw.githubusercontent.com' },
        ...{ models_count: 1, changed_count: 1, read_by: 'default_user_id' },
      },
    ])
  })

  it('that is bad is refused with the reason, which the status keeps', async () => {
    const { w, map } = storing()
    map.body['gpt-x'].input_cost_per_token = -1
    const { status, json } = await w.post('/reload/model_cost_map', {})
    expect([status, json.error.message]).toEqual([502, expect.stringContaining('gpt-x.input_cost_per_token')])
    expect((await w.get('/schedule/model_cost_map_reload/status')).json).toMatchObject({
      last_error: expect.stringContaining('gpt-x.input_cost_per_token'),
      history: [],
    })
  })

  it('in which nothing costs anything is refused, the first like any other', async () => {
    const { w, map } = storing()
    const good = map.body
    const free = { 'gpt-x': { litellm_provider: 'openai', input_cost_per_token: 0, output_cost_per_token: 0 } }
    map.body = free
    expect((await w.post('/reload/model_cost_map', {})).status).toBe(502)
    map.body = good
    expect((await w.post('/reload/model_cost_map', {})).status).toBe(200)
    map.body = free
    expect((await w.post('/reload/model_cost_map', {})).status).toBe(502)
  })

  it('is taken away again: the one before it holds, then what was built in', async () => {
    const { w, map, send } = storing()
    const first = (await w.post('/reload/model_cost_map', {})).json.version
    map.body['gpt-x'].input_cost_per_token = 3e-6
    w.pass(1_000)
    await w.post('/reload/model_cost_map', {})
    expect((await send('DELETE', '/reload/model_cost_map')).json).toMatchObject({ status: 'success', version: first })
    expect((await send('DELETE', '/reload/model_cost_map')).json).toMatchObject({ version: null })
    expect((await send('DELETE', '/reload/model_cost_map')).status).toBe(404)
  })

  it('is read every so many hours until that is cancelled', async () => {
    const { w, send } = storing()
    expect((await w.post('/schedule/model_cost_map_reload?hours=6', {})).json).toMatchObject({ interval_hours: 6 })
    expect((await w.post('/schedule/model_cost_map_reload?hours=2', {})).json).toMatchObject({ interval_hours: 2 })
    expect((await w.get('/schedule/model_cost_map_reload/status')).json).toMatchObject({
      ...{ scheduled: true, interval_hours: 2, last_run: null, next_run: '2026-11-22T14:00:00.000Z' },
    })
    for (const hours of ['0', '1.5', 'x', '-1', '99999'])
      expect((await w.post(`/schedule/model_cost_map_reload?hours=${hours}`, {})).status).toBe(400)
    expect((await send('DELETE', '/schedule/model_cost_map_reload')).json).toMatchObject({ status: 'success' })
    expect((await w.get('/schedule/model_cost_map_reload/status')).json).toMatchObject({ scheduled: false })
  })

  it('is read by the cron, which goes on when that fails', async () => {
    const { w, map } = storing()
    const faults: string[] = []
    const cron = (atMs: number) => reloadPricesWhenDue(w.deps, atMs, (name, error) => faults.push(`${name}: ${error}`))
    await cron(w.now())
    await w.post('/schedule/model_cost_map_reload?hours=1', {})
    w.pass(3_600_000)
    await cron(w.now())
    expect((await w.get('/schedule/model_cost_map_reload/status')).json.history).toHaveLength(1)
    map.body['gpt-x'].input_cost_per_token = -1
    w.pass(3_600_000)
    await cron(w.now())
    expect(faults).toEqual([expect.stringMatching(/^reading the price list: .*gpt-x/)])
    await reloadPricesWhenDue(world().deps, w.now(), () => faults.push('no'))
    expect(faults).toHaveLength(1)
  })

  it('needs a gateway that keeps models', async () => {
    expect((await world().post('/reload/model_cost_map', {})).status).toBe(501)
  })
})

describe('discounts and margins', () => {
  it('are changed while the gateway runs, and prices carry them', async () => {
    const { w, patch, laid } = storing()
    expect((await patch('/config/cost_discount_config', { openai: 0.05 })).json).toMatchObject({
      values: { openai: 0.05 },
    })
    expect((await patch('/config/cost_margin_config', { global: { fixed_amount: 0.001 } })).status).toBe(200)
    expect((await w.get('/config/cost_discount_config')).json).toEqual({ values: { openai: 0.05 } })
    expect((await w.get('/config/cost_margin_config')).json).toEqual({ values: { global: { fixed_amount: 0.001 } } })
    const priced = (await laid()).deployments.find(({ provider, price }) => provider === 'openai' && price)
    expect(priced?.price?.terms).toEqual({ discount: 50_000_000, margin: 0, fixedPico: 1_000_000_000 })
  })

  it.each([
    ['cost_discount_config', { openai: 1.5 }, 'openai'],
    ['cost_discount_config', { openai: -0.1 }, 'openai'],
    ['cost_discount_config', { nobody: 0.1 }, 'nobody'],
    ['cost_discount_config', { global: 0.1 }, 'global'],
    ['cost_margin_config', { openai: { percent: 3 } }, 'openai'],
    ['cost_margin_config', { openai: 'ten' }, 'openai'],
  ])('%s refuses %j, naming %s', async (name, body, param) => {
    const { patch } = storing()
    const { status, json } = await patch(`/config/${name}`, body)
    expect([status, json.error?.param]).toEqual([400, expect.stringContaining(param)])
  })
})
