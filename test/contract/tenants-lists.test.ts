import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { neonTenants } from '../../src/tenants/neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
  await postgres.pool.query(`
    insert into team (team_id, created_at) select 't' || n, now() + n * interval '1 second' from generate_series(1, 1000) n;
    insert into internal_user (user_id, created_at) select 'u' || n, now() + n * interval '1 second' from generate_series(1, 1000) n;
    insert into virtual_key (id, token, key_name, team_id, user_id, created_at)
      select 'k' || n, 'h' || n, 'sk-...', 't1', 'u' || (n % 1000 + 1), now() + n * interval '1 second'
      from generate_series(1, 10000) n;
    analyze virtual_key; analyze team; analyze internal_user`)
}, 60_000)
afterAll(() => postgres.stop())

/** How Postgres goes about it: the names of its scans. */
async function plan(query: string): Promise<string> {
  const { rows } = await postgres.pool.query<{ 'QUERY PLAN': string }>(`explain ${query}`)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

describe('lists over ten thousand keys, a thousand teams and users', () => {
  it.each([
    ['keys', 'select * from virtual_key e where true order by e.created_at desc, e.id desc limit 10'],
    [
      'keys of a team',
      "select * from virtual_key e where e.team_id = 't1' order by e.created_at desc, e.id desc limit 10",
    ],
    ['teams', 'select * from team e where true order by e.created_at asc, e.team_id asc limit 10'],
    ['users', 'select * from internal_user e where true order by e.created_at asc, e.user_id asc limit 25'],
  ])('%s are read by an index, without a sort', async (_, query) => {
    const found = await plan(query)
    expect(found).toMatch(/Index (Only )?Scan/)
    expect(found).not.toMatch(/Sort|Seq Scan/)
  })

  it('a page is what was asked for, with the right total', async () => {
    const store = neonTenants(postgres.db)
    const order = { page: 1000, size: 10, sortBy: 'created_at', sortOrder: 'asc' } as const
    const { keys, total } = await store.listKeys({ ...order, teamId: 't1' })
    expect([keys.length, keys.at(-1)?.id, total]).toEqual([10, 'k10000', 10_000])
    const teams = await store.list('team', { page: 100, size: 10, sortBy: 'createdAtMs', sortOrder: 'asc' })
    expect([teams.found.at(-1)?.teamId, teams.total]).toEqual(['t1000', 1000])
    expect((await store.keyCounts(['u1'])).get('u1')).toBe(10)
  })
})
