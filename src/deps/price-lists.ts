import type { Db } from '../db/client.ts'
import type { PriceLists } from '../models/price-lists.ts'
import { neonPriceLists } from '../models/price-lists-neon.ts'

/** The lists in Postgres; a new one is told to other isolates. */
export function priceListsOver(db: Db, changed: () => Promise<void>): PriceLists {
  const lists = neonPriceLists(db)
  return {
    ...lists,
    async keep(list, signature) {
      try {
        await lists.keep(list, signature)
      } finally {
        await changed()
      }
    },
  }
}
