import { usdFromNano } from '../money.ts'
import type { Dimension, KeyName, SpendGroup, Sums } from './report.ts'

/** A page of days. */
export interface Page {
  readonly page: number
  readonly pageSize: number
}

/** The sets of dimensions that a page of `/…/daily/activity` is made of, in the order in which `dailyActivity` takes them. */
export const activitySets = [
  ['day'],
  ['day', 'model'],
  ['day', 'model_group'],
  ['day', 'provider'],
  ['day', 'key_id'],
  ['day', 'entity'],
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

/** Dollars of several groups: whole nanos are added, so that nothing is lost on the way. */
export const spent = (groups: readonly SpendGroup[]): number =>
  usdFromNano(groups.reduce((sum, { costNano }) => sum + costNano, 0n))

export const nothing: Sums = {
  costNano: 0n,
  savedNano: 0n,
  promptTokens: 0,
  completionTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  totalTokens: 0,
  requests: 0,
  successes: 0,
  failures: 0,
  cacheHits: 0,
}

/** Days, the newest first, each with what it was made of. */
export function dailyActivity(groups: readonly (readonly SpendGroup[])[], { keys, aliases }: Names) {
  const [days = [], models = [], modelGroups = [], providers = [], apiKeys = [], entities = [], keysOfEntities = []] =
    groups
  const key = (group: SpendGroup) => {
    const known = keys.get(group.key_id)
    return [
      known?.token ?? group.key_id,
      {
        metrics: metrics(group),
        metadata: { key_alias: known?.alias ?? null, team_id: known?.teamId ?? null },
      },
    ] as const
  }
  const plain = (of: Dimension) => (group: SpendGroup) =>
    [group[of], { metrics: metrics(group), metadata: {}, api_key_breakdown: {} }] as const
  return days
    .toSorted((a, b) => (a.day < b.day ? 1 : -1))
    .map((one) => {
      const { day } = one
      const ofDay = (all: readonly SpendGroup[]) => all.filter((group) => group.day === day)
      const within = ofDay(keysOfEntities)
      return {
        date: day,
        metrics: metrics(one),
        breakdown: {
          mcp_servers: {},
          models: Object.fromEntries(ofDay(models).map(plain('model'))),
          model_groups: Object.fromEntries(ofDay(modelGroups).map(plain('model_group'))),
          providers: Object.fromEntries(ofDay(providers).map(plain('provider'))),
          endpoints: {},
          api_keys: Object.fromEntries(ofDay(apiKeys).map(key)),
          entities: Object.fromEntries(
            ofDay(entities)
              .filter(({ entity }) => entity !== '')
              .map((group) => [
                group.entity,
                {
                  metrics: metrics(group),
                  metadata: { alias: aliases.get(group.entity) ?? null },
                  api_key_breakdown: Object.fromEntries(
                    within.filter(({ entity }) => entity === group.entity).map(key),
                  ),
                },
              ]),
          ),
        },
      }
    })
}

/** The totals of all days that were asked for, whatever page is shown. */
export function activityMetadata(total: Sums, days: number, { page, pageSize }: Page) {
  const pages = Math.ceil(days / pageSize)
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
