import * as z from 'zod'
import { usdFromNano } from '../../money.ts'
import type { RateLimited } from '../../spend/report.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { ALL_DAYS, bothDates, daysBetween, monthAndDay } from './spend-dates.ts'
import { keyOfDays } from './spend-own.ts'

// LiteLLM's small reports: refusals for rate, answers out of the cache, tags, and what customers spent.

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

const tagNames = route({
  ...common,
  paths: ['/global/spend/all_tag_names'],
  summary: 'Every tag that a request ever had.',
  out: object,
  async handle({ deps }) {
    const [tags = []] = await deps.spendReport.days({ kind: 'tag', ...ALL_DAYS }, [['entity']])
    return { tag_names: tags.map(({ entity }) => entity).toSorted() }
  },
})

const moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}([T ].*)?$/, 'must be a UTC date as YYYY-MM-DD, perhaps with a time')
  .max(40)
  .transform((text) => text.slice(0, 10))
  .pipe(z.iso.date('must be a UTC date as YYYY-MM-DD'))

const customers = route({
  method: 'POST',
  paths: ['/global/spend/end_users'],
  access: 'viewer',
  tag: 'Spend',
  summary: 'The hundred customers that spent most in the last thirty days, or by one key.',
  body: z.strictObject({
    api_key: name.nullish(),
    startTime: moment.nullish(),
    endTime: moment.nullish(),
  }),
  out: rows,
  async handle({ body, deps: { spendReport, gateway } }) {
    const range = { start_date: body.startTime ?? undefined, end_date: body.endTime ?? undefined }
    const apiKey = await keyOfDays(body.api_key ?? undefined)
    const days = daysBetween(range, gateway.clock())
    const page = { number: 1, size: 100 }
    const [groups = []] = await spendReport.days({ kind: 'customer', apiKey, page, ...days }, [['entity']])
    return groups.map(({ entity, costNano, requests }) => ({
      end_user: entity,
      total_count: requests,
      total_spend: usdFromNano(costNano),
    }))
  },
})

export const spendRareRoutes: readonly Route[] = [exceptions, deploymentExceptions, cacheHits, tagNames, customers]
