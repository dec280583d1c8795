import { describe, expect, it } from 'vitest'
import { memoryVectors } from '../../../src/cache/semantic/memory.ts'
import { semantic } from '../../../src/cache/semantic/semantic.ts'
import type { SemanticCacheSettings } from '../../../src/config/semantic-cache.ts'
import { cacheWorld } from '../../support/cache-world.ts'
import { answered, gatewayWorld, keyWith } from '../../support/gateway-world.ts'

const CONFIG = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1', region_name: eu }
  - model_name: vectors
    litellm_params: { model: openai/text-embedding-3-small, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const vectors: Readonly<Record<string, readonly number[]>> = {
  'Microservices là gì?': [1, 0],
  'Hãy giải thích microservices?': [0.94, Math.sqrt(1 - 0.94 ** 2)],
  'Microservice architecture giúp gì?': [0.78, -Math.sqrt(1 - 0.78 ** 2)],
}

function world(more: Partial<SemanticCacheSettings> = {}) {
  const asked: string[] = []
  const gateway = gatewayWorld(
    (url, init) => {
      const { input } = JSON.parse(String(init.body))
      asked.push(url.endsWith('/embeddings') ? 'embed' : 'chat')
      if (!url.endsWith('/embeddings')) return answered('Small services.', { prompt_tokens: 5, completion_tokens: 3 })
      const embedding = vectors[Array.isArray(input) ? input[0] : input]
      const usage = { prompt_tokens: 4, total_tokens: 4 }
      return Response.json({ object: 'list', data: [{ object: 'embedding', index: 0, embedding }], usage })
    },
    { config: CONFIG },
  )
  const settings: SemanticCacheSettings = {
    store: 'redis',
    collection: 'c',
    threshold: 0.92,
    embedder: 'vectors',
    timeoutMs: 5_000,
    nearest: 5,
    shadow: false,
    mostMessages: 6,
    mostQuestionChars: 500,
    ...more,
  }
  const { clock } = gateway.deps
  const records: unknown[] = []
  const cache = semantic({ store: memoryVectors(), clock, settings, warn: () => {} })
  const exact = cacheWorld(clock, undefined, { type: 'local' })
  const semanticDeps = { cache, settings, record: (seen: unknown) => void records.push(seen) }
  Object.assign(gateway.deps, { cache: { ...exact.deps, semantic: semanticDeps } })
  const ask = async (content: string, team = 'a', models: readonly string[] = ['small']) => {
    const principal = { ...keyWith(), teamId: team, models: [{ level: 'key' as const, names: models }] }
    const response = await gateway.ask({ model: 'small', messages: [{ role: 'user', content }] }, principal)
    await gateway.rest()
    return response.headers
  }
  return { asked, ask, records, gateway }
}

describe('a like question', () => {
  it('is answered out of the cache, costs its embedding alone, and says how like it was', async () => {
    const { ask, asked, gateway } = world()
    expect((await ask('Microservices là gì?')).get('x-litellm-cache-hit')).toBe('miss')
    const hit = await ask('Hãy giải thích microservices?')
    expect(hit.get('x-litellm-cache-hit')).toBe('semantic')
    expect(Number(hit.get('x-litellm-semantic-similarity'))).toBeCloseTo(0.94, 6)
    expect((await ask('Microservice architecture giúp gì?')).get('x-litellm-cache-hit')).toBe('miss')
    expect(asked).toEqual(['embed', 'chat', 'embed', 'embed', 'chat'])
    const rows = gateway.rows()
    expect(rows.filter(({ cache_hit }) => cache_hit === true)).toHaveLength(1)
    expect(rows.filter(({ model_group }) => model_group === 'vectors')).toHaveLength(3)
  })

  it('of another team gets an answer of its own', async () => {
    const { ask } = world()
    await ask('Microservices là gì?')
    expect((await ask('Hãy giải thích microservices?', 'b')).get('x-litellm-cache-hit')).toBe('miss')
  })

  it('is embedded nowhere but in the region that the request is bound to', async () => {
    const { asked, gateway } = world()
    const messages = [{ role: 'user', content: 'Microservices là gì?' }]
    const response = await gateway.ask({ model: 'small', messages, allowed_model_region: 'eu' })
    expect([response.status, asked]).toEqual([200, ['chat']])
  })

  it('is only recorded in shadow mode', async () => {
    const { ask, records } = world({ shadow: true })
    await ask('Microservices là gì?')
    expect((await ask('Hãy giải thích microservices?')).get('x-litellm-cache-hit')).toBe('miss')
    expect(records.at(-1)).toMatchObject({ distance: 0 })
  })
})
