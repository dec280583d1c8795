import type { AlertSettings, AlertType } from '../config/alerts.ts'

interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** The stretch of time that holds a moment: what windows of budgets are, and what reports are about. */
export type SpanOf = (
  rule: { readonly duration: string; readonly timeZone: string; readonly anchorMs: number },
  nowMs: number,
) => Span

/** A report on time that has ended. */
export interface Period {
  readonly id: string
  readonly type: AlertType
  readonly what: 'spend' | 'month' | 'daily' | 'fallbacks'
  readonly fromMs: number
  readonly toMs: number
}

/** Rows of the last moments may still be on their way. */
const LATE_MS = 300_000

/**
 * The latest report of each kind that is due: about the stretch before the one that runs, so a month's report is of the
 * month that ended (LiteLLM's is of the one that has just begun). An id names kind and stretch.
 */
export function duePeriods(settings: AlertSettings, spanOf: SpanOf, nowMs: number): readonly Period[] {
  const { timeZone, spendReportDays, dailyReportMs } = settings
  const kinds = [
    { type: 'spend_reports', what: 'spend', duration: `${spendReportDays}d` },
    ...(spendReportDays === 30 ? [] : [{ type: 'spend_reports', what: 'month', duration: '1mo' } as const]),
    { type: 'daily_reports', what: 'daily', duration: `${Math.max(60, Math.round(dailyReportMs / 1000))}s` },
    { type: 'fallback_reports', what: 'fallbacks', duration: '1d' },
  ] as const
  return kinds
    .filter(({ type }) => settings.receivers.some(({ types }) => types.includes(type)))
    .map(({ type, what, duration }) => {
      const rule = { duration, timeZone, anchorMs: 0 }
      const running = spanOf(rule, nowMs - LATE_MS)
      const { startMs: fromMs, endMs: toMs } = spanOf(rule, running.startMs - 1)
      return { id: `${type}:${what}:${fromMs}:${toMs}`, type, what, fromMs, toMs }
    })
}
