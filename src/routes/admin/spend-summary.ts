import * as z from 'zod'
import type { SpendGroup } from '../../spend/report.ts'
import { spent, sumsBy } from '../../spend/report-sums.ts'
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
    const [[models = [], keys = []], [users = []]] = await Promise.all([
      spendReport.days(about, [
        ['day', 'model'],
        ['day', 'key_id'],
      ]),
      spendReport.days({ ...about, kind: 'user' }, [['day', 'entity']]),
    ])
    const known = await spendReport.keyNames([...new Set(keys.map(({ key_id }) => key_id))])
    const [keysOf, usersOf] = [Map.groupBy(keys, ({ day }) => day), Map.groupBy(users, ({ day }) => day)]
    return [...Map.groupBy(models, ({ day }) => day)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([day, ofDay]) => ({
        startTime: day,
        spend: spent(ofDay),
        users: byName(usersOf.get(day), ({ entity }) => entity),
        models: byName(ofDay, ({ model }) => model),
        ...byName(keysOf.get(day), ({ key_id }) => known.get(key_id)?.token ?? key_id),
      }))
  },
})

const byName = (groups: readonly SpendGroup[] = [], nameOf: (group: SpendGroup) => string) =>
  Object.fromEntries([...sumsBy(groups, nameOf)].map(([named, sum]) => [named, spent([sum])]))

export const spendSummaryRoutes: readonly Route[] = [summary]
