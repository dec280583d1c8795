import { and, between, count, desc, eq, lt, or, sql, sum } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { spendLog } from '../db/schema.ts'
import type { SpendLog } from './report.ts'
import { matching, spendLogs } from './report-neon.ts'

/** The rows of the log. Each question has an index of its own: none reads a day from end to end. */
export function neonLog(db: Db): SpendLog {
  return {
    logs: (query) => spendLogs(db, query),
    rows(filter, after, most) {
      const later =
        after &&
        or(
          lt(spendLog.start_time, after.start_time),
          and(eq(spendLog.start_time, after.start_time), lt(spendLog.id, after.id)),
        )
      // Days that are done are not looked at again.
      const left = after ? { ...filter, end_date: Math.min(filter.end_date, after.start_time.getTime()) } : filter
      return db
        .select()
        .from(spendLog)
        .where(and(matching(left), later))
        .orderBy(desc(spendLog.start_time), desc(spendLog.id))
        .limit(most)
    },
    async rateLimited({ from, to, modelGroup }) {
      const rows = await db
        .select({ day: spendLog.day, apiBase: spendLog.api_base, requests: count() })
        .from(spendLog)
        .where(
          and(
            between(spendLog.day, from, to),
            eq(spendLog.http_status, sql`429`),
            modelGroup === undefined ? undefined : eq(spendLog.model_group, modelGroup),
          ),
        )
        .groupBy(spendLog.day, spendLog.api_base)
        .orderBy(spendLog.day, spendLog.api_base)
      return rows.map(({ day, apiBase, requests }) => ({ day, apiBase: apiBase ?? '', requests }))
    },
    async cachedAnswers({ from, to }) {
      const { key_id, call_type, model, completion_tokens } = spendLog
      const rows = await db
        .select({ keyId: key_id, callType: call_type, model, requests: count(), tokens: sum(completion_tokens) })
        .from(spendLog)
        .where(and(between(spendLog.day, from, to), sql`${spendLog.cache_hit}`))
        .groupBy(key_id, call_type, model)
        .orderBy(key_id, call_type, model)
      return rows.map(({ keyId, callType, model: named, requests, tokens }) => ({
        keyId: keyId ?? '',
        callType,
        model: named ?? '',
        requests,
        completionTokens: Number(tokens ?? 0),
      }))
    },
  }
}
