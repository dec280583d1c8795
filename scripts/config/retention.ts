const DAY_MS = 86_400_000
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
  mo: 30 * DAY_MS,
}

/** A duration of LiteLLM's grammar as a length of time: a month is thirty days, since nothing begins with it. */
export function retentionMs(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})(s|m|h|d|w|mo)$/.exec(text ?? '') ?? []
  return digits === undefined ? undefined : Number(digits) * (UNIT_MS[unit] ?? DAY_MS)
}
