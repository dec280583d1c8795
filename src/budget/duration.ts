import { GatewayError } from '../errors.ts'
import { DAY_MS, isTimeZone } from './time-zone.ts'

/** How long a window is: for ever, so many calendar months or days, or so many milliseconds. */
export type Duration =
  | { readonly kind: 'life' }
  | { readonly kind: 'months'; readonly count: number }
  | { readonly kind: 'weeks'; readonly count: number }
  | { readonly kind: 'days'; readonly count: number }
  | { readonly kind: 'clock'; readonly lengthMs: number }

const CLOCK_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }
const LONGEST_MS = 100 * 366 * DAY_MS

/**
 * LiteLLM's grammar, and its habits: `7d` is a calendar week, `30d` a calendar month, `24h` a day. Throws a refusal that
 * names the field.
 */
export function parseDuration(text: string, field = 'budget_duration'): Duration {
  if (text === 'life') return { kind: 'life' }
  const [, digits, unit] = /^(\d{1,9})(s|m|h|d|w|mo)$/.exec(text) ?? []
  const count = Number(digits)
  if (unit === undefined || count === 0) throw badDuration(text, field, 'a whole number above zero and a unit')
  const lengthMs = count * (CLOCK_MS[unit] ?? { d: 1, w: 7, mo: 30 }[unit as 'd' | 'w' | 'mo'] * DAY_MS)
  if (lengthMs > LONGEST_MS) throw badDuration(text, field, 'at most a hundred years')

  if (unit === 'mo' || text === '30d') return { kind: 'months', count: unit === 'mo' ? count : 1 }
  if (unit === 'w' || text === '7d') return { kind: 'weeks', count: unit === 'w' ? count : 1 }
  if (unit === 'd') return { kind: 'days', count }
  return lengthMs === DAY_MS ? { kind: 'days', count: 1 } : { kind: 'clock', lengthMs }
}

function badDuration(text: string, field: string, expected: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `${field} is ${JSON.stringify(text.slice(0, 40))}; it must be ${expected}, such as 30s, 30m, 30h, 30d, 1w or 1mo.`,
    { param: field },
  )
}

/** Throws a refusal that names the field unless the zone is one that IANA knows. */
export function checkTimeZone(name: string, field = 'timezone'): void {
  if (isTimeZone(name)) return
  throw new GatewayError(
    'invalid_request',
    `${field} is ${JSON.stringify(name.slice(0, 60))}; it must be an IANA time zone, such as UTC or Europe/London.`,
    { param: field },
  )
}
