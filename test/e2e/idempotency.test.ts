import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

let calls = 0
const vendor = await startVendor(() => {
  calls++
  return {
    body: {
      id: `chatcmpl-${crypto.randomUUID()}`,
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini-2024-07-18',
      choices: [{ index: 0, message: { role: 'assistant', content: `answer ${calls}` }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
    },
  }
})

const gateway = useGateway({
  isolates: 2,
  providers: true,
  configFile: configFile(`model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/v1' }
  - model_name: streamed
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: os.environ/OPENAI_BASE_URL }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
`),
})

const post = (isolate: number, path: string, key: string, body: unknown, apiKey = MASTER_KEY) =>
  fetch(`${gateway().url(isolate)}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  })
const spendRows = async (token: string) =>
  (await gateway().db.query('select cost_nano from spend_log where api_key = $1', [token])).rows

describe('requests that say an Idempotency-Key', () => {
  it('make one key, one change and one row of the audit log, however many come at once on two isolates', async () => {
    const idempotencyKey = crypto.randomUUID()
    const body = { key_alias: 'made once', max_budget: 5 }
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => post(n % 2, '/key/generate', idempotencyKey, body)),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const said = await Promise.all(answers.map((answer) => answer.json() as Promise<{ key: string; token: string }>))
    expect(new Set(said.map(({ key }) => key)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(7)
    const { rows } = await gateway().db.query("select token from virtual_key where key_alias = 'made once'")
    expect(rows).toHaveLength(1)
    const log = await gateway().admin<{ total: number; audit_logs: Record<string, unknown>[] }>(
      'GET',
      `/audit?object_key_hash=${rows[0].token}`,
    )
    expect(log).toMatchObject({
      total: 1,
      audit_logs: [
        {
          action: 'created',
          table_name: 'LiteLLM_VerificationToken',
          changed_by_api_key: 'master',
          route: 'POST /key/generate',
          user_role: 'proxy_admin',
        },
      ],
    })
    expect(JSON.stringify(log)).not.toContain(said[0]?.key)
    const { key: stranger } = await gateway().key()
    const seen = await fetch(`${gateway().url()}/audit`, { headers: { authorization: `Bearer ${stranger}` } })
    expect(seen.status).toBe(401)
    const [change] = log.audit_logs
    expect(await gateway().admin('GET', `/audit/${change?.id}`)).toEqual(change)

    expect((await post(1, '/key/generate', idempotencyKey, { ...body, max_budget: 6 })).status).toBe(422)
    const { rows: kept } = await gateway().db.query('select * from idempotent_request')
    expect(JSON.stringify(kept)).not.toContain(said[0]?.key)
  })

  it('are charged once, by the SDK of OpenAI and its own retries', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    let lost = 0
    const client = new OpenAI({
      apiKey: key,
      baseURL: `${gateway().url(0)}/v1`,
      maxRetries: 2,
      // The first answer is lost on its way, so the SDK asks again.
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        if (lost++ > 0) return answer
        await answer.text()
        throw new TypeError('connection reset')
      },
    })
    const before = calls
    const asked = { model: 'small', messages: [{ role: 'user' as const, content: 'hello' }] }
    const headers = { 'Idempotency-Key': crypto.randomUUID() }
    const answer = await client.chat.completions.create(asked, { headers })
    expect([lost, calls - before, answer.choices[0]?.message.content]).toEqual([2, 1, `answer ${calls}`])
    const again = await post(1, '/v1/chat/completions', headers['Idempotency-Key'], asked, key)
    expect([calls - before, again.headers.get('idempotent-replayed')]).toEqual([1, 'true'])
    expect(await again.json()).toEqual(JSON.parse(JSON.stringify(answer)))
    await eventually(
      () => spendRows(token),
      (rows) => rows.length > 0,
    )
    expect(await spendRows(token)).toHaveLength(1)
  })

  it('get a stream again as a stream, also when its first client left', async () => {
    const { key, token } = await gateway().key()
    const name = crypto.randomUUID()
    const body = { model: 'streamed', stream: true, messages: [{ role: 'user', content: 'tell me a story' }] }
    const first = await post(0, '/v1/chat/completions', name, body, key)
    const reader = first.body!.getReader()
    await reader.read()
    await reader.cancel()
    const again = await post(1, '/v1/chat/completions', name, body, key)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('content-type')).toContain('text/event-stream')
    const text = await again.text()
    expect(text).toContain('"delta"')
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
    expect(await (await post(0, '/v1/chat/completions', name, body, key)).text()).toBe(text)
    await eventually(
      () => spendRows(token),
      (rows) => rows.length > 0,
    )
    expect(await spendRows(token)).toHaveLength(1)
  })

  it('are another request for another key, and may be tried again when they were refused', async () => {
    const name = crypto.randomUUID()
    const [mine, theirs] = await Promise.all([gateway().key({ models: ['none'] }), gateway().key()])
    const body = { model: 'small', messages: [{ role: 'user', content: 'hi' }] }
    expect((await post(0, '/v1/chat/completions', name, body, mine.key)).status).toBe(401)
    const other = await post(0, '/v1/chat/completions', name, body, theirs.key)
    expect([other.status, other.headers.get('idempotent-replayed')]).toEqual([200, null])
    await gateway().admin('POST', '/key/update', { key: mine.key, models: [] })
    await eventually(
      () => post(0, '/v1/chat/completions', name, body, mine.key),
      ({ status, headers }) => status === 200 && headers.get('idempotent-replayed') === null,
    )
  })
})
