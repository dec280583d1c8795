import * as z from 'zod'
import { usdFromNano } from '../../money.ts'
import type { SpendGroup } from '../../spend/report.ts'
import { spent } from '../../spend/report-sums.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { bothDates, daysBetween } from './spend-dates.ts'

const query = z.strictObject({
  ...bothDates,
  group_by: z.enum(['team', 'customer', 'api_key']).default('team'),
  api_key: name.optional(),
  internal_user_id: name.optional(),
  team_id: name.optional(),
  customer_id: name.optional(),
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

async function byEntity(groups: readonly SpendGroup[], kind: 'team' | 'customer' | 'user', deps: AppDeps) {
  const [token, aliases] = await Promise.all([
    tokensOf(groups, deps),
    deps.spendReport.aliases(kind, [...new Set(groups.map(({ entity }) => entity))]),
  ])
  const list = kind === 'team' ? 'teams' : `${kind}s`
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
    const about = { ...owner, apiKey: asked.api_key, ...daysBetween(asked, deps.gateway.clock()) }
    if (asked.group_by === 'api_key' || owner.kind === 'all')
      return byKey((await deps.spendReport.days(about, [['key_id', 'model']]))[0] ?? [], deps)
    const [groups = []] = await deps.spendReport.days(about, [['day', 'entity', 'key_id', 'model']])
    return byEntity(groups, owner.kind, deps)
  },
})

export const spendGroupedRoutes: readonly Route[] = [report]
