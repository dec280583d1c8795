import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { memoryRedis } from '../../../scripts/local/redis-memory.ts'
import { startUpstashEndpoint, type UpstashEndpoint } from '../../../scripts/local/upstash-endpoint.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import { principalFromJson, principalToJson } from '../../../src/tenants/principal-json.ts'
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
    timeoutMs: 100,
    warn: (message, facts) => warnings.push({ message, ...facts }),
  })
  return { copies, warnings }
}

it('a principal survives as JSON, money and all', () => {
  expect(principalFromJson(principalToJson(principal))).toEqual(principal)
})

it.each(['', 'null', '{}', '{"kind":"master"}', '"\\u0001"', principalToJson({ ...principal, kind: 'master' })])(
  '%s is no principal',
  (text) => expect(principalFromJson(text)).toBeUndefined(),
)

it('what is put is found until its time is over, or it is dropped', async () => {
  const { copies, warnings } = client()
  await copies.put(principal, 5_000)
  expect(await copies.get(principal.keyHash)).toEqual(principal)
  now += 5_001
  expect(await copies.get(principal.keyHash)).toBeUndefined()
  await copies.put(principal, 5_000)
  await copies.drop([principal.keyHash, 'another'])
  expect(await copies.get(principal.keyHash)).toBeUndefined()
  expect(warnings).toEqual([])
})

it.each([
  ['an error', { kind: 'status', status: 500 }],
  ['silence', { kind: 'half-open' }],
  ['a broken connection', { kind: 'drop' }],
] as const)(
  '%s is a miss, soon, without the command in the warning; then Redis rests for a second',
  async (_, fault) => {
    const { copies, warnings } = client()
    await copies.put(principal, 60_000)
    upstash.faults.add(fault)
    const startedAt = performance.now()
    expect(await copies.get(principal.keyHash)).toBeUndefined()
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(warnings).toHaveLength(1)
    expect(JSON.stringify(warnings)).not.toContain(principal.keyHash)
    upstash.faults.clear()
    expect(await copies.get(principal.keyHash)).toBeUndefined()
    now += 1_000
    expect(await copies.get(principal.keyHash)).toEqual(principal)
  },
)
