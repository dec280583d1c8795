import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyMigrations, readMigrations, type Transaction } from '../../scripts/db/migrate.ts'
import { recountDays } from '../../scripts/db/recount-days.ts'
import { connect } from '../../src/db/client.ts'
import { newId } from '../../src/ids.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

// A database is brought up to date while gateways record: the days must have every row once all the same.

const NOW = Date.UTC(2026, 10, 22, 12)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres({ migrated: false })
}, 60_000)
afterAll(() => postgres.stop())

it('days hold what was recorded before, and by statements that began before and ended after', async () => {
  const sql = connect(postgres.databaseUrl, 30_000)
  const transaction: Transaction = async (statements) =>
    (await sql.transaction(statements.map(({ text, values }) => sql.query(text, [...(values ?? [])])))).at(-1) ?? []
  const migrations = await readMigrations()
  const before = migrations.filter(({ name }) => name < '0030')
  await applyMigrations(before, transaction, () => {})
  const scope = 'key:slow@life'
  const event = (daysAgo: number, scopes: string[] = []) =>
    spendEventOf({
      id: newId(NOW - daysAgo * 86_400_000),
      cost_nano: '7',
      scopes,
      windows: scopes.map(() => 0),
      covered: scopes.map(() => false),
    })
  await recordEvents(postgres.db, [event(0, [scope]), event(1), event(2)])

  const slow = await postgres.pool.connect()
  await slow.query('begin')
  await slow.query('select 1 from budget_window where scope = $1 for update', [scope])
  const old = recordEvents(postgres.db, [event(0, [scope]), event(1, [scope])])
  const waiting = async (what: string) => {
    while ((await postgres.pool.query(`select ${what} as yes`)).rows[0].yes !== true)
      await new Promise((done) => setTimeout(done, 10))
  }
  await waiting(`exists (select from pg_stat_activity where wait_event_type = 'Lock')`)
  const migrating = applyMigrations(migrations, transaction, () => {})
  await waiting(`exists (select from migration where name like '0030%')`)
  const fresh = recordEvents(postgres.db, [event(0), event(3)])
  await slow.query('commit')
  slow.release()
  await Promise.all([old, migrating, fresh])

  const { rows } = await postgres.pool.query(`
    select coalesce(l.day, d.day)::text as day, l.n::int as logged, d.n::int as added_up from
      (select day, sum(cost_nano) as n from spend_log group by 1) l
      full join (select day, sum(cost_nano) as n from spend_daily where kind = 'all' group by 1) d on d.day = l.day
    order by 1`)
  expect(rows).toEqual([
    { day: '2026-11-19', logged: 7, added_up: 7 },
    { day: '2026-11-20', logged: 7, added_up: 7 },
    { day: '2026-11-21', logged: 14, added_up: 14 },
    { day: '2026-11-22', logged: 21, added_up: 21 },
  ])
})

it('a large log is left for later, and its days are added up one by one while gateways record', async () => {
  const sql = connect(postgres.databaseUrl, 30_000)
  const transaction: Transaction = async (statements) =>
    (await sql.transaction(statements.map(({ text, values }) => sql.query(text, [...(values ?? [])])))).at(-1) ?? []
  const event = (daysAgo: number) => spendEventOf({ id: newId(NOW - daysAgo * 86_400_000), cost_nano: '7' })
  const lines: string[] = []
  await postgres.pool.query(`delete from migration where name = '0031_spend_days_before'`)
  await postgres.pool.query(
    `delete from spend_daily where day > '2026-11-19'; delete from spend_log where day = '2026-11-19'`,
  )
  const much = { '0031_spend_days_before': { isMuch: 'select count(*) > 3 as much from spend_log', instead: 'later' } }
  await applyMigrations(await readMigrations(), transaction, (line) => lines.push(line), much)
  expect(lines).toEqual(['migrated 0031_spend_days_before', '0031_spend_days_before was left for later: later'])
  const days = async () =>
    (
      await postgres.pool.query(
        `select day::text, sum(cost_nano)::int as n from spend_daily where kind = 'all' group by 1 order by 1`,
      )
    ).rows
  expect(await days()).toEqual([{ day: '2026-11-19', n: 7 }])

  const recorded = Array.from({ length: 12 }, (_, n) => recordEvents(postgres.db, [event(n % 3), event(1)]))
  await Promise.all([recountDays(transaction, { from: '2026-11-19', to: '2026-11-22' }, () => {}), ...recorded])
  const log = await postgres.pool.query(
    `select day::text, sum(cost_nano)::int as n from spend_log group by 1 order by 1`,
  )
  // The log of the 19th is gone: its sums are not.
  expect(await days()).toEqual([{ day: '2026-11-19', n: 7 }, ...log.rows])
  expect(log.rows.reduce((sum, { n }) => sum + n, 0)).toBe(7 * 30)
})
