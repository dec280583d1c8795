import * as z from 'zod'
import { usdFromNano } from '../../money.ts'
import type { SpendGroup } from '../../spend/report.ts'
import { nothing, spent } from '../../spend/report-sums.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { ALL_DAYS, dates, daysBetween } from './spend-dates.ts'
import { calledBy } from './spend-names.ts'
import { keyOfDays } from './spend-own.ts'

const limit = z.coerce.number().int().min(1).max(1_000).default(10)
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
    const called = await calledBy('team', all, deps)
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

const byDay = (groups: readonly SpendGroup[]) => groups.toSorted((a, b) => (a.day < b.day ? -1 : 1))

export const spendGlobalRoutes: readonly Route[] = [total, keys, teams, models, providers, days]
