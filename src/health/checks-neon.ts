import { and, count, desc, eq, gte, lt, lte, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { healthAsked, healthCheck } from '../db/schema.ts'
import type { Check, CheckLog, ChecksQuery } from './checks.ts'

/** The table `health_check`. */
export function neonChecks(db: Db): CheckLog {
  return {
    async keep(checks) {
      if (checks.length > 0) await db.insert(healthCheck).values(checks.map(storedOf)).onConflictDoNothing()
    },
    async latest(deployments) {
      const wanted = sql`(select distinct value as id from jsonb_array_elements_text(${JSON.stringify(deployments)}::jsonb)) wanted`
      // One look into the index for each, however many checks there are.
      const last = db
        .select()
        .from(healthCheck)
        .where(eq(healthCheck.deployment_id, sql`wanted.id`))
        .orderBy(desc(healthCheck.at))
        .limit(1)
        .as('last')
      const rows = await db.select().from(wanted).innerJoinLateral(last, sql`true`)
      return rows.map((row) => checkOf(row.last))
    },
    async claim(deployment, nowMs, keptMs) {
      const claimed = await db
        .insert(healthAsked)
        .values({ deployment_id: deployment, asked_at: new Date(nowMs) })
        .onConflictDoUpdate({
          target: healthAsked.deployment_id,
          set: { asked_at: new Date(nowMs) },
          setWhere: lte(healthAsked.asked_at, new Date(nowMs - keptMs)),
        })
        .returning({ id: healthAsked.deployment_id })
      return claimed.length > 0
    },
    async history(query) {
      const where = matching(query)
      const [totals, rows] = await db.batch([
        db.select({ total: count() }).from(healthCheck).where(where),
        db
          .select()
          .from(healthCheck)
          .where(where)
          .orderBy(desc(healthCheck.at), desc(healthCheck.id))
          .limit(query.most)
          .offset(query.after),
      ])
      return { found: rows.map(checkOf), total: totals[0]?.total ?? 0 }
    },
  }
}

/** The cron's part. */
export async function dropOldChecks(db: Db, beforeMs: number): Promise<void> {
  await db.delete(healthCheck).where(lt(healthCheck.at, new Date(beforeMs)))
}

function matching({ group, ok, sinceMs }: ChecksQuery): SQL | undefined {
  return and(
    group === undefined ? undefined : eq(healthCheck.model_group, group),
    ok === undefined ? undefined : eq(healthCheck.ok, ok),
    sinceMs === undefined ? undefined : gte(healthCheck.at, new Date(sinceMs)),
  )
}

function storedOf(check: Check): typeof healthCheck.$inferInsert {
  return {
    id: check.id,
    at: new Date(check.atMs),
    model_group: check.group,
    deployment_id: check.deployment,
    provider: check.provider,
    model: check.model,
    ok: check.ok,
    latency_ms: Math.round(check.latencyMs),
    cost_nano: check.costNano,
    error: check.error?.replaceAll('\0', '').toWellFormed() ?? null,
    by: check.by,
  }
}

function checkOf(row: typeof healthCheck.$inferSelect): Check {
  return {
    id: row.id,
    atMs: row.at.getTime(),
    group: row.model_group,
    deployment: row.deployment_id,
    provider: row.provider,
    model: row.model,
    ok: row.ok,
    latencyMs: row.latency_ms,
    costNano: row.cost_nano,
    error: row.error,
    by: row.by === 'background' ? 'background' : 'asked',
  }
}
