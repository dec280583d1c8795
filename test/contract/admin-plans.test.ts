import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { spendLogs } from '../../src/spend/report-neon.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { neonOrganizationMembers } from '../../src/tenants/organization-members-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { world } from '../unit/routes/world.ts'

/** Every statement that a route sends, as it is sent. */
const sent: { readonly query: string; readonly params: readonly unknown[] }[] = []
const real = globalThis.fetch
const listening: typeof fetch = (input, init) => {
  if (String(input).endsWith('/sql')) {
    const body = JSON.parse(String(init?.body))
    sent.push(...(body.queries ?? [body]))
  }
  return real(input, init)
}

let postgres: TestPostgres
let w: ReturnType<typeof world>
let person: string
beforeAll(async () => {
  postgres = await testPostgres()
  globalThis.fetch = listening
  w = world({ tenants: neonTenants(postgres.db) })
  const spendReport = {
    ...w.deps.spendReport,
    logs: (query: Parameters<typeof spendLogs>[1]) => spendLogs(postgres.db, query),
  }
  Object.assign(w.deps, { spendReport, organizationMembers: neonOrganizationMembers(postgres.db) })
  await postgres.pool.query(`
    insert into organization (organization_id, organization_alias) select 'o' || n, 'o' from generate_series(1, 200) n;
    insert into team (team_id, team_alias, organization_id, created_at)
      select 't' || n, 'alias' || n, 'o' || (n % 200 + 1), now() + n * interval '1 second' from generate_series(1, 1000) n;
    insert into internal_user (user_id, user_email) select 'u' || n, 'u' || n || '@x.test' from generate_series(1, 1000) n;
    insert into team_membership (team_id, user_id) select 't1', 'u' || n from generate_series(1, 200) n;
    insert into customer (user_id) select 'c' || n from generate_series(1, 1000) n;
    insert into tag (name) select 'tag' || n from generate_series(1, 300) n;
    insert into virtual_key (id, token, key_name, key_alias, team_id, user_id, created_at)
      select 'k' || n, encode(sha256(('sk-' || n)::bytea), 'hex'), 'sk-...', 'a' || n, 't1', 'u' || (n % 1000 + 1), now() + n * interval '1 second'
      from generate_series(1, 10000) n;
    insert into budget_window (scope, window_start, spent, leased, requests)
      select 'key:k' || n || '@life', 'epoch', n, 0, 1 from generate_series(1, 10000) n;
    insert into budget (scope, entity, part, limit_nano, duration, time_zone, anchor)
      select 'key:k' || n || '@30d', 'key:k' || n, 'main', n, '30d', 'UTC', 'epoch' from generate_series(1, 10000) n;
    insert into spend_log (day, id, request_id, kind, cost_nano, scopes, windows, covered, call_type, api_key, team_id, "user", start_time, end_time)
      select '2026-11-22', 'r' || n, 'r' || n, 'request', 1, '{}', '{}', '{}', 'acompletion', 'h' || (n % 100), 't' || (n % 100), 'u' || (n % 100),
        '2026-11-22 10:00Z'::timestamptz + n * interval '1 second', '2026-11-22 10:00Z'::timestamptz + n * interval '1 second' from generate_series(1, 20000) n;
    analyze`)
  const { json } = await w.post('/user/new', { user_id: 'ann', teams: [{ team_id: 't1', user_role: 'admin' }] })
  person = json.key
}, 60_000)
afterAll(async () => {
  globalThis.fetch = real
  await postgres.stop()
})

/** Where the rows are: what is small and whole (a list of all tags) may be read as it lies. */
const LARGE =
  /Seq Scan on (virtual_key|team_membership|budget|budget_window|spend_log\w*|internal_user|customer|previous_token)\b/

/** What a plan says when Postgres may choose: a scan of a large table is one that no index could spare. */
async function plansOf(path: string, key?: string): Promise<readonly string[]> {
  sent.length = 0
  const { status, json } = await w.get(path, key)
  expect([path, status, json]).toEqual([path, 200, json])
  const client = await postgres.pool.connect()
  try {
    await client.query('set enable_seqscan = off')
    const plans: string[] = []
    for (const { query, params } of sent) {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${query}`, [...params])
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
    }
    return plans
  } finally {
    client.release(true)
  }
}

describe('every list and info route, over ten thousand keys and a thousand of everything', () => {
  const KEY = 'sk-77'
  it.each([
    '/key/list',
    '/key/list?team_id=t1&size=100&return_full_object=true',
    '/key/list?user_id=u7&sort_by=updated_at',
    '/key/list?organization_id=o1&sort_order=asc',
    '/key/list?key_alias=a77',
    `/key/info?key=${KEY}`,
    '/team/info?team_id=t2',
    '/team/list?organization_id=o7',
    '/v2/team/list?page=2&page_size=100',
    '/v2/team/list?organization_id=o7&sort_by=created_at&sort_order=desc',
    '/user/info?user_id=u7',
    '/user/list?page_size=25',
    '/user/list?user_ids=u1,u2',
    '/organization/info?organization_id=o7',
    '/organization/list?org_id=o7',
    '/customer/info?end_user_id=c7',
    '/spend/logs/v2?start_date=2026-11-22&end_date=2026-11-23&page_size=10',
    '/spend/logs/v2?start_date=2026-11-22&end_date=2026-11-23&team_id=t7',
    '/spend/logs/v2?start_date=2026-11-22&end_date=2026-11-23&request_id=r77',
  ])('%s reads no large table from end to end', async (path) => {
    for (const plan of await plansOf(path)) {
      expect(plan).not.toMatch(LARGE)
    }
  })

  it.each(['/key/list', '/v2/team/list', '/user/info', '/team/info?team_id=t1'])(
    '%s neither, of a person',
    async (path) => {
      for (const plan of await plansOf(path, person)) expect(plan).not.toMatch(LARGE)
    },
  )

  it('a page of a team with ten thousand keys is read in order, without a sort', async () => {
    const [page = ''] = (await plansOf('/key/list?team_id=t1&size=10')).filter((plan) => plan.includes('Limit'))
    expect(page).toMatch(/Index Scan( Backward)? using virtual_key_(team_)?created/)
    expect(page.split('SubPlan')[0]).not.toMatch(/Sort/)
  })

  it('lists without pages have everything', async () => {
    expect((await w.get('/team/list')).json.teams).toHaveLength(1000)
    expect((await w.get('/tag/list')).json).toHaveLength(300)
    expect((await w.get('/organization/list')).json).toHaveLength(200)
  })
})
