import type { Scope } from '../tenants/scope.ts'
import { parseDuration } from './duration.ts'
import { DAY_MS, dayOf, dayStart } from './time-zone.ts'

/** What decides where windows begin. */
export type WindowRule = Pick<Scope, 'duration' | 'timeZone' | 'anchorMs'>

/** `startMs ≤ now < endMs`. A window that never ends has an infinite end. */
export interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** Monday, 5 January 1970, in days since the epoch. */
const FIRST_MONDAY = 4

/**
 * The window that holds a moment: a pure function of the rule and the clock. Windows of one rule follow each other
 * without gap or overlap, so they only move forward. Days, weeks (from Monday) and months begin at local midnight;
 * hours, minutes and seconds count from it and are cut short by the next; stretches longer than a day, and counts of
 * days, weeks and months above one, follow each other from the anchor's.
 */
export function windowAt(rule: WindowRule, nowMs: number): Span {
  const duration = parseDuration(rule.duration)
  const { timeZone, anchorMs } = rule
  switch (duration.kind) {
    case 'life':
      return { startMs: 0, endMs: Number.POSITIVE_INFINITY }
    case 'days':
      return days(timeZone, nowMs, dayOf(timeZone, anchorMs), duration.count)
    case 'weeks': {
      const anchorWeek = Math.floor((dayOf(timeZone, anchorMs) - FIRST_MONDAY) / 7)
      return days(timeZone, nowMs, FIRST_MONDAY + 7 * anchorWeek, 7 * duration.count)
    }
    case 'months': {
      const anchorMonth = monthOfDay(dayOf(timeZone, anchorMs))
      const first = aligned(monthOfDay(dayOf(timeZone, nowMs)), anchorMonth, duration.count)
      return {
        startMs: dayStart(timeZone, firstDayOfMonth(first)),
        endMs: dayStart(timeZone, firstDayOfMonth(first + duration.count)),
      }
    }
    case 'clock': {
      const { lengthMs } = duration
      const inDay = lengthMs < DAY_MS
      const today = dayOf(timeZone, inDay ? nowMs : anchorMs)
      const startMs = aligned(nowMs, dayStart(timeZone, today), lengthMs)
      const endMs = startMs + lengthMs
      return { startMs, endMs: inDay ? Math.min(endMs, dayStart(timeZone, today + 1)) : endMs }
    }
  }
}

export function windowStart(rule: WindowRule, nowMs: number): number {
  return windowAt(rule, nowMs).startMs
}

/** When the window of that moment ends and the next begins; infinite for `life`. */
export function windowEnd(rule: WindowRule, nowMs: number): number {
  return windowAt(rule, nowMs).endMs
}

/** The last multiple of `step` counted from `from` that is not above `value`. */
function aligned(value: number, from: number, step: number): number {
  return from + Math.floor((value - from) / step) * step
}

function days(timeZone: string, nowMs: number, fromDay: number, count: number): Span {
  const first = aligned(dayOf(timeZone, nowMs), fromDay, count)
  return { startMs: dayStart(timeZone, first), endMs: dayStart(timeZone, first + count) }
}

/** Months since January 1970. */
function monthOfDay(day: number): number {
  const date = new Date(day * DAY_MS)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

function firstDayOfMonth(month: number): number {
  return Date.UTC(1970 + Math.floor(month / 12), month - 12 * Math.floor(month / 12), 1) / DAY_MS
}
