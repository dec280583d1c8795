import { expect, it } from 'vitest'
import type { CheckLog } from '../../../src/health/checks.ts'
import { memoryChecks } from '../../../src/health/checks-memory.ts'
import { checkInBackground } from '../../../src/routes/health-models.ts'
import { world } from './world.ts'

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
}

function withChecks(answer: (url: string) => Promise<Response> | Response = () => Response.json(completion)) {
  const w = world()
  const asked: string[] = []
  const log = memoryChecks()
  Object.assign(w.deps, { healthChecks: log })
  Object.assign(w.deps.gateway, {
    fetch: (url: string) => {
      asked.push(url)
      return Promise.resolve(answer(url))
    },
    // Time of those who wait for others goes by in turns.
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  })
  return { w, asked, log }
}

it('two who ask at once pay once, and both are told', async () => {
  const { w, asked } = withChecks(async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    return Response.json(completion)
  })
  const [one, two] = await Promise.all([w.get('/health'), w.get('/health')])
  expect(asked).toHaveLength(2)
  for (const { json } of [one, two]) expect([json.healthy_count, json.not_checked.length]).toEqual([2, 1])
  expect([one.json.cost, two.json.cost].filter((cost) => cost === 0)).toHaveLength(1)
  expect((await w.get('/health')).json).toMatchObject({ healthy_count: 2, cost: 0 })
  expect(asked).toHaveLength(2)
})

it('a check that failed and may be billed all the same says what it cost', async () => {
  const { w } = withChecks(() => new Response('{"id":', { headers: { 'content-type': 'application/json' } }))
  const { json } = await w.get('/health?model=small')
  expect(json.unhealthy_count).toBe(1)
  expect(json.cost).toBeGreaterThan(0)
  expect(json.unhealthy_endpoints[0].cost).toBe(json.cost)
})

it('deployments that are gone are in the history, and not among the latest', async () => {
  const { w, log } = withChecks()
  await w.get('/health')
  const [check] = await log.latest(
    (await w.get('/health')).json.healthy_endpoints.map((one: { model_id: string }) => one.model_id),
  )
  await log.keep([{ ...check!, id: 'x', deployment: 'gone', group: 'gone' }])
  const { json } = await w.get('/health/latest')
  expect([json.total_models, 'gone' in json.latest_health_checks]).toEqual([2, false])
  expect((await w.get('/health/history?model=gone')).json.total_records).toBe(1)
})

it('checks in the background are kept as each ends, though a later one never does', async () => {
  const kept: string[] = []
  const memory = memoryChecks()
  const log: CheckLog = {
    ...memory,
    keep: (checks) => {
      kept.push(...checks.map(({ group }) => group))
      return memory.keep(checks)
    },
  }
  let asked = 0
  const { w } = withChecks(() => (++asked === 1 ? Response.json(completion) : new Promise<Response>(() => {})))
  const gateway = { ...w.deps.gateway }
  Object.assign(gateway, {
    config: { ...gateway.config, general: { ...gateway.config.general, healthChecks: { everyMs: 300_000 } } },
  })
  const running = checkInBackground({ gateway, healthChecks: log }, gateway.clock())
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(kept).toHaveLength(1)
  void running
})
