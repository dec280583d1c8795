import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'

const entry = (usd: number) => ({
  ...{ litellm_provider: 'openai', mode: 'chat' },
  ...{ input_cost_per_token: usd, output_cost_per_token: usd },
})
let published = JSON.stringify({ 'gpt-4o-mini': entry(0.001) })
const publisher = createServer((_, response) => response.end(published))
await new Promise<void>((listening) => publisher.listen(0, '127.0.0.1', listening))
afterAll(() => publisher.close())

const folder = mkdtempSync(join(tmpdir(), 'tollgate-prices-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const configFile = join(folder, 'config.yaml')
writeFileSync(
  configFile,
  `model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: os.environ/OPENAI_BASE_URL }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY, user_url_allowed_hosts: ['127.0.0.1'] }
`,
)

const running = useGateway({
  configFile,
  isolates: 2,
  vars: {
    STORE_MODEL_IN_DB: 'True',
    LITELLM_MODEL_COST_MAP_URL: `http://127.0.0.1:${(publisher.address() as AddressInfo).port}/prices`,
  },
})

/** What is looked at, of whatever is answered. */
interface Told {
  readonly version: string
  readonly history: readonly unknown[]
  readonly usage: { readonly total_tokens: number }
}

async function ask(isolate: number, method: string, path: string, body?: unknown) {
  const response = await fetch(`${running().url(isolate)}${path}`, {
    method,
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as Told }
}

/** What an answer costs, in thousandths of a dollar for each of its tokens. */
async function costEach(isolate: number): Promise<number> {
  const body = { model: 'small', max_tokens: 16, messages: [{ role: 'user', content: 'hi' }] }
  const { headers, json } = await ask(isolate, 'POST', '/v1/chat/completions', body)
  return Number(((Number(headers.get('x-litellm-response-cost')) * 1000) / json.usage.total_tokens).toFixed(6))
}

describe('prices that change while the gateway runs', () => {
  it('hold on every isolate within five seconds, say what they are called, and survive a bad list', async () => {
    expect(await costEach(1)).toBeLessThan(0.1)
    const { json } = await ask(0, 'POST', '/reload/model_cost_map')
    expect(json).toMatchObject({ status: 'success', models_count: 1, changed_count: 1 })
    expect(await costEach(0)).toBe(1)
    await eventually(
      () => costEach(1),
      (each) => each === 1,
      6_000,
    )
    published = JSON.stringify({ 'gpt-4o-mini': entry(-1) })
    expect((await ask(1, 'POST', '/reload/model_cost_map')).status).toBe(502)
    expect(await costEach(1)).toBe(1)
    const status = await ask(1, 'GET', '/schedule/model_cost_map_reload/status')
    expect(status.json).toMatchObject({ last_error: expect.stringContaining('gpt-4o-mini.input_cost_per_token') })
    expect(status.json.history).toHaveLength(1)
    const rows = await eventually(
      () => running().db.query<{ price_version: string }>('select distinct price_version from spend_log order by 1'),
      (found) => found.rows.length === 2,
      10_000,
    )
    expect(rows.rows[1]?.price_version).toBe(`${json.version} over ${rows.rows[0]?.price_version}`)
  }, 30_000)

  it('with margins too', async () => {
    expect((await ask(0, 'PATCH', '/config/cost_margin_config', { openai: 0.5 })).status).toBe(200)
    await eventually(
      () => costEach(1),
      (each) => each === 1.5,
      6_000,
    )
  }, 20_000)
})
