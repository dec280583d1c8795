import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import type { Share } from './alert.ts'
import type { AlertFigures, BudgetRow } from './port.ts'

/** What Postgres knows of budgets and of the log, for alerts and reports: read only. */
export function neonFigures(db: Db): AlertFigures {
  return {
    async windows(names, nowMs) {
      if (names.length === 0) return []
      const wanted = names.map(({ scope, startMs }) => ({ scope, start: new Date(startMs).toISOString() }))
      const found = await db.execute<Raw>(sql`
        select ${budgetColumns(nowMs)} from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as n(scope text, start timestamptz)
        join budget b on b.scope = n.scope
        join budget_window w on w.scope = n.scope and w.window_start = n.start`)
      const entities = [...new Set(names.map(({ scope }) => entityOf(scope)))]
      return withEntities(db, found.rows, entities)
    },

    async budgets(after, most, nowMs) {
      const { rows } = await db.execute<Raw>(sql`
        select ${budgetColumns(nowMs)} from budget b
        join lateral (
          select window_start, spent from budget_window where scope = b.scope order by window_start desc limit 1
        ) w on true
        where b.scope > ${after} order by b.scope limit ${most}::int`)
      const last = rows.length < most ? undefined : rows.at(-1)
      const found = await withEntities(db, rows, [...new Set(rows.map(({ entity }) => entity))])
      return { rows: found, ...(last ? { next: last.scope } : {}) }
    },

    async topKeys({ scope, startMs, entityKind, entityId }, most) {
      const from = new Date(startMs).toISOString()
      // A team's rows are found by its index; the others by their days.
      const mine = entityKind === 'team' ? sql`and team_id = ${entityId}` : sql``
      const { rows } = await db.execute<ShareRow>(sql`
        select coalesce(max(key_alias), max(key_id)) as name, sum(cost_nano)::text as nano from spend_log
        where day >= (${from}::timestamptz - interval '1 day')::date and ${scope} = any(scopes)
          and windows[array_position(scopes, ${scope})] = ${from}::timestamptz and key_id is not null ${mine}
        group by key_id having sum(cost_nano) > 0 order by sum(cost_nano) desc limit ${most}::int`)
      return shares(rows)
    },

    async spend(span) {
      const [total, teams, tags] = await db.batch([
        db.execute<ShareRow>(sql`select 'all' as name, coalesce(sum(cost_nano), 0)::text as nano
          from (${spent(span, 'all')}) s`),
        db.execute<ShareRow>(sql`select coalesce(max(t.team_alias), s.entity) as name, sum(s.cost_nano)::text as nano
          from (${spent(span, 'team')}) s left join team t on t.team_id = s.entity
          group by s.entity having sum(s.cost_nano) <> 0 order by sum(s.cost_nano) desc limit 50`),
        db.execute<ShareRow>(sql`select entity as name, sum(cost_nano)::text as nano from (${spent(span, 'tag')}) s
          group by entity having sum(cost_nano) <> 0 order by sum(cost_nano) desc limit 50`),
      ])
      return { totalNano: total.rows[0]?.nano ?? '0', teams: shares(teams.rows), tags: shares(tags.rows) }
    },

    async deployments(span, most) {
      const name = sql`model_group || ' (' || custom_llm_provider || '/' || model || ', ' || model_id || ')'`
      const requests = sql`${within(span)} and kind = 'request' and not cache_hit`
      const [sums, failing, slowest] = await db.batch([
        db.execute<{ requests: string; failures: string; cost: string }>(sql`select count(*)::text as requests,
          count(*) filter (where status = 'failure')::text as failures, coalesce(sum(cost_nano), 0)::text as cost
          from spend_log where ${requests}`),
        db.execute<{ name: string; count: string }>(sql`select ${name} as name, count(*)::text as count from spend_log
          where ${requests} and status = 'failure' group by 1 order by count(*) desc, 1 limit ${most}::int`),
        db.execute<{ name: string; pace: string }>(sql`select ${name} as name,
          (extract(epoch from sum(end_time - start_time)) / sum(completion_tokens))::text as pace from spend_log
          where ${requests} and status = 'success' and completion_tokens > 0
          group by 1 order by extract(epoch from sum(end_time - start_time)) / sum(completion_tokens) desc limit ${most}::int`),
      ])
      const [all] = sums.rows
      return {
        requests: Number(all?.requests ?? 0),
        failures: Number(all?.failures ?? 0),
        costNano: all?.cost ?? '0',
        failing: failing.rows.map(({ name, count }) => ({ name, count: Number(count) })),
        slowest: slowest.rows.map(({ name, pace }) => ({ name, secondsPerToken: Number(pace) })),
      }
    },

    async fallbacks(span) {
      const { rows } = await db.execute<{ from: string; to: string; count: string; ok: string }>(sql`
        select before as "from", model_group as "to", count(*)::text as count,
          count(*) filter (where status = 'success')::text as ok
        from (
          select model_group, status, lag(model_group) over (partition by request_id order by start_time, id) as before
          from spend_log where ${within(span)} and kind = 'request'
        ) attempts where before <> model_group group by 1, 2 order by count(*) desc, 1, 2 limit 50`)
      return rows.map(({ from, to, count, ok }) => ({ from, to, count: Number(count), ok: Number(ok) }))
    },

    async dead() {
      const { rows } = await db.execute<{ queue: string; count: string; newest: string; error: string | null }>(sql`
        select queue, count(*)::text as count, (extract(epoch from max(received_at)) * 1000)::bigint::text as newest,
          (array_agg(error order by received_at desc))[1] as error
        from dead_letter where replayed_at is null group by queue order by queue`)
      return rows.map(({ queue, count, newest, error }) => ({
        queue,
        count: Number(count),
        newestMs: Number(newest),
        error,
      }))
    },
  }
}

