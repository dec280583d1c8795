import type { DeploymentState } from './state.ts'

/** What a strategy may look at. */
export interface Routable {
  readonly id: string
  readonly weight?: number
  /** Limits of the deployment, a minute. */
  readonly rpm?: number
  readonly tpm?: number
  /** Pico-USD a token, in and out; absent where nobody knows. */
  readonly inputPico?: number
  readonly outputPico?: number
  readonly state: DeploymentState
}

/** The request and the moment. */
export interface Moment {
  readonly nowMs: number
  readonly random: () => number
  readonly stream: boolean
  /** An estimate. */
  readonly inputTokens: number
}

export interface StrategySettings {
  /** How long a sample of latency counts. */
  readonly ttlMs: number
  /** `lowest_latency_buffer`: how much slower than the best still counts as good, as a share. */
  readonly lowestLatencyBuffer: number
}

/** Returns every candidate once, in the order they should be asked. Pure: time and randomness come with the moment. */
export type Strategy = <T extends Routable>(
  candidates: readonly T[],
  moment: Moment,
  settings: StrategySettings,
) => readonly T[]
