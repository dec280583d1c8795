import type { NanoUsd } from '../money.ts'
import type { SpendEvent } from '../spend/event.ts'

/** One window's part of an exchange (slices.md §1.3, rule 9). */
export interface SliceAsk {
  readonly scope: string
  readonly startMs: number
  readonly wantNano: NanoUsd
  /** Everything given back so far on this lease. */
  readonly returnedNano: NanoUsd
  readonly seq: number
}

export interface SliceAnswer {
  readonly scope: string
  readonly startMs: number
  /** No limit stands behind the scope any more: nothing was taken and nothing is refused. */
  readonly unlimited: boolean
  readonly takenNano: NanoUsd
  readonly grantedNano: NanoUsd
  readonly chargedNano: NanoUsd
  readonly seq: number
  readonly limitNano: NanoUsd
  readonly spentNano: NanoUsd
  /** limit − spent − leased, after this exchange. */
  readonly roomNano: NanoUsd
  /** What other ledgers have on lease in this window. */
  readonly othersNano: NanoUsd
}

/** A grant that its holder did not close, or (verify) one closed at `amountNano` whose rows are to be compared. */
export interface ExpiredGrant {
  readonly id: string
  readonly amountNano: NanoUsd
  readonly single: boolean
  /** One per scope of its caller: what its row will name. */
  readonly windows: readonly { readonly scope: string; readonly startMs: number }[]
  /** One per window: whether the grant holds money there, which the lease pays. */
  readonly covered: readonly boolean[]
  readonly settleByMs: number
}

/**
 * Where slices come from: Postgres, or its twin. Each call is one statement, safe to repeat; a failure says nothing
 * about whether it took effect, which the fence makes harmless.
 */
export interface SliceSource {
  exchange(ledger: string, asks: readonly SliceAsk[]): Promise<readonly SliceAnswer[]>
  /** What the lease has paid for each grant, after closing it. */
  expire(ledger: string, grants: readonly ExpiredGrant[]): Promise<readonly { id: string; paidNano: NanoUsd }[]>
  /** Gives back of an expired allowance what nobody used; `usedNano` null means: what no row has claimed. */
  refund(grantId: string, usedNano: NanoUsd | null): Promise<NanoUsd>
  /** Which other ledgers have money on lease in a window, those with the most first. */
  holders(
    ledger: string,
    window: { readonly scope: string; readonly startMs: number },
    limit: number,
  ): Promise<readonly string[]>
  /** Hands on a row that the queue refused. Idempotent by the row's id. */
  record(events: readonly SpendEvent[]): Promise<void>
}
