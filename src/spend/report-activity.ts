import { usdFromNano } from '../money.ts'
import type { Dimension, KeyName, SpendGroup, Sums } from './report.ts'
import { sumOf, sumsBy } from './report-sums.ts'

/** The sets of dimensions that days of `/…/daily/activity` are made of, in the order in which `dailyActivity` takes them. */
export const activitySets = [
  ['day', 'model', 'model_group', 'provider'],
  ['day', 'entity', 'key_id'],
] as const satisfies readonly (readonly Dimension[])[]

interface Names {
  readonly keys: ReadonlyMap<string, KeyName>
  readonly aliases: ReadonlyMap<string, string>
}

/** LiteLLM's words for sums. Requests are attempts: one that was asked again counts again. */
export function metrics(sums: Sums) {
  return {
    spend: usdFromNano(sums.costNano),
    prompt_tokens: sums.promptTokens,
    completion_tokens: sums.completionTokens,
    cache_read_input_tokens: sums.cacheReadTokens,
    cache_creation_input_tokens: sums.cacheWriteTokens,
    total_tokens: sums.totalTokens,
    successful_requests: sums.successes,
    failed_requests: sums.failures,
    api_requests: sums.requests,
  }
}

/** Days, the newest first, each with what it was made of. */
export function dailyActivity([models = [], keys = []]: readonly (readonly SpendGroup[])[], names: Names) {
  const keysOf = Map.groupBy(keys, ({ day }) => day)
  return [...Map.groupBy(models, ({ day }) => day)]
    .toSorted(([a], [b]) => (a < b ? 1 : -1))
    .map(([day, ofDay]) => ({
      date: day,
      metrics: metrics(sumOf(ofDay)),
      breakdown: {
        mcp_servers: {},
        models: plain(ofDay, 'model'),
        model_groups: plain(ofDay, 'model_group'),
        providers: plain(ofDay, 'provider'),
        endpoints: {},
        api_keys: byKey(keysOf.get(day) ?? [], names),
        entities: byEntity(keysOf.get(day) ?? [], names),
      },
    }))
}

function plain(groups: readonly SpendGroup[], of: Dimension) {
  const sums = [...sumsBy(groups, (group) => group[of])]
  return Object.fromEntries(
    sums.map(([name, sum]) => [name, { metrics: metrics(sum), metadata: {}, api_key_breakdown: {} }]),
  )
}

function byKey(groups: readonly SpendGroup[], { keys }: Names) {
  return Object.fromEntries(
    [...sumsBy(groups, ({ key_id }) => key_id)].map(([id, sum]) => {
      const known = keys.get(id)
      const metadata = { key_alias: known?.alias ?? null, team_id: known?.teamId ?? null }
      return [known?.token ?? id, { metrics: metrics(sum), metadata }]
    }),
  )
}

function byEntity(groups: readonly SpendGroup[], names: Names) {
  const owned = groups.filter(({ entity }) => entity !== '')
  return Object.fromEntries(
    [...Map.groupBy(owned, ({ entity }) => entity)].map(([entity, own]) => [
      entity,
      {
        metrics: metrics(sumOf(own)),
        metadata: { alias: names.aliases.get(entity) ?? null },
        api_key_breakdown: byKey(own, names),
      },
    ]),
  )
}

/** The totals of all days that were asked for, whatever page is shown. */
export function activityMetadata(total: Sums, { page, pages }: { readonly page: number; readonly pages: number }) {
  return {
    total_spend: usdFromNano(total.costNano),
    total_prompt_tokens: total.promptTokens,
    total_completion_tokens: total.completionTokens,
    total_tokens: total.totalTokens,
    total_api_requests: total.requests,
    total_successful_requests: total.successes,
    total_failed_requests: total.failures,
    total_cache_read_input_tokens: total.cacheReadTokens,
    total_cache_creation_input_tokens: total.cacheWriteTokens,
    page,
    total_pages: pages,
    has_more: page < pages,
  }
}
