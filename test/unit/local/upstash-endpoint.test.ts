import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { memoryRedis } from '../../../scripts/local/redis-memory.ts'
import { withVectors } from '../../../scripts/local/redis-vectors.ts'
import { startUpstashEndpoint, type UpstashEndpoint } from '../../../scripts/local/upstash-endpoint.ts'

let endpoint: UpstashEndpoint
let redis: Redis

beforeAll(async () => {
  endpoint = await startUpstashEndpoint(withVectors(memoryRedis()), 'secret')
  redis = new Redis({
    url: endpoint.url,
    token: 'secret',
    retry: { retries: 0 },
    enableTelemetry: false,
    enableAutoPipelining: false,
  })
})
afterAll(async () => {
  await endpoint.close()
})
beforeEach(async () => {
  await redis.flushdb()
})

const raw = (path: string, init: RequestInit = {}) =>
  fetch(endpoint.url + path, { ...init, headers: { authorization: 'Bearer secret', ...init.headers } })

test('the client writes and reads, also what is not ASCII', async () => {
  const value = { text: 'Hà Nội — 你好 🎉', n: 3 }
  expect(await redis.set('k', value, { ex: 60 })).toBe('OK')
  expect(await redis.get('k')).toEqual(value)
  expect(await redis.ttl('k')).toBe(60)
  await redis.hset('h', { a: '1', b: 'OK' })
  expect(await redis.hgetall('h')).toEqual({ a: 1, b: 'OK' })
})

test('a pipeline goes on after an error, a transaction is one', async () => {
  await redis.set('word', 'text')
  const results = await redis.pipeline().get('word').incr('word').get('word').exec({ keepErrors: true })
  expect(results.map((r) => r.error ?? r.result)).toEqual(['text', expect.stringContaining('not an integer'), 'text'])
  expect(await redis.multi().set('n', 1).incr('n').exec()).toEqual(['OK', 2])
})

test('the path form takes the body as last argument and the query as options', async () => {
  expect(await (await raw('/set/a%20b/v?EX=30')).json()).toEqual({ result: 'OK' })
  expect(await (await raw('/ttl/a%20b')).json()).toEqual({ result: 30 })
  await raw('/set/body', { method: 'POST', body: 'from the body' })
  expect(await (await fetch(`${endpoint.url}/get/body?_token=secret`)).json()).toEqual({ result: 'from the body' })
})

test('base64 is on request, and OK is left alone', async () => {
  const headers = { 'upstash-encoding': 'base64' }
  expect(await (await raw('/set/k/v', { headers })).json()).toEqual({ result: 'OK' })
  expect(await (await raw('/get/k', { headers })).json()).toEqual({ result: 'dg==' })
  expect(await (await raw('/get/none', { headers })).json()).toEqual({ result: null })
})

test('a wrong token is 401, and what Redis refuses or nobody can read is 400 with its reason', async () => {
  const strange = await fetch(`${endpoint.url}/get/k`, { headers: { authorization: 'Bearer wrong' } })
  expect([strange.status, await strange.json()]).toEqual([401, { error: 'WRONGPASS invalid or missing auth token' }])
  const unknown = await raw('/nosuch/a')
  expect([unknown.status, await unknown.json()]).toEqual([
    400,
    { error: "ERR unknown command 'nosuch', with args beginning with: 'a' " },
  ])
  for (const body of ['not json', '{}', '[]', '[[]]']) {
    const broken = await raw(body === '[[]]' ? '/pipeline' : '/', { method: 'POST', body })
    expect([broken.status, await broken.json()]).toEqual([400, { error: expect.stringMatching(/^ERR /) }])
  }
})

test('vectors are found by nearness, and their index is an ordinary key', async () => {
  await redis.vector.createIndex({ name: 'idx', dimension: 2, metric: 'COSINE' })
  await redis.vector.createIndex({ name: 'idx', dimension: 2, metric: 'COSINE', existsOk: true })
  await expect(redis.vector.createIndex({ name: 'idx', dimension: 2, metric: 'COSINE' })).rejects.toThrow(
    'already exists',
  )
  await expect(
    redis.vector.createIndex({ name: 'idx', dimension: 3, metric: 'COSINE', existsOk: true }),
  ).rejects.toThrow('different configuration')
  const index = redis.vector.index('idx')
  expect(await index.add('east', [1, 0])).toBe(1)
  await index.add('north', new Float32Array([0, 1]))
  expect(await index.add('east', [2, 0])).toBe(0)
  const [best, other] = await index.query({ vector: [1, 0.1], topK: 5 })
  expect([best?.id, other?.id]).toEqual(['east', 'north'])
  expect(best?.score).toBeCloseTo(0.9975, 3)
  await expect(index.add('x', [1, 2, 3])).rejects.toThrow('vector dimension mismatch: expected 2, got 3')
  await redis.del('idx')
  await expect(index.query({ vector: [1, 0], topK: 1 })).rejects.toThrow('Index idx is not found')
})

test('faults reach the client as failures', async () => {
  endpoint.faults.add({ kind: 'drop', count: 1 })
  await expect(redis.get('k')).rejects.toThrow()
  expect(await redis.get('k')).toBeNull()
})
