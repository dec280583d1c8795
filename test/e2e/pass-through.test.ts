import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { startPassingVendor } from '../support/passing-vendor.ts'
import { configFile } from '../support/vendor.ts'

const GPT = 'gpt-4o-mini'
const CLAUDE = 'claude-sonnet-4-20250514'
const FLASH = 'gemini-2.0-flash'
const VENDORS_KEY = 'sk-operator-key-at-the-vendor'

const vendor = await startPassingVendor(({ url }, response) => {
  if (!url.includes('/slowly')) return false
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const chunk = { id: '1', choices: [{ index: 0, delta: { content: 'word' }, finish_reason: null }] }
  const timer = setInterval(() => response.write(`data: ${JSON.stringify(chunk)}\n\n`), 20)
  response.on('close', () => clearInterval(timer))
  return true
})
afterAll(() => vendor.stop())

const config = configFile(`
model_list:
  - model_name: cheap
    litellm_params: { model: openai/${GPT}, api_key: os.environ/OPENAI_API_KEY, use_in_pass_through: true }
  - model_name: claude
    litellm_params: { model: anthropic/${CLAUDE}, api_key: os.environ/ANTHROPIC_API_KEY }
  - model_name: flash
    litellm_params: { model: gemini/${FLASH}, api_key: os.environ/GEMINI_API_KEY }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  pass_through_endpoints:
    - path: /own
      target: ${vendor.url}/own-api
      headers: { Authorization: bearer os.environ/OWN_KEY, x-team: ours }
      default_query_params: { region: eu }
      include_subpath: true
      cost_per_request: 0.25
    - path: /openai/v1/fine_tuning/jobs
      cost_per_request: 2
`)

