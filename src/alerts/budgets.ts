import type { NanoUsd } from '../money.ts'
import type { Alert, BudgetFacts, Share } from './alert.ts'

/** A limit with its window that is open now. */
export interface BudgetWindow {
  readonly scope: string
  readonly entityKind: string
  readonly entityId: string
  readonly alias: string | null
  readonly model: string | null
  readonly limitNano: NanoUsd
  /** Told once when it is reached, and refuses nothing. */
  readonly softNano: NanoUsd | null
  readonly spentNano: NanoUsd
  readonly duration: string
  readonly timeZone: string
  readonly startMs: number
  /** Infinite for a window that never ends. */
  readonly endMs: number
}

/** An alert without the keys that spent most: they are looked up for those that turn out to be new. */
export interface Finding {
  readonly alert: Alert
  /** Lower thresholds that need not be told any more. */
  readonly silenced: readonly string[]
}

/** A window must be this far gone before its pace says anything. */
const LEAST_OF_WINDOW = 0.05
const LEAST_MS = 3_600_000

/**
 * What a budget's state has to say. Of several thresholds that were passed the highest is told, and the lower ones are
 * silenced; ids name scope, window, limit and threshold, so a window that begins anew, or a limit that was changed, speaks again.
 */
export function budgetFindings(window: BudgetWindow, thresholds: readonly number[], nowMs: number): readonly Finding[] {
  const { scope, startMs, limitNano, softNano, spentNano } = window
  const idOf = (what: string | number, limit: NanoUsd) => `budget:${what}:${scope}:${startMs}:${limit}`
  const found: Finding[] = []
  const crossed =
    limitNano > 0n ? thresholds.filter((percent) => spentNano * 100n >= limitNano * wholePercent(percent)) : []
  const highest = crossed.at(-1)
  if (highest !== undefined) {
    const event = spentNano >= limitNano ? 'budget_crossed' : 'threshold_crossed'
    const facts = { ...factsOf(window, event, limitNano), threshold: highest }
    const silenced = crossed.slice(0, -1).map((percent) => idOf(percent, limitNano))
    found.push({ alert: { id: idOf(highest, limitNano), type: 'budget_alerts', facts }, silenced })
  }
  if (softNano !== null && softNano > 0n && spentNano >= softNano) {
    const facts = factsOf(window, 'soft_budget_crossed', softNano)
    found.push({ alert: { id: idOf('soft', softNano), type: 'budget_alerts', facts }, silenced: [] })
  }
  const exhaustedMs = exhaustionOf(window, nowMs)
  if (exhaustedMs !== undefined) {
    const facts = { ...factsOf(window, 'projected_limit_exceeded', limitNano), exhaustedMs }
    found.push({ alert: { id: idOf('projected', limitNano), type: 'budget_alerts', facts }, silenced: [] })
  }
  return found
}

const wholePercent = (percent: number) => BigInt(Math.round(percent))

/** When the pace of this window reaches the limit, if that is before the window's own end (LiteLLM's takes the month's: #31934). */
export function exhaustionOf(
  { limitNano, spentNano, startMs, endMs }: Pick<BudgetWindow, 'limitNano' | 'spentNano' | 'startMs' | 'endMs'>,
  nowMs: number,
): number | undefined {
  const lengthMs = endMs - startMs
  if (!Number.isFinite(lengthMs) || limitNano <= 0n || spentNano <= 0n || spentNano >= limitNano) return undefined
  const goneMs = nowMs - startMs
  if (goneMs < Math.max(lengthMs * LEAST_OF_WINDOW, Math.min(LEAST_MS, lengthMs / 2))) return undefined
  const exhaustedMs = startMs + Math.round((goneMs * Number(limitNano)) / Number(spentNano))
  return exhaustedMs < endMs ? exhaustedMs : undefined
}

function factsOf(window: BudgetWindow, event: BudgetFacts['event'], limitNano: NanoUsd): BudgetFacts {
  const { entityKind, entityId, alias, scope, model, duration, timeZone, startMs, endMs } = window
  return {
    kind: 'budget',
    event,
    entityKind,
    entityId,
    alias,
    scope,
    model,
    spentNano: String(window.spentNano),
    limitNano: String(limitNano),
    duration,
    timeZone,
    startMs,
    endMs: Number.isFinite(endMs) ? endMs : null,
    top: [],
  }
}

export function withTop(alert: Alert, top: readonly Share[]): Alert {
  return alert.facts.kind === 'budget' ? { ...alert, facts: { ...alert.facts, top } } : alert
}
