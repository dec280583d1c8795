import type { ChatRequest } from '../dialects/chat.ts'
import type { Grant, RateState } from '../ledger/port.ts'
import type { AnyRequest, Asking } from '../operations/operation.ts'
import type { Call } from './call.ts'

/** One try of one deployment for one call: what the answer, the row and the settlement are made from. */
export interface Attempt<R extends AnyRequest = ChatRequest> extends Asking<R> {
  /** A UUIDv7: the id of its row, and of its hold. */
  readonly id: string
  readonly call: Call<R>
  /** Absent for callers whom nothing limits. */
  readonly grant?: Grant
  readonly rates: readonly RateState[]
  /** How many groups have failed before this one. */
  readonly fallbacks: number
}
