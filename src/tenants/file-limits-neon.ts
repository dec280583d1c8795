import { type SQL, sql } from 'drizzle-orm'
import { unrecorded } from '../db/author.ts'
import type { Db } from '../db/client.ts'
import { nanoFromUsd } from '../money.ts'
import { nameOf } from './entities.ts'
import { CUSTOMER_BUDGET_ID, EVERYONE, type FileLimits, fileBudgets } from './file-limits.ts'

/**
 * The statements that make Postgres hold the limits of the file. Safe to repeat; a limit that is the same is not touched,
 * and a tag's budget that an admin set for the same duration stays as the admin set it.
 */
export function establish(limits: FileLimits): readonly SQL[] {
  const { customerUsd, timeZone } = limits
  const rows = fileBudgets(limits).map(({ scope, entity, duration, limitNano }) => ({
    scope,
    entity,
    duration,
    limit_nano: String(limitNano),
  }))
  return [
    ...(rows.length === 0
      ? []
      : [
          sql`insert into budget as b (scope, entity, part, limit_nano, duration, time_zone, anchor)
            select r.scope, r.entity, 'file', r.limit_nano, r.duration, ${timeZone}, to_timestamp(0)
            from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
              as r(scope text, entity text, duration text, limit_nano bigint) order by r.scope
            on conflict (scope) do update set part = 'file', limit_nano = excluded.limit_nano
            where (b.part = 'file' or b.entity = ${EVERYONE})
              and (b.part, b.limit_nano) is distinct from ('file', excluded.limit_nano)`,
        ]),
    ...(customerUsd === undefined ? [] : customerTemplate(String(nanoFromUsd(customerUsd)))),
  ]
}

/**
 * The cron's part: what the file limits is as the file says, and its limits that are no longer in it are gone. Isolates
 * only add theirs, so that an old version that still runs takes nothing from a new one.
 */
export async function keepFileLimits(db: Db, limits: FileLimits): Promise<void> {
  const scopes = JSON.stringify(fileBudgets(limits).map(({ scope }) => scope))
  await db.batch([
    db.execute(unrecorded),
    db.execute(sql`delete from budget where (part = 'file' or entity = ${EVERYONE})
      and scope not in (select jsonb_array_elements_text(${scopes}::jsonb))`),
    ...establish(limits).map((statement) => db.execute(statement)),
  ])
}

function customerTemplate(limit: string): readonly SQL[] {
  return [
    sql`insert into budget_template as t (budget_id, max_budget_nano) values (${CUSTOMER_BUDGET_ID}, ${limit}::bigint)
      on conflict (budget_id) do update set max_budget_nano = excluded.max_budget_nano
      where t.max_budget_nano is distinct from excluded.max_budget_nano`,
    sql`update budget b set limit_nano = ${limit}::bigint where b.part = 'main' and b.limit_nano <> ${limit}::bigint
      and b.entity = any(linked_entities(${CUSTOMER_BUDGET_ID}))`,
  ]
}

/**
 * Gives a budget by name to a customer that has none, and makes the customer where nobody has. Its own windows begin
 * empty: what it spent before it had a limit is shown, not counted.
 */
export function giveBudget(userId: string, budgetId: string): readonly SQL[] {
  const entity = nameOf('customer', [userId])
  return [
    sql`insert into customer as c (user_id, budget_id) select ${userId}, budget_id from budget_template
      where budget_id = ${budgetId}
      on conflict (user_id) do update set budget_id = excluded.budget_id where c.budget_id is null`,
    sql`insert into budget (scope, entity, limit_nano, duration, time_zone, anchor)
      select ${entity} || '@' || coalesce(t.budget_duration, 'life'), ${entity}, t.max_budget_nano,
        coalesce(t.budget_duration, 'life'), t.time_zone, t.anchor
      from budget_template t where t.budget_id = ${budgetId} and t.max_budget_nano is not null
      on conflict (scope) do nothing`,
  ]
}
