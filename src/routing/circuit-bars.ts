import type { DeploymentState } from './state.ts'

/** Why a deployment is not asked while its circuit is not closed; undefined when it may be. */
export function circuitBars(state: DeploymentState, nowMs: number): string | undefined {
  if (state.circuit === 'closed') return undefined
  const because = state.openBecause === undefined ? '' : ` (${state.openBecause})`
  if (state.circuit === 'half_open') return state.mayProbe ? undefined : `another request is trying it${because}`
  const seconds = Math.max(1, Math.ceil(((state.openUntilMs ?? nowMs) - nowMs) / 1000))
  return `it cools down for ${seconds} s${because}`
}
