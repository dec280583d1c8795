import { sql } from 'drizzle-orm'
import { authored } from '../db/author.ts'
import type { Db } from '../db/client.ts'
import { raiseGeneration } from '../db/statements.ts'
import { CONFIG_NAME } from './port.ts'
import { type LastReading, LISTS_KEPT, type PriceList, type PriceLists, ROWS_KEPT } from './price-lists.ts'

/** In Postgres: an isolate reads what it needs of a list, which is a small part of it. */
export function neonPriceLists(db: Db): PriceLists {
  const prices = async (found: ReturnType<typeof sql>): Promise<PriceList | undefined> => {
    const { rows } = await db.execute<{ prices: PriceList }>(found)
    return rows[0]?.prices
  }
  return {
    some: (id, { names, vendors }) =>
      prices(sql`select (select coalesce(jsonb_object_agg(e.key, e.value), '{}') from jsonb_each(l.prices) as e
          where e.key in (select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))
            or split_part(e.key, '/', 1) in (select jsonb_array_elements_text(${JSON.stringify(vendors)}::jsonb))) as prices
        from price_list l where l.id = ${id}`),
    all: (id) => prices(sql`select prices from price_list where id = ${id}`),
    async keep({ id, prices: list, ...row }, signature) {
      const { by, nowMs } = signature
      const at = new Date(nowMs).toISOString()
      await db.batch([
        db.execute(authored(signature)),
        db.execute(sql`insert into price_list (id, prices) values (${id}, ${JSON.stringify(list)}::jsonb)`),
        db.execute(sql`insert into stored_config (kind, id, open, created_at, updated_at, created_by, updated_by)
          values ('price_list', ${id}, ${JSON.stringify(row)}::jsonb, ${at}::timestamptz, ${at}::timestamptz, ${by}, ${by})`),
        db.execute(
          sql`delete from price_list where id not in (select id from price_list order by id desc limit ${LISTS_KEPT})`,
        ),
        db.execute(sql`delete from stored_config where kind = 'price_list' and id not in
          (select id from stored_config where kind = 'price_list' order by id desc limit ${ROWS_KEPT})`),
        db.execute(sql`select ${raiseGeneration([CONFIG_NAME])}`),
      ])
    },
    async told(reading) {
      await db.execute(sql`insert into setting (name, value) values (${READING}, ${JSON.stringify(reading)}::jsonb)
        on conflict (name) do update set value = excluded.value, updated_at = now()`)
    },
    async last() {
      const { rows } = await db.execute<{ value: LastReading }>(sql`select value from setting where name = ${READING}`)
      return rows[0]?.value
    },
  }
}

/** The row of `setting` that says how the last reading went. */
const READING = 'price_list_reading'
