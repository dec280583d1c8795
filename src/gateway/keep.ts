import type { NanoUsd } from '../money.ts'
import type { AnyRequest, Told, VendorAnswer } from '../operations/operation.ts'
import type { Attempt } from './attempt.ts'

export interface WholeAnswer {
  readonly answers: readonly [VendorAnswer, ...VendorAnswer[]]
  readonly told: Told
  readonly cost: NanoUsd
}

/** Sees good answers that may be kept, after they were finished. Never throws. */
export interface Keep<R extends AnyRequest> {
  /** Of a stream, in the vendor's own words; longer ones are not shown. */
  readonly mostBytes: number
  /** Another body for the caller, where what was known already is put to it. */
  whole(attempt: Attempt<R>, answer: WholeAnswer): string | undefined
  streamed(attempt: Attempt<R>, pieces: readonly Uint8Array[], cost: NanoUsd): void
}
