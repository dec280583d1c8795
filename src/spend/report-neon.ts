import { and, between, count, desc, eq, gte, lte, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { budgetWindow, spendLog } from '../db/schema.ts'
import { type NanoUsd, nanoFromUsd } from '../money.ts'
import type { SpendLogsQuery } from './logs-query.ts'
import { type SpendLogsPage, spendLogsRow } from './logs-row.ts'
import type { LogFilter } from './report.ts'

const DAY_MS = 86_400_000
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** Nobody turns so many pages: beyond it, only that there are more is said. */
const MOST_COUNTED = 10_000

/** One page of the log, newest first, with the number of rows that match: both from one transaction. */
export async function spendLogs(db: Db, query: SpendLogsQuery): Promise<SpendLogsPage> {
  const where = matching(query)
  const { page, page_size } = query
  const counted = db
    .select({ one: sql`1`.as('one') })
    .from(spendLog)
    .where(where)
    .limit(MOST_COUNTED + 1)
    .as('counted')
  const [totals, rows] = await db.batch([
    db.select({ total: count() }).from(counted),
    db
      .select()
      .from(spendLog)
      .where(where)
      .orderBy(desc(spendLog.start_time), desc(spendLog.id))
      .limit(page_size)
      .offset((page - 1) * page_size),
  ])
  const found = totals[0]?.total ?? 0
  const total = Math.min(found, MOST_COUNTED)
  const more = found > total ? { total_is_more: true as const } : {}
  return { data: rows.map(spendLogsRow), total, page, page_size, total_pages: Math.ceil(total / page_size), ...more }
}

/** What has been spent in each of these windows, in their order: 0 where nothing was. An entity's whole spend is its `@life` window at 0. */
export async function spendIn(
  db: Db,
  windows: readonly { readonly scope: string; readonly startMs: number }[],
): Promise<readonly NanoUsd[]> {
  if (windows.length === 0) return []
  const rows = await db
    .select({ scope: budgetWindow.scope, start: budgetWindow.window_start, spent: budgetWindow.spent })
    .from(budgetWindow)
    .where(
      or(
        ...windows.map((w) => and(eq(budgetWindow.scope, w.scope), eq(budgetWindow.window_start, new Date(w.startMs)))),
      ),
    )
  const found = new Map(rows.map(({ scope, start, spent }) => [`${scope}|${start.getTime()}`, spent]))
  return windows.map(({ scope, startMs }) => found.get(`${scope}|${startMs}`) ?? 0n)
}

/** Everything ever spent under an entity (`key:0192…`), whatever its budgets. */
export async function spendOf(db: Db, entity: string): Promise<NanoUsd> {
  const [spent] = await spendIn(db, [{ scope: `${entity}@life`, startMs: 0 }])
  return spent ?? 0n
}

/** Which rows of the log are meant, as a condition. */
export function matching(query: LogFilter): SQL | undefined {
  const same = (column: Parameters<typeof eq>[0], value: string | undefined) =>
    value === undefined ? undefined : eq(column, value)
  const contains = (column: Parameters<typeof eq>[0], value: string | undefined) =>
    value === undefined ? undefined : sql`position(lower(${value}) in lower(${column})) > 0`
  return and(
    // The day is the id's, which may lie a little beside the start; it is named so that other days are not read.
    between(spendLog.day, dayOf(query.start_date - DAY_MS), dayOf(query.end_date + DAY_MS)),
    between(spendLog.start_time, new Date(query.start_date), new Date(query.end_date)),
    // What was carried into a new window has rows of its own already.
    ne(spendLog.kind, 'carry'),
    // An expired grant that melted away says nothing any more.
    or(eq(spendLog.kind, 'request'), sql`${spendLog.cost_nano} <> 0`),
    same(spendLog.api_key, query.api_key),
    same(spendLog.user, query.user_id),
    same(spendLog.request_id, query.request_id),
    same(spendLog.team_id, query.team_id),
    same(spendLog.status, query.status_filter),
    same(spendLog.end_user, query.end_user),
    query.model === undefined ? undefined : or(eq(spendLog.model, query.model), eq(spendLog.model_group, query.model)),
    query.min_spend === undefined ? undefined : gte(spendLog.cost_nano, nanoFromUsd(query.min_spend)),
    query.max_spend === undefined ? undefined : lte(spendLog.cost_nano, nanoFromUsd(query.max_spend)),
    query.error_code === undefined ? undefined : sql`${spendLog.http_status}::text = ${query.error_code}`,
    contains(spendLog.key_alias, query.key_alias),
    contains(spendLog.error_message, query.error_message),
  )
}
