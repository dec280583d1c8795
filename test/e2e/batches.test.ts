import Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { toFile } from 'openai'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { json, startPassingVendor } from '../support/passing-vendor.ts'
import { configFile } from '../support/vendor.ts'

const GPT = 'gpt-4o-mini'
const CLAUDE = 'claude-sonnet-4-20250514'

/** Vendors that keep files and batches: a batch is over when the test says so. */
const files = new Map<string, string>()
const batches = new Map<string, Record<string, unknown>>()
let made = 0
const over = new Set<string>()
let failing = false
const vendor = await startPassingVendor(({ method, url, body, headers }, response) => {
  const path = url.split('?')[0] ?? ''
  const [, fileId, content] = /^\/v1\/files\/([^/]+)(\/content)?$/.exec(path) ?? []
  if (path === '/v1/files' && method === 'POST') {
    const id = `file-${++made}`
    const boundary = /boundary=(.*)$/.exec(String(headers['content-type']))?.[1] ?? ''
    const part = body.split(boundary).find((one) => one.includes('filename='))
    files.set(
      id,
      (part ?? '')
        .split('\r\n\r\n')
        .slice(1)
        .join('')
        .replace(/\r\n--$/, ''),
    )
    return json(response, { id, object: 'file', purpose: 'batch', bytes: body.length })
  }
  if (fileId !== undefined) {
    const held = files.get(fileId)
    if (held === undefined) return json(response, { error: { message: 'No such File' } }, 404)
    if (method === 'DELETE') files.delete(fileId)
    if (content) return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(held) && true
    return json(response, { id: fileId, object: 'file', deleted: method === 'DELETE' })
  }
  if (path === '/v1/batches' && method === 'POST') {
    if (failing) return json(response, { error: { message: 'no' } }, 400)
    const id = `batch-${++made}`
    batches.set(id, { id, object: 'batch', status: 'in_progress', ...JSON.parse(body) })
    return json(response, batches.get(id))
  }
  const [, batchId, action] = /^\/v1\/batches\/([^/]+)(\/cancel)?$/.exec(path) ?? []
  if (batchId !== undefined) {
    const batch = batches.get(batchId)
    if (batch && over.has(batchId) && batch.status === 'in_progress') {
      const out = `file-${++made}`
      // Of each two requests one was answered: 1000 tokens in, 100 out.
      const lines = String(files.get(String(batch.input_file_id)))
        .trim()
        .split('\n')
      const results = lines.map((line, at) => ({
        custom_id: JSON.parse(line).custom_id,
        response:
          at % 2
            ? { status_code: 500, body: { error: {} } }
            : {
                status_code: 200,
                body: { model: `${GPT}-2024-07-18`, usage: { prompt_tokens: 1000, completion_tokens: 100 } },
              },
      }))
      files.set(out, results.map((one) => JSON.stringify(one)).join('\n'))
      Object.assign(batch, { status: 'completed', output_file_id: out, usage: { input_tokens: 9, output_tokens: 9 } })
    }
    if (batch && action) batch.status = 'cancelled'
    return json(response, batch ?? { error: { message: 'none' } }, batch ? 200 : 404)
  }
  if (path === '/v1/messages/batches' && method === 'POST') {
    const id = `msgbatch_${++made}`
    batches.set(id, { id, type: 'message_batch', processing_status: 'in_progress', results_url: null })
    return json(response, batches.get(id))
  }
  const [, messagesId, results] = /^\/v1\/messages\/batches\/([^/]+)(\/results)?$/.exec(path) ?? []
  if (messagesId !== undefined) {
    if (results) {
      const message = { model: CLAUDE, usage: { input_tokens: 1000, output_tokens: 100 } }
      return (
        response
          .writeHead(200, { 'content-type': 'application/x-jsonl' })
          .end(`${JSON.stringify({ custom_id: 'a', result: { type: 'succeeded', message } })}\n`) && true
      )
    }
    const batch = batches.get(messagesId)
    if (batch && over.has(messagesId))
      Object.assign(batch, { processing_status: 'ended', results_url: `https://api.anthropic.com${path}/results` })
    return json(response, batch, batch ? 200 : 404)
  }
  return false
})
afterAll(() => vendor.stop())

