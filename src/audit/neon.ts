import { and, asc, count, desc, eq, gte, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { auditLog } from '../db/schema.ts'
import type { AuditLog, AuditQuery, AuditRow } from './port.ts'

const columns = {
  at: auditLog.at,
  changedBy: auditLog.changed_by,
  action: auditLog.action,
  kind: auditLog.kind,
  objectId: auditLog.object_id,
} as const satisfies Record<AuditQuery['sortBy'], unknown>

/** In Postgres. A page and its total are one transaction. */
export function neonAudit(db: Db): AuditLog {
  return {
    async page(query) {
      const where = matching(query)
      const way = query.sortOrder === 'asc' ? asc : desc
      const [totals, rows] = await db.batch([
        db.select({ total: count() }).from(auditLog).where(where),
        db
          .select()
          .from(auditLog)
          .where(and(where, past(query)))
          .orderBy(way(columns[query.sortBy]), way(auditLog.id))
          .limit(query.size)
          .offset(query.after === undefined ? (query.page - 1) * query.size : 0),
      ])
      return { found: rows.map(rowOf), total: totals[0]?.total ?? 0 }
    },
    async find(id) {
      const [row] = await db.select().from(auditLog).where(eq(auditLog.id, id))
      return row && rowOf(row)
    },
  }
}

/** The cron's part: what is older than the operator wants to know is deleted, some rows at a time. */
export async function dropOldAudit(db: Db, beforeMs: number): Promise<void> {
  const old = db
    .select({ id: auditLog.id })
    .from(auditLog)
    .where(lt(auditLog.at, new Date(beforeMs)))
    .limit(10_000)
  await db.delete(auditLog).where(sql`${auditLog.id} in ${old}`)
}

function matching(query: AuditQuery): SQL | undefined {
  const same = (column: Parameters<typeof eq>[0], value: string | undefined) =>
    value === undefined ? undefined : eq(column, value)
  return and(
    same(auditLog.changed_by, query.changedBy),
    same(auditLog.changed_by_key, query.changedByKey),
    same(auditLog.action, query.action),
    same(auditLog.kind, query.kind),
    same(auditLog.team_id, query.teamId),
    same(auditLog.token, query.token),
    query.objectId === undefined
      ? undefined
      : or(eq(auditLog.object_id, query.objectId), eq(auditLog.token, query.objectId)),
    query.fromMs === undefined ? undefined : gte(auditLog.at, new Date(query.fromMs)),
    query.toMs === undefined ? undefined : lte(auditLog.at, new Date(query.toMs)),
  )
}

function past({ after, sortBy, sortOrder }: AuditQuery): SQL | undefined {
  if (after === undefined) return undefined
  const column = columns[sortBy]
  const sign = sql.raw(sortOrder === 'asc' ? '>' : '<')
  return sql`(${column}, ${auditLog.id}) ${sign} (select ${column}, ${auditLog.id} from ${auditLog} where ${auditLog.id} = ${after})`
}

function rowOf(row: typeof auditLog.$inferSelect): AuditRow {
  return {
    id: row.id,
    atMs: row.at.getTime(),
    action: row.action,
    kind: row.kind,
    objectId: row.object_id,
    token: row.token,
    teamId: row.team_id,
    before: row.before,
    after: row.after,
    changedBy: row.changed_by,
    changedByKey: row.changed_by_key,
    userId: row.user_id,
    role: row.role,
    route: row.route,
    requestId: row.request_id,
    ip: row.ip,
    userAgent: row.user_agent,
  }
}
