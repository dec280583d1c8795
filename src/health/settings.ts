import type { Config } from '../config/config.ts'
import { type CircuitSettings, circuitSettings } from './circuit.ts'

/** What health needs of the configuration. */
export interface HealthSettings {
  /** How long a sample of latency counts: `routing_strategy_args.ttl`, LiteLLM's hour where nothing is said. */
  readonly ttlMs: number
  readonly circuit: (deployment: string) => CircuitSettings
}

const TTL_MS = 3_600_000

export function healthSettings({ deployments, router }: Pick<Config, 'deployments' | 'router'>): HealthSettings {
  const sizes = new Map<string, number>()
  for (const { group } of deployments) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const circuits = new Map(
    deployments.map((one) => [one.id, circuitSettings(one, router, sizes.get(one.group) === 1)] as const),
  )
  // One that has left the file, but not the memory of others, is never decided on.
  const unknown: CircuitSettings = { never: true, alone: true, wildcard: false, routerCooldownMs: 0 }
  return {
    ttlMs: router.strategyArgs?.ttlMs ?? TTL_MS,
    circuit: (deployment) => circuits.get(deployment) ?? unknown,
  }
}