type ShareRow = { readonly name: string; readonly nano: string }
const shares = (rows: readonly ShareRow[]): readonly Share[] => rows.map(({ name, nano }) => ({ name, nano }))

type Raw = {
  readonly scope: string
  readonly entity: string
  readonly part: string
  readonly model: string | null
  readonly limit_nano: string
  readonly duration: string
  readonly time_zone: string
  readonly anchor: string
  readonly start: string | null
  readonly spent: string | null
}

const ms = (column: SQL) => sql`(extract(epoch from ${column}) * 1000)::bigint::text`

/** A temporary increase counts for as long as it lasts, as in `limit_of`, by the clock of who asks. */
const budgetColumns = (nowMs: number) => sql`b.scope, b.entity, b.part, b.model,
  (b.limit_nano + case when b.extra_until > ${new Date(nowMs).toISOString()}::timestamptz then b.extra_nano else 0 end)::text as limit_nano,
  b.duration, b.time_zone, ${ms(sql`b.anchor`)} as anchor, ${ms(sql`w.window_start`)} as start, w.spent::text as spent`

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Rows of attempts; what only moves a window is no spend. */
const asked = sql`kind in ('request', 'expired')`
const DAY_MS = 86_400_000
const day = (ms: number) => sql`${new Date(ms).toISOString().slice(0, 10)}::date`
const during = ({ fromMs, toMs }: Span) =>
  sql`start_time >= ${new Date(fromMs).toISOString()}::timestamptz and start_time < ${new Date(toMs).toISOString()}::timestamptz`

// The day is the id's, which may lie a little beside the start; it is named so that other days are not read.
const within = (span: Span) =>
  sql`day between ${day(span.fromMs - DAY_MS)} and ${day(span.toMs + DAY_MS)} and ${during(span)} and ${asked}`

/**
 * What was spent, by whom of a kind: whole UTC days as they were added up, which outlast the log, and from the log the
 * pieces of days at the ends. Each row belongs to its id's day, so that spans that follow each other share none.
 */
