import * as z from 'zod'
import type { SpendGroup } from '../../spend/report.ts'
import { spent } from '../../spend/report-sums.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { ownDays } from './spend-activity.ts'
import { dates, daysBetween } from './spend-dates.ts'

const summary = route({
  method: 'GET',
  paths: ['/spend/logs'],
  access: 'key',
  tag: 'Spend',
  summary: 'The log added up by day: by key, person and model, the last day included. Rows are at /spend/logs/v2.',
  query: z.strictObject({
    ...dates,
    api_key: name.optional(),
    user_id: name.optional(),
    summarize: z.literal('true', 'must be true: rows are given in pages, by GET /spend/logs/v2').default('true'),
  }),
  out: z.array(z.record(z.string(), z.unknown())),
  async handle({ query, principal, deps }) {
    const { spendReport, gateway } = deps
    const about = { ...ownDays(query, principal), ...daysBetween(query, gateway.clock()) }
    const [[days = [], keys = [], models = []], [users = []]] = await Promise.all([
      spendReport.days(about, [['day'], ['day', 'key_id'], ['day', 'model']]),
      spendReport.days({ ...about, kind: 'user' }, [['day', 'entity']]),
    ])
    const known = await spendReport.keyNames([...new Set(keys.map(({ key_id }) => key_id))])
    return days
      .toSorted((a, b) => (a.day < b.day ? -1 : 1))
      .map((one) => ({
        startTime: one.day,
        spend: spent([one]),
        users: byName(users, one.day, ({ entity }) => entity),
        models: byName(models, one.day, ({ model }) => model),
        ...byName(keys, one.day, ({ key_id }) => known.get(key_id)?.token ?? key_id),
      }))
  },
})

const byName = (groups: readonly SpendGroup[], day: string, nameOf: (group: SpendGroup) => string) =>
  Object.fromEntries(
    [
      ...Map.groupBy(
        groups.filter((group) => group.day === day),
        nameOf,
      ),
    ].map(([named, own]) => [named, spent(own)]),
  )

export const spendSummaryRoutes: readonly Route[] = [summary]
