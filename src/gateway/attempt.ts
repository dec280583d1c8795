import type { Deployment } from '../config/config.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import type { Grant, RateState } from '../ledger/port.ts'
import type { Target } from '../providers/provider.ts'
import type { Vendor } from '../providers/translator.ts'
import type { Call } from './call.ts'

/** One try of one deployment for one call: what the answer, the row and the settlement are made from. */
export interface Attempt {
  /** A UUIDv7: the id of its row, and of its hold. */
  readonly id: string
  readonly call: Call
  readonly request: ChatRequest
  readonly deployment: Deployment
  readonly provider: Vendor
  readonly target: Target
  /** Absent for callers whom nothing limits. */
  readonly grant?: Grant
  readonly rates: readonly RateState[]
  readonly startedAtMs: number
  /** How many groups have failed before this one. */
  readonly fallbacks: number
  /** The answer's longest length, where the budget left no more. */
  readonly loweredTo?: number
}
