import * as z from 'zod'
import { usdFromNano } from '../../money.ts'
import type { DaysQuery, SpendGroup, SpendKind } from '../../spend/report.ts'
import { type PageOfDays, pagesOf } from '../../spend/report-pages.ts'
import { spent } from '../../spend/report-sums.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { bothDates, daysBetween } from './spend-dates.ts'
import { keyOfDays } from './spend-own.ts'
import { streamedJson } from './spend-stream.ts'

const query = z.strictObject({
  ...bothDates,
  group_by: z.enum(['team', 'customer', 'api_key']).default('team'),
  api_key: name.optional(),
  internal_user_id: name.optional(),
  team_id: name.optional(),
  customer_id: name.optional(),
  page: z.coerce.number().int().min(1).max(10_000).optional().meta({
    description: 'Of days, the newest first, or of keys, the most expensive first; without it all of them are told.',
  }),
  page_size: z.coerce.number().int().min(1).max(1_000).default(50),
})

type Asked = z.output<typeof query>

/** Whose days are read: of the one entity that is named, else of what is grouped by. */
function whose({ group_by, internal_user_id: user, team_id: team, customer_id: customer }: Asked) {
  if (user !== undefined) return { kind: 'user', entities: [user] } as const
  if (team !== undefined) return { kind: 'team', entities: [team] } as const
  if (customer !== undefined) return { kind: 'customer', entities: [customer] } as const
  return { kind: group_by === 'api_key' ? 'all' : group_by } as const
}

async function tokensOf(groups: readonly SpendGroup[], { spendReport }: AppDeps) {
  const keys = await spendReport.keyNames([...new Set(groups.map(({ key_id }) => key_id))])
  return ({ key_id }: SpendGroup) => keys.get(key_id)?.token ?? key_id
}

const tokens = (groups: readonly SpendGroup[], of: 'promptTokens' | 'completionTokens') =>
  groups.reduce((sum, group) => sum + group[of], 0)

async function byKey(groups: readonly SpendGroup[], deps: AppDeps) {
  const token = await tokensOf(groups, deps)
  const sums = (some: readonly SpendGroup[]) => ({
    total_cost: spent(some),
    total_input_tokens: tokens(some, 'promptTokens'),
    total_output_tokens: tokens(some, 'completionTokens'),
  })
  return [...Map.groupBy(groups, token)].map(([api_key, ofKey]) => ({
    api_key,
    ...sums(ofKey),
    model_details: ofKey.map((one) => ({ model: one.model, ...sums([one]) })),
  }))
}

async function byEntity(groups: readonly SpendGroup[], kind: SpendKind, deps: AppDeps) {
  const [token, aliases] = await Promise.all([
    tokensOf(groups, deps),
    deps.spendReport.aliases(kind, [...new Set(groups.map(({ entity }) => entity))]),
  ])
  const list = `${kind}s`
  const title = kind === 'team' ? 'team_name' : kind
  return [...Map.groupBy(groups, ({ day }) => day)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, ofDay]) => ({
      group_by_day: day,
      [list]: [...Map.groupBy(ofDay, ({ entity }) => entity)].map(([id, own]) => ({
        [title]: kind === 'team' ? (aliases.get(id) ?? id) : id,
        ...(kind === 'team' ? { team_id: id } : {}),
        total_spend: spent(own),
        metadata: own.map((one) => ({
          model: one.model,
          api_key: token(one),
          spend: usdFromNano(one.costNano),
          total_tokens: one.totalTokens,
        })),
      })),
    }))
}

/** Keys and what they spent by model. */
async function keysReport(about: DaysQuery, { page, page_size: size }: Asked, deps: AppDeps) {
  const shown = page === undefined ? undefined : { number: page, size }
  const [most] = shown ? await deps.spendReport.days({ ...about, page: shown }, [['key_id']]) : []
  const keyIds = most?.map(({ key_id }) => key_id)
  const [groups = []] = await deps.spendReport.days({ ...about, keyIds }, [['key_id', 'model']])
  return byKey(groups, deps)
}

/** Days, oldest first, each read by itself or with few others: as many as were asked for, else all of them. */
async function daysReport(about: DaysQuery, { page, page_size: size }: Asked, deps: AppDeps) {
  const [days = []] = await deps.spendReport.days(about, [['day']])
  const pages = pagesOf(days, size)
  const part = async ({ from, to }: PageOfDays) => {
    const [groups = []] = await deps.spendReport.days({ ...about, from, to }, [['day', 'entity', 'key_id', 'model']])
    return byEntity(groups, about.kind, deps)
  }
  if (page === undefined) return streamedJson(inTurn(pages.toReversed(), part))
  const shown = pages[page - 1]
  return shown ? part(shown) : []
}

async function* inTurn<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): AsyncGenerator<R> {
  for (const item of items) yield await ask(item)
}

const report = route({
  method: 'GET',
  paths: ['/global/spend/report'],
  access: 'viewer',
  tag: 'Spend',
  summary: 'Spend by team or customer and day, each by key and model; or by key and model alone.',
  query,
  out: z.array(z.record(z.string(), z.unknown())),
  async handle({ query: asked, deps }) {
    const owner = whose(asked)
    const about = { ...owner, apiKey: await keyOfDays(asked.api_key), ...daysBetween(asked, deps.gateway.clock()) }
    return asked.group_by === 'api_key' || owner.kind === 'all'
      ? keysReport(about, asked, deps)
      : daysReport(about, asked, deps)
  },
})

export const spendGroupedRoutes: readonly Route[] = [report]
