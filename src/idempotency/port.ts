/** One try of a request that said an `Idempotency-Key`. */
export interface Claim {
  /** A hash of the caller, the path and the caller's key: the same for every retry. */
  readonly name: string
  /** A hash of what is asked: a retry asks the same. */
  readonly fingerprint: string
  /** This try's own id: the request's. */
  readonly attempt: string
}

/** An answer as plain data; `body` is its bytes in base64. */
export interface KeptAnswer {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** How a claim stands: ours to serve, in another's hand, of another request, or answered (and kept, or not). */
export type Standing =
  | { readonly state: 'ours' }
  | { readonly state: 'running' }
  | { readonly state: 'other' }
  | { readonly state: 'answered'; readonly answer: KeptAnswer | undefined }

/**
 * Who may serve a request that may come more than once: of all claims of a name one is `ours` at a time, on whichever
 * isolate. It stays so while it is renewed, is given up by `release`, and ends with `finish`; a holder that died loses
 * it when its lease ends. A try that failed or died after it had changed something, as the log of changes has it, counts
 * as answered: it is not done again. Answers are kept a day. Throws when nobody can tell.
 */
export interface IdempotencyStore {
  begin(claim: Claim, nowMs: number): Promise<Standing>
  renew(claim: Claim, nowMs: number): Promise<void>
  /** Undefined: it was answered, but the answer cannot be kept. */
  finish(claim: Claim, answer: KeptAnswer | undefined, nowMs: number): Promise<void>
  /** It failed: a retry may try again, unless something was changed. */
  release(claim: Claim, nowMs: number): Promise<void>
}

/** Long enough to lose a renewal or two, short enough to wait for after a crash. */
export const LEASE_MS = 60_000
export const KEPT_MS = 24 * 3_600_000
