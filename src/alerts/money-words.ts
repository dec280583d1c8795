/** `$1,612`: whole dollars from a hundred on, cents below, and what is smaller still in its first digits. */
export function dollars(nano: string): string {
  const usd = Number(nano) / 1e9
  const digits = Math.abs(usd) >= 100 ? 0 : usd === 0 || Math.abs(usd) >= 0.01 ? 2 : 6
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })}`
}

/** `80.6%`. */
export function percentOf(part: string, whole: string, { up = true } = {}): string {
  const all = BigInt(whole)
  if (all <= 0n) return '–'
  const tenths = (BigInt(part) * 1000n + (up ? all / 2n : 0n)) / all
  return `${tenths / 10n}.${tenths % 10n}%`
}

/** `2026-06-30`, as the calendar there says. */
export function dateIn(timeZone: string, ms: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(ms)
}

/** `2026-06-30 17:05`. */
export function momentIn(timeZone: string, ms: number): string {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return `${dateIn(timeZone, ms)} ${time.format(ms)}`
}
