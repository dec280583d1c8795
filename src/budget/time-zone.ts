export const DAY_MS = 86_400_000

/** One formatter per zone name ever seen here; there are about 600 names, and making one costs a hundred uses. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/** Throws a RangeError for a name that IANA does not know. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formatters.set(timeZone, formatter)
  return formatter
}

export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name)
    return true
  } catch {
    return false
  }
}

/** How far the wall clock of the zone is ahead of UTC at that moment. */
function offsetMs(timeZone: string, atMs: number): number {
  if (timeZone === 'UTC') return 0
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of formatterOf(timeZone).formatToParts(atMs)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000
}

const dayAt = (timeZone: string, atMs: number) => Math.floor((atMs + offsetMs(timeZone, atMs)) / DAY_MS)

/**
 * The first moment of a local day, counted in days since 1970-01-01. Where the clocks skip midnight the day begins
 * later; where a zone skipped a whole day, that day begins and ends at once. Never earlier for a later day.
 */
export function dayStart(timeZone: string, day: number): number {
  const asUtc = day * DAY_MS
  const candidates = [offsetMs(timeZone, asUtc - DAY_MS), offsetMs(timeZone, asUtc + DAY_MS)].map(
    (offset) => asUtc - offset,
  )
  const [earlier = asUtc, later = asUtc] = candidates.sort((a, b) => a - b)
  return dayAt(timeZone, earlier) >= day ? earlier : later
}

/** The local day that holds the moment: `dayStart(day) ≤ atMs < dayStart(day + 1)`. */
export function dayOf(timeZone: string, atMs: number): number {
  let day = dayAt(timeZone, atMs)
  while (dayStart(timeZone, day) > atMs) day -= 1
  while (dayStart(timeZone, day + 1) <= atMs) day += 1
  return day
}
