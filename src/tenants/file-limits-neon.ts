import { type SQL, sql } from 'drizzle-orm'
import { nanoFromUsd } from '../money.ts'
import { nameOf } from './entities.ts'
import { CUSTOMER_BUDGET_ID, EVERYONE, everyonesLimitNano, everyonesScopes, type FileLimits } from './file-limits.ts'

/** The statements that make Postgres hold the limits of the file. Safe to repeat; a limit that is the same is not touched. */
export function establish(limits: FileLimits): readonly SQL[] {
  const { customerUsd } = limits
  const [scope] = everyonesScopes(limits)
  const limit = everyonesLimitNano(limits)
  return [
    ...(scope && limit !== undefined
      ? [
          sql`delete from budget where entity = ${EVERYONE} and scope <> ${scope.name}`,
          sql`insert into budget as b (scope, entity, limit_nano, duration, time_zone, anchor)
            values (${scope.name}, ${EVERYONE}, ${String(limit)}::bigint, ${scope.duration}, ${scope.timeZone}, to_timestamp(0))
            on conflict (scope) do update set limit_nano = excluded.limit_nano where b.limit_nano <> excluded.limit_nano`,
        ]
      : []),
    ...(customerUsd === undefined ? [] : customerTemplate(String(nanoFromUsd(customerUsd)))),
  ]
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
