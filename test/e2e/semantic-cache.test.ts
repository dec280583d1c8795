import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

/** Given vectors: no model that makes some can be had here. */
const vectors: Readonly<Record<string, readonly number[]>> = {
  'Microservices là gì?': [1, 0],
  'Hãy giải thích microservices?': [0.94, Math.sqrt(1 - 0.94 ** 2)],
  'Microservices nghĩa là gì?': [0.95, Math.sqrt(1 - 0.95 ** 2)],
  'Microservice architecture giúp gì?': [0.78, -Math.sqrt(1 - 0.78 ** 2)],
}
let asked = 0
const vendor = await startVendor((path, { input }) => {
  if (path.endsWith('/embeddings')) {
    const embedding = vectors[String([input].flat()[0])]
    const usage = { prompt_tokens: 10, total_tokens: 10 }
    return { body: { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding }], usage } }
  }
  asked += 1
  return {
    body: {
      ...{ id: `chatcmpl-${asked}`, object: 'chat.completion', created: 1, model: 'gpt-4o-mini' },
      choices: [
        { index: 0, message: { role: 'assistant', content: `Small services ${asked}.` }, finish_reason: 'stop' },
      ],
      usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
    },
  }
})

interface Stats {
  readonly by_team_and_model: readonly {
    readonly team_id: string
    readonly model_group: string
    readonly exact: number
    readonly semantic: number
    readonly miss: number
    readonly saved_usd: number
  }[]
}

describe('the semantic cache', () => {
  const gateway = useGateway({
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
  cache_params: { type: redis-semantic, similarity_threshold: 0.92, redis_semantic_cache_embedding_model: vectors, semantic_timeout_ms: 5000, timeout_ms: 2000, ttl: 600, encrypt: true }
`),
  })
  const ask = async (key: string, question: string, fields = {}) => {
    const response = await fetch(`${gateway().url()}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content: question }], ...fields }),
    })
    const told = (name: string) => response.headers.get(name)
    const text = await response.text()
    return { text, status: response.status, hit: told('x-litellm-cache-hit'), headers: told }
  }
  const neverKept = { cache: { 'no-store': true } }
  const teamKey = async (fields = {}) => {
    const { team_id } = await gateway().admin<{ team_id: string }>('POST', '/team/new', {})
    return { team_id, ...(await gateway().key({ team_id, ...fields })) }
  }

  it('answers a like question and no other; what is deleted by the key that it told is gone for like questions too', async () => {
    const { key, team_id } = await teamKey()
    const first = await ask(key, 'Microservices là gì?')
    expect([first.status, first.hit]).toEqual([200, 'miss'])
    const like = await eventually(
      () => ask(key, 'Hãy giải thích microservices?', neverKept),
      ({ hit }) => hit === 'semantic',
    )
    expect(like.text).toBe(first.text)
    expect(Number(like.headers('x-litellm-semantic-similarity'))).toBeCloseTo(0.94, 3)
    expect(like.headers('age')).toMatch(/^\d+$/)
    expect(like.headers('x-litellm-response-cost')).toBe('0')
    expect((await ask(key, 'Microservice architecture giúp gì?', neverKept)).hit).toBe('miss')
    const other = await teamKey()
    expect((await ask(other.key, 'Hãy giải thích microservices?', neverKept)).hit).toBe('miss')

    const rows = async () => {
      const { by_team_and_model } = await gateway().admin<Stats>('GET', '/cache/stats')
      return by_team_and_model.filter((row) => row.team_id === team_id)
    }
    const [stats] = (await rows()).filter(({ model_group }) => model_group === 'small')
    expect(stats!.semantic).toBeGreaterThanOrEqual(1)
    expect(stats!.miss).toBeGreaterThanOrEqual(2)
    // 100 tokens in and 50 out of gpt-4o-mini, for each hit.
    expect(stats!.saved_usd).toBeCloseTo((stats!.semantic + stats!.exact) * 0.000045, 8)

    const keys = [like.headers('x-litellm-cache-key')]
    expect(await gateway().admin('POST', '/cache/delete', { keys })).toEqual({ status: 'success', deleted: 1 })
    await eventually(
      () => ask(key, 'Microservices nghĩa là gì?', neverKept),
      ({ hit }) => hit === 'miss',
      6_000,
    )
  })

  it('a key says of the cache what it and its team may', async () => {
    const { key, token } = await teamKey({ allowed_cache_controls: ['ttl', 'no-store'] })
    const refused = await ask(key, 'Microservices là gì?', { cache: { 'no-cache': true } })
    expect([refused.status, JSON.parse(refused.text).error.param]).toEqual([403, 'cache.no-cache'])
    expect((await ask(key, 'Microservices là gì?', { cache: { ttl: 5 } })).status).toBe(200)
    const { info } = await gateway().admin<{ info: object }>('GET', `/key/info?key=${token}`)
    expect(info).toMatchObject({ allowed_cache_controls: ['ttl', 'no-store'] })
    await gateway().admin('POST', '/key/update', { key: token, allowed_cache_controls: [] })
    await eventually(
      () => ask(key, 'Microservices là gì?', { cache: { 'no-cache': true } }),
      ({ status }) => status === 200,
      6_000,
    )
  })
})
