import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

let asked = 0
let embedded: string[] = []
const vendor = await startVendor(async (path, { input }) => {
  asked += 1
  if (path.endsWith('/embeddings')) {
    const texts = [input].flat() as string[]
    embedded = texts
    return {
      body: {
        object: 'list',
        model: 'text-embedding-3-small',
        data: texts.map((text, index) => ({ object: 'embedding', index, embedding: [0.1, text.length] })),
        usage: { prompt_tokens: 10 * texts.length, total_tokens: 10 * texts.length },
      },
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const message = { role: 'assistant', content: `Answer ${asked}: đường "x"` }
  return {
    body: {
      ...{ id: `chatcmpl-${asked}`, object: 'chat.completion', created: 1, model: 'gpt-4o-mini' },
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
    },
  }
})

describe('the cache', () => {
  const gateway = useGateway({
    isolates: 2,
    providers: false,
    configFile: configFile(`model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/v1' }
  - model_name: vectors
    litellm_params: { model: openai/text-embedding-3-small, api_key: sk-vendor, api_base: '${vendor}/v1' }
    model_info: { mode: embedding }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
litellm_settings:
  cache: true
  cache_params: { type: redis, ttl: 600, encrypt: true }
`),
  })
  const post = (path: string, key: string, body: unknown, isolate = 0) =>
    fetch(`${gateway().url(isolate)}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const chat = (key: string, question: string, isolate = 0, fields = {}) =>
    post(
      '/v1/chat/completions',
      key,
      { model: 'small', messages: [{ role: 'user', content: question }], ...fields },
      isolate,
    )
  const kind = (response: Response) => response.headers.get('x-litellm-cache-hit')
  const team = async () => (await gateway().admin<{ team_id: string }>('POST', '/team/new', {})).team_id

  it('is shared by the isolates and the keys of a team, and by nobody else; a hit costs nothing and says what it saved', async () => {
    const [one, two] = [await team(), await team()]
    const [a, b, c] = [
      await gateway().key({ team_id: one, max_budget: 1 }),
      await gateway().key({ team_id: one, max_budget: 1 }),
      await gateway().key({ team_id: two, max_budget: 1 }),
    ]
    const first = await chat(a.key, 'Where?')
    expect([first.status, kind(first)]).toEqual([200, 'miss'])
    const text = await first.text()
    const second = await eventually(
      () => chat(b.key, 'Where?', 1),
      (answer) => kind(answer) === 'exact',
    )
    expect(await second.text()).toBe(text)
    expect(second.headers.get('x-litellm-response-cost')).toBe('0')
    const stream = await chat(b.key, 'Where?', 1, { stream: true })
    expect(kind(stream)).toBe('exact')
    expect(await stream.text()).toContain('data: [DONE]')
    const other = await chat(c.key, 'Where?', 1)
    expect(kind(other)).toBe('miss')
    expect(await other.text()).not.toBe(text)
    expect(other.headers.get('x-litellm-cache-key')).not.toBe(first.headers.get('x-litellm-cache-key'))

    const { rows } = await eventually(
      () =>
        gateway().db.query<{ cost: string; saved: string; hit: boolean }>(
          'select cost_nano as cost, saved_nano as saved, cache_hit as hit from spend_log where team_id = $1 order by id',
          [one],
        ),
      ({ rows }) => rows.length >= 3,
    )
    const [miss, ...hits] = rows
    expect(Number(miss!.cost)).toBeGreaterThan(0)
    expect(miss!.saved).toBe('0')
    expect(hits.every(({ cost, saved, hit }) => hit && cost === '0' && saved === miss!.cost)).toBe(true)
  })

  it('forgets what it is told to, in every isolate, within 5 seconds', async () => {
    const { key } = await gateway().key({ team_id: await team() })
    const first = await chat(key, 'Delete me')
    await eventually(
      () => chat(key, 'Delete me', 1),
      (answer) => kind(answer) === 'exact',
    )
    const told = await gateway().admin('POST', '/cache/delete', { keys: [first.headers.get('x-litellm-cache-key')] })
    expect(told).toEqual({ status: 'success', deleted: 1 })
    const gone = await eventually(
      () => chat(key, 'Delete me', 1, { cache: { 'no-store': true } }),
      (answer) => kind(answer) === 'miss',
    )
    expect(gone.status).toBe(200)
    await chat(key, 'Flush me')
    await eventually(
      () => chat(key, 'Flush me', 1),
      (answer) => kind(answer) === 'exact',
    )
    await gateway().admin('POST', '/cache/flushall')
    await eventually(
      () => chat(key, 'Flush me', 1, { cache: { 'no-store': true } }),
      (answer) => kind(answer) === 'miss',
    )
    const ping = await gateway().admin('GET', '/cache/ping')
    expect(ping).toMatchObject({ status: 'healthy', cache_type: 'redis' })
    const stats = await gateway().admin<{ memory_bytes: number }>('GET', '/cache/stats')
    expect(stats.memory_bytes).toBeGreaterThan(0)
  })

  it('asks once for what is asked 1,000 times at once', async () => {
    const { key } = await gateway().key({ team_id: await team() })
    const before = asked
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => chat(key, 'All at once')))
    const texts = new Set(await Promise.all(answers.map((answer) => answer.text())))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(texts.size).toBe(1)
    expect(asked - before).toBe(1)
  })

  it('keeps vectors one by one, and asks only for those it lacks', async () => {
    const { key } = await gateway().key({ team_id: await team() })
    const embed = async (input: string | string[]) => {
      const response = await post('/v1/embeddings', key, { model: 'vectors', input })
      const { data } = (await response.json()) as { data: { index: number; embedding: number[] }[] }
      return { hit: kind(response), vectors: data.map(({ embedding }) => embedding[1]) }
    }
    expect(await embed(['a', 'bb'])).toEqual({ hit: 'miss', vectors: [1, 2] })
    await eventually(
      () => embed('bb'),
      ({ hit }) => hit === 'exact',
    )
    expect(await embed(['ccc', 'a', 'dddd', 'bb'])).toEqual({ hit: 'partial; 2 of 4', vectors: [3, 1, 4, 2] })
    expect(embedded).toEqual(['ccc', 'dddd'])
  })

  it('loses nothing when Redis dies under load, and is there again after it', async () => {
    const { key } = await gateway().key({ team_id: await team() })
    const waves = []
    for (let wave = 0; wave < 6; wave++) {
      if (wave === 2) gateway().stack.faults.redis.add({ kind: 'half-open' })
      if (wave === 4) gateway().stack.faults.redis.clear()
      waves.push(
        ...(await Promise.all(Array.from({ length: 20 }, (_, n) => chat(key, `Question ${wave}-${n % 5}`, n % 2)))),
      )
    }
    expect(waves.map(({ status }) => status)).toEqual(waves.map(() => 200))
    await eventually(
      () => chat(key, 'Back again?', 0),
      (answer) => kind(answer) === 'exact',
      15_000,
    )
    const stats = await gateway().admin<{ breaker_opened: number }>('GET', '/cache/stats')
    expect(stats.breaker_opened).toBeGreaterThanOrEqual(1)
  })
})
