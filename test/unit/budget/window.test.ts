import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type WindowRule, windowAt, windowEnd, windowStart } from '../../../src/budget/window.ts'

const at = (iso: string) => Date.parse(iso)
const rule = (duration: string, timeZone = 'UTC', anchor = '2026-01-01T00:00:00Z'): WindowRule => ({
  duration,
  timeZone,
  anchorMs: at(anchor),
})
const span = (which: WindowRule, now: string) => {
  const { startMs, endMs } = windowAt(which, at(now))
  return [startMs, endMs].map((ms) => new Date(ms).toISOString().replace('.000', ''))
}

describe('a budget window', () => {
  // 2026-11-22 is a Sunday.
  it.each([
    ['1d', '2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['24h', '2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['7d', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['1w', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['30d', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
    ['1mo', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
    ['2h', '2026-11-22T12:00:00Z', '2026-11-22T14:00:00Z'],
    ['5h', '2026-11-22T10:00:00Z', '2026-11-22T15:00:00Z'],
    ['30m', '2026-11-22T13:30:00Z', '2026-11-22T14:00:00Z'],
    ['30s', '2026-11-22T13:34:30Z', '2026-11-22T13:35:00Z'],
  ])('of %s follows the calendar', (duration, start, end) => {
    expect(span(rule(duration), '2026-11-22T13:34:56Z')).toEqual([start, end])
  })

  it('is cut short by midnight when its hours do not fill the day', () => {
    expect(span(rule('5h'), '2026-11-22T22:00:00Z')).toEqual(['2026-11-22T20:00:00Z', '2026-11-23T00:00:00Z'])
  })

  it('counts from the anchor when it is longer than the calendar has a word for', () => {
    const anchor = '2026-11-20T15:00:00Z'
    expect(span(rule('3d', 'UTC', anchor), '2026-11-24T00:00:00Z')).toEqual([
      '2026-11-23T00:00:00Z',
      '2026-11-26T00:00:00Z',
    ])
    expect(span(rule('2w', 'UTC', anchor), '2026-11-24T00:00:00Z')).toEqual([
      '2026-11-16T00:00:00Z',
      '2026-11-30T00:00:00Z',
    ])
    expect(span(rule('3mo', 'UTC', anchor), '2027-01-31T00:00:00Z')).toEqual([
      '2026-11-01T00:00:00Z',
      '2027-02-01T00:00:00Z',
    ])
    expect(span(rule('30h', 'UTC', anchor), '2026-11-21T07:00:00Z')).toEqual([
      '2026-11-21T06:00:00Z',
      '2026-11-22T12:00:00Z',
    ])
  })

  it('never ends for life', () => {
    expect(windowStart(rule('life'), at('2026-11-22T00:00:00Z'))).toBe(0)
    expect(windowEnd(rule('life'), at('2026-11-22T00:00:00Z'))).toBe(Number.POSITIVE_INFINITY)
  })

  it('begins at midnight where the operator lives, also when the clocks change', () => {
    const berlin = rule('1d', 'Europe/Berlin')
    expect(span(berlin, '2026-03-29T12:00:00Z')).toEqual(['2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'])
    expect(span(berlin, '2026-10-25T12:00:00Z')).toEqual(['2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'])
    const newYork = rule('1mo', 'America/New_York')
    expect(span(newYork, '2026-11-10T00:00:00Z')).toEqual(['2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z'])
    expect(span(rule('1d', 'Asia/Kolkata'), '2026-11-22T20:00:00Z')[0]).toBe('2026-11-22T18:30:00Z')
  })

  it('begins where the day does when midnight is skipped, and outlives a skipped day', () => {
    // Cairo: 00:00 becomes 01:00. Apia crossed the date line: there was no 30 December 2011.
    expect(span(rule('1d', 'Africa/Cairo'), '2026-04-24T12:00:00Z')[0]).toBe('2026-04-23T22:00:00Z')
    expect(span(rule('1d', 'Pacific/Apia'), '2011-12-30T09:59:59Z')[1]).toBe('2011-12-30T10:00:00Z')
    expect(span(rule('1d', 'Pacific/Apia'), '2011-12-30T10:00:00Z')[0]).toBe('2011-12-30T10:00:00Z')
  })

  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'America/St_Johns',
    'Africa/Cairo',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'America/Sao_Paulo',
    'Asia/Beirut',
  ]
  const rules = fc.record({
    duration: fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 90 }), fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo'))
        .map(([n, unit]) => `${n}${unit}`),
      fc.constantFrom('life', '24h', '7d', '30d', '86400s'),
    ),
    timeZone: fc.constantFrom(...zones),
    anchorMs: fc.integer({ min: at('2005-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') }),
  })
  const times = fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') })

  it('holds its moment, is the same for each of its moments, and is followed by the next', () => {
    fc.assert(
      fc.property(rules, times, fc.double({ min: 0, max: 1, noNaN: true }), (which, nowMs, share) => {
        const { startMs, endMs } = windowAt(which, nowMs)
        expect(startMs).toBeLessThanOrEqual(nowMs)
        expect(endMs).toBeGreaterThan(nowMs)
        if (!Number.isFinite(endMs)) return
        const inside = Math.min(endMs - 1, Math.floor(startMs + share * (endMs - startMs)))
        expect(windowAt(which, inside)).toEqual({ startMs, endMs })
        expect(windowAt(which, endMs).startMs).toBe(endMs)
        expect(windowAt(which, startMs - 1).endMs).toBe(startMs)
      }),
      { numRuns: 400 },
    )
  })

  it('never goes backwards', () => {
    fc.assert(
      fc.property(rules, times, fc.integer({ min: 0, max: 100 * 86_400_000 }), (which, nowMs, laterMs) => {
        expect(windowStart(which, nowMs + laterMs)).toBeGreaterThanOrEqual(windowStart(which, nowMs))
      }),
      { numRuns: 400 },
    )
  })
})
