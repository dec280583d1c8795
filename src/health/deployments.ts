import type { Config, Deployment } from '../config/config.ts'
import { deploymentsFor } from '../config/read.ts'
import { type DeploymentState, unknownState } from '../routing/state.ts'
import { atMost } from './patience.ts'
import type { Defer, Health } from './port.ts'

/** A deployment and how it fares. */
export interface DeploymentHealth {
  readonly deployment: Deployment
  readonly state: DeploymentState
  /** Why it cannot be asked at all, as far as the configuration tells. */
  readonly unavailable?: string
}

export interface HealthView {
  readonly config: Config
  readonly env: Readonly<Record<string, unknown>>
  readonly health: Health
  readonly defer: Defer
}

const FRESH_MS = 500

/** Every deployment there is, in the order of the file; fresh, where what is shared answers within half a second. */
export async function healthOfAll(
  { config, env, health, defer }: HealthView,
  nowMs: number,
): Promise<DeploymentHealth[]> {
  const judged = deploymentsFor(config, env)
  const groups = [...new Set(judged.map(({ deployment }) => deployment.group))]
  const calls: Promise<unknown>[] = []
  const deferred: Defer = (name, work) => {
    calls.push(work)
    defer(name, work)
  }
  await Promise.all(groups.map((group) => health.state(group, nowMs, deferred)))
  await atMost(FRESH_MS, Promise.allSettled(calls))
  const states = await Promise.all(
    groups.map(async (group) => [group, await health.state(group, nowMs, defer)] as const),
  )
  const byGroup = new Map(states)
  return judged.map(({ deployment, reason }) => ({
    deployment,
    state: byGroup.get(deployment.group)?.get(deployment.id) ?? unknownState,
    ...(reason === undefined ? {} : { unavailable: reason }),
  }))
}
