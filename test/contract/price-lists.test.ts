import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryModels } from '../../src/models/memory.ts'
import { neonModels } from '../../src/models/neon.ts'
import type { ModelStore } from '../../src/models/port.ts'
import { LISTS_KEPT, type PriceLists } from '../../src/models/price-lists.ts'
import { memoryPriceLists } from '../../src/models/price-lists-memory.ts'
import { neonPriceLists } from '../../src/models/price-lists-neon.ts'
import { latestList } from '../../src/models/repriced.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

const NOW = Date.UTC(2026, 10, 22)
const ada = { by: 'ada', nowMs: NOW }
const priced = (input: number) => ({ price: { input, output: 2 }, mode: 'chat' })
const list = (id: string, prices = { 'openai/a': priced(1), 'openai/b': priced(2), 'xai/a': priced(3) }) => ({
  ...{ id, version: `prices ${id}`, source: 'https://prices.test', models: 3, changed: 3, prices },
})

function contract(name: string, make: () => { store: ModelStore; lists: PriceLists }): void {
  describe(`price lists ${name}`, () => {
    it('are kept with their row and a new generation, and the latest holds', async () => {
      const { store, lists } = make()
      const { generation } = await store.read(NOW)
      await lists.keep(list('01'), ada)
      await lists.keep(list('02'), { by: 'ben', nowMs: NOW + 1 })
      const stored = await store.read(NOW)
      expect(stored.generation).toBeGreaterThanOrEqual(generation + 2)
      expect(latestList(stored)).toEqual({
        ...{ kind: 'price_list', id: '02', version: 'prices 02', source: 'https://prices.test', models: 3, changed: 3 },
        ...{ createdAtMs: NOW + 1, updatedAtMs: NOW + 1, createdBy: 'ben', updatedBy: 'ben' },
      })
      expect(await lists.all('01')).toEqual(list('01').prices)
    })

    it('are read in part: some models by name, and all of some vendors', async () => {
      const { lists } = make()
      await lists.keep(list('11'), ada)
      expect(await lists.some('11', { names: ['openai/b', 'openai/nobody'], vendors: [] })).toEqual({
        'openai/b': priced(2),
      })
      expect(await lists.some('11', { names: ['openai/b'], vendors: ['xai'] })).toEqual({
        'openai/b': priced(2),
        'xai/a': priced(3),
      })
      expect(await lists.some('11', { names: [], vendors: [] })).toEqual({})
      expect(await lists.some('unknown', { names: ['openai/b'], vendors: [] })).toBeUndefined()
    })

    it('older ones lose their prices, not their rows', async () => {
      const { store, lists } = make()
      const ids = Array.from({ length: LISTS_KEPT + 2 }, (_, n) => `2${n}`)
      for (const id of ids) await lists.keep(list(id), ada)
      expect(await lists.all('20')).toBeUndefined()
      expect(await lists.all(ids.at(-1) ?? '')).toBeDefined()
      const rows = (await store.read(NOW)).rows.filter(({ kind }) => kind === 'price_list').map(({ id }) => id)
      expect(rows).toEqual(expect.arrayContaining(ids))
    })

    it('know how the last reading went', async () => {
      const { lists } = make()
      await lists.told({ atMs: NOW, error: 'no' })
      expect(await lists.last()).toEqual({ atMs: NOW, error: 'no' })
      await lists.told({ atMs: NOW + 1 })
      expect(await lists.last()).toEqual({ atMs: NOW + 1 })
    })
  })
}

contract('in memory', () => {
  let generation = 0
  const store = memoryModels(
    () => generation,
    () => {
      generation++
    },
  )
  return { store, lists: memoryPriceLists(store) }
})

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

contract('in Postgres', () => ({
  store: neonModels(postgres.db, () => {
    throw new Error('nothing here is a secret')
  }),
  lists: neonPriceLists(postgres.db),
}))
