import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crowd, KEYS, listsOf, SETTLED, TEAMS } from '../../scripts/prove/crowd.ts'
import { overheard } from '../../scripts/prove/plans.ts'
import { routes } from '../../src/routes/table.ts'
import { adminWorld } from '../support/admin-world.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import type { world } from '../unit/routes/world.ts'

// The short form of `npm run prove:lists`, which also takes the time over a million rows.

const lists = listsOf('2026-11-22', '2026-11-23')

let postgres: TestPostgres
let w: ReturnType<typeof world>
let ask: ReturnType<typeof overheard>
let person: string
beforeAll(async () => {
  postgres = await testPostgres()
  w = adminWorld(postgres)
  ask = overheard(w, postgres.pool)
  await postgres.pool.query(crowd({ spendRows: 20_000, lastDay: '2026-11-22', days: 1 }))
  await postgres.pool.query(SETTLED)
  const { json } = await w.post('/user/new', { user_id: 'ann', teams: [{ team_id: 't1', user_role: 'admin' }] })
  person = json.key
}, 60_000)
afterAll(async () => {
  ask.stop()
  await postgres.stop()
})

describe('every list and info route, over ten thousand keys and a thousand of everything', () => {
  it.each(lists)('%s reads no large table from end to end', async (path) => {
    expect(await ask.scans(path)).toEqual([])
  })

  it.each(['/key/list', '/v2/team/list', '/user/info', '/team/info?team_id=t1'])(
    '%s neither, of a person',
    async (path) => {
      expect(await ask.scans(path, person)).toEqual([])
    },
  )

  it('is among them', () => {
    const asked = new Set(lists.map((path) => path.split('?')[0]))
    const kinds = ['Keys', 'Teams', 'Organizations', 'Users', 'Customers', 'Tags', 'Budgets', 'Audit']
    const missing = routes
      .filter(({ method, tag, paths }) => method === 'GET' && kinds.includes(tag) && !paths[0].includes('{'))
      .flatMap(({ paths }) => (asked.has(paths[0]) ? [] : [paths[0]]))
    expect(missing).toEqual(['/team/available'])
  })

  it.each([
    ['/key/list?size=10', 'virtual_key_created'],
    ['/key/list?team_id=t1&size=10', 'virtual_key_(team_)?created'],
    ['/key/aliases', 'virtual_key_alias_sorted'],
    ['/v2/team/list', 'team_created'],
    ['/user/list', 'internal_user_created'],
    ['/user/list?sort_by=user_email&sort_order=desc', 'internal_user_email_sorted'],
    ['/spend/logs/v2?start_date=2026-11-22&end_date=2026-11-23', 'start_time_id_day_idx'],
  ])('a page of %s is read in its order, by %s', async (path, index) => {
    const read = `Limit .*\\n(.*Append.*\\n.*Sort Key.*\\n)?.*Index (Only )?Scan( Backward)? using \\w*${index}`
    expect((await ask.plans(path)).join('\n')).toMatch(new RegExp(read))
  })

  it('the last page is what was asked for, with the right total', async () => {
    const { json } = await w.get('/key/list?team_id=t1&page=1000&size=10&sort_order=asc&return_full_object=true')
    expect([json.keys.length, json.keys.at(-1).key_alias, json.total_count]).toEqual([10, `a${KEYS}`, KEYS])
    const teams = (await w.get('/v2/team/list?page=100&page_size=10')).json
    expect([teams.teams.at(-1).team_id, teams.total]).toEqual([`t${TEAMS}`, TEAMS])
    expect((await w.get('/user/list?user_ids=u2')).json.users[0].key_count).toBe(10)
  })

  it('lists without pages have everything, and a page about a team says how many keys it has', async () => {
    expect((await w.get('/team/list')).json.teams).toHaveLength(TEAMS)
    expect((await w.get('/tag/list')).json).toHaveLength(300)
    expect((await w.get('/organization/list')).json).toHaveLength(200)
    const { json } = await w.get('/team/info?team_id=t1')
    expect([json.keys.length, json.keys[0].key_alias, json.keys_total]).toEqual([100, 'a1', KEYS])
  })
})
