import type { Notice } from '../../src/config/config.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void

const DAY_MS = 86_400_000
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
  mo: 30 * DAY_MS,
}

/** A copy of a row may come for two weeks; without its day it would be spent again. */
const LEAST_SPEND_LOGS_DAYS = 15

/** How long the spend log is kept; what is too short is refused in words. */
export function spendLogsMs(text: string | undefined, note: Note): number | undefined {
  const ms = retentionMs(text)
  if (ms !== undefined && ms < LEAST_SPEND_LOGS_DAYS * DAY_MS)
    note(
      'error',
      ['general_settings', 'maximum_spend_logs_retention_period'],
      `is shorter than ${LEAST_SPEND_LOGS_DAYS} days, for which late copies of a request may come; say ${LEAST_SPEND_LOGS_DAYS}d or longer`,
    )
  return ms
}

/** A duration of LiteLLM's grammar as a length of time: a month is thirty days, since nothing begins with it. */
export function retentionMs(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})(s|m|h|d|w|mo)$/.exec(text ?? '') ?? []
  return digits === undefined ? undefined : Number(digits) * (UNIT_MS[unit] ?? DAY_MS)
}
