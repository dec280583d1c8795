import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDb } from '../../src/db/client.ts'
import { memoryIdempotency } from '../../src/idempotency/memory.ts'
import { dropExpiredIdempotency, neonIdempotency } from '../../src/idempotency/neon.ts'
import { type Claim, type IdempotencyStore, KEPT_MS, LEASE_MS } from '../../src/idempotency/port.ts'
import { keyRing, sealer } from '../../src/seal.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

const NOW = Date.UTC(2026, 10, 22)
const answer = { status: 200, headers: [['content-type', 'application/json']] as const, body: 'e30=' }
let names = 0
const claim = (over: Partial<Claim> = {}): Claim => ({
  name: `name-${names++}`,
  fingerprint: 'same',
  attempt: crypto.randomUUID(),
  ...over,
})
const retry = (first: Claim, over: Partial<Claim> = {}): Claim => ({ ...first, attempt: crypto.randomUUID(), ...over })

/** Two stores are two isolates. */
function contract(
  name: string,
  make: () => readonly [IdempotencyStore, IdempotencyStore],
  change: (attempt: string) => unknown,
): void {
  describe(`requests that say a key ${name}`, () => {
    it('are in one hand, then answered to whoever asks again', async () => {
      const [one, two] = make()
      const first = claim()
      expect(await one.begin(first, NOW)).toEqual({ state: 'ours' })
      expect(await two.begin(retry(first), NOW)).toEqual({ state: 'running' })
      await one.finish(first, answer, NOW + 5)
      expect(await two.begin(retry(first), NOW + 6)).toEqual({ state: 'answered', answer })
      expect(await two.begin(retry(first), NOW + KEPT_MS + 6)).toEqual({ state: 'ours' })
    })

    it('are refused when the key is of another request, running or answered, and known apart by their names', async () => {
      const [one, two] = make()
      const first = claim()
      await one.begin(first, NOW)
      expect(await two.begin(retry(first, { fingerprint: 'other' }), NOW)).toEqual({ state: 'other' })
      expect(await two.begin(retry(first, { fingerprint: 'other' }), NOW + 2 * LEASE_MS)).toEqual({ state: 'other' })
      await one.finish(first, answer, NOW)
      expect(await two.begin(retry(first, { fingerprint: 'other' }), NOW)).toEqual({ state: 'other' })
      expect(await two.begin(claim({ fingerprint: 'other' }), NOW)).toEqual({ state: 'ours' })
    })

    it('are free again when released, and when their holder died; a late one spoils nothing', async () => {
      const [one, two] = make()
      const first = claim()
      await one.begin(first, NOW)
      await one.release(first, NOW)
      const second = retry(first)
      expect(await two.begin(second, NOW)).toEqual({ state: 'ours' })
      await two.renew(second, NOW + LEASE_MS - 1)
      const third = retry(first)
      expect(await one.begin(third, NOW + LEASE_MS + 1)).toEqual({ state: 'running' })
      expect(await one.begin(third, NOW + 2 * LEASE_MS)).toEqual({ state: 'ours' })
      await two.finish(second, { ...answer, body: 'bGF0ZQ==' }, NOW + 2 * LEASE_MS)
      await two.release(second, NOW)
      expect(await two.begin(retry(first), NOW + 2 * LEASE_MS)).toEqual({ state: 'running' })
      await one.finish(third, undefined, NOW + 2 * LEASE_MS)
      expect(await two.begin(retry(first), NOW + 2 * LEASE_MS)).toEqual({ state: 'answered', answer: undefined })
    })

    it('are not done again when a try changed something before it failed, or died', async () => {
      const [one, two] = make()
      for (const end of ['fails', 'dies']) {
        const first = claim()
        await one.begin(first, NOW)
        await change(first.attempt)
        if (end === 'fails') await one.release(first, NOW)
        else expect(await two.begin(retry(first), NOW)).toEqual({ state: 'running' })
        const later = NOW + 2 * LEASE_MS
        expect(await two.begin(retry(first), later)).toEqual({ state: 'answered', answer: undefined })
      }
    })

    it('have one server, whatever comes at once on two isolates', async () => {
      const [one, two] = make()
      const calls = fc.array(fc.record({ isolate: fc.boolean(), fails: fc.boolean() }), { minLength: 2, maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(calls, async (all) => {
          const first = claim()
          let running = 0
          let served = 0
          let answered = 0
          await Promise.all(
            all.map(async ({ isolate, fails }) => {
              const store = isolate ? one : two
              const mine = retry(first)
              const standing = await store.begin(mine, NOW)
              if (standing.state === 'answered') answered++
              if (standing.state !== 'ours') return
              expect(++running).toBe(1)
              await Promise.resolve()
              running--
              if (fails) await store.release(mine, NOW)
              else {
                served++
                await store.finish(mine, answer, NOW)
              }
            }),
          )
          expect(served).toBeLessThanOrEqual(1)
          if (answered > 0) expect(served).toBe(1)
        }),
        { numRuns: 25 },
      )
    })
  })
}

const changes = new Set<string>()
contract(
  'in memory',
  () => {
    const store = memoryIdempotency((attempt) => changes.has(attempt))
    return [store, store]
  },
  (attempt) => changes.add(attempt),
)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const ring = (salt: string) => keyRing([sealer(salt, (bytes) => crypto.getRandomValues(bytes))])
const store = (salt?: string) => {
  const made = salt === undefined ? undefined : ring(salt)
  return neonIdempotency(createDb(postgres.databaseUrl), () => made)
}

contract(
  'in Postgres',
  () => [store('salt'), store('salt')],
  async (attempt) => {
    const from = { keyHash: 'h', role: 'proxy_admin', route: 'POST /team/new', requestId: attempt, recorded: true }
    await neonTenants(postgres.db).create('team', [{ id: [attempt], fields: {} }], { by: 'ada', nowMs: NOW, from })
  },
)

describe('kept answers in Postgres', () => {
  const rows = async () => (await postgres.pool.query('select * from idempotent_request')).rows

  it('are sealed, each in its own place, and lost with the salt', async () => {
    await postgres.pool.query('truncate idempotent_request')
    const [first, second] = [claim(), claim()]
    const said = { ...answer, body: btoa('{"key":"sk-new-secret"}') }
    for (const one of [first, second]) {
      await store('salt').begin(one, NOW)
      await store('salt').finish(one, said, NOW)
    }
    expect(JSON.stringify(await rows())).not.toContain(said.body)
    expect(await store('another').begin(retry(first), NOW)).toEqual({ state: 'answered', answer: undefined })
    await postgres.pool.query(
      'update idempotent_request set sealed = (select sealed from idempotent_request where name = $1)',
      [first.name],
    )
    expect(await store('salt').begin(retry(first), NOW)).toEqual({ state: 'answered', answer: said })
    expect(await store('salt').begin(retry(second), NOW)).toEqual({ state: 'answered', answer: undefined })
  })

  it('are not kept without a salt, and done all the same', async () => {
    const first = claim()
    await store().begin(first, NOW)
    await store().finish(first, answer, NOW)
    expect(await store().begin(retry(first), NOW)).toEqual({ state: 'answered', answer: undefined })
  })

  it('are gone after a day', async () => {
    await postgres.pool.query('truncate idempotent_request')
    await store('salt').begin(claim(), NOW)
    await dropExpiredIdempotency(postgres.db, NOW + KEPT_MS - 1)
    expect(await rows()).toHaveLength(1)
    await dropExpiredIdempotency(postgres.db, NOW + KEPT_MS + 1)
    expect(await rows()).toHaveLength(0)
  })
})
