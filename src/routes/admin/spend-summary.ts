import * as z from 'zod'
import { type SpendLogRecord, spendLogsRow } from '../../spend/logs-row.ts'
import type { SpendGroup } from '../../spend/report.ts'
import { spent, sumsBy } from '../../spend/report-sums.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { ALL_DAYS, dates, daysBetween, momentsOf } from './spend-dates.ts'
import { keyOfDays, ownDays, ownRows } from './spend-own.ts'
import { rowsInTurn } from './spend-rows.ts'
import { streamedJson } from './spend-stream.ts'

const query = z.strictObject({
  ...dates,
  api_key: name.optional(),
  user_id: name.optional(),
  request_id: name.optional(),
  summarize: z.enum(['true', 'false']).default('true'),
})

type Asked = z.output<typeof query>

/** All of them, the newest first. A request is looked for in every day; without dates the rest is of the last thirty. */
async function rows({ summarize: _, ...asked }: Asked, principal: Principal, deps: AppDeps): Promise<Response> {
  const everywhere = asked.request_id !== undefined && asked.start_date === undefined && asked.end_date === undefined
  const range = momentsOf(everywhere ? ALL_DAYS : daysBetween(asked, deps.gateway.clock()))
  const filter = await ownRows({ ...asked, ...range }, principal, deps)
  return streamedJson(shownRows(rowsInTurn(deps.spendReport, filter)))
}

async function* shownRows(lists: AsyncIterable<readonly SpendLogRecord[]>) {
  for await (const list of lists) yield list.map(spendLogsRow)
}

const summary = route({
  method: 'GET',
  paths: ['/spend/logs'],
  access: 'key',
  tag: 'Spend',
  summary:
    'With both dates the log added up by day, by key, person and model, the last day included. With `summarize=false`, a `request_id`, or without dates its rows: pages of them are at /spend/logs/v2.',
  query,
  out: z.array(z.record(z.string(), z.unknown())),
  async handle({ query: asked, principal, deps }) {
    const { start_date: from, end_date: to, summarize, ...named } = asked
    if (summarize === 'false' || named.request_id !== undefined || from === undefined || to === undefined)
      return rows(asked, principal, deps)
    const { spendReport, gateway } = deps
    const own = ownDays({ ...named, api_key: await keyOfDays(named.api_key) }, principal)
    const about = { ...own, ...daysBetween(asked, gateway.clock()) }
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
