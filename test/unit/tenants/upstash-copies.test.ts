import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { memoryRedis } from '../../../scripts/local/redis-memory.ts'
import { startUpstashEndpoint, type UpstashEndpoint } from '../../../scripts/local/upstash-endpoint.ts'
import { copyFromJson, copyToJson, principal as shape } from '../../../src/tenants/copy-json.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import { upstashCopies } from '../../../src/tenants/upstash-copies.ts'

const principal: Principal = {
  kind: 'key',
  role: 'internal_user',
  keyId: 'id',
  keyHash: 'a'.repeat(64),
  keyName: 'sk-...abcd',
  keyAlias: '123',
  ledger: 'team:t',
  teamId: 't',
  models: [{ level: 'team', names: ['m'] }],
  scopes: [{ name: 'key:id@life', duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: true }],
  limits: [{ entity: 'key:id', rpm: 0 }],
  maxBudgetNano: 2n ** 62n,
  spendNano: 9_007_199_254_740_993n,
  metadata: { name: 'ünïcode', nested: { list: [1, null] } },
  readAtMs: 1_000,
}

const copy = { value: principal, names: ['key:id', 'team:t'], generation: 7, readAtMs: 1_000 }

let now = 0
let upstash: UpstashEndpoint
beforeAll(async () => {
  upstash = await startUpstashEndpoint(
    memoryRedis(() => now),
    'token',
  )
})
afterAll(() => upstash.close())
beforeEach(() => upstash.faults.clear())

const client = () => {
  const warnings: unknown[] = []
  const copies = upstashCopies({
    url: `http://127.0.0.1:${upstash.port}`,
    token: 'token',
    clock: () => now,
    timeoutMs: 400,
    warn: (message, facts) => warnings.push({ message, ...facts }),
  })
  return { copies, warnings }
}

it('a principal survives as JSON, money and all', () => {
  expect(copyFromJson(shape, copyToJson(copy))).toEqual(copy)
})

it.each([
  '',
  'null',
  '{}',
  '{"kind":"master"}',
  '"\\u0001"',
  JSON.stringify(principal, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  copyToJson({ ...copy, value: { ...principal, kind: 'master' } }),
])('%s is no copy', (text) => expect(copyFromJson(shape, text)).toBeUndefined())

it('what is put is found until its time is over', async () => {
  const { copies, warnings } = client()
  await copies.principals.put(principal.keyHash, copy, 5_000)
  expect(await copies.principals.get(principal.keyHash)).toEqual(copy)
  expect(await copies.standings.get(principal.keyHash)).toBeUndefined()
  now += 5_001
  expect(await copies.principals.get(principal.keyHash)).toBeUndefined()
  expect(warnings).toEqual([])
})

it('a customer and the generation are shared too', async () => {
  const { copies } = client()
  const standing = {
    value: { scopes: [], limits: [], models: [], blocked: 'customer' as const },
    names: ['customer:c'],
  }
  await copies.standings.put('customer:c', { ...standing, generation: 1, readAtMs: 1 }, 5_000)
  expect(await copies.standings.get('customer:c')).toMatchObject(standing)
  const known = { number: 3, changed: [{ number: 3, ids: ['key:id'] }], readAtMs: 9 }
  expect(await copies.generation.get()).toBeUndefined()
  await copies.generation.put(known)
  expect(await copies.generation.get()).toEqual(known)
})

it.each([
  ['an error', { kind: 'status', status: 500 }],
  ['silence', { kind: 'half-open' }],
  ['a broken connection', { kind: 'drop' }],
] as const)(
  '%s is a miss, soon, without the command in the warning; then Redis rests for a second',
  async (_, fault) => {
    const { copies, warnings } = client()
    await copies.principals.put(principal.keyHash, copy, 60_000)
    upstash.faults.add(fault)
    const startedAt = performance.now()
    expect(await copies.principals.get(principal.keyHash)).toBeUndefined()
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(warnings).toHaveLength(1)
    expect(JSON.stringify(warnings)).not.toContain(principal.keyHash)
    upstash.faults.clear()
    expect(await copies.principals.get(principal.keyHash)).toBeUndefined()
    now += 1_000
    expect(await copies.principals.get(principal.keyHash)).toEqual(copy)
  },
)
