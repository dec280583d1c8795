import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addWindow, bucketAt, emptyTally, tallyInto, type Window } from '../../../src/health/window.ts'

const T = 1_000_000

function requestsIn(window: Window, nowMs: number, sinceMs = 0): number {
  const tally = emptyTally()
  tallyInto(tally, window, nowMs, sinceMs)
  return tally.requests
}

const counted = (...timesMs: number[]): Window => {
  const window: Window = []
  for (const timeMs of timesMs) bucketAt(window, timeMs).requests += 1
  return window
}

describe('the last minute', () => {
  it('counts what happened in it and forgets the rest', () => {
    const window = counted(T, T + 20_000, T + 59_000)
    expect(requestsIn(window, T + 59_000)).toBe(3)
    expect(requestsIn(window, T + 61_000)).toBe(2)
    expect(requestsIn(window, T + 200_000)).toBe(0)
  })

  it('can leave out what was paid for', () => {
    expect(requestsIn(counted(T, T + 20_000), T + 21_000, T + 10_000)).toBe(1)
  })

  it('stays small however long it is counted into', () => {
    expect(counted(...Array.from({ length: 500 }, (_, n) => T + n * 1_000)).length).toBeLessThanOrEqual(12)
  })

  it('adds up to the same in whatever order isolates tell', () => {
    const times = fc.array(fc.integer({ min: T, max: T + 70_000 }), { maxLength: 30 })
    fc.assert(
      fc.property(times, times, (some, more) => {
        const now = T + 70_000
        const sorted = (list: number[]) => counted(...list.toSorted((a, b) => a - b))
        const one = sorted(some)
        addWindow(one, sorted(more), now)
        const other = sorted(more)
        addWindow(other, sorted(some), now)
        expect(one).toEqual(other)
        expect(requestsIn(one, now)).toBe(requestsIn(sorted([...some, ...more]), now))
      }),
    )
  })
})