describe('passing on', () => {
  const gateway = useGateway({
    configFile: config,
    vars: {
      OPENAI_API_KEY: VENDORS_KEY,
      OPENAI_BASE_URL: `${vendor.url}/v1`,
      ANTHROPIC_API_KEY: VENDORS_KEY,
      ANTHROPIC_BASE_URL: vendor.url,
      GEMINI_API_KEY: VENDORS_KEY,
      GEMINI_API_BASE: vendor.url,
      OWN_KEY: VENDORS_KEY,
    },
  })
  const at = (path: string) => `${gateway().url()}${path}`
  const send = (key: string, path: string, body?: unknown, init: RequestInit = {}) =>
    fetch(at(path), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...init,
    })
  const rows = async (token: string) =>
    (
      await gateway().db.query(
        `select status, call_type, model_group, cost_nano, usage_estimated, prompt_tokens, completion_tokens, http_status
         from spend_log where api_key = $1 order by id`,
        [token],
      )
    ).rows as Record<string, unknown>[]
  const rowsOf = (token: string, count: number) =>
    eventually(
      () => rows(token),
      (found) => found.length >= count,
    )
  /** gpt-4o-mini: 0.15 and 0.60 dollars a million. */
  const GPT_COST = String(100 * 150 + 50 * 600)

  it('serves OpenAI’s SDK at /openai, whole and streamed, and charges what the answer tells', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const client = new OpenAI({ apiKey: key, baseURL: at('/openai/v1'), maxRetries: 0 })
    const whole = await client.chat.completions.create({
      model: GPT,
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 60,
    })
    expect(whole.choices[0]?.message.content).toBe('hello')
    const stream = await client.chat.completions.create({
      model: GPT,
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 60,
      stream: true,
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map(({ choices }) => choices.length)).toEqual([1, 1, 1])
    expect(vendor.last()?.headers.authorization).toBe(`Bearer ${VENDORS_KEY}`)
    expect(JSON.stringify(vendor.last())).not.toContain(key)
    expect(await rowsOf(token, 2)).toMatchObject([
      { status: 'success', call_type: 'pass_through_endpoint', model_group: 'cheap', cost_nano: GPT_COST },
      { status: 'success', cost_nano: GPT_COST, usage_estimated: false },
    ])
  })

  it('serves Anthropic’s SDK at /anthropic', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const client = new Anthropic({ apiKey: key, baseURL: at('/anthropic'), maxRetries: 0 })
    const asked = { model: CLAUDE, max_tokens: 60, messages: [{ role: 'user' as const, content: 'hi' }] }
    expect((await client.messages.create(asked)).usage.output_tokens).toBe(50)
    expect((await client.messages.stream(asked).finalMessage()).usage.output_tokens).toBe(50)
    expect(vendor.last()?.headers).toMatchObject({ 'x-api-key': VENDORS_KEY })
    expect(JSON.stringify(vendor.last())).not.toContain(key)
    const cost = String(100 * 3000 + 50 * 15_000)
    expect(await rowsOf(token, 2)).toMatchObject([{ cost_nano: cost }, { cost_nano: cost }])
  })

  it('serves Google’s SDK at /gemini', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: at('/gemini') } })
    const asked = { model: FLASH, contents: 'hi', config: { maxOutputTokens: 60 } }
    expect((await client.models.generateContent(asked)).text).toBe('hello')
    for await (const chunk of await client.models.generateContentStream(asked)) expect(chunk.text).toBe('hello')
    expect(vendor.last()?.headers['x-goog-api-key']).toBe(VENDORS_KEY)
    expect(JSON.stringify(vendor.last())).not.toContain(key)
    const cost = String(100 * 100 + 50 * 400)
    expect(await rowsOf(token, 2)).toMatchObject([{ cost_nano: cost }, { cost_nano: cost }])
  })

  it('never overspends a budget that many ask at once, and refuses with LiteLLM’s words', async () => {
    // One request holds 60 tokens of answer and its own bytes; there is money for some of them.
    const { key, token } = await gateway().key({ max_budget: 0.0005 })
    const answers = await Promise.all(
      Array.from({ length: 30 }, () =>
        send(key, '/openai/v1/chat/completions', {
          model: GPT,
          max_tokens: 60,
          messages: [{ role: 'user', content: 'hi' }],
        }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(200)
    expect(statuses).toContain(429)
    const refusal = answers.find(({ status }) => status === 429)
    expect(await refusal?.text()).toContain('Budget has been exceeded')
    const good = statuses.filter((status) => status === 200).length
    const logged = await rowsOf(token, good)
    const spent = logged.reduce((sum, { cost_nano }) => sum + Number(cost_nano), 0)
    expect(spent).toBe(good * Number(GPT_COST))
    expect(spent).toBeLessThanOrEqual(500_000)
  })

  it('refuses a caller with a budget where nobody can tell the cost, and charges what the operator says', async () => {
    const { key, token } = await gateway().key({ max_budget: 3 })
    const refused = await send(key, '/openai/v1/threads/thread_1/runs', { model: GPT, assistant_id: 'asst_1' })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('cost_per_request')
    expect((await send(key, '/openai/v1/fine_tuning/jobs', { model: GPT, training_file: 'file-1' })).status).toBe(200)
    // Two of three dollars are spent; the next would cost two more.
    expect((await send(key, '/openai/v1/fine_tuning/jobs', { model: GPT, training_file: 'file-1' })).status).toBe(429)
    expect(await rowsOf(token, 1)).toMatchObject([{ cost_nano: '2000000000' }])
    const { key: free } = await gateway().key()
    expect((await send(free, '/openai/v1/threads/thread_1/runs', { assistant_id: 'asst_1' })).status).toBe(200)
  })

  it('reaches an endpoint of the operator’s with its headers, below its path only', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const answer = await send(key, '/own/deep/er?token=theirs&q=1', { hello: 'there' })
    expect(await answer.json()).toMatchObject({ path: '/own-api/deep/er' })
    expect(vendor.last()).toMatchObject({
      url: '/own-api/deep/er?q=1&region=eu',
      headers: { authorization: `bearer ${VENDORS_KEY}`, 'x-team': 'ours' },
      body: '{"hello":"there"}',
    })
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(answer.headers.get('openai-organization')).toBeNull()
    expect(answer.headers.get('llm_provider-x-request-id')).toBe('req-1')
    expect(await rowsOf(token, 1)).toMatchObject([{ cost_nano: '250000000' }])
    expect((await send(key, '/owner', {})).status).toBe(404)
  })

  it('lets a key use only its models, whatever place names them', async () => {
    const { key } = await gateway().key({ models: ['claude'] })
    const chat = { model: GPT, messages: [{ role: 'user', content: 'hi' }] }
    expect((await send(key, '/openai/v1/chat/completions', chat)).status).toBe(401)
    expect((await send(key, `/gemini/v1beta/models/${FLASH}:generateContent`, { contents: [] })).status).toBe(401)
    expect((await send(key, '/openai/v1/threads/thread_1/runs', { assistant_id: 'a' })).status).toBe(403)
    const form = new FormData()
    form.set('model', 'whisper-1')
    form.set('file', new Blob(['sound']), 'a.wav')
    const spoken = await fetch(at('/openai/v1/audio/translated'), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: form,
    })
    expect(spoken.status).toBe(401)
    const claude = { model: CLAUDE, max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }
    expect((await send(key, '/anthropic/v1/messages', claude)).status).toBe(200)
  })

  it('sends a file on as it arrives, byte for byte', async () => {
    const { key } = await gateway().key()
    const bytes = 'x'.repeat(3_000_000)
    const answer = await fetch(at('/gemini/upload/v1beta/files?uploadType=media&key=sk-guess-this'), {
      method: 'POST',
      headers: { 'x-goog-api-key': key, 'content-type': 'application/octet-stream' },
      body: bytes,
    })
    expect(answer.status).toBe(200)
    expect(vendor.last()?.url).toBe('/upload/v1beta/files?uploadType=media')
    expect(vendor.last()?.body.length).toBe(bytes.length)
  })

  it('follows no redirect with a key, and leads nowhere but down', async () => {
    const { key } = await gateway().key()
    const moved = await send(key, '/openai/v1/containers/cntr_1/moved')
    expect(moved.status).toBe(502)
    const before = vendor.got.length
    for (const path of [
      '/openai/..%2f..%2fadmin',
      '/openai/%252e%252e/admin',
      '/openai//evil.test/x',
      '/openai/v1/%5c%5cevil',
      '/openai/https:%2f%2fevil.test',
    ])
      expect([path, (await send(key, path, {})).status]).toEqual([path, 400])
    expect(vendor.got.length).toBe(before)
  })

  it('shows nobody what others keep, and no vendor’s words about its key', async () => {
    const { key } = await gateway().key()
    expect((await send(key, '/openai/v1/vector_stores')).status).toBe(403)
    expect((await send(MASTER_KEY, '/openai/v1/vector_stores')).status).toBe(200)
    expect((await send(key, '/openai/v1/vector_stores/vs_123')).status).toBe(200)
    const quoted = await send(key, '/openai/v1/containers/cntr_1/quotes-key')
    expect(quoted.status).toBe(401)
    expect(await quoted.text()).not.toContain(VENDORS_KEY)
  })

  it('tells the vendor that the client has left, and charges what was written meanwhile', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const leaving = new AbortController()
    const answer = await send(
      key,
      '/openai/v1/slowly/chat/completions',
      { model: GPT, stream: true, max_tokens: 1000, messages: [{ role: 'user', content: 'hi' }] },
      { signal: leaving.signal },
    )
    const reader = answer.body?.getReader()
    await reader?.read()
    leaving.abort()
    await eventually(
      () => Promise.resolve(vendor.left),
      (left) => left.some((url) => url.includes('/slowly')),
    )
    const [row] = await rowsOf(token, 1)
    expect(row).toMatchObject({ status: 'cancelled', usage_estimated: true })
    expect(Number(row?.cost_nano)).toBeGreaterThan(0)
  })

  it('counts requests, and needs a key', async () => {
    const { key } = await gateway().key({ rpm_limit: 1 })
    expect((await send(key, '/openai/v1/models')).status).toBe(200)
    expect((await send(key, '/openai/v1/models')).status).toBe(429)
    expect((await fetch(at('/openai/v1/models'))).status).toBe(401)
    expect((await fetch(at('/own'))).status).toBe(401)
  })
})
