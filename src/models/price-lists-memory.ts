import type { ModelStore } from './port.ts'
import { type LastReading, LISTS_KEPT, type PriceList, type PriceLists, ROWS_KEPT } from './price-lists.ts'
import { named } from './repriced.ts'

/** The twin of the lists in Postgres, over the twin of the store. */
export function memoryPriceLists(store: Pick<ModelStore, 'create' | 'read' | 'remove'>): PriceLists {
  const kept = new Map<string, PriceList>()
  let reading: LastReading | undefined
  return {
    some: (id, wanted) => {
      const list = kept.get(id)
      const found = list && Object.entries(list).filter(([name]) => named(name, wanted))
      return Promise.resolve(found && structuredClone(Object.fromEntries(found)))
    },
    all: (id) => Promise.resolve(structuredClone(kept.get(id))),
    async keep({ prices, ...row }, signature) {
      kept.set(row.id, structuredClone(prices))
      for (const id of [...kept.keys()].sort().slice(0, -LISTS_KEPT)) kept.delete(id)
      await store.create<'price_list'>({ kind: 'price_list', ...row }, signature)
      const { rows } = await store.read(signature.nowMs)
      const lists = rows.filter(({ kind }) => kind === 'price_list').map(({ id }) => id)
      for (const id of lists.sort().slice(0, -ROWS_KEPT)) await store.remove('price_list', id, signature)
    },
    told: (last) => {
      reading = last
      return Promise.resolve()
    },
    last: () => Promise.resolve(reading),
  }
}
