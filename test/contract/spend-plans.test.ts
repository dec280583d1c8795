import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { neonLog } from '../../src/spend/logs-neon.ts'
import { neonDays } from '../../src/spend/report-days-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { world } from '../unit/routes/world.ts'

// What grows with every request is never read from end to end where a part of it is meant.

const ROWS = 6_000
const sent: { readonly query: string; readonly params: readonly unknown[] }[] = []
const real = globalThis.fetch

let postgres: TestPostgres
let w: ReturnType<typeof world>
beforeAll(async () => {
  postgres = await testPostgres()
  globalThis.fetch = (input, init) => {
    if (String(input).endsWith('/sql')) {
      const body = JSON.parse(String(init?.body))
      sent.push(...(body.queries ?? [body]))
    }
    return real(input, init)
  }
  w = world()
  Object.assign(w.deps.spendReport, { ...neonDays(postgres.db), ...neonLog(postgres.db) })
  await postgres.pool.query(`
    insert into spend_log (day, id, request_id, kind, cost_nano, scopes, windows, covered, call_type, status, key_id, api_key, team_id,
        "user", end_user, model, model_group, api_base, http_status, cache_hit, request_tags, start_time, end_time)
      select '2026-11-20'::date + n % 3, 'r' || n, 'r' || n, 'request', n, '{}', '{}', '{}', 'acompletion', 'success', 'k' || n % 100,
        encode(sha256(('sk-' || n % 100)::bytea), 'hex'), 't' || n % 50, 'u' || n % 100, 'c' || n % 500, 'gpt-4o', 'fast', 'https://vendor.test',
        case when n % 200 = 0 then 429 else 200 end, n % 100 = 1, array['tag' || n % 20],
        '2026-11-20 10:00Z'::timestamptz + n % 3 * interval '1 day' + n * interval '1 second', '2026-11-22 10:00Z'
      from generate_series(1, ${ROWS}) n;
    select roll_up(array(select s from spend_log s));
    insert into virtual_key (id, token, key_name, team_id) select 'k' || n, encode(sha256(('sk-' || n)::bytea), 'hex'), 'sk-...', null
      from generate_series(0, 99) n;
    analyze`)
}, 60_000)
afterAll(async () => {
  globalThis.fetch = real
  await postgres.stop()
})

/** What Postgres would do if it had to read a lot: where no index helps, it reads all the same. */
async function plansOf(path: string): Promise<readonly string[]> {
  sent.length = 0
  const response = await w.fetched(path, { headers: { authorization: 'Bearer sk-master' } })
  expect([path, response.status]).toEqual([path, 200])
  await response.text()
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

const DAYS = 'start_date=2026-11-20&end_date=2026-11-21'
const KEY = 'sk-77'

describe('reports', () => {
  it.each([
    `/spend/logs?request_id=r77`,
    `/spend/logs?summarize=false&${DAYS}`,
    `/spend/logs?summarize=false&api_key=${KEY}&${DAYS}`,
    `/spend/logs?summarize=false&user_id=u7&${DAYS}`,
    `/spend/logs?${DAYS}`,
    `/spend/logs?api_key=${KEY}&${DAYS}`,
    `/spend/logs/v2?${DAYS}`,
    `/spend/logs/v2?team_id=t7&${DAYS}`,
    `/user/daily/activity?user_id=u7&${DAYS}`,
    `/user/daily/activity?${DAYS}`,
    `/team/daily/activity?team_ids=t7,t8&${DAYS}`,
    `/customer/daily/activity?end_user_ids=c7&${DAYS}`,
    `/tag/daily/activity?tags=tag7&${DAYS}`,
    `/global/spend/report?team_id=t7&${DAYS}`,
    `/global/spend/report?group_by=api_key&api_key=${KEY}&${DAYS}`,
    `/global/spend/keys?${DAYS}`,
    `/global/activity/exceptions?${DAYS}`,
    `/global/activity/exceptions/deployment?model_group=fast&${DAYS}`,
    `/global/activity/cache_hits?${DAYS}`,
  ])('%s reads neither the log nor its days from end to end', async (path) => {
    const plans = await plansOf(path)
    expect(plans.length).toBeGreaterThan(0)
    for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (spend_log|spend_daily)\w*/)
  })

  it('each reads one kind of days, and nothing of the log', async () => {
    for (const plan of await plansOf(`/team/daily/activity?${DAYS}`)) {
      expect(plan).not.toMatch(/spend_log|spend_daily_(all|user|tag|customer|organization)/)
    }
  })
})
