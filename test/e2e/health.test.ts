import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, type RunningGateway, useGateway } from '../support/gateway.ts'

const MODELS = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, tags: [paid] }
    model_info: { id: small-1 }
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'http://127.0.0.1:9/v1' }
    model_info: { id: broken-1 }
  - model_name: vectors
    litellm_params: { model: openai/text-embedding-3-small, api_key: os.environ/OPENAI_API_KEY }
    model_info: { id: vectors-1, disable_background_health_check: true }
  - model_name: openai/*
    litellm_params: { model: openai/*, api_key: os.environ/OPENAI_API_KEY }
    model_info: { id: wide-1 }
  - model_name: anthropic/*
    litellm_params: { model: anthropic/*, api_key: os.environ/ANTHROPIC_API_KEY }
    model_info: { id: wide-2, health_check_model: anthropic/claude-3-5-haiku-20241022 }
router_settings: { enable_tag_filtering: true, allowed_fails: 0, cooldown_time: 60 }
litellm_settings: { num_retries: 2, fallbacks: [{ small: [openai/gpt-4o] }] }
`
const dir = mkdtempSync(join(tmpdir(), 'tollgate-health-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const fileOf = (name: string, general: string) => {
  writeFileSync(join(dir, name), `${MODELS}general_settings: { master_key: os.environ/LITELLM_MASTER_KEY${general} }\n`)
  return join(dir, name)
}

interface Shown {
  readonly model_id: string
  readonly status: string
  readonly cost: number
  readonly error_message: string | null
  readonly checked_by: string
  readonly health_check_id: string
}
interface Health {
  readonly healthy_endpoints: readonly Shown[]
  readonly unhealthy_endpoints: readonly Shown[]
  readonly not_checked: readonly { readonly model_id: string }[]
  readonly cost: number
}
const healthOf = (gateway: RunningGateway, query = '') => gateway.admin<Health>('GET', `/health${query}`)
const ids = (checks: readonly { readonly model_id: string }[]) => checks.map(({ model_id }) => model_id).sort()

describe('the health of deployments, on demand', () => {
  const gateway = useGateway({ configFile: fileOf('asked.yaml', '') })

  it('asks each that can be asked a word, and tells what it cost', async () => {
    const health = await healthOf(gateway())
    expect(ids(health.healthy_endpoints)).toEqual(['small-1', 'vectors-1', 'wide-2'])
    expect(ids(health.unhealthy_endpoints)).toEqual(['broken-1'])
    expect(ids(health.not_checked)).toEqual(['wide-1'])
    expect(health.cost).toBeGreaterThan(0)
    const sum = [...health.healthy_endpoints, ...health.unhealthy_endpoints].reduce((all, { cost }) => all + cost, 0)
    expect(health.cost).toBeCloseTo(sum, 9)
    // Paid for like any other request, and never by somebody's key.
    const spent = await eventually(
      async () =>
        (
          await gateway().db.query<{ usd: string }>(
            "select (sum(cost_nano) / 1e9)::text as usd from spend_log where api_key = '' or api_key is null",
          )
        ).rows[0],
      (row) => Number(row?.usd) > 0,
      10_000,
    )
    expect(Number(spent?.usd)).toBeCloseTo(health.cost, 9)
  })

  it('does not pay twice within a minute', async () => {
    const [first, again] = [await healthOf(gateway()), await healthOf(gateway())]
    expect(again.cost).toBe(0)
    expect(again.healthy_endpoints).toEqual(first.healthy_endpoints)
    expect(ids((await healthOf(gateway(), '?model=vectors')).healthy_endpoints)).toEqual(['vectors-1'])
  })

  it('remembers: the last of each, and all of them', async () => {
    const { latest_health_checks: latest } = await gateway().admin<{ latest_health_checks: Record<string, Shown> }>(
      'GET',
      '/health/latest',
    )
    expect(Object.keys(latest).sort()).toEqual(['broken-1', 'small-1', 'vectors-1', 'wide-2'])
    const ill = await gateway().admin<{ health_checks: Shown[]; total_records: number }>(
      'GET',
      '/health/history?status_filter=unhealthy&limit=1',
    )
    expect(ill.health_checks[0]).toMatchObject({ model_id: 'broken-1', checked_by: 'asked' })
    expect(ill.total_records).toBe(ill.health_checks.length)
    expect(JSON.stringify(ill)).not.toContain('sk-stand-in')
  })

  it('is for admins: it costs money', async () => {
    const { key } = await gateway().key()
    for (const path of ['/health', '/health/history', '/health/latest']) {
      const { status } = await fetch(`${gateway().url()}${path}`, { headers: { authorization: `Bearer ${key}` } })
      expect(status).toBeGreaterThanOrEqual(401)
      expect(status).toBeLessThan(404)
    }
    expect(MASTER_KEY).not.toBe(key)
  })
})

describe('the health of deployments, in the background', () => {
  const gateway = useGateway({
    configFile: fileOf('background.yaml', ', background_health_checks: true, health_check_interval: 300'),
  })

  it('is asked by the cron once an interval, and routing knows', async () => {
    await gateway().runner.cron()
    await gateway().runner.cron()
    const { health_checks: all } = await gateway().admin<{ health_checks: Shown[] }>('GET', '/health/history')
    expect(ids(all)).toEqual(['broken-1', 'small-1', 'wide-2'])
    expect(all.every(({ checked_by }) => checked_by === 'background')).toBe(true)
    const { deployments } = await eventually(
      () => gateway().admin<{ deployments: { model_id: string; circuit: string }[] }>('GET', '/router/state'),
      ({ deployments }) => deployments.find(({ model_id }) => model_id === 'broken-1')?.circuit === 'open',
    )
    expect(deployments.find(({ model_id }) => model_id === 'small-1')?.circuit).toBe('closed')
  })
})
