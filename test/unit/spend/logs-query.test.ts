import { expect, it } from 'vitest'
import { spendLogsQuery } from '../../../src/spend/logs-query.ts'

it('reads dates and moments as UTC, an end date as all of its day', () => {
  const day = spendLogsQuery.parse({ start_date: '2026-11-22', end_date: '2026-11-22' })
  expect([day.start_date, day.end_date, day.page, day.page_size]).toEqual([
    Date.UTC(2026, 10, 22),
    Date.UTC(2026, 10, 23) - 1,
    1,
    50,
  ])
  const moments = spendLogsQuery.parse({ start_date: '2026-11-22 10:00:00', end_date: '2026-11-22 10:00:01' })
  expect([moments.start_date, moments.end_date]).toEqual([
    Date.UTC(2026, 10, 22, 10),
    Date.UTC(2026, 10, 22, 10, 0, 1, 999),
  ])
})

it.each(['', 'yesterday', '2026-02-30', '2026-11-22 25:00:00', '22.11.2026', '2026-11-22 10:00'])(
  'refuses the date "%s"',
  (text) => {
    const result = spendLogsQuery.safeParse({ start_date: text, end_date: '2026-11-22' })
    expect(result.error?.issues.map((issue) => [issue.path[0], issue.message])).toEqual([
      ['start_date', expect.stringContaining('YYYY-MM-DD')],
    ])
  },
)

it('reads numbers from a query string and keeps pages small', () => {
  const query = { start_date: '2026-11-22', end_date: '2026-11-22', page: '2', page_size: '100', min_spend: '0.5' }
  expect(spendLogsQuery.parse(query)).toMatchObject({ page: 2, page_size: 100, min_spend: 0.5 })
  expect(spendLogsQuery.safeParse({ ...query, page_size: '101' }).success).toBe(false)
})
