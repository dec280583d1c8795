import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { spendLogsQuery } from '../../spend/logs-query.ts'
import { tokenOf } from '../../tenants/key-text.ts'
import { type Route, route } from '../route.ts'
import { spendActivityRoutes } from './spend-activity.ts'
import { spendGlobalRoutes } from './spend-global.ts'
import { spendGroupedRoutes } from './spend-grouped.ts'
import { spendSummaryRoutes } from './spend-summary.ts'
import { seesAll } from './whose.ts'

/** No log is older than this, and Postgres does not know the year 0. */
const EARLIEST_MS = Date.UTC(2000, 0, 1)

const logs = route({
  method: 'GET',
  paths: ['/spend/logs/v2', '/spend/logs/ui'],
  access: 'key',
  tag: 'Spend',
  summary: 'The rows of the spend log, newest first, counted up to a hundred thousand. A key sees its own.',
  query: z.strictObject(spendLogsQuery.shape),
  out: z.object({
    data: z.array(z.record(z.string(), z.unknown())),
    total: z.number(),
    page: z.number(),
    page_size: z.number(),
    total_pages: z.number(),
    total_is_more: z.literal(true).optional(),
  }),
  async handle({ query: asked, principal, deps }) {
    const query = asked.api_key === undefined ? asked : { ...asked, api_key: await tokenOf(asked.api_key) }
    if (query.start_date < EARLIEST_MS || query.end_date < query.start_date) {
      throw new GatewayError('invalid_request', 'start_date must be after 1999 and not after end_date.', {
        param: 'start_date',
      })
    }
    if (seesAll(principal)) return deps.spendReport.logs(query)
    if (query.api_key !== undefined && query.api_key !== principal.keyHash) {
      throw new GatewayError('forbidden', 'A key may see its own spend only. Leave api_key out.', { param: 'api_key' })
    }
    return deps.spendReport.logs({ ...query, api_key: principal.keyHash })
  },
})

export const spendRoutes: readonly Route[] = [
  logs,
  ...spendSummaryRoutes,
  ...spendActivityRoutes,
  ...spendGroupedRoutes,
  ...spendGlobalRoutes,
]
