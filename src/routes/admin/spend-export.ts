import * as z from 'zod'
import { usdFromNano } from '../../money.ts'
import { spendLogsQuery } from '../../spend/logs-query.ts'
import { type SpendLogRecord, spendLogsRow } from '../../spend/logs-row.ts'
import type { DaysQuery, SpendDays, SpendGroup } from '../../spend/report.ts'
import { pagesOf } from '../../spend/report-pages.ts'
import { type Route, route } from '../route.ts'
import { csvDollars, csvLine } from './spend-csv.ts'
import { bothDates, daysBetween, mustBeDates } from './spend-dates.ts'
import { ownRows } from './spend-own.ts'
import { rowsInTurn } from './spend-rows.ts'
import { streamed, streamedJson } from './spend-stream.ts'

const format = z.enum(['csv', 'json']).default('csv')

type Value = string | number | boolean | null

/** The columns of a file, and what stands there. */
type Columns<T> = readonly (readonly [name: string, of: (row: T) => Value])[]

const logColumns: Columns<SpendLogRecord> = [
  ['request_id', (row) => row.request_id ?? row.id],
  ['attempt_id', (row) => row.id],
  ['startTime', (row) => row.start_time.toISOString()],
  ['completionStartTime', (row) => row.first_token_time?.toISOString() ?? null],
  ['endTime', (row) => row.end_time.toISOString()],
  ['call_type', (row) => row.call_type],
  ['status', (row) => row.status],
  ['http_status', (row) => row.http_status],
  ['error_type', (row) => row.error_type],
  ['model_group', (row) => row.model_group],
  ['model', (row) => row.model],
  ['custom_llm_provider', (row) => row.custom_llm_provider],
  ['api_key', (row) => row.api_key],
  ['key_alias', (row) => row.key_alias],
  ['user', (row) => row.user],
  ['team_id', (row) => row.team_id],
  ['organization_id', (row) => row.organization_id],
  ['end_user', (row) => row.end_user],
  ['request_tags', (row) => row.request_tags.join(';')],
  ['spend', (row) => csvDollars(row.cost_nano)],
  ['prompt_tokens', (row) => row.prompt_tokens],
  ['completion_tokens', (row) => row.completion_tokens],
  ['total_tokens', (row) => row.total_tokens],
  ['cache_hit', (row) => row.cache_hit],
]

async function* csv<T>(columns: Columns<T>, lists: AsyncIterable<readonly T[]>): AsyncGenerator<string> {
  let before = csvLine(columns.map(([name]) => name))
  for await (const list of lists) {
    yield before + list.map((row) => csvLine(columns.map(([, of]) => of(row)))).join('')
    before = ''
  }
  if (before !== '') yield before
}

const asFile = (name: string) => ({
  'content-type': 'text/csv; charset=utf-8',
  'content-disposition': `attachment; filename="${name}.csv"`,
})

async function* shown<T, R>(lists: AsyncIterable<readonly T[]>, as: (row: T) => R): AsyncGenerator<readonly R[]> {
  for await (const list of lists) yield list.map(as)
}

const { page: _, page_size: __, ...filter } = spendLogsQuery.shape

const logs = route({
  method: 'GET',
  paths: ['/spend/logs/export'],
  access: 'key',
  tag: 'Spend',
  summary: 'All rows of the spend log that /spend/logs/v2 would show on all of its pages, as one CSV or JSON file.',
  query: z.strictObject({ ...filter, format }),
  async handle({ query: { format: as, ...asked }, principal, deps }) {
    mustBeDates(asked)
    const rows = rowsInTurn(deps.spendReport, await ownRows(asked, principal, deps))
    return as === 'json'
      ? streamedJson(shown(rows, spendLogsRow))
      : streamed(csv(logColumns, rows), asFile('spend-logs'))
  },
})

const dayColumns: Columns<SpendGroup> = [
  ['date', ({ day }) => day],
  ['entity', ({ entity }) => entity],
  ['key_id', ({ key_id }) => key_id],
  ['model', ({ model }) => model],
  ['model_group', ({ model_group }) => model_group],
  ['custom_llm_provider', ({ provider }) => provider],
  ['spend', ({ costNano }) => csvDollars(costNano)],
  ['api_requests', ({ requests }) => requests],
  ['successful_requests', ({ successes }) => successes],
  ['failed_requests', ({ failures }) => failures],
  ['cache_hits', ({ cacheHits }) => cacheHits],
  ['prompt_tokens', ({ promptTokens }) => promptTokens],
  ['completion_tokens', ({ completionTokens }) => completionTokens],
  ['cache_read_input_tokens', ({ cacheReadTokens }) => cacheReadTokens],
  ['cache_creation_input_tokens', ({ cacheWriteTokens }) => cacheWriteTokens],
  ['total_tokens', ({ totalTokens }) => totalTokens],
]

const EVERY_DIMENSION = ['day', 'entity', 'key_id', 'model', 'model_group', 'provider'] as const
/** A day that has more is read in parts. */
const GROUPS_AT_ONCE = 20_000

/** Days, the newest first: a few at a time, or one where days are large. */
async function* daysInTurn(report: SpendDays, about: DaysQuery): AsyncGenerator<readonly SpendGroup[]> {
  const [days = []] = await report.days(about, [['day']])
  for (const { from, to } of pagesOf(days, days.length)) {
    for (let after: SpendGroup | undefined, isWhole = false; !isWhole; ) {
      const part = { after, size: GROUPS_AT_ONCE }
      const [groups = []] = await report.days({ ...about, from, to, part }, [EVERY_DIMENSION])
      if (groups.length > 0) yield groups.toSorted((a, b) => (a.day < b.day ? 1 : a.day > b.day ? -1 : 0))
      after = groups.at(-1)
      isWhole = groups.length < GROUPS_AT_ONCE
    }
  }
}

const shownDay = (group: SpendGroup) => ({
  ...Object.fromEntries(dayColumns.map(([name, of]) => [name, of(group)])),
  spend: usdFromNano(group.costNano),
})

const days = route({
  method: 'GET',
  paths: ['/spend/days/export'],
  access: 'viewer',
  tag: 'Spend',
  summary: 'Spend by day, entity, key and model, as one CSV or JSON file: what chargeback is made of.',
  query: z.strictObject({
    ...bothDates,
    by: z.enum(['key', 'user', 'team', 'organization', 'customer', 'tag']).default('team'),
    format,
  }),
  handle({ query: { by, format: as, ...range }, deps }) {
    const about = { kind: by === 'key' ? 'all' : by, ...daysBetween(range, deps.gateway.clock()) } as const
    const groups = daysInTurn(deps.spendReport, about)
    return as === 'json'
      ? streamedJson(shown(groups, shownDay))
      : streamed(csv(dayColumns, groups), asFile(`spend-by-${by}`))
  },
})

export const spendExportRoutes: readonly Route[] = [logs, days]
