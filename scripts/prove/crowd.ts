/** How large a tenant is, whose lists are to be fast. */
export interface CrowdSize {
  readonly spendRows: number
  /** The last day of the log, and over how many days its rows lie. */
  readonly lastDay: string
  readonly days: number
}

export const KEYS = 10_000
export const TEAMS = 1_000

/**
 * A crowd, as SQL: ten thousand keys of team `t1`, each with spend and a budget, a thousand teams, users and customers,
 * and a spend log. The key numbered n is `sk-n`.
 */
export function crowd({ spendRows, lastDay, days }: CrowdSize): string {
  const at = `'${lastDay} 10:00Z'::timestamptz - ((n % ${days}) * interval '1 day') + (n % 20000) * interval '1 second'`
  return `
    insert into organization (organization_id, organization_alias) select 'o' || n, 'o' from generate_series(1, 200) n;
    insert into team (team_id, team_alias, organization_id, created_at)
      select 't' || n, 'alias' || n, 'o' || (n % 200 + 1), now() + n * interval '1 second' from generate_series(1, ${TEAMS}) n;
    insert into internal_user (user_id, user_email, created_at)
      select 'u' || n, 'u' || n || '@x.test', now() + n * interval '1 second' from generate_series(1, 1000) n;
    insert into team_membership (team_id, user_id) select 't1', 'u' || n from generate_series(1, 200) n;
    insert into organization_membership (organization_id, user_id, role)
      select 'o1', 'u' || n, 'internal_user' from generate_series(1, 200) n;
    insert into customer (user_id) select 'c' || n from generate_series(1, 1000) n;
    insert into tag (name) select 'tag' || n from generate_series(1, 300) n;
    insert into budget_template (budget_id) select 'b' || n from generate_series(1, 100) n;
    insert into virtual_key (id, token, key_name, key_alias, team_id, user_id, created_at)
      select 'k' || n, encode(sha256(('sk-' || n)::bytea), 'hex'), 'sk-...', 'a' || n, 't1', 'u' || (n % 1000 + 1), now() + n * interval '1 second'
      from generate_series(1, ${KEYS}) n;
    insert into budget_window (scope, window_start, spent, leased, requests)
      select 'key:k' || n || '@life', 'epoch', n, 0, 1 from generate_series(1, ${KEYS}) n;
    insert into budget (scope, entity, part, limit_nano, duration, time_zone, anchor)
      select 'key:k' || n || '@30d', 'key:k' || n, 'main', n, '30d', 'UTC', 'epoch' from generate_series(1, ${KEYS}) n;
    insert into spend_log (day, id, request_id, kind, cost_nano, scopes, windows, covered, call_type, api_key, key_alias, team_id, "user", model, status, start_time, end_time)
      select (${at})::date, 'r' || n, 'r' || n, 'request', n, '{}', '{}', '{}', 'acompletion',
        encode(sha256(('sk-' || (hashint4(n) & 127))::bytea), 'hex'), 'a' || (hashint4(n) & 127), 't' || (hashint4(n) & 127), 'u' || (hashint4(n) & 127), 'gpt-4o', 'success', ${at}, ${at}
      from generate_series(1, ${spendRows}) n`
}

/** What Postgres does by itself after a while. */
export const SETTLED = 'vacuum analyze'

/** Every list and info route, as it is asked of the crowd. */
export function listsOf(firstDay: string, lastDay: string): readonly string[] {
  const range = `start_date=${firstDay}&end_date=${lastDay}`
  return [
    '/key/list',
    '/key/list?team_id=t1&size=100&return_full_object=true',
    '/key/list?team_id=t1&size=100&page=100&return_full_object=true',
    '/key/list?team_id=t1&sort_by=spend&sort_order=desc',
    '/key/list?team_id=t1&sort_by=max_budget&return_full_object=true',
    '/key/list?user_id=u7&sort_by=updated_at',
    '/key/list?organization_id=o1&sort_order=asc',
    '/key/list?key_alias=a77',
    '/key/aliases',
    '/key/aliases?search=a99&size=100',
    '/key/info?key=sk-77',
    '/team/info?team_id=t1',
    '/team/info?team_id=t2',
    '/team/list',
    '/team/list?organization_id=o7',
    '/v2/team/list?page=2&page_size=100',
    '/v2/team/list?organization_id=o7&sort_by=created_at&sort_order=desc',
    '/v2/team/list?team_alias=alias9&sort_by=team_alias',
    '/team/permissions_list?team_id=t1',
    '/user/info?user_id=u7',
    '/user/list?page_size=25',
    '/user/list?user_ids=u1,u2',
    '/user/list?team=t1&page_size=100',
    '/user/list?user_email=u99&sort_by=user_email',
    '/user/available_roles',
    '/organization/info?organization_id=o1',
    '/organization/list',
    '/organization/list?org_id=o7',
    '/customer/info?end_user_id=c7',
    '/customer/list?page_size=100',
    '/tag/list',
    '/budget/list',
    '/budget/settings?budget_id=b7',
    '/audit?page_size=100',
    '/audit?object_id=k77',
    `/spend/logs/v2?${range}&page_size=10`,
    `/spend/logs/v2?${range}&page_size=100&page=2`,
    `/spend/logs/v2?${range}&team_id=t7`,
    `/spend/logs/v2?${range}&user_id=u7&page_size=100`,
    `/spend/logs/v2?${range}&request_id=r77`,
    `/spend/logs/v2?${range}&api_key=sk-7&page_size=100`,
  ]
}
