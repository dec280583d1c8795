import type { ChatRequest } from '../dialects/chat.ts'
import type { Grant, RateState } from '../ledger/port.ts'
import type { AnyRequest, Asking } from '../operations/operation.ts'
import type { Answer } from './ask.ts'
import type { Call } from './call.ts'
import type { Outcome } from './finish.ts'
import type { Keep } from './keep.ts'
import type { Trail } from './trail.ts'

/** One try of one deployment for one call: what the answer, the row and the settlement are made from. */
export interface Attempt<R extends AnyRequest = ChatRequest> extends Asking<R> {
  /** A UUIDv7: the id of its row, and of its hold. */
  readonly id: string
  readonly call: Call<R>
  /** Absent for callers whom nothing limits. */
  readonly grant?: Grant
  readonly rates: readonly RateState[]
  /** Its group's name in the file, which may be a wildcard: what health knows it by. */
  readonly group: string
  /** How many groups have failed before this one. */
  readonly fallbacks: number
  /** How many attempts before this one were asked again within a group, and how many more there might have been. */
  readonly retries: number
  readonly maxRetries: number
  readonly trail?: Trail
  /** Sees the answer, where it may be kept. */
  readonly keep?: Keep<R>
  /** Somebody else is left to be asked when this one fails, so that its first token is not waited for without end. */
  readonly elsewhere?: boolean
  /** An answer that the vendor's filter stopped before it began is a failure, because a fallback is meant for it. */
  readonly filterFails?: boolean
  /**
   * Only where `mid_stream_fallback` is `continue` and the caller may be answered by another: asks another deployment to
   * go on with a stream that broke off. This attempt is ended with its outcome, whatever follows, and the next one takes
   * its hold at its own price first. The request differs by who is asked. Never throws; undefined when nobody goes on.
   * The next attempt is `retold`; one that fails before its first event is gone on from with its own `continueWith`.
   */
  continueWith?(
    outcome: Outcome,
    requestFor: (asked: Pick<Asking<R>, 'deployment' | 'provider' | 'target'>) => R,
  ): Promise<Continued<R> | undefined>
}

export interface Continued<R extends AnyRequest = ChatRequest> {
  readonly attempt: Attempt<R>
  readonly answer: Answer
}
