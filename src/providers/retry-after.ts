/**
 * How long a vendor asks us to wait: `retry-after-ms`, else `retry-after` in seconds or as a date, which is read against
 * the answer's own `date`, so that no clock is needed and the two sides' clocks need not agree.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const ms = number(headers.get('retry-after-ms'))
  if (ms !== undefined) return Math.ceil(ms)
  const text = headers.get('retry-after')
  const seconds = number(text)
  if (seconds !== undefined) return Math.ceil(seconds * 1000)
  const wait = Date.parse(text ?? '') - Date.parse(headers.get('date') ?? '')
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }
const WAIT =
  /(?:try again|retry)\s(?:in|after)\s((?:\d{1,9}(?:\.\d{1,12})?\s?(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?)\b\s?|\d{1,9}(?:\.\d{1,12})?[hms](?=\d)){1,4})/i

/** How long a vendor's sentence asks to wait: `try again in 7m12.5s`, `retry after 12 seconds`. */
export function waitIn(words: string): number | undefined {
  const said = WAIT.exec(words)?.[1]
  if (said === undefined) return undefined
  const pieces = said.matchAll(/(\d+(?:\.\d+)?)\s?(ms|milli|[smh])/gi)
  return Math.ceil([...pieces].reduce((sum, [, count, unit]) => sum + Number(count) * unitMs(unit), 0))
}

function unitMs(unit = ''): number {
  return UNITS_MS[unit.toLowerCase().replace('milli', 'ms')] ?? 0
}

function number(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}
