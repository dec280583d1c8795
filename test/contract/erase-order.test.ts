import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { recordSpend } from '../../src/db/statements.ts'
import { newId } from '../../src/ids.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

// Who erases a person and who records what they spent want the same windows and days: one waits for the other, never both.

const NOW = Date.now()
const DAY_MS = 86_400_000

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const query = async (text: string) => (await postgres.pool.query(text)).rows
beforeEach(() =>
  query(`delete from budget_window; delete from spend_log; delete from spend_daily; delete from erasure;
    insert into erasure (user_id, requested_at) values ('eve', now() + interval '1 second')`),
)

const lateRow = (over: object = {}) =>
  spendEventOf({
    id: newId(NOW + 60_000),
    start_ms: NOW + 60_000,
    end_ms: NOW + 60_001,
    cost_nano: '7',
    user: 'eve',
    ...{ scopes: ['member:t:eve@life', 'user:eve@life'], windows: [0, 0], covered: [false, false] },
    ...over,
  })
const recorded = (...events: readonly object[]) => recordSpend(postgres.db, JSON.stringify(events))
const erased = () => query(`select erase_spend('eve', 10)`)

/** Starts each once those before it wait behind the rows that are held, then lets all of them go on. */
async function behind(held: string, starts: readonly (() => Promise<unknown>)[]): Promise<void> {
  const holder = await postgres.pool.connect()
  try {
    await holder.query('begin')
    expect((await holder.query(`${held} for update`)).rowCount).toBeGreaterThan(0)
    const done: Promise<unknown>[] = []
    for (const start of starts) {
      done.push(start())
      while (Number((await query(WAITING))[0]?.n) < done.length) await sleep(5)
    }
    await holder.query('commit')
    expect(await Promise.allSettled(done)).toEqual(done.map(() => expect.objectContaining({ status: 'fulfilled' })))
  } finally {
    holder.release(true)
  }
}
const WAITING = `select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`

/** A day of eve's, lying in the table in the order of these calls. */
const day = (kind: string, entity: string, key: string, model: string, atMs = NOW) =>
  query(`insert into spend_daily select '${kind}', '${entity}', utc_day(time_of_ms(${atMs})), '${key}', '${model}', 'fast', 'openai',
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0`)

it('windows: nobody waits in a circle, and what comes late is spent in windows of its own', async () => {
  await query(`insert into budget_window (scope, window_start, spent) values ('user:eve@life', 'epoch', 100)`)
  await query(`insert into budget_window (scope, window_start, spent) values ('member:t:eve@life', 'epoch', 100)`)
  await behind(`select from budget_window where scope = 'user:eve@life'`, [erased, () => recorded(lateRow())])
  expect(await query('select scope, spent from budget_window order by spent, scope')).toEqual([
    { scope: 'member:t:eve@life', spent: '7' },
    { scope: 'user:eve@life', spent: '7' },
    { scope: expect.stringMatching(/^member:t:erased-/), spent: '100' },
    { scope: expect.stringMatching(/^user:erased-/), spent: '100' },
  ])
})

it('days: nobody waits in a circle, and the sum stays', async () => {
  for (const model of ['b', 'a']) await day('user', 'eve', 'k', model)
  // So few rows are read as they lie.
  await query('analyze spend_daily')
  const rows = ['a', 'b'].map((model) =>
    lateRow({ id: newId(NOW), key_id: 'k', model, scopes: [], windows: [], covered: [] }),
  )
  await behind(`select from spend_daily where model = 'b' and kind = 'user'`, [erased, () => recorded(...rows)])
  const left = await query(
    `select entity = 'eve' as hers, sum(cost_nano) as cost from spend_daily where kind = 'user' group by 1 order by 1`,
  )
  expect(left).toEqual([
    { hers: false, cost: '2' },
    { hers: true, cost: '14' },
  ])
})

it('days of who has no key: nobody waits in a circle, whatever name they went by', async () => {
  // The later name in the order of names is the earlier one in the order of days.
  const names = [
    ['user:eve', NOW - DAY_MS],
    ['member:t:eve', NOW],
  ] as const
  for (const [name, atMs] of names) {
    await day('user', 'eve', name, 'a', atMs)
    await day('all', '', name, 'a', atMs)
  }
  const rows = names.map(([name, atMs]) =>
    lateRow({ id: newId(atMs), key_id: name, model: 'a', scopes: [], windows: [], covered: [] }),
  )
  await behind(`select from spend_daily where kind = 'user' and key_id = 'member:t:eve'`, [
    () => query(`select erase_bearer('eve', 10)`),
    () => recorded(...rows),
  ])
  const left = await query(
    `select kind, key_id like '%:eve' as hers, sum(cost_nano) as cost from spend_daily group by 1, 2 order by 1, 2`,
  )
  expect(left).toEqual([
    { kind: 'all', hers: false, cost: '2' },
    { kind: 'all', hers: true, cost: '14' },
    { kind: 'user', hers: false, cost: '2' },
    { kind: 'user', hers: true, cost: '14' },
  ])
})
