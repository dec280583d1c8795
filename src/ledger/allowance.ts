import { minNano, type NanoUsd } from '../money.ts'
import type { AllowanceAsk, AllowanceClose } from './port.ts'
import type { RateShare } from './rates.ts'

/** How long an isolate may start requests on an allowance; shorter than what a refused request waits for it. */
export const ALLOWANCE_LIFE_MS = 1_500

/** Below this many requests an allowance costs more calls than it saves. */
export const FEWEST_REQUESTS = 8
/** Above, the gain is used up (slices.md §4). */
export const MOST_REQUESTS = 128

/** Of what is left anywhere, this part may be with one isolate. */
const PART = 16
/** What may be open at once must fit so many times into what is left, or nothing is lent ahead. */
const CAUTION = 4n

export interface Left {
  readonly freeNano: NanoUsd
  /** What the source had left lately; undefined when that is long ago. */
  readonly roomNano: NanoUsd | undefined
}

/**
 * How much of the ask may be lent (slices.md §5): a sixteenth of what is left in each window, and nothing near a limit,
 * where each request holds for itself and exactness wins. `look`: the source has to be asked what is left.
 */
export function lendable(ask: AllowanceAsk, lefts: readonly Left[]): NanoUsd | 'look' | undefined {
  let amountNano = ask.amountNano
  let look = false
  for (const { freeNano, roomNano } of lefts) {
    const wanted = minNano(ask.amountNano, freeNano / BigInt(PART))
    const enough = wanted === ask.amountNano && freeNano >= CAUTION * ask.openNano
    if (!enough && roomNano === undefined) look = true
    const left = freeNano + (roomNano !== undefined && roomNano > 0n ? roomNano : 0n)
    if (left < CAUTION * ask.openNano) amountNano = 0n
    amountNano = minNano(amountNano, left / BigInt(PART))
  }
  if (look) return 'look'
  return amountNano >= ask.holdNano ? amountNano : undefined
}

/** The same for requests and tokens. */
export function lendableUses(ask: AllowanceAsk, left: RateShare): RateShare | undefined {
  const requests = Math.min(ask.requests, Math.floor(left.requests / PART))
  const tokens = Math.min(ask.tokens, Math.floor(left.tokens / PART))
  return requests >= FEWEST_REQUESTS && tokens >= ask.holdTokens ? { requests, tokens } : undefined
}

/** What can still be charged to an allowance on which nothing starts any more. */
export function chargeable({ usedNano, openNano, running }: AllowanceClose): NanoUsd {
  return running > 0 ? usedNano + openNano : usedNano
}
