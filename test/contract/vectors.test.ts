import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryRedis } from '../../scripts/local/redis-memory.ts'
import { withVectors } from '../../scripts/local/redis-vectors.ts'
import { startUpstashEndpoint, type UpstashEndpoint } from '../../scripts/local/upstash-endpoint.ts'
import { memoryVectors } from '../../src/cache/semantic/memory.ts'
import { pineconeVectors } from '../../src/cache/semantic/pinecone.ts'
import { qdrantVectors } from '../../src/cache/semantic/qdrant.ts'
import { upstashRedisVectors } from '../../src/cache/semantic/upstash-redis.ts'
import { upstashVectors } from '../../src/cache/semantic/upstash-vector.ts'
import { weaviateVectors } from '../../src/cache/semantic/weaviate.ts'
import { fakePinecone, fakeQdrant, fakeUpstashVector, fakeWeaviate, type Product } from '../support/vector-products.ts'
import { NOW, OWNER, vectorsContract } from './vectors-contract.ts'

const url = 'https://vectors.test'
const sized = (most?: number) => (most === undefined ? {} : { most })
const stands = () => {}

vectorsContract('in memory', { make: (most) => memoryVectors(sized(most)), advance: stands })

let nowMs = NOW
let endpoint: UpstashEndpoint
beforeAll(async () => {
  endpoint = await startUpstashEndpoint(withVectors(memoryRedis(() => nowMs)), 'token')
})
afterAll(() => endpoint.close())
const redis = (most?: number) =>
  upstashRedisVectors({ url: endpoint.url, token: endpoint.token, fetch, ...sized(most) })

vectorsContract('Upstash Redis', {
  make: async (most) => {
    await fetch(endpoint.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${endpoint.token}` },
      body: '["FLUSHDB"]',
    })
    return redis(most)
  },
  advance: (ms) => {
    nowMs += ms
  },
})

vectorsContract('Upstash Vector', {
  make: (most) => upstashVectors({ url, token: 't', fetch: fakeUpstashVector().fetch, ...sized(most) }),
  advance: stands,
})
vectorsContract('Qdrant', {
  make: (most) => qdrantVectors({ url, collection: 'questions', fetch: fakeQdrant().fetch, ...sized(most) }),
  advance: stands,
})
vectorsContract('Pinecone', {
  make: (most) => pineconeVectors({ url, apiKey: 'k', fetch: fakePinecone().fetch, ...sized(most) }),
  advance: stands,
})
vectorsContract('Weaviate', {
  make: (most) => weaviateVectors({ url, className: 'Question', fetch: fakeWeaviate().fetch, ...sized(most) }),
  advance: stands,
})

describe('a store that is asked', () => {
  const place = { owner: OWNER, index: 'c'.repeat(64), dimension: 2 }
  const entry = { id: 'one', vector: [1, 0], note: 'n', expiresAtMs: NOW + 1_000 }
  const wanted = () => ({ most: 1, atLeast: 0, nowMs: NOW, signal: new AbortController().signal })
  const stores = (fake: Pick<Product, 'fetch'>) => [
    upstashRedisVectors({ url, token: 'secret', fetch: fake.fetch }),
    upstashVectors({ url, token: 'secret', fetch: fake.fetch }),
    qdrantVectors({ url, apiKey: 'secret', collection: 'questions', fetch: fake.fetch }),
    pineconeVectors({ url, apiKey: 'secret', fetch: fake.fetch }),
    weaviateVectors({ url, apiKey: 'secret', className: 'Question', fetch: fake.fetch }),
  ]

  it('fails as one that is down, and its error tells neither key nor question', async () => {
    const down = { fetch: (() => Promise.resolve(new Response('your question', { status: 503 }))) as typeof fetch }
    for (const store of stores(down)) {
      const faults = await Promise.all([
        store.put(place, entry, NOW).catch(String),
        store.nearest(place, [1, 0], wanted()).catch(String),
      ])
      for (const fault of faults) {
        expect(fault).toContain('StoreFault: status 503')
        expect(fault).not.toMatch(/secret|question"/)
      }
    }
  })

  it('is given up when its time is over', async () => {
    const silent = {
      fetch: ((_: unknown, init?: RequestInit) =>
        new Promise((_, reject) => {
          init?.signal?.addEventListener('abort', () => reject(new DOMException('late', 'AbortError')))
        })) as typeof fetch,
    }
    for (const store of stores(silent)) {
      const giving = new AbortController()
      const found = store.nearest(place, [1, 0], { ...wanted(), signal: giving.signal })
      giving.abort()
      await expect(found).rejects.toThrow('late')
    }
  })

  it('makes a collection once, also where another isolate was first', async () => {
    const fake = fakeQdrant()
    const [one, two] = [0, 1].map(() => qdrantVectors({ url, apiKey: 'k', collection: 'q', fetch: fake.fetch }))
    await Promise.all([one!.put(place, entry, NOW), one!.put(place, { ...entry, id: 'two' }, NOW)])
    await two!.put(place, { ...entry, id: 'three' }, NOW)
    expect(fake.calls.filter(({ path }) => path === '/collections/q_2')).toHaveLength(2)
    expect(fake.calls[0]!.headers['api-key']).toBe('k')
    expect(await two!.nearest(place, [1, 0], { ...wanted(), most: 5 })).toHaveLength(3)
  })

  it('leaves no vectors behind in Redis when notes and index have expired', async () => {
    const store = redis()
    await store.put(place, entry, nowMs)
    await store.put(place, { ...entry, id: 'two', vector: [0, 1], expiresAtMs: nowMs + 9_000 }, nowMs)
    nowMs += 2_000
    await store.nearest(place, [1, 0], { ...wanted(), nowMs })
    const count = async () => {
      const init = { method: 'POST', headers: { authorization: `Bearer ${endpoint.token}` } }
      const body = JSON.stringify(['VECTOR.COUNT', `tollgate:vectors:1:${place.index}:2`])
      return (await (await fetch(endpoint.url, { ...init, body })).json()) as unknown
    }
    expect(await count()).toEqual({ result: 1 })
    nowMs += 8_000
    expect(await count()).toEqual({ result: 0 })
  })
})
