import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as schema from '../../src/db/schema.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

// The schema that the code reads and the migrations that a database gets must be the same.

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const tables = Object.values(schema).filter((value) => value instanceof PgTable)
const rows = async (text: string, values: unknown[] = []) => (await postgres.pool.query(text, values)).rows
/** PostgreSQL's long names for types, as drizzle writes them. */
const typeName = (type: string) => type.replace(/^timestamptz/, 'timestamp with time zone')

it('has the tables of the schema and no others', async () => {
  const found = await rows(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace
      and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'migration' order by 1`,
  )
  expect(found.map(({ name }) => name)).toEqual(tables.map((table) => getTableConfig(table).name).toSorted())
})

it.each(tables.map((table) => [getTableConfig(table).name, getTableConfig(table)] as const))(
  '%s: the same columns, types, defaults and keys',
  async (name, table) => {
    const columns = await rows(
      `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
          a.atthasdef as "hasDefault"
        from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by 1`,
      [name],
    )
    const wanted = table.columns.map((column) => ({
      name: column.name,
      type: typeName(column.getSQLType()),
      notNull: column.notNull,
      hasDefault: column.hasDefault,
    }))
    expect(columns).toEqual(wanted.toSorted((a, b) => (a.name < b.name ? -1 : 1)))

    const keys = await rows(
      `select contype as kind, (select array_agg(a.attname::text order by k.n) from unnest(conkey) with ordinality k(num, n)
          join pg_attribute a on a.attrelid = conrelid and a.attnum = k.num) as columns, confrelid::regclass::text as other
        from pg_constraint where conrelid = $1::regclass and contype in ('p', 'u', 'f')`,
      [name],
    )
    const single = table.columns.filter(({ primary }) => primary).map((column) => [column.name])
    const several = table.primaryKeys.map((key) => key.columns.map((column) => column.name))
    expect(keys.filter(({ kind }) => kind === 'p').map((key) => key.columns)).toEqual([...single, ...several])
    expect(
      keys
        .filter(({ kind }) => kind === 'u')
        .map((key) => key.columns[0])
        .toSorted(),
    ).toEqual(
      table.columns
        .filter(({ isUnique }) => isUnique)
        .map((column) => column.name)
        .toSorted(),
    )
    expect(
      keys
        .filter(({ kind }) => kind === 'f')
        .map((key) => [key.columns[0], key.other])
        .toSorted(),
    ).toEqual(
      table.foreignKeys
        .map((key) => key.reference())
        .map((key) => [key.columns[0]?.name, getTableConfig(key.foreignTable).name])
        .toSorted(),
    )

    const checks = await rows(
      `select conname as name from pg_constraint where conrelid = $1::regclass and contype = 'c'`,
      [name],
    )
    expect(checks.map((check) => check.name).toSorted()).toEqual(table.checks.map((check) => check.name).toSorted())

    const indexes = await rows(
      `select i.relname as name, (select array_agg(a.attname::text order by k.n) from unnest(x.indkey::int[]) with ordinality k(num, n)
          join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.num) as columns
        from pg_index x join pg_class i on i.oid = x.indexrelid
        where x.indrelid = $1::regclass and not x.indisprimary and not x.indisunique order by 1`,
      [name],
    )
    expect(indexes).toEqual(
      table.indexes
        .map(({ config }) => ({
          name: config.name,
          columns: config.columns.map((column) => 'name' in column && column.name),
        }))
        .toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
    )
  },
)
