import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { play } from '../../scripts/prove/faults/matrix.ts'
import { first, late, startScriptedProvider, whole } from '../../scripts/prove/faults/provider.ts'
import { configFor, scenarios } from '../../scripts/prove/faults/scenarios.ts'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'

// The long form is `npm run prove:faults`.

const SHORT = [
  '429-retry-after-forever',
  '500-once',
  'reset-before-headers',
  'no-answer',
  'cut-in-the-middle',
  'cut-alone',
  'cut-in-a-tool-call',
  'cut-in-the-middle-of-two',
  'silence-in-the-middle-alone',
  'fallback-refuses-prefill',
  'malformed',
  'no-done',
  'context-length',
  'empty-200',
  'error-behind-200',
]
const chosen = scenarios.filter(({ name }) => SHORT.includes(name))
const KNOWN = 25
const provider = await startScriptedProvider(
  new Map([
    ...chosen.flatMap(({ name, primary, backup }) => [
      [name, primary] as const,
      ...(backup ? [[`${name}-backup`, backup] as const] : []),
    ]),
    ['hedged', first(KNOWN, whole(), late(8_000))],
  ]),
)
const hedged = `
  - model_name: hedged
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-scripted, api_base: '${provider.url}/hedged/v1', weight: 1 }
    model_info: { id: slow }
  - model_name: hedged
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-scripted, api_base: '${provider.url}/spare/v1', weight: 0 }
    model_info: { id: spare }`
const folder = mkdtempSync(join(tmpdir(), 'tollgate-faults-'))
const configFile = join(folder, 'config.yaml')
writeFileSync(
  configFile,
  configFor(provider.url, chosen)
    .replace('model_list:', `model_list:${hedged}`)
    .replace('router_settings:', 'router_settings:\n  hedged_groups: [hedged]'),
)
afterAll(async () => {
  await provider.close()
  rmSync(folder, { recursive: true, force: true })
})
const gateway = useGateway({ configFile, providers: false })

it.concurrent.each(chosen)('$name: a whole answer or a clean error, and the next is served', async (scenario) => {
  const url = gateway().url()
  for (const stream of scenario.onlyStreams === true ? [true] : [false, true]) {
    const row = await play(scenario, stream, { gateway: { url, key: MASTER_KEY }, provider })
    expect(row).toMatchObject({ got: row.wanted, next: true, ok: true })
  }
})

it('a stream that another completed is a row for each attempt, each with a hold of its own', async () => {
  const { key, token } = await gateway().key({ max_budget: 1 })
  const response = await fetch(`${gateway().url()}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'cut-in-the-middle', messages: [{ role: 'user', content: 'Go.' }], stream: true }),
  })
  expect(await response.text()).toContain('continued_by')
  const id = response.headers.get('x-litellm-call-id')
  const rows = await eventually(
    async () =>
      (
        await gateway().db.query<{ status: string; cost_nano: string; grant_id: string | null; api_key: string }>(
          'select status, cost_nano, grant_id, api_key from spend_log where request_id = $1 order by id',
          [id],
        )
      ).rows,
    (found) => found.at(-1)?.status === 'success',
  )
  expect(rows.length).toBeGreaterThan(1)
  expect(new Set(rows.slice(0, -1).map(({ status }) => status))).toEqual(new Set(['failure']))
  expect(new Set(rows.map(({ grant_id }) => grant_id)).size).toBe(rows.length)
  expect(rows.every(({ cost_nano, api_key }) => BigInt(cost_nano) > 0n && api_key === token)).toBe(true)
})

it('a hedged group asks another where the first is slower than it ever was, and ends the first', async () => {
  const { key, token } = await gateway().key({ max_budget: 1 })
  const ask = () =>
    fetch(`${gateway().url()}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'hedged', messages: [{ role: 'user', content: 'Go.' }], stream: true }),
    })
  for (let n = 0; n < KNOWN; n++) await (await ask()).text()
  await sleep(1_100) // what is known is looked at anew each second
  const startedAtMs = performance.now()
  const response = await ask()
  expect(response.headers.get('x-litellm-model-id')).toBe('spare')
  expect(await response.text()).toMatch(/\[DONE\]\s*$/)
  expect(performance.now() - startedAtMs).toBeLessThan(4_000)
  const rows = await eventually(
    async () =>
      (
        await gateway().db.query<{ model_id: string; status: string; cost_nano: string }>(
          'select model_id, status, cost_nano from spend_log where api_key = $1 and request_id = $2 order by id',
          [token, response.headers.get('x-litellm-call-id')],
        )
      ).rows,
    (found) => found.length === 2,
  )
  expect(rows.map(({ model_id, status }) => `${model_id} ${status}`)).toEqual(['slow cancelled', 'spare success'])
  expect(rows.every(({ cost_nano }) => BigInt(cost_nano) > 0n)).toBe(true)
})
