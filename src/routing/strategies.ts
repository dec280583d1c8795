import type { Config, StrategyName } from '../config/config.ts'
import { costBased } from './cost-based.ts'
import { latencyBased } from './latency-based.ts'
import { leastBusy } from './least-busy.ts'
import { simpleShuffle } from './simple-shuffle.ts'
import type { Strategy, StrategySettings } from './strategy.ts'
import { usageBased } from './usage-based.ts'

/** Every value of `routing_strategy`. A new one is a file and a line here. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  'simple-shuffle': (candidates, { random }) => simpleShuffle(candidates, random),
  'least-busy': leastBusy,
  'latency-based-routing': latencyBased,
  'usage-based-routing-v2': usageBased,
  'cost-based-routing': costBased,
}

/** By which strategy a group is routed: its own, else the router's, else `simple-shuffle`. */
export function strategyOf({ router }: Config, group: string): StrategyName {
  const own = router.groupStrategies
  const named = own && Object.hasOwn(own, group) ? own[group] : undefined
  return named ?? router.strategy ?? 'simple-shuffle'
}

const made = new WeakMap<Config, StrategySettings>()

/** LiteLLM's defaults where the file says nothing. One value for each config. */
export function strategySettings(config: Config): StrategySettings {
  const before = made.get(config)
  if (before) return before
  const { ttlMs = 3_600_000, lowestLatencyBuffer = 0 } = config.router.strategyArgs ?? {}
  const settings = { ttlMs, lowestLatencyBuffer }
  made.set(config, settings)
  return settings
}
