import { correct, fits, fitsAfterMs, newestSecond, stateOf, use } from '../limits/sliding-window.ts'
import type { RateLimit } from '../tenants/principal.ts'
import type { RateState, Refusal } from './port.ts'
import type { Counted, LedgerStore } from './store.ts'

export interface RateShare {
  readonly requests: number
  readonly tokens: number
}

interface RateAsk {
  readonly limits: readonly RateLimit[]
  readonly tokens: number
  /** One, unless they are for an allowance. */
  readonly requests?: number
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
function linesOf({ limits, tokens, requests = 1 }: RateAsk): Line[] {
  return limits.flatMap(({ entity, rpm, tpm }) => [
    ...(rpm === undefined ? [] : [{ entity, kind: 'requests' as const, limit: rpm, amount: requests }]),
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

/** Counts a use at that moment in all its limits. Answers where, so that it can be corrected. */
export function countRates(store: LedgerStore, ask: RateAsk, atMs: number): Counted[] {
  return linesOf(ask).map(({ entity, kind, amount }) => {
    const window = use(store.rate(entity, kind), amount, atMs)
    store.putRate(entity, kind, window)
    return { entity, kind, second: newestSecond(window), amount }
  })
}

/** What each limit has left: the smallest of each kind, and no bound where there is no limit. */
export function leftOfRates(store: LedgerStore, limits: readonly RateLimit[], nowMs: number): RateShare {
  const left = { requests: Number.POSITIVE_INFINITY, tokens: Number.POSITIVE_INFINITY }
  for (const { entity, kind, limit } of linesOf({ limits, tokens: 0 })) {
    left[kind] = Math.min(left[kind], stateOf(store.rate(entity, kind), limit, nowMs).remaining)
  }
  return left
}

export function rateStates(store: LedgerStore, ask: RateAsk, nowMs: number): RateState[] {
  return linesOf(ask).map(({ entity, kind, limit }) => ({
    entity,
    kind,
    ...stateOf(store.rate(entity, kind), limit, nowMs),
  }))
}

/** Puts what was really used in the place of the estimates. Answers what is counted now. */
export function correctRates(store: LedgerStore, counted: readonly Counted[], real: Partial<RateShare>): Counted[] {
  return counted.map((use) => {
    const amount = real[use.kind] ?? use.amount
    if (amount === use.amount) return use
    const window = correct(store.rate(use.entity, use.kind), use.second, { estimate: use.amount, real: amount })
    store.putRate(use.entity, use.kind, window)
    return { ...use, amount }
  })
}
