import { correct, fits, fitsAfterMs, newestSecond, stateOf, use } from '../limits/sliding-window.ts'
import { enter, leave, running } from '../limits/slots.ts'
import type { RateLimit } from '../tenants/principal.ts'
import type { RateState, Refusal } from './port.ts'
import type { Counted, LedgerStore } from './store.ts'

export interface RateShare {
  readonly requests: number
  readonly tokens: number
}

/** When the request will have ended that holds a slot is unknown, but this is worth a try. */
const SLOT_RETRY_MS = 1_000
const PARALLEL = 'max_parallel_requests'

/** What has really been used; an end leaves its slots. */
export type RealUse = Partial<RateShare> & { readonly [PARALLEL]?: 0 }

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
  return limits.flatMap(({ entity, rpm, tpm, maxParallel }) => [
    ...(rpm === undefined ? [] : [{ entity, kind: 'requests' as const, limit: rpm, amount: requests }]),
    ...(tpm === undefined ? [] : [{ entity, kind: 'tokens' as const, limit: tpm, amount: Math.min(tokens, tpm) }]),
    ...(maxParallel === undefined ? [] : [{ entity, kind: PARALLEL, limit: maxParallel, amount: 1 } as const]),
  ])
}

/** The first limit that has no room, as a refusal. Takes nothing. */
export function refusedByRate(store: LedgerStore, ask: RateAsk, nowMs: number): Refusal | undefined {
  for (const line of linesOf(ask)) {
    const { entity, kind, limit, amount } = line
    const window = store.rate(entity, kind)
    if (kind === PARALLEL) {
      if (running(window) < limit) continue
      const retry = limit > 0 ? { retryAfterMs: SLOT_RETRY_MS } : {}
      return { kind: 'rate_limited', state: lineState(store, line, nowMs), ...retry }
    }
    if (fits(window, amount, limit, nowMs)) continue
    const retryAfterMs = fitsAfterMs(window, amount, limit, nowMs)
    return {
      kind: 'rate_limited',
      state: lineState(store, line, nowMs),
      ...(kind === 'tokens' ? { neededTokens: amount } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }
  return undefined
}

/** Counts a use at that moment, over at `endsByMs`, in all its limits. Answers where, so that it can be corrected. */
export function countRates(
  store: LedgerStore,
  ask: RateAsk,
  { atMs, endsByMs }: { atMs: number; endsByMs: number },
): Counted[] {
  return linesOf(ask).map(({ entity, kind, amount }) => {
    const before = store.rate(entity, kind)
    const window = kind === PARALLEL ? enter(before, endsByMs) : use(before, amount, atMs)
    store.putRate(entity, kind, window)
    return { entity, kind, second: newestSecond(window), amount }
  })
}

/** What each limit has left: the smallest of each kind, and no bound where there is no limit. */
export function leftOfRates(store: LedgerStore, limits: readonly RateLimit[], nowMs: number): RateShare {
  const left = { requests: Number.POSITIVE_INFINITY, tokens: Number.POSITIVE_INFINITY }
  for (const line of linesOf({ limits, tokens: 0 })) {
    if (line.kind !== PARALLEL) left[line.kind] = Math.min(left[line.kind], lineState(store, line, nowMs).remaining)
  }
  return left
}

export function rateStates(store: LedgerStore, ask: RateAsk, nowMs: number): RateState[] {
  return linesOf(ask).map((line) => lineState(store, line, nowMs))
}

function lineState(store: LedgerStore, { entity, kind, limit }: Line, nowMs: number): RateState {
  const window = store.rate(entity, kind)
  if (kind !== PARALLEL) return { entity, kind, ...stateOf(window, limit, nowMs) }
  return { entity, kind, limit, remaining: Math.max(0, limit - running(window)), resetAtMs: nowMs }
}

/** Puts what was really used in the place of the estimates. Answers what is counted now. */
export function correctRates(store: LedgerStore, counted: readonly Counted[], real: RealUse): Counted[] {
  return counted.map((use) => {
    const amount = real[use.kind] ?? use.amount
    if (amount === use.amount) return use
    const before = store.rate(use.entity, use.kind)
    const window =
      use.kind === PARALLEL ? leave(before) : correct(before, use.second, { estimate: use.amount, real: amount })
    store.putRate(use.entity, use.kind, window)
    return { ...use, amount }
  })
}
