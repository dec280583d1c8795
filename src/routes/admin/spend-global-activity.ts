import * as z from 'zod'
import type { RateLimited, SpendGroup } from '../../spend/report.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { bothDates, daysBetween, monthAndDay } from './spend-dates.ts'

const common = { method: 'GET', access: 'viewer', tag: 'Spend' } as const
const rows = z.array(z.record(z.string(), z.unknown()))
const object = z.record(z.string(), z.unknown())
const limited = z.strictObject({ ...bothDates, model_group: name.optional() })

function refusalsOf(refused: readonly RateLimited[]) {
  return {
    daily_data: [...Map.groupBy(refused, ({ day }) => day)].map(([day, ofDay]) => ({
      date: monthAndDay(day),
      num_rate_limit_exceptions: sum(ofDay),
    })),
    sum_num_rate_limit_exceptions: sum(refused),
  }
}

const sum = (some: readonly { readonly requests: number }[]) => some.reduce((all, { requests }) => all + requests, 0)

const exceptions = route({
  ...common,
  paths: ['/global/activity/exceptions'],
  summary: 'How often vendors refused for their rate (429), by day.',
  query: limited,
  out: object,
  async handle({ query, deps }) {
    const days = daysBetween(query, deps.gateway.clock())
    return refusalsOf(await deps.spendReport.rateLimited({ ...days, modelGroup: query.model_group }))
  },
})

const deploymentExceptions = route({
  ...common,
  paths: ['/global/activity/exceptions/deployment'],
  summary: 'The same by the address of each deployment.',
  query: limited,
  out: rows,
  async handle({ query, deps }) {
    const days = daysBetween(query, deps.gateway.clock())
    const refused = await deps.spendReport.rateLimited({ ...days, modelGroup: query.model_group })
    return [...Map.groupBy(refused, ({ apiBase }) => apiBase)]
      .map(([api_base, own]) => ({ api_base, ...refusalsOf(own) }))
      .toSorted((a, b) => b.sum_num_rate_limit_exceptions - a.sum_num_rate_limit_exceptions)
  },
})

const cacheHits = route({
  ...common,
  paths: ['/global/activity/cache_hits'],
  summary: 'Attempts, answers out of the cache and their tokens, by key and model; `call_type` is that of the answers.',
  query: z.strictObject(bothDates),
  out: rows,
  async handle({ query, deps: { spendReport, gateway } }) {
    const days = daysBetween(query, gateway.clock())
    const [[groups = []], cached] = await Promise.all([
      spendReport.days({ kind: 'all', ...days }, [['key_id', 'model']]),
      spendReport.cachedAnswers(days),
    ])
    const answers = Map.groupBy(cached, ({ keyId, model }) => JSON.stringify([keyId, model]))
    const names = await spendReport.keyNames([...new Set(groups.map(({ key_id }) => key_id))])
    return groups.map(({ key_id, model, requests, cacheHits: hits, completionTokens }) => {
      const own = answers.get(JSON.stringify([key_id, model])) ?? []
      const fromCache = own.reduce((tokens, one) => tokens + one.completionTokens, 0)
      return {
        api_key: names.get(key_id)?.alias ?? 'Unnamed Key',
        call_type: own.toSorted((a, b) => b.requests - a.requests)[0]?.callType ?? '',
        model,
        total_rows: requests,
        cache_hit_true_rows: hits,
        cached_completion_tokens: fromCache,
        generated_completion_tokens: completionTokens - fromCache,
      }
    })
  },
})

function activityOf(groups: readonly SpendGroup[]) {
  return {
    daily_data: groups
      .toSorted((a, b) => (a.day < b.day ? -1 : 1))
      .map(({ day, requests, totalTokens }) => ({
        date: monthAndDay(day),
        api_requests: requests,
        total_tokens: totalTokens,
      })),
    sum_api_requests: groups.reduce((sum, { requests }) => sum + requests, 0),
    sum_total_tokens: groups.reduce((sum, { totalTokens }) => sum + totalTokens, 0),
  }
}

const activity = route({
  ...common,
  paths: ['/global/activity'],
  summary: 'Requests and tokens by day.',
  query: z.strictObject(bothDates),
  out: object,
  async handle({ query, deps }) {
    const about = { kind: 'all', ...daysBetween(query, deps.gateway.clock()) } as const
    return activityOf((await deps.spendReport.days(about, [['day']]))[0] ?? [])
  },
})

const modelActivity = route({
  ...common,
  paths: ['/global/activity/model'],
  summary: 'Requests and tokens by model group and day, the ten most asked.',
  query: z.strictObject(bothDates),
  out: rows,
  async handle({ query, deps }) {
    const about = { kind: 'all', ...daysBetween(query, deps.gateway.clock()) } as const
    const [groups = []] = await deps.spendReport.days(about, [['day', 'model_group']])
    return [...Map.groupBy(groups, ({ model_group }) => model_group)]
      .map(([model, daily]) => ({ model, ...activityOf(daily) }))
      .toSorted((a, b) => b.sum_api_requests - a.sum_api_requests)
      .slice(0, 10)
  },
})

export const spendGlobalActivityRoutes: readonly Route[] = [
  ...[activity, modelActivity, exceptions, deploymentExceptions, cacheHits],
]
