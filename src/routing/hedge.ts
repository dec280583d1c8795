import type { DeploymentState } from './state.ts'

/** Fewer samples do not tell what is slow. */
const LEAST_SAMPLES = 20
/** Sooner than this a second request would only be noise. */
const SOONEST_MS = 50

/**
 * After how long a deployment is slow by its own measure: its p95, to the first token where the answer is streamed, else
 * to the whole. Undefined as long as nobody knows it well enough.
 */
export function hedgeAfterMs(state: DeploymentState, stream: boolean): number | undefined {
  const { samples, latencyP95Ms, firstTokenP95Ms } = state
  const slowMs = stream ? firstTokenP95Ms : latencyP95Ms
  return samples < LEAST_SAMPLES || slowMs === undefined ? undefined : Math.max(SOONEST_MS, slowMs)
}
