import type { DeploymentState } from './state.ts'

/**
 * How much a deployment has to do: what is in flight and the request that asks. Failures count as work, or one that
 * fails at once would look idle and draw everybody.
 */
export function loadOf(state: DeploymentState): number {
  return (1 + state.inFlight) / shareOfGood(state)
}

/** Of the last minute's requests; one failure among few says little. */
function shareOfGood({ requests, failures }: DeploymentState): number {
  const all = Math.max(requests, failures)
  return Math.max(0.02, (all - failures + 1) / (all + 1))
}
