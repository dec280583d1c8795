import * as z from 'zod'
import { usdFromNano } from '../../money.ts'
import type { SpendGroup, SpendKind } from '../../spend/report.ts'
import { nothing, spent } from '../../spend/report-sums.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { ALL_DAYS, bothDates, dates, daysBetween, monthAndDay } from './spend-dates.ts'
import { keyOfDays } from './spend-own.ts'

const limit = z.coerce.number().int().min(1).max(1_000).default(10)
/** Lists of everybody: the most expensive thousand, unless another page is asked for. */
const paged = {
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
}
const rows = z.array(z.record(z.string(), z.unknown()))
const object = z.record(z.string(), z.unknown())

/** What only those see who see everything. */
const common = { method: 'GET', access: 'viewer', tag: 'Spend' } as const

const total = route({
  ...common,
  paths: ['/global/spend'],
  summary: 'All that was ever spent, and what all keys together may spend in the window of `max_budget`.',
  out: object,
  async handle({ deps }) {
    const [[sums = nothing] = []] = await deps.spendReport.days({ kind: 'all', ...ALL_DAYS }, [[]])
    return { spend: usdFromNano(sums.costNano), max_budget: deps.gateway.config.litellm.budget?.limitUsd ?? null }
  },
})

const keys = route({
  ...common,
  paths: ['/global/spend/keys'],
  summary: 'The keys that spent most in the last thirty days.',
  query: z.strictObject({ ...dates, limit }),
  out: rows,
  async handle({ query, deps }) {
    const page = { number: 1, size: query.limit }
    const about = { kind: 'all', page, ...daysBetween(query, deps.gateway.clock()) } as const
    const [most = []] = await deps.spendReport.days(about, [['key_id']])
    const known = await deps.spendReport.keyNames(most.map(({ key_id }) => key_id))
    return most.map(({ key_id, costNano }) => {
      const key = known.get(key_id)
      return {
        api_key: key?.token ?? key_id,
        key_alias: key?.alias ?? null,
        key_name: key?.name ?? '',
        total_spend: usdFromNano(costNano),
      }
    })
  },
})

const models = route({
  ...common,
  paths: ['/global/spend/models'],
  summary: "The vendors' models that cost most in the last thirty days.",
  query: z.strictObject({ ...dates, limit }),
  out: rows,
  async handle({ query, deps }) {
    const page = { number: 1, size: query.limit }
    const about = { kind: 'all', page, ...daysBetween(query, deps.gateway.clock()) } as const
    const [groups = []] = await deps.spendReport.days(about, [['model']])
    return groups.map(({ model, costNano }) => ({ model, total_spend: usdFromNano(costNano) }))
  },
})

const providers = route({
  ...common,
  paths: ['/global/spend/provider'],
  summary: 'Spend by vendor.',
  query: z.strictObject(dates),
  out: rows,
  async handle({ query, deps }) {
    const about = { kind: 'all', ...daysBetween(query, deps.gateway.clock()) } as const
    const [groups = []] = await deps.spendReport.days(about, [['provider']])
    return groups.map(({ provider, costNano }) => ({ provider, spend: usdFromNano(costNano) }))
  },
})

const days = route({
  ...common,
  paths: ['/global/spend/logs'],
  summary: 'Spend by day, of everyone or of one key.',
  query: z.strictObject({ ...dates, api_key: name.optional() }),
  out: rows,
  async handle({ query, deps }) {
    const apiKey = await keyOfDays(query.api_key)
    const about = { kind: 'all', apiKey, ...daysBetween(query, deps.gateway.clock()) } as const
    const [groups = []] = await deps.spendReport.days(about, [['day']])
    return byDay(groups).map(({ day, costNano }) => ({ date: day, spend: usdFromNano(costNano) }))
  },
})

