import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  correct,
  fits,
  fitsAfterMs,
  newestSecond,
  type SlidingWindow,
  stateOf,
  unused,
  use,
} from '../../../src/limits/sliding-window.ts'

const MINUTE_MS = 60_000
const T0 = 1_800_000_000_000

describe('a sliding minute', () => {
  it('never holds more than its limit in any sixty seconds, and never blocks for long', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 15_000 }), fc.integer({ min: 1, max: 5 })), { maxLength: 200 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (asks, limit) => {
        let window: SlidingWindow = unused
        let nowMs = T0
        const passed: [number, number][] = []
        const within = (ms: number) => passed.filter(([at]) => at > nowMs - ms).reduce((sum, [, n]) => sum + n, 0)
        for (const [waitMs, amount] of asks) {
          nowMs += waitMs
          const fit = fits(window, amount, limit, nowMs)
          if (fit) {
            window = use(window, amount, nowMs)
            passed.push([nowMs, amount])
          }
          expect(within(MINUTE_MS)).toBeLessThanOrEqual(limit)
          // What is refused would have been too much for the minute and one second before it.
          if (!fit) expect(within(MINUTE_MS + 1_000) + amount).toBeGreaterThan(limit)
          expect(window.length).toBeLessThanOrEqual(61)
        }
      }),
    )
  })

  it('says when a refused use will fit, to the millisecond', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 20_000 }), fc.integer({ min: 1, max: 5 })), {
      minLength: 1,
      maxLength: 50,
    })
    fc.assert(
      fc.property(steps, fc.integer({ min: 5, max: 20 }), (asks, limit) => {
        let window: SlidingWindow = unused
        let nowMs = T0
        for (const [waitMs, amount] of asks) {
          nowMs += waitMs
          const afterMs = fitsAfterMs(window, amount, limit, nowMs) ?? Number.NaN
          expect(fits(window, amount, limit, nowMs + afterMs)).toBe(true)
          if (afterMs > 0) expect(fits(window, amount, limit, nowMs + afterMs - 1)).toBe(false)
          else window = use(window, amount, nowMs)
        }
      }),
    )
  })

  it('blocks everything at zero, and for good what is above the limit', () => {
    expect(fits(unused, 0, 0, T0)).toBe(false)
    expect(fitsAfterMs(unused, 1, 0, T0)).toBeUndefined()
    expect(fitsAfterMs(unused, 11, 10, T0)).toBeUndefined()
  })

  it('tells what is left and when the oldest use leaves', () => {
    const window = use(use(unused, 3, T0), 2, T0 + 5_000)
    expect(stateOf(window, 10, T0 + 6_000)).toEqual({ limit: 10, remaining: 5, resetAtMs: T0 + 61_000 })
    expect(stateOf(window, 10, T0 + 61_000)).toEqual({ limit: 10, remaining: 8, resetAtMs: T0 + 66_000 })
    expect(stateOf(unused, 10, T0)).toEqual({ limit: 10, remaining: 10, resetAtMs: T0 })
    expect(stateOf(window, 4, T0 + 6_000).remaining).toBe(0)
  })

  it('puts the real number where the estimate stood, and nowhere once that has left', () => {
    const first = use(unused, 50, T0)
    const window = use(first, 7, T0 + 30_000)
    const corrected = correct(window, newestSecond(first), { estimate: 50, real: 20 })
    expect(stateOf(corrected, 100, T0 + 30_000).remaining).toBe(73)
    expect(stateOf(correct(window, newestSecond(first), { estimate: 50, real: 80 }), 100, T0 + 30_000).remaining).toBe(
      13,
    )
    const later = use(window, 1, T0 + 70_000)
    expect(correct(later, newestSecond(first), { estimate: 50, real: 0 })).toEqual(later)
  })

  it('counts longer, never shorter, when the clock steps back', () => {
    const window = use(use(unused, 1, T0), 1, T0 - 5_000)
    expect(fits(window, 1, 2, T0 + 60_999)).toBe(false)
    expect(fits(window, 1, 2, T0 + 61_000)).toBe(true)
  })
})
