import { sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import type { BudgetFigures } from './budget-metrics.ts'

interface Rule {
  readonly duration: string
  readonly timeZone: string
  readonly anchorMs: number
}

/** Reads budgets for gauges. `spanOf` is the window of a rule that is open at a moment; one that never ends has an infinite end. */
export function neonBudgets(db: Db, spanOf: (rule: Rule, atMs: number) => { readonly endMs: number }): BudgetFigures {
  return async (windows, nowMs) => {
    if (windows.length === 0) return []
    const wanted = windows.map(({ scope, startMs }) => ({ scope, start: new Date(startMs).toISOString() }))
    const { rows } = await db.execute<{
      scope: string
      start: string
      limit: string
      spent: string
      duration: string
      zone: string
      anchor: string
      alias: string | null
    }>(sql`
      select b.scope, o.organization_alias as alias, b.duration, b.time_zone as zone, w.spent::text as spent,
        (b.limit_nano + case when b.extra_until > ${new Date(nowMs).toISOString()}::timestamptz then b.extra_nano else 0 end)::text as limit,
        floor(extract(epoch from b.anchor) * 1000)::text as anchor, floor(extract(epoch from w.window_start) * 1000)::text as start
      from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as n(scope text, start timestamptz)
      join budget b on b.scope = n.scope and b.part in ('main', 'file')
      join budget_window w on w.scope = n.scope and w.window_start = n.start
      left join organization o on o.organization_id = id_in_scope(substring(n.scope from '^org:([^:@]+)@'))`)
    return rows.map(({ scope, start, limit, spent, duration, zone, anchor, alias }) => {
      const startMs = Number(start)
      const { endMs } = spanOf({ duration, timeZone: zone, anchorMs: Number(anchor) }, startMs)
      return {
        ...{ scope, startMs, limitNano: limit, spentNano: spent },
        ...(Number.isFinite(endMs) ? { endMs } : {}),
        ...(alias === null ? {} : { alias }),
      }
    })
  }
}
