import type { NanoUsd } from '../money.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { RateLimit } from '../tenants/principal.ts'
import type { Scope, Window } from '../tenants/scope.ts'

/** What is left of a limit after a take, for the `x-ratelimit-*` headers. */
export interface RateState {
  readonly entity: string
  readonly kind: 'requests' | 'tokens' | 'max_parallel_requests'
  readonly limit: number
  readonly remaining: number
  /** When the oldest use counted now will have left the window; for requests in parallel nobody knows, and it is now. */
  readonly resetAtMs: number
}

/** What a request needs before it may be asked: money in every limited scope and room in every rate limit, or nothing. */
export interface Take {
  /** The attempt's UUIDv7. The grant's id is `<ledger>:<attempt>`; the same attempt is answered the same. */
  readonly attempt: string
  /** All scopes of the caller; only the limited ones are held. */
  readonly scopes: readonly Scope[]
  /** The worst case of this attempt. */
  readonly amountNano: NanoUsd
  /** When less is welcome too: the grant is then of the most that fits, from this on up. */
  readonly leastNano?: NanoUsd
  readonly limits: readonly RateLimit[]
  /** The worst case in tokens, for tpm; the real number replaces it when the grant is settled. */
  readonly tokens: number
  /** How long the call may last: `settle_by` is the start plus this plus the skew allowed for. */
  readonly callMs: number
  /** A grant for this request alone, never a part of an allowance: its row may come long after the grant has expired. */
  readonly alone?: true
}

/** The part of a request's grant that another ledger gave: a limit that several ledgers share. */
export interface AlsoGranted {
  readonly ledger: string
  readonly grantId: string
}

export interface Grant {
  readonly id: string
  readonly ledger: string
  readonly amountNano: NanoUsd
  /** For this request alone; otherwise it is a part of an allowance that many share. */
  readonly single: boolean
  /** One per scope of the take, in its order: what the spend row will name. */
  readonly windows: readonly Window[]
  /** One per window: whether this grant holds money there. */
  readonly covered: readonly boolean[]
  /** Nothing starts on it later than this. */
  readonly startByMs: number
  /** The call is over and logged before this, or Postgres closes the grant. */
  readonly settleByMs: number
  /** What ends with it elsewhere: to be named in its settlement. */
  readonly also?: readonly AlsoGranted[]
}

/** Why nothing was taken. `budget_exceeded`: waiting cannot help before the window ends; `budget_held`: it can. */
export type Refusal =
  | {
      readonly kind: 'budget_exceeded' | 'budget_held'
      readonly scope: string
      readonly windowStartMs: number
      /** Absent when the window never ends. */
      readonly resetAtMs?: number
      readonly limitNano: NanoUsd
      readonly spentNano: NanoUsd
      readonly heldNano: NanoUsd
      readonly neededNano: NanoUsd
      readonly retryAfterMs?: number
    }
  | {
      readonly kind: 'rate_limited'
      readonly state: RateState
      readonly neededTokens?: number
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'ledger_unavailable'; readonly retryAfterMs: number }

export type Taken =
  | { readonly granted: true; readonly grant: Grant; readonly rates: readonly RateState[] }
  | { readonly granted: false; readonly refusal: Refusal }

/** One limited window of a take, as it stands. */
export interface WindowState {
  readonly scope: string
  readonly windowStartMs: number
  /** Absent when the window never ends. */
  readonly resetAtMs?: number
  readonly limitNano: NanoUsd
  readonly spentNano: NanoUsd
  /** By requests that run, by allowances, and by what other ledgers lease. */
  readonly heldNano: NanoUsd
}

/** What a take would meet. */
export interface Checked {
  readonly windows: readonly WindowState[]
  readonly rates: readonly RateState[]
  /** Why it would be refused; absent when it would be granted. */
  readonly refusal?: Refusal
}

/** What an isolate wants to spend by itself for a moment: one grant that many requests share. */
export interface AllowanceAsk {
  /** A UUIDv7: the grant's id is `<ledger>:<id>`, and the same id is answered the same. */
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly limits: readonly RateLimit[]
  /** What is welcome; less may come. */
  readonly amountNano: NanoUsd
  readonly requests: number
  readonly tokens: number
  /** The worst case of one request, and of all that may be open at once. */
  readonly holdNano: NanoUsd
  readonly openNano: NanoUsd
  readonly holdTokens: number
  readonly callMs: number
}

export interface Allowance {
  readonly grant: Grant
  /** So many may start on it, and these tokens may be held, while each limit has counted them already. */
  readonly requests: number
  readonly tokens: number
  readonly rates: readonly RateState[]
}

/** What became of an allowance on which nothing starts any more. Told again as its last requests end. */
export interface AllowanceClose {
  readonly grantId: string
  /** What its ended requests have paid. */
  readonly usedNano: NanoUsd
  /** What its running requests still hold; with `running` at nothing it is over. */
  readonly openNano: NanoUsd
  readonly running: number
  /** How many were started on it, and the tokens they used or, while they run, may use. */
  readonly requests: number
  readonly tokens: number
}

/** The end of one attempt. */
export interface Settlement {
  readonly grantId: string
  /** Names the part of an allowance that ends; a hold ends with its grant. */
  readonly attempt?: string
  /** `min(cost, hold)`: what the lease pays. */
  readonly paidNano: NanoUsd
  /** Real tokens used; replaces the estimate. */
  readonly tokens: number
  /** The `also` of its grant. */
  readonly also?: readonly AlsoGranted[]
  /** Nobody was asked on it: it does not count as a request either. */
  readonly untaken?: true
  /** The attempt's row, when the queue refused it: the ledger keeps it on disk and sends it on. */
  readonly event?: SpendEvent
}

/**
 * Authoritative. `take` is all or nothing and idempotent by attempt; it answers refusals as values and throws only when
 * the ledger itself cannot be reached. `settle` is idempotent by grant: what is closed, expired or unknown is ignored,
 * but an event that travels with it is always kept.
 */
export interface Ledger {
  take(ledger: string, take: Take): Promise<Taken>
  /**
   * Before a fallback or a continuation is asked: the failed attempt, whose row travels with it if it cost anything, ends
   * at what it cost, and the new one is taken in the same transaction, or nothing new. A request counts once, so that it
   * is counted only where the failed attempt was `untaken`.
   */
  reprice(ledger: string, failed: Settlement, take: Take): Promise<Taken>
  settle(ledger: string, settlements: readonly Settlement[]): Promise<void>
  /** What a take would find now; takes and counts nothing. */
  check(ledger: string, take: Take): Promise<Checked>
}