const teams = route({
  ...common,
  paths: ['/global/spend/teams'],
  summary: 'Spend by team and day, and the ten teams that spent most.',
  query: z.strictObject(dates),
  out: object,
  async handle({ query, deps }) {
    const about = { kind: 'team', ...daysBetween(query, deps.gateway.clock()) } as const
    const [all = [], daily = []] = await deps.spendReport.days(about, [['entity'], ['day', 'entity']])
    const called = await aliasesOf('team', all, deps)
    return {
      daily_spend: [...Map.groupBy(byDay(daily), ({ day }) => day)].map(([day, ofDay]) => ({
        date: day,
        ...Object.fromEntries(
          [...Map.groupBy(ofDay, ({ entity }) => called(entity))].map(([team, own]) => [team, spent(own)]),
        ),
      })),
      teams: all.map(({ entity }) => called(entity)),
      total_spend_per_team: all
        .slice(0, 10)
        .map(({ entity, costNano }) => ({ team_id: entity, name: called(entity), total_spend: usdFromNano(costNano) })),
    }
  },
})

/** Names for ids: the alias where there is one. */
async function aliasesOf(kind: SpendKind, groups: readonly SpendGroup[], { spendReport }: AppDeps) {
  const aliases = await spendReport.aliases(kind, [...new Set(groups.map(({ entity }) => entity))])
  return (id: string) => aliases.get(id) ?? id
}

const byDay = (groups: readonly SpendGroup[]) => groups.toSorted((a, b) => (a.day < b.day ? -1 : 1))

const tagged = z.strictObject({ ...dates, tags: z.string().max(10_000).optional() })

async function tagsOf(query: z.output<typeof tagged>, deps: AppDeps): Promise<readonly SpendGroup[]> {
  const entities = query.tags?.split(',').map((tag) => tag.trim())
  const about = { kind: 'tag', entities, ...daysBetween(query, deps.gateway.clock()) } as const
  return (await deps.spendReport.days(about, [['entity']]))[0] ?? []
}

const globalTags = route({
  ...common,
  paths: ['/global/spend/tags'],
  summary: 'Spend by tag.',
  query: tagged,
  out: object,
  handle: async ({ query, deps }) => ({
    spend_per_tag: (await tagsOf(query, deps)).map(({ entity, costNano, requests }) => ({
      name: entity,
      spend: usdFromNano(costNano),
      log_count: requests,
    })),
  }),
})

const tags = route({
  ...common,
  paths: ['/spend/tags'],
  summary: 'Spend by tag, as a list.',
  query: tagged,
  out: rows,
  handle: async ({ query, deps }) =>
    (await tagsOf(query, deps)).map(({ entity, costNano, requests }) => ({
      individual_request_tag: entity,
      log_count: requests,
      total_spend: usdFromNano(costNano),
    })),
})

const users = route({
  ...common,
  paths: ['/spend/users'],
  summary: 'People by what they ever spent, the most first.',
  query: z.strictObject({ user_id: name.optional(), ...paged }),
  out: rows,
  async handle({ query: { user_id: userId, limit: size, page: number }, deps }) {
    const entities = userId === undefined ? undefined : [userId]
    const about = { kind: 'user', entities, ...ALL_DAYS, page: { number, size } } as const
    const [groups = []] = await deps.spendReport.days(about, [['entity']])
    const called = await aliasesOf('user', groups, deps)
    return groups.map(({ entity, costNano }) => ({
      user_id: entity,
      user_alias: called(entity) === entity ? null : called(entity),
      spend: usdFromNano(costNano),
    }))
  },
})

const everyKey = route({
  ...common,
  paths: ['/spend/keys'],
  summary: 'Keys by what they ever spent, the most first; deleted ones too.',
  query: z.strictObject(paged),
  out: rows,
  async handle({ query: { limit: size, page: number }, deps }) {
    const about = { kind: 'all', ...ALL_DAYS, page: { number, size } } as const
    const [groups = []] = await deps.spendReport.days(about, [['key_id']])
    const known = await deps.spendReport.keyNames(groups.map(({ key_id }) => key_id))
    return groups.map(({ key_id, costNano }) => {
      const key = known.get(key_id)
      return {
        token: key?.token ?? key_id,
        key_alias: key?.alias ?? null,
        key_name: key?.name ?? '',
        team_id: key?.teamId ?? null,
        spend: usdFromNano(costNano),
      }
    })
  },
})

function activityOf(groups: readonly SpendGroup[]) {
  return {
    daily_data: byDay(groups).map(({ day, requests, totalTokens }) => ({
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

export const spendGlobalRoutes: readonly Route[] = [
  ...[total, keys, teams, models, tags, globalTags, providers, days],
  ...[users, everyKey, activity, modelActivity],
]
