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

function number(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}
