import { and, between, eq, type Name, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { customer, internalUser, organization, spendDaily, team } from '../db/schema.ts'
import {
  type DaysQuery,
  type Dimension,
  dimensions,
  type KeyName,
  MOST_GROUPS,
  mustFit,
  type SpendDays,
  type SpendGroup,
} from './report.ts'
import { spendIn } from './report-neon.ts'

/** Reports from the days that `record_spend` adds up: what they read grows with days and entities, not with requests. */
export function neonDays(db: Db): SpendDays {
  return {
    days: (query, sets) => daysOf(db, query, sets),
    keyNames: (ids) => keyNames(db, ids),
    spentIn: (windows) => spendIn(db, windows),
    async aliases(kind, ids) {
      if (ids.length === 0) return new Map()
      const rows = await aliasRows(db, kind, ids)
      return new Map(rows.flatMap(({ id, alias }) => (alias === null ? [] : [[id, alias] as const])))
    },
  }
}

/** The statement alone, so that its plan can be looked at. Each set is added up by itself: nothing has to be sorted. */
export function daysSql(query: DaysQuery, sets: readonly (readonly Dimension[])[]): SQL {
  const named = dimensions.filter((one) => sets.some((set) => set.includes(one)))
  const names = named.map((one) => sql.identifier(one))
  const { page, part } = query
  const { after, size = page?.size ?? MOST_GROUPS + 1 } = part ?? {}
  const later = after && sql`(${list(names)}) > (${list(named.map((one) => sql`${after[one]}`))})`
  const where = and(matching(query), later)
  const parts = sets.map((set, n) => setSql(set, n, named, where))
  return sql`select * from (${sql.join(parts, sql` union all `)}) s
    order by ${list(part ? names : [sql`set`, sql`cost desc`, ...names])}
    limit ${size} offset ${page === undefined ? 0 : (page.number - 1) * page.size}`
}

function setSql(set: readonly Dimension[], n: number, named: readonly Dimension[], where: SQL | undefined): SQL {
  const columns = named.map((one) => {
    if (set.includes(one)) return sql.identifier(one)
    return one === 'day' ? sql`null::date as day` : sql`null::text as ${sql.identifier(one)}`
  })
  const own = [sql.raw(`${n} as set`), ...columns]
  return sql`
    select ${list(own)}, sum(cost_nano) as cost, sum(saved_nano) as saved,
      sum(prompt_tokens)::float8 as prompt, sum(completion_tokens)::float8 as completion,
      sum(cache_read_tokens)::float8 as cache_read, sum(cache_write_tokens)::float8 as cache_write,
      sum(total_tokens)::float8 as total, sum(requests)::float8 as requests, sum(successes)::float8 as successes,
      sum(failures)::float8 as failures, sum(cache_hits)::float8 as cache_hits, count(*)::float8 as rows
    from ${spendDaily} where ${where}
    ${set.length > 0 ? sql`group by ${list(set.map((one) => sql.identifier(one)))}` : sql``} having count(*) > 0`
}

const list = (parts: readonly (SQL | Name)[]) => sql.join([...parts], sql`, `)

type Row = Record<'cost' | 'saved', string> &
  Partial<Record<Dimension, string | null>> &
  Record<
    | 'set'
    | 'prompt'
    | 'completion'
    | 'cache_read'
    | 'cache_write'
    | 'total'
    | 'requests'
    | 'successes'
    | 'failures'
    | 'cache_hits'
    | 'rows',
    number
  >

async function daysOf(db: Db, query: DaysQuery, sets: readonly (readonly Dimension[])[]) {
  const { rows } = await db.execute<Row>(daysSql(query, sets))
  mustFit(rows.length)
  const bySet = Map.groupBy(rows, ({ set }) => set)
  return sets.map((_, n) => (bySet.get(n) ?? []).map(groupOf))
}

function groupOf(row: Row): SpendGroup {
  return {
    entity: row.entity ?? '',
    day: row.day ?? '',
    key_id: row.key_id ?? '',
    model: row.model ?? '',
    model_group: row.model_group ?? '',
    provider: row.provider ?? '',
    costNano: BigInt(row.cost),
    savedNano: BigInt(row.saved),
    promptTokens: row.prompt,
    completionTokens: row.completion,
    cacheReadTokens: row.cache_read,
    cacheWriteTokens: row.cache_write,
    totalTokens: row.total,
    requests: row.requests,
    successes: row.successes,
    failures: row.failures,
    cacheHits: row.cache_hits,
    rows: row.rows,
  }
}

function matching({ kind, from, to, entities, apiKey, keyIds, model }: DaysQuery): SQL | undefined {
  return and(
    eq(spendDaily.kind, kind),
    // Named although `all` has one only: the primary key is read from here on.
    kind === 'all' ? eq(spendDaily.entity, '') : undefined,
    entities === undefined ? undefined : sql`${spendDaily.entity} = any (${listOf(entities)})`,
    between(spendDaily.day, from, to),
    keyIds === undefined ? undefined : sql`${spendDaily.key_id} = any (${listOf(keyIds)})`,
    model === undefined ? undefined : or(eq(spendDaily.model, model), eq(spendDaily.model_group, model)),
    apiKey === undefined
      ? undefined
      : sql`${spendDaily.key_id} in (
          select id from virtual_key where token = ${apiKey} or id = ${apiKey}
          union all select key_id from previous_token where token = ${apiKey}
          union all select substr(entity, 5) from archived_entity
            where entity like 'key:%' and (row->>'token' = ${apiKey} or entity = 'key:' || ${apiKey}))`,
  )
}

/** One parameter, however many there are. */
const listOf = (values: readonly string[]) =>
  sql`array(select jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))`

async function keyNames(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, KeyName>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.execute<{
    id: string
    token: string | null
    alias: string | null
    name: string | null
    team: string | null
  }>(sql`
    select id, token, key_alias as alias, key_name as name, team_id as team from virtual_key
      where id = any (${listOf(ids)})
    union all
    select substr(entity, 5), row->>'token', row->>'key_alias', row->>'key_name', row->>'team_id' from archived_entity
      where entity = any (${listOf(ids.map((id) => `key:${id}`))})`)
  return new Map(
    rows.map(({ id, token, alias, name, team: teamId }) => [
      id,
      { token: token ?? id, alias, name: name ?? '', teamId },
    ]),
  )
}

function aliasRows(db: Db, kind: DaysQuery['kind'], ids: readonly string[]) {
  const isOne = (column: SQLWrapper) => sql`${column} = any (${listOf(ids)})`
  switch (kind) {
    case 'team':
      return db.select({ id: team.team_id, alias: team.team_alias }).from(team).where(isOne(team.team_id))
    case 'organization':
      return db
        .select({ id: organization.organization_id, alias: organization.organization_alias })
        .from(organization)
        .where(isOne(organization.organization_id))
    case 'user':
      return db
        .select({ id: internalUser.user_id, alias: internalUser.user_alias })
        .from(internalUser)
        .where(isOne(internalUser.user_id))
    case 'customer':
      return db.select({ id: customer.user_id, alias: customer.alias }).from(customer).where(isOne(customer.user_id))
    default:
      return Promise.resolve([])
  }
}
