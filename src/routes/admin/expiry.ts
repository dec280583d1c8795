import { parseDuration } from '../../budget/duration.ts'
import { GatewayError } from '../../errors.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

/** When a key made now ends: so long after now, never aligned. Null is never; LiteLLM also writes `-1`. */
export function expiryOf(duration: string | null, nowMs: number): number | null {
  if (duration === null || duration === '-1') return null
  parseDuration(duration, 'duration')
  const [, digits, unit] = /^(\d+)(s|m|h|d|w|mo)$/.exec(duration) ?? []
  if (unit === undefined) {
    throw new GatewayError(
      'invalid_request',
      'duration is a length of time, such as 30d. Leave it out for a key that never ends.',
      {
        param: 'duration',
      },
    )
  }
  const count = Number(digits)
  return unit === 'mo' ? monthsLater(nowMs, count) : nowMs + count * (UNIT_MS[unit] ?? 0)
}

/** The same day of a later month, or its last. */
function monthsLater(nowMs: number, months: number): number {
  const later = new Date(nowMs)
  const day = later.getUTCDate()
  later.setUTCDate(1)
  later.setUTCMonth(later.getUTCMonth() + months)
  const last = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate()
  later.setUTCDate(Math.min(day, last))
  return later.getTime()
}
