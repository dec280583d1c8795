import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryModels } from '../../src/models/memory.ts'
import { neonModels } from '../../src/models/neon.ts'
import type { ModelStore } from '../../src/models/port.ts'
import { keyRing, sealer } from '../../src/seal.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

const NOW = Date.UTC(2026, 10, 22)
const ada = { by: 'ada', nowMs: NOW }
const ben = { by: 'ben', nowMs: NOW + 1_000 }
const model = (
  id: string,
  secret: { readonly [key: string]: string } | undefined = { model: 'openai/a', api_key: 'sk-geheim' },
) => ({
  kind: 'model' as const,
  id,
  group: 'mine',
  info: { note: 'Grüße' },
  secret,
})

function contract(name: string, make: () => ModelStore): void {
  describe(`stored models ${name}`, () => {
    it('are made once, changed, and gone, each with a new generation', async () => {
      const store = make()
      const { generation } = await store.read(NOW)
      expect(await store.create<'model'>(model('m1'), ada)).toBe(true)
      expect(await store.create<'model'>(model('m1'), ben)).toBe(false)
      const made = await store.read(NOW + 5)
      expect(made).toMatchObject({ generation: generation + 1, readAtMs: NOW + 5 })
      const signed = { createdAtMs: NOW, updatedAtMs: NOW, createdBy: 'ada', updatedBy: 'ada' }
      expect(made.rows).toEqual([{ ...model('m1'), ...signed }])

      const other = { model: 'openai/b', api_key: 'sk-neu' }
      expect(await store.replace<'model'>({ ...model('m1', other), group: 'ours' }, ben)).toBe(true)
      expect(await store.replace<'model'>(model('m2'), ben)).toBe(false)
      expect((await store.read(NOW)).rows).toEqual([
        { ...model('m1', other), group: 'ours', ...signed, updatedAtMs: NOW + 1_000, updatedBy: 'ben' },
      ])
      expect(await store.remove('credential', 'm1', ada)).toBe(false)
      expect(await store.remove('model', 'm1', ada)).toBe(true)
      expect(await store.remove('model', 'm1', ada)).toBe(false)
      expect(await store.read(NOW)).toMatchObject({ generation: generation + 3, rows: [] })
    })

    it('lie beside settings, which are set together and taken away', async () => {
      const store = make()
      const { generation } = await store.read(NOW)
      await store.set(
        [
          { id: 'router_settings.num_retries', value: 3 },
          { id: 'a.b', value: { c: [1] } },
        ],
        ada,
      )
      await store.set(
        [
          { id: 'router_settings.num_retries', value: 4 },
          { id: 'a.b', value: null },
        ],
        ben,
      )
      const signed = { createdAtMs: NOW, updatedAtMs: NOW + 1_000, createdBy: 'ada', updatedBy: 'ben' }
      const { rows, generation: after } = await store.read(NOW)
      expect(rows).toEqual([{ kind: 'setting', id: 'router_settings.num_retries', value: 4, ...signed }])
      expect(after).toBe(generation + 2)
      await store.set([{ id: 'router_settings.num_retries', value: null }], ada)
      expect((await store.read(NOW)).rows).toEqual([])
    })

    it('lie beside credentials and access groups, whose names do not meet', async () => {
      const store = make()
      await store.create<'credential'>({ kind: 'credential', id: 'x', info: {}, secret: { api_key: 'k' } }, ada)
      await store.create<'access_group'>({ kind: 'access_group', id: 'x', models: ['a', 'b'] }, ben)
      const { rows } = await store.read(NOW)
      expect(rows).toMatchObject([
        { kind: 'credential', id: 'x', secret: { api_key: 'k' } },
        { kind: 'access_group', id: 'x', models: ['a', 'b'] },
      ])
      await store.remove('credential', 'x', ada)
      await store.remove('access_group', 'x', ada)
    })
  })
}

let generation = 0
contract('in memory', () =>
  memoryModels(
    () => generation,
    () => {
      generation += 1
    },
  ),
)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const salted = (...salts: readonly [string, ...string[]]) => {
  const [first, ...rest] = salts.map((salt) => sealer(salt, (bytes) => crypto.getRandomValues(bytes)))
  if (!first) throw new Error('no salt')
  return neonModels(postgres.db, () => keyRing([first, ...rest]))
}
contract('in Postgres', () => salted('salt'))

describe('secrets in Postgres', () => {
  it('are not there to be read, and not readable with another salt, nor in another row', async () => {
    await salted('salt').create<'model'>(model('s1'), ada)
    const { rows } = await postgres.pool.query('select * from stored_config')
    expect(JSON.stringify(rows)).not.toMatch(/geheim|openai/)
    expect((await salted('other').read(NOW)).rows).toMatchObject([{ id: 's1', group: 'mine', secret: undefined }])
    await postgres.pool.query("update stored_config set id = 's2' where id = 's1'")
    expect((await salted('salt').read(NOW)).rows).toMatchObject([{ id: 's2', secret: undefined }])
    await salted('salt').remove('model', 's2', ada)
  })

  it('open under the salt before, until they are written anew', async () => {
    await salted('old').create<'model'>(model('r1'), ada)
    const both = salted('new', 'old')
    expect((await both.read(NOW)).rows).toMatchObject([{ secret: { api_key: 'sk-geheim' } }])
    await both.replace<'model'>(model('r1'), ben)
    expect((await salted('new').read(NOW)).rows).toMatchObject([{ secret: { api_key: 'sk-geheim' } }])
    expect((await salted('old').read(NOW)).rows).toMatchObject([{ secret: undefined }])
    await both.remove('model', 'r1', ada)
  })
})
