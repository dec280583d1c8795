/** `open`: it cools down and is not asked. `half_open`: its time is over, and one request may try it. */
export type Circuit = 'closed' | 'open' | 'half_open'

/**
 * What is known of one deployment at this moment: what this isolate did itself, over what all isolates reported until a
 * moment ago. Plain data.
 */
export interface DeploymentState {
  /** Requests that are being answered, everywhere. */
  readonly inFlight: number
  /** Requests and tokens of the last sixty seconds. */
  readonly requests: number
  readonly tokens: number
  /** Of recent successes; absent before the first. `msPerToken` is the whole time by output token. */
  readonly latencyMs?: number
  readonly latencyP95Ms?: number
  readonly msPerToken?: number
  readonly firstTokenMs?: number
  readonly firstTokenP95Ms?: number
  /** How many samples stand behind these. */
  readonly samples: number
  /** Of the last sixty seconds. */
  readonly failures: number
  readonly circuit: Circuit
  /** When an open circuit becomes half-open. */
  readonly openUntilMs?: number
  /** How often it began to cool down since the shared state was made; absent for never. */
  readonly openings?: number
  /** In words, for `/router/state` and refusals. */
  readonly openBecause?: string
  /** This isolate may send the one request that tries a half-open deployment. */
  readonly mayProbe: boolean
}

/** A deployment of which nobody has heard anything. */
export const unknownState: DeploymentState = {
  inFlight: 0,
  requests: 0,
  tokens: 0,
  samples: 0,
  failures: 0,
  circuit: 'closed',
  mayProbe: false,
}