const config = configFile(`
model_list:
  - model_name: cheap
    litellm_params: { model: openai/${GPT}, api_key: os.environ/OPENAI_API_KEY }
  - model_name: claude
    litellm_params: { model: anthropic/${CLAUDE}, api_key: os.environ/ANTHROPIC_API_KEY }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY, total_timeout: 2 }
`)

describe('files and batches', () => {
  const gateway = useGateway({
    isolates: 2,
    configFile: config,
    vars: {
      LEDGER_SETTINGS: JSON.stringify({ grantLifeMs: 1_000, skewMs: 200, horizonMs: 20_000, idleReturnMs: 1_000 }),
      OPENAI_API_KEY: 'sk-op',
      OPENAI_BASE_URL: `${vendor.url}/v1`,
      ANTHROPIC_API_KEY: 'sk-op',
      ANTHROPIC_BASE_URL: vendor.url,
    },
  })
  const rows = async (token: string) =>
    (
      await gateway().db.query(
        `select id, kind, status, call_type, cost_nano, prompt_tokens from spend_log
         where api_key = $1
           and call_type = 'acreate_batch' order by id`,
        [token],
      )
    ).rows as Record<string, unknown>[]
  const spent = async (key: string) =>
    Number((await gateway().admin<{ info: { spend: number } }>('GET', `/key/info?key=${key}`)).info.spend)
  const input = (count: number, max_tokens = 200) =>
    toFile(
      Buffer.from(
        Array.from({ length: count }, (_, at) =>
          JSON.stringify({
            custom_id: `r${at}`,
            method: 'POST',
            url: '/v1/chat/completions',
            body: { model: GPT, max_tokens, messages: [{ role: 'user', content: 'x'.repeat(1000) }] },
          }),
        ).join('\n'),
      ),
      'in.jsonl',
    )
  const begin = async (client: OpenAI, count = 2) => {
    const file = await client.files.create({ file: await input(count), purpose: 'batch' })
    return client.batches.create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' })
  }
  /** Half of 0.15 and 0.60 dollars a million, for each answered request. */
  const EACH = (1000 * 150 + 100 * 600) / 2

  it('belong to whoever made them', async () => {
    const [mine, others] = [await gateway().key(), await gateway().key()]
    const [a, b] = [gateway().openai(mine.key), gateway().openai(others.key, 1)]
    const batch = await begin(a)
    expect((await a.files.list()).data.map(({ id }) => id)).toEqual([batch.input_file_id])
    expect((await a.batches.list()).data.map(({ id }) => id)).toEqual([batch.id])
    expect((await b.files.list()).data).toEqual([])
    expect((await b.batches.list()).data).toEqual([])
    for (const asked of [
      () => b.batches.retrieve(batch.id),
      () => b.batches.cancel(batch.id),
      () => b.files.retrieve(batch.input_file_id),
      () => b.files.content(batch.input_file_id),
      () => b.files.delete(batch.input_file_id),
      () =>
        b.batches.create({
          input_file_id: batch.input_file_id,
          endpoint: '/v1/chat/completions',
          completion_window: '24h',
        }),
    ])
      await expect(asked()).rejects.toMatchObject({ status: 404 })
    for (const [path, status] of [
      ['openai_passthrough/v1/files', 403],
      ['openai_passthrough/v1/%66iles', 400],
      ['openai/v1/%66iles', 404],
      ['openai/files', 403],
    ]) {
      const raw = await fetch(`${gateway().url()}/${path}/${batch.input_file_id}/content`, {
        headers: { authorization: `Bearer ${others.key}` },
      })
      expect([path, raw.status]).toEqual([path, status])
    }
    expect(await (await a.files.content(batch.input_file_id)).text()).toContain('"custom_id":"r0"')
    expect((await a.files.delete(batch.input_file_id)).deleted).toBe(true)
    expect((await a.files.list()).data).toEqual([])
  })

  it('are held for while they run, also after the hold has expired, and charged once by their results', async () => {
    const { key, token } = await gateway().key({ max_budget: 0.001 })
    const [first, second] = [gateway().openai(key), gateway().openai(key, 1)]
    const batch = await begin(first, 2)
    // A second one does not fit beside the first, which holds more than half.
    await expect(begin(second, 6)).rejects.toMatchObject({ status: 429 })
    // The hold expires; what it held stays charged.
    const reserved = await eventually(
      () => spent(key),
      (usd) => usd > 0,
      10_000,
    )
    await expect(begin(second, 6)).rejects.toMatchObject({ status: 429 })
    over.add(batch.id)
    const done = await Promise.all([first.batches.retrieve(batch.id), second.batches.retrieve(batch.id)])
    expect(done.map(({ status }) => status)).toEqual(['completed', 'completed'])
    const results = await Promise.all([first, second].map((one) => one.files.content(done[0].output_file_id ?? '')))
    expect(await results[0]?.text()).toContain('"custom_id":"r0"')
    await gateway().runner.cron()
    const [row, ...more] = await eventually(
      async () => (await rows(token)).filter(({ call_type }) => call_type === 'acreate_batch'),
      (found) => found.length > 0,
    )
    expect(more).toEqual([])
    expect(row).toMatchObject({ status: 'success', cost_nano: String(EACH), prompt_tokens: '1000' })
    expect(
      await eventually(
        () => spent(key),
        (usd) => usd < reserved,
      ),
    ).toBeCloseTo(EACH / 1e9, 12)
    expect(reserved).toBeLessThanOrEqual(0.001)
  }, 40_000)

  it('are charged by the cron where nobody comes back, and before their results are deleted', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const client = gateway().openai(key)
    const [left, deleted] = [await begin(client), await begin(client)]
    over.add(left.id).add(deleted.id)
    const { output_file_id: out } = await client.batches.retrieve(deleted.id)
    await client.files.delete(out ?? '')
    await gateway().runner.cron()
    const found = await eventually(
      () => rows(token),
      (some) => some.filter(({ call_type }) => call_type === 'acreate_batch').length === 2,
    )
    expect(found.filter(({ call_type }) => call_type === 'acreate_batch').map(({ cost_nano }) => cost_nano)).toEqual([
      String(EACH),
      String(EACH),
    ])
  }, 20_000)

  it('cost nothing where the vendor refuses them, and are refused for models of others', async () => {
    const { key } = await gateway().key({ max_budget: 0.001 })
    const client = gateway().openai(key)
    failing = true
    for (let again = 0; again < 3; again++) await expect(begin(client, 2)).rejects.toMatchObject({ status: 400 })
    failing = false
    expect((await begin(client, 2)).status).toBe('in_progress')
    const { key: other } = await gateway().key({ models: ['claude'] })
    await expect(begin(gateway().openai(other))).rejects.toMatchObject({ status: 401 })
    const { key: poor } = await gateway().key({ max_budget: 0.00001 })
    await expect(begin(gateway().openai(poor))).rejects.toMatchObject({ status: 429 })
  })

  it('of Anthropic work with its SDK, and cost half', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const client = new Anthropic({ apiKey: key, baseURL: gateway().url(), maxRetries: 0 })
    const params = { model: CLAUDE, max_tokens: 200, messages: [{ role: 'user' as const, content: 'hi' }] }
    const batch = await client.messages.batches.create({ requests: [{ custom_id: 'a', params }] })
    const stranger = new Anthropic({ apiKey: (await gateway().key()).key, baseURL: gateway().url(1), maxRetries: 0 })
    await expect(stranger.messages.batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 })
    expect((await stranger.messages.batches.list()).data).toEqual([])
    expect((await client.messages.batches.list()).data.map(({ id }) => id)).toEqual([batch.id])
    over.add(batch.id)
    const ids = []
    for await (const one of await client.messages.batches.results(batch.id)) ids.push(one.custom_id)
    expect(ids).toEqual(['a'])
    const found = await eventually(
      () => rows(token),
      (some) => some.some(({ call_type }) => call_type === 'acreate_batch'),
    )
    expect(found.find(({ call_type }) => call_type === 'acreate_batch')?.cost_nano).toBe(
      String((1000 * 3000 + 100 * 15_000) / 2),
    )
  })
})
