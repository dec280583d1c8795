/** Sliding limits of one entity (`key:0192…`), per minute. Absent means no limit; zero means block. */
export interface RateLimit {
  readonly entity: string
  readonly rpm?: number
  readonly tpm?: number
}

/** What is left after a take, for the `x-ratelimit-*` headers. */
export interface RateState {
  readonly entity: string
  readonly kind: 'requests' | 'tokens'
  readonly limit: number
  readonly remaining: number
  /** When the oldest use counted now will have left the window. */
  readonly resetAtMs: number
}