function spent(span: Span, kind: 'all' | 'team' | 'tag'): SQL {
  const first = Math.ceil(span.fromMs / DAY_MS) * DAY_MS
  const last = Math.floor(span.toMs / DAY_MS) * DAY_MS
  const pieces = [...(span.fromMs < first ? [first - DAY_MS] : []), ...(last < span.toMs ? [last] : [])].map(day)
  const whose = { all: sql`''`, team: sql`team_id`, tag: sql`tag` }[kind]
  const from = kind === 'tag' ? sql`spend_log, unnest(request_tags) tag` : sql`spend_log`
  return sql`select entity, cost_nano from spend_daily where kind = ${kind} and day >= ${day(first)} and day < ${day(last)}
    ${
      pieces.length === 0
        ? sql``
        : sql`union all select ${whose} as entity, cost_nano from ${from}
            where day in (${sql.join(pieces, sql`, `)}) and ${during(span)} and ${asked} and ${whose} is not null`
    }`
}

interface EntityRow {
  readonly alias: string | null
  readonly softNano: bigint | null
}

/** With names and soft budgets; a soft budget without a budget is held against all that was ever spent. */
async function withEntities(db: Db, rows: readonly Raw[], entities: readonly string[]): Promise<readonly BudgetRow[]> {
  const { known, lifeSpent } = await entitiesOf(db, entities)
  const found = rows.flatMap((row): BudgetRow[] => {
    const { scope, entity, part, model, limit_nano, duration, time_zone: timeZone, anchor, start, spent } = row
    if (start === null || spent === null) return []
    const { alias = null, softNano = null } = known.get(entity) ?? {}
    return [
      {
        scope,
        ...whoseOf(entity),
        alias,
        model,
        limitNano: BigInt(limit_nano),
        softNano: part === 'main' ? softNano : null,
        spentNano: BigInt(spent),
        duration,
        timeZone,
        anchorMs: Number(anchor),
        startMs: Number(start),
      },
    ]
  })
  const limited = new Set(rows.filter(({ part }) => part === 'main').map(({ entity }) => entity))
  const soft = [...lifeSpent].flatMap(([entity, { spentNano, hasBudget }]): BudgetRow[] => {
    const { alias = null, softNano = null } = known.get(entity) ?? {}
    if (softNano === null || hasBudget || limited.has(entity)) return []
    const life = { duration: 'life', timeZone: 'UTC', anchorMs: 0, startMs: 0 }
    return [
      { scope: `${entity}@life`, ...whoseOf(entity), alias, model: null, limitNano: 0n, softNano, spentNano, ...life },
    ]
  })
  return [...found, ...soft]
}

async function entitiesOf(db: Db, entities: readonly string[]) {
  const known = new Map<string, EntityRow>()
  const lifeSpent = new Map<string, { spentNano: bigint; hasBudget: boolean }>()
  const byKind = Map.groupBy(
    entities.map((entity) => whoseOf(entity)),
    ({ entityKind }) => entityKind,
  )
  if (byKind.size === 0) return { known, lifeSpent }
  const some = [...byKind].map(([kind, those]) => {
    const ids = JSON.stringify(those.map(({ entityId }) => entityId))
    return sql`(kind = ${kind} and id = any(array(select jsonb_array_elements_text(${ids}::jsonb))))`
  })
  const { rows } = await db.execute<{
    entity: string
    alias: string | null
    soft: string | null
    spent: string | null
    limited: boolean
  }>(sql`
    select e.entity, e.alias, e.soft_nano::text as soft, w.spent::text as spent,
      e.soft_nano is not null and exists (select from budget b where b.entity = e.entity and b.part = 'main') as limited
    from alerted_entity e
    left join budget_window w on e.soft_nano is not null and w.scope = e.entity || '@life' and w.window_start = to_timestamp(0)
    where ${sql.join(some, sql` or `)}`)
  for (const { entity, alias, soft, spent, limited } of rows) {
    known.set(entity, { alias, softNano: soft === null ? null : BigInt(soft) })
    if (spent !== null) lifeSpent.set(entity, { spentNano: BigInt(spent), hasBudget: limited })
  }
  return { known, lifeSpent }
}

const unescaped = (part: string) =>
  part.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** `team` and its id, of `team:id`; of a member, the user. */
function whoseOf(entity: string): { entityKind: string; entityId: string } {
  const [entityKind = '', ...parts] = entity.split(':')
  return { entityKind, entityId: unescaped(parts.at(-1) ?? '') }
}

const entityOf = (scope: string) => scope.replace(/@.*$/, '').replace(/:model=.*$/, '')
