import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryResponses } from '../../src/responses/memory.ts'
import { dropExpiredResponses, neonResponses } from '../../src/responses/neon.ts'
import { KEPT_MS, type ResponseStore } from '../../src/responses/port.ts'
import { sealer } from '../../src/seal.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

const NOW = Date.UTC(2026, 10, 22)
const kept = (id: string, said = 'Grüße 🚀') => ({
  id,
  response: { id, object: 'response', output: [{ type: 'message', content: [{ type: 'output_text', text: said }] }] },
  input: [{ type: 'message', role: 'user', content: 'secret question' }],
})

function contract(name: string, make: () => ResponseStore): void {
  describe(`a store of responses ${name}`, () => {
    it('finds what it keeps, replaces it, and forgets it once', async () => {
      const store = make()
      await store.keep('team:a', kept('resp_1'), NOW)
      expect(await store.find('team:a', 'resp_1', NOW)).toEqual(kept('resp_1'))
      await store.keep('team:a', kept('resp_1', 'again'), NOW)
      expect(await store.find('team:a', 'resp_1', NOW)).toEqual(kept('resp_1', 'again'))
      expect(await store.forget('team:a', 'resp_1', NOW)).toBe(true)
      expect(await store.forget('team:a', 'resp_1', NOW)).toBe(false)
      expect(await store.find('team:a', 'resp_1', NOW)).toBeUndefined()
    })

    it('shows nothing to others, who may have the same id', async () => {
      const store = make()
      await store.keep('team:b', kept('resp_2', 'mine'), NOW)
      await store.keep('key:b', kept('resp_2', 'yours'), NOW)
      expect(await store.find('team:c', 'resp_2', NOW)).toBeUndefined()
      expect(await store.forget('team:c', 'resp_2', NOW)).toBe(false)
      expect(await store.find('team:b', 'resp_2', NOW)).toEqual(kept('resp_2', 'mine'))
      expect(await store.find('key:b', 'resp_2', NOW)).toEqual(kept('resp_2', 'yours'))
    })

    it('keeps for thirty days', async () => {
      const store = make()
      await store.keep('team:d', kept('resp_3'), NOW)
      expect(await store.find('team:d', 'resp_3', NOW + KEPT_MS - 1)).toBeDefined()
      expect(await store.find('team:d', 'resp_3', NOW + KEPT_MS)).toBeUndefined()
      expect(await store.forget('team:d', 'resp_3', NOW + KEPT_MS)).toBe(false)
    })
  })
}

contract('in memory', memoryResponses)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const salted = (salt: string) =>
  neonResponses(postgres.db, () => sealer(salt, (bytes) => crypto.getRandomValues(bytes)))
contract('in Postgres', () => salted('salt'))

describe('a store of responses in Postgres', () => {
  it('holds nothing that can be read without the salt key, nor in another place', async () => {
    await salted('salt').keep('team:e', kept('resp_4'), NOW)
    const { rows } = await postgres.pool.query('select * from stored_response where owner = $1', ['team:e'])
    expect(JSON.stringify(rows)).not.toMatch(/secret question|Grüße/)
    expect(rows[0].key_id).toMatch(/^[0-9a-f]{16}$/)
    expect(await salted('other salt').find('team:e', 'resp_4', NOW)).toBeUndefined()
    await postgres.pool.query("update stored_response set owner = 'team:thief' where owner = 'team:e'")
    expect(await salted('salt').find('team:thief', 'resp_4', NOW)).toBeUndefined()
  })

  it('drops what is over', async () => {
    await salted('salt').keep('team:f', kept('resp_5'), NOW)
    await salted('salt').keep('team:f', kept('resp_6'), NOW + 5)
    await dropExpiredResponses(postgres.db, NOW + KEPT_MS + 1)
    const { rows } = await postgres.pool.query("select id from stored_response where owner = 'team:f'")
    expect(rows).toEqual([{ id: 'resp_6' }])
  })
})
