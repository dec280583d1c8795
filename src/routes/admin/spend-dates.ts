import * as z from 'zod'
import { GatewayError } from '../../errors.ts'

const DAY_MS = 86_400_000
/** A report reads each of its days; a year and a leap day is what a page can show. */
const MOST_DAYS = 366
const USUAL_DAYS = 30

const day = z.iso.date('must be a UTC date as YYYY-MM-DD')

/** Both ends, as LiteLLM asks for them. */
export const bothDates = { start_date: day, end_date: day }
/** The last thirty days where they are not given. */
export const dates = { start_date: day.optional(), end_date: day.optional() }

interface Dates {
  readonly start_date?: string | undefined
  readonly end_date?: string | undefined
}

/** No log is older than this, and Postgres does not know the year 0. */
export const EARLIEST_MS = Date.UTC(2000, 0, 1)

/** Throws unless these are moments of a log, in their order. */
export function mustBeDates(asked: { readonly start_date: number; readonly end_date: number }): void {
  if (asked.start_date >= EARLIEST_MS && asked.end_date >= asked.start_date) return
  throw new GatewayError('invalid_request', 'start_date must be after 1999 and not after end_date.', {
    param: 'start_date',
  })
}

/** From before there was a gateway to after it. */
export const ALL_DAYS = { from: '2000-01-01', to: '9999-12-30' } as const

/** Whole days as moments of the log. */
export function momentsOf({ from, to }: { readonly from: string; readonly to: string }) {
  return { start_date: Date.parse(from), end_date: Date.parse(to) + DAY_MS - 1 }
}

/** `Jan 22`, as LiteLLM writes days of activity. */
export function monthAndDay(day: string): string {
  return new Date(day).toLocaleDateString('en-US', { month: 'short', day: '2-digit', timeZone: 'UTC' })
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** The UTC days that are asked for, both ends included. */
export function daysBetween({ start_date, end_date }: Dates, nowMs: number): { from: string; to: string } {
  const to = end_date ?? dayOf(nowMs)
  const from = start_date ?? dayOf(Date.parse(to) - (USUAL_DAYS - 1) * DAY_MS)
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  if (days < 1)
    throw new GatewayError('invalid_request', 'start_date must not be after end_date.', { param: 'start_date' })
  if (days > MOST_DAYS)
    throw new GatewayError('invalid_request', `A report covers at most ${MOST_DAYS} days. Ask for fewer.`, {
      param: 'start_date',
    })
  return { from, to }
}
