import { afterAll, beforeAll, expect, it } from 'vitest'
import { DAY_MS, MONTH_DAYS, month } from '../../scripts/prove/month.ts'
import { tell } from '../../scripts/prove/report-sums.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { neonDays } from '../../src/spend/report-days-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { world } from '../unit/routes/world.ts'

// The short form of `npm run prove:reports`.

const EVENTS = 500
const END = Date.UTC(2026, 10, 22)
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

it('reports are the sum of a month that came twice and late in parts, and lists go on over pages', async () => {
  let sent = 0
  let fresh = 0
  for (const batch of month(1, EVENTS, END)) {
    sent += batch.length
    fresh += (await recordEvents(postgres.db, batch)).fresh
    if (batch.length === 100) await recordEvents(postgres.db, batch.slice(50))
  }
  expect([sent >= EVENTS, fresh]).toEqual([true, EVENTS])
  const front = world()
  Object.assign(front.deps.spendReport, neonDays(postgres.db))
  const ask = async (path: string) => (await front.get(path)).json
  const told = await tell(postgres.pool, ask, dayOf(END - MONTH_DAYS * DAY_MS), dayOf(END))
  expect(told.map(({ path, toldNano }) => [path, toldNano])).toEqual(told.map(({ path, logNano }) => [path, logNano]))
  expect(told.every(({ toldNano }) => toldNano > 0n)).toBe(true)

  for (const list of ['/spend/keys', '/spend/users']) {
    const whole = await ask(list)
    expect(whole.length).toBeGreaterThan(40)
    const pages = [...(await ask(`${list}?limit=25`)), ...(await ask(`${list}?limit=25&page=2`))]
    expect(pages).toEqual(whole.slice(0, 50))
  }
}, 60_000)

it('a month is the same for the same seed', () => {
  expect([...month(7, 150, END)]).toEqual([...month(7, 150, END)])
  expect([...month(7, 150, END)]).not.toEqual([...month(8, 150, END)])
})
