import { PgDialect } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { daysSql } from '../../src/spend/report-days-neon.ts'
import type { TestPostgres } from '../../test/support/postgres.ts'

interface Size {
  readonly name: string
  readonly bytes: number
  readonly indexBytes: number
  readonly rows: number
}

/** What the log and the days take, indexes and all partitions included. */
export async function sizesOf(pool: pg.Pool): Promise<readonly Size[]> {
  const { rows } = await pool.query<Size>(`
    select t.name, sum(pg_total_relation_size(p.relid))::float8 as bytes, sum(pg_indexes_size(p.relid))::float8 as "indexBytes",
      sum(greatest(c.reltuples, 0))::float8 as rows
    from (values ('spend_log'), ('spend_daily')) t(name), pg_partition_tree(t.name::regclass) p
      join pg_class c on c.oid = p.relid where p.isleaf group by 1 order by 1 desc`)
  return rows
}

interface Scan {
  readonly name: string
  /** Tables that were read from end to end. */
  readonly scans: readonly string[]
  readonly ms: number
}

/** The hot questions as Postgres plans and runs them where it may choose: what then reads all of a table has no index. */
export async function scansOf({ pool }: TestPostgres, from: string, to: string): Promise<readonly Scan[]> {
  const dialect = new PgDialect()
  const days = (name: string, query: Parameters<typeof daysSql>[0]) => ({
    name,
    ...dialect.sqlToQuery(daysSql(query, [['day'], ['day', 'model']])),
  })
  const rows = (name: string, where: string, params: readonly unknown[]) => ({
    name,
    sql: `select * from spend_log where day between $1 and $2 and ${where} order by start_time desc, id desc limit 50`,
    params: [from, to, ...params],
  })
  const { rows: some } = await pool.query<{ request_id: string }>('select request_id from spend_log limit 1')
  const questions = [
    days("a person's days", { kind: 'user', entities: ['user-7'], from, to }),
    days("a team's days", { kind: 'team', entities: ['team-3'], from, to }),
    days("a customer's days", { kind: 'customer', entities: ['customer-9-1'], from, to }),
    rows("a key's rows", 'api_key = $3', [`${'0'.repeat(60)}0150`]),
    rows("a request's rows", 'request_id = $3', [some[0]?.request_id]),
  ]
  const seen: Scan[] = []
  const client = await pool.connect()
  await client.query('set enable_seqscan = off')
  for (const { name, sql, params } of questions) {
    const answer = await client.query<{ 'QUERY PLAN': string }>(`explain (analyze, costs off) ${sql}`, [...params])
    const lines = answer.rows.map((row) => row['QUERY PLAN'])
    const scans = lines.flatMap((line) => /Seq Scan on (spend_daily_\w+|spend_log_\d{8})/.exec(line)?.[1] ?? [])
    const took = lines.flatMap((line) => /Execution Time: ([\d.]+) ms/.exec(line)?.[1] ?? [])
    seen.push({ name, scans, ms: Number(took[0] ?? 0) })
  }
  client.release(true)
  return seen
}
