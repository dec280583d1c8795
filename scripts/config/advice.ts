import type { Config, Deployment, Fallbacks, Notice } from '../../src/config/config.ts'
import { shownKey } from '../../src/models/row/secrets.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void

/** What is allowed and may hurt. */
export function advise(config: Config, file: ConfigFile, note: Note): void {
  const { router, deployments } = config
  const at = (key: keyof NonNullable<ConfigFile['router_settings']>) => [
    file.router_settings?.[key] === undefined ? 'litellm_settings' : 'router_settings',
    key,
  ]
  if (usesLatency(config))
    note(
      'advice',
      ['router_settings', 'routing_strategy'],
      'latency-based routing chases the past: where load comes in spikes, a deployment that was fast a moment ago may be flooded. Here it is weighed against what is in flight, which bounds that; least-busy or usage-based-routing-v2 is the calmer choice for spiky groups',
    )
  if (router.disableCooldowns)
    note(
      'advice',
      at('disable_cooldowns'),
      'a dead deployment goes on getting its share, and every such request a retry',
    )
  if (router.tagFiltering && deployments.every(({ tags, tagRegex }) => !tags?.length && !tagRegex?.length))
    note('advice', at('enable_tag_filtering'), 'no deployment has tags, so a request with a tag is refused')
  const noBigger = windowsNoBigger(router.contextWindowFallbacks, deployments)
  for (const [from, to] of noBigger)
    note(
      'advice',
      at('context_window_fallbacks'),
      `'${shownKey(to)}' takes no longer a prompt than '${shownKey(from)}', so it cannot help`,
    )
  for (const group of selfish(router.fallbacks))
    note('warning', at('fallbacks'), `'${shownKey(group)}' falls back to itself, which is never asked twice`)
  for (const [group, members] of Map.groupBy(deployments, (one) => one.group)) {
    const some = (field: 'order' | 'weight') =>
      members.some((one) => one[field] !== undefined) && members.some((one) => one[field] === undefined)
    if (some('order'))
      note(
        'advice',
        ['model_list'],
        `some deployments of '${shownKey(group)}' have an order and some have none: those without come last`,
      )
    if (members.length > 1 && members.every(({ weight }) => weight === 0))
      note('advice', ['model_list'], `every deployment of '${shownKey(group)}' has weight 0, so they share alike`)
  }
}

function usesLatency({ router, deployments }: Config): boolean {
  const groups = [...Map.groupBy(deployments, (one) => one.group)].filter(([, members]) => members.length > 1)
  const strategy = (group: string) => router.groupStrategies?.[group] ?? router.strategy
  return groups.some(([group]) => strategy(group) === 'latency-based-routing')
}

function windowsNoBigger(
  fallbacks: Fallbacks | undefined,
  deployments: readonly Deployment[],
): readonly (readonly [string, string])[] {
  const largest = (group: string) => {
    const windows = deployments.filter((one) => one.group === group).map((one) => one.maxInputTokens)
    return windows.length === 0 || windows.includes(undefined) ? undefined : Math.max(...windows.map(Number))
  }
  return Object.entries(fallbacks ?? {}).flatMap(([from, targets]) =>
    targets.flatMap((to) => {
      const [a, b] = [largest(from), largest(to)]
      return a !== undefined && b !== undefined && b <= a ? [[from, to] as const] : []
    }),
  )
}

function selfish(fallbacks: Fallbacks | undefined): readonly string[] {
  return Object.entries(fallbacks ?? {}).flatMap(([group, targets]) => (targets.includes(group) ? [group] : []))
}
