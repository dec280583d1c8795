import { and, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { setting } from '../db/schema.ts'
import type { DebugKeys } from './debug.ts'

const PREFIX = 'debug:'

/** Rows of `setting`; those whose time is over go when the next one is written. */
export function neonDebug(db: Db): DebugKeys {
  const untilMs = sql`(${setting.value}->>'until_ms')::bigint`
  return {
    async set(keyId, endMs, by, nowMs) {
      const value = { until_ms: endMs, by }
      const updated_at = new Date(nowMs)
      await db.batch([
        db.delete(setting).where(and(sql`starts_with(${setting.name}, ${PREFIX})`, lt(untilMs, nowMs))),
        db
          .insert(setting)
          .values({ name: PREFIX + keyId, value, updated_at })
          .onConflictDoUpdate({ target: setting.name, set: { value, updated_at } }),
      ])
    },
    async of(keyIds, nowMs) {
      if (keyIds.length === 0) return new Set()
      const names = keyIds.map((id) => PREFIX + id)
      const rows = await db
        .select({ name: setting.name })
        .from(setting)
        .where(and(inArray(setting.name, names), sql`${untilMs} > ${nowMs}`))
      return new Set(rows.map(({ name }) => name.slice(PREFIX.length)))
    },
  }
}
