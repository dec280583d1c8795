import * as z from 'zod'
import { type SpendLogsQuery, spendLogsQuery } from '../../spend/logs-query.ts'
import { type Route, route } from '../route.ts'
import { spendActivityRoutes } from './spend-activity.ts'
import { spendCostRoutes } from './spend-cost.ts'
import { mustBeDates } from './spend-dates.ts'
import { spendExportRoutes } from './spend-export.ts'
import { spendGlobalRoutes } from './spend-global.ts'
import { spendGlobalActivityRoutes } from './spend-global-activity.ts'
import { spendGroupedRoutes } from './spend-grouped.ts'
import { spendListRoutes } from './spend-lists.ts'
import { ownRows } from './spend-own.ts'
import { spendSummaryRoutes } from './spend-summary.ts'

const logs = route({
  method: 'GET',
  paths: ['/spend/logs/v2', '/spend/logs/ui'],
  access: 'key',
  tag: 'Spend',
  summary:
    "The rows of the spend log, newest first, counted up to a hundred thousand. A key sees its own, a person's those of all of them, who runs a team the team's.",
  query: z.strictObject(spendLogsQuery.shape),
  out: z.object({
    data: z.array(z.record(z.string(), z.unknown())),
    total: z.number(),
    page: z.number(),
    page_size: z.number(),
    total_pages: z.number(),
    total_is_more: z.literal(true).optional(),
  }),
  async handle({ query, principal, deps }) {
    mustBeDates(query)
    return deps.spendReport.logs(await ownRows<SpendLogsQuery>(query, principal, deps))
  },
})

export const spendRoutes: readonly Route[] = [
  logs,
  ...spendSummaryRoutes,
  ...spendExportRoutes,
  ...spendActivityRoutes,
  ...spendGroupedRoutes,
  ...spendGlobalRoutes,
  ...spendGlobalActivityRoutes,
  ...spendListRoutes,
  ...spendCostRoutes,
]
