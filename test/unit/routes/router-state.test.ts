import { expect, it } from 'vitest'
import { world } from './world.ts'

it('shows how every deployment fares, until when it cools down and why, and nothing secret', async () => {
  const w = world()
  const { config, health, defer } = w.deps.gateway
  const large = config.deployments.find(({ group }) => group === 'team/large')
  if (!large) throw new Error('no deployment')
  const { group, id: deployment } = large
  health.began(group, deployment, w.now(), defer)
  health.began(group, deployment, w.now(), defer)
  health.ended(
    {
      group,
      deployment,
      ok: false,
      error: { kind: 'auth_error', status: 401 },
      durationMs: 20,
      outputTokens: 0,
      totalTokens: 0,
      atMs: w.now(),
    },
    defer,
  )

  const { status, json } = await w.get('/router/state')
  expect(status).toBe(200)
  expect(json.deployments.map((one: { model_group: string }) => one.model_group)).toEqual([
    'small',
    'team/large',
    'keyless',
  ])
  const [small, failed, keyless] = json.deployments
  expect(small).toMatchObject({
    provider: 'openai',
    model: 'gpt-4o-mini',
    circuit: 'closed',
    rpm: 0,
    latency_p50_ms: null,
  })
  expect(failed).toMatchObject({
    model_id: deployment,
    circuit: 'open',
    open_until: new Date(w.now() + 5_000).toISOString(),
    open_because: 'the vendor answered 401',
    in_flight: 1,
    rpm: 2,
    failures: 1,
  })
  expect(keyless.unavailable).toContain('NOT_SET_ANYWHERE')
  expect(JSON.stringify(json)).not.toContain('sk-vendor')
})

it('is for the admin only', async () => {
  const w = world()
  expect((await w.get('/router/state', await w.key())).status).toBe(401)
})
