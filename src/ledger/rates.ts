import { correct, fits, fitsAfterMs, newestSecond, stateOf, use } from '../limits/sliding-window.ts'
import type { RateLimit } from '../tenants/principal.ts'
import type { RateState, Refusal } from './port.ts'
import type { GrantRecord, LedgerStore } from './store.ts'

interface RateAsk {
  readonly limits: readonly RateLimit[]
  readonly tokens: number
}

interface Line {
  readonly entity: string
  readonly kind: RateState['kind']
  readonly limit: number
  readonly amount: number
}

/**
 * Every limit of the ask, one line each. A worst case above a whole minute's tokens counts as that minute: it is an upper
 * bound, and the request may well stay below it.
 */
function linesOf({ limits, tokens }: RateAsk): Line[] {
  return limits.flatMap(({ entity, rpm, tpm }) => [
    ...(rpm === undefined ? [] : [{ entity, kind: 'requests' as const, limit: rpm, amount: 1 }]),
    ...(tpm === undefined ? [] : [{ entity, kind: 'tokens' as const, limit: tpm, amount: Math.min(tokens, tpm) }]),
  ])
}

/** The first limit that has no room, as a refusal. Takes nothing. */
export function refusedByRate(store: LedgerStore, ask: RateAsk, nowMs: number): Refusal | undefined {
  for (const { entity, kind, limit, amount } of linesOf(ask)) {
    const window = store.rate(entity, kind)
    if (fits(window, amount, limit, nowMs)) continue
    const retryAfterMs = fitsAfterMs(window, amount, limit, nowMs)
    return {
      kind: 'rate_limited',
      state: { entity, kind, ...stateOf(window, limit, nowMs) },
      ...(kind === 'tokens' ? { neededTokens: amount } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }
  return undefined
}

/** Counts the request in all its limits. Answers where its tokens were counted, so that they can be corrected. */
export function countRates(store: LedgerStore, ask: RateAsk, nowMs: number): GrantRecord['tokensCountedIn'] {
  return linesOf(ask).flatMap(({ entity, kind, amount }) => {
    const window = use(store.rate(entity, kind), amount, nowMs)
    store.putRate(entity, kind, window)
    return kind === 'tokens' ? [{ entity, second: newestSecond(window), tokens: amount }] : []
  })
}

export function rateStates(store: LedgerStore, ask: RateAsk, nowMs: number): RateState[] {
  return linesOf(ask).map(({ entity, kind, limit }) => ({
    entity,
    kind,
    ...stateOf(store.rate(entity, kind), limit, nowMs),
  }))
}

/** Puts the tokens really used in the place of the estimate. */
export function correctTokens(store: LedgerStore, record: GrantRecord, real: number): void {
  for (const { entity, second, tokens } of record.tokensCountedIn) {
    const window = correct(store.rate(entity, 'tokens'), second, { estimate: tokens, real })
    store.putRate(entity, 'tokens', window)
  }
}
