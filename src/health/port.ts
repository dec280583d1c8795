import type { ErrorKind } from '../errors.ts'
import type { DeploymentState } from '../routing/state.ts'

export type Defer = (name: string, work: Promise<unknown>) => void

/** How one attempt at a deployment ended. */
export interface Ended {
  readonly group: string
  readonly deployment: string
  readonly ok: boolean
  /** What it failed of, where it failed; a client that left is neither good nor bad. */
  readonly error?: { readonly kind: ErrorKind; readonly status: number; readonly retryAfterMs?: number }
  /** Since `began`. */
  readonly durationMs: number
  readonly firstTokenMs?: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly atMs: number
}

/** The states of a group's deployments by id. One that is missing has never been heard of. */
export type GroupState = ReadonlyMap<string, DeploymentState>

/**
 * How deployments fare, shared among isolates within two seconds. What happens here is known here at once; reports
 * travel in batches. Never throws: where the shared state cannot be reached, what this isolate knows has to do.
 */
export interface Health {
  /**
   * The group as it stands. Waits for the shared state only before the first answer of this isolate, and shortly; later
   * it refreshes behind.
   */
  state(group: string, nowMs: number, defer: Defer): GroupState | Promise<GroupState>
  /** An attempt begins: counted in flight, and as the probe where the deployment is half-open. */
  began(group: string, deployment: string, nowMs: number, defer: Defer): void
  /** The same attempt has ended. Exactly once for each `began`. */
  ended(ended: Ended, defer: Defer): void
}
