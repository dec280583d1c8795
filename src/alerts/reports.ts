import type { Alert } from './alert.ts'
import { dateIn } from './money-words.ts'
import type { Period } from './periods.ts'
import type { AlertFigures } from './port.ts'

/** Of the daily lists, as LiteLLM's. */
const MOST = 5

/** A period's report; undefined where there is nothing to report. */
export async function reportOf(
  { id, type, what, fromMs, toMs }: Period,
  figures: AlertFigures,
  timeZone: string,
): Promise<Alert | undefined> {
  const span = { fromMs, toMs }
  switch (what) {
    case 'spend':
    case 'month': {
      const spent = await figures.spend(span)
      if (spent.totalNano === '0') return undefined
      const days = { firstDay: dateIn(timeZone, fromMs), lastDay: dateIn(timeZone, toMs - 1) }
      return { id, type, facts: { kind: 'spend', ...days, isMonth: what === 'month', ...spent } }
    }
    case 'daily': {
      const day = await figures.deployments(span, MOST)
      return day.requests === 0 ? undefined : { id, type, facts: { kind: 'daily', ...span, ...day } }
    }
    case 'fallbacks': {
      const moves = await figures.fallbacks(span)
      return moves.length === 0 ? undefined : { id, type, facts: { kind: 'fallbacks', ...span, moves } }
    }
  }
}
