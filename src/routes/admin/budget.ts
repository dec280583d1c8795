import { parseDuration } from '../../budget/duration.ts'
import { windowAt } from '../../budget/window.ts'
import { GatewayError } from '../../errors.ts'
import { nanoFromUsd, usdFromNano } from '../../money.ts'
import type { NewBudget } from '../../tenants/port.ts'
import type { BudgetRecord, EntityRecord } from '../../tenants/record.ts'
import { scopeName } from '../../tenants/scope.ts'
import type { LimitFields } from './fields.ts'

interface Setting {
  readonly entity: string
  readonly timeZone: string
  readonly nowMs: number
}

/**
 * The budget that `max_budget` and `budget_duration` ask for: undefined leaves it as it is, null takes it away. Another
 * amount keeps the window; another duration opens a window of its own.
 */
export function budgetOf(
  { max_budget: maxBudget, budget_duration: asked }: LimitFields,
  current: BudgetRecord | undefined,
  { entity, timeZone, nowMs }: Setting,
): NewBudget | null | undefined {
  if (maxBudget === undefined && asked === undefined) return undefined
  const limitNano = maxBudget == null ? undefined : nanoFromUsd(maxBudget)
  if (limitNano === undefined && (maxBudget === null || current === undefined)) {
    if (asked != null)
      throw new GatewayError('invalid_request', 'budget_duration needs a max_budget.', { param: 'budget_duration' })
    return current === undefined && maxBudget === undefined ? undefined : null
  }
  const duration = asked === undefined ? (current?.duration ?? 'life') : (asked ?? 'life')
  parseDuration(duration)
  const scope = scopeName(entity, duration)
  const kept = current?.scope === scope ? current : undefined
  const rule = { duration, timeZone: kept?.timeZone ?? timeZone, anchorMs: kept?.anchorMs ?? nowMs }
  return {
    scope,
    limitNano: limitNano ?? current?.limitNano ?? 0n,
    ...rule,
    windowStartMs: windowAt(rule, nowMs).startMs,
  }
}

export interface ShownBudget {
  readonly spend: number
  readonly max_budget: number | null
  readonly budget_duration: string | null
  readonly budget_reset_at: string | null
}

/** What an entity has spent in the window that is open now, of how much, until when. */
export function shownBudget(entity: string, { budgets, windows }: EntityRecord, nowMs: number): ShownBudget {
  const [budget] = budgets
  const scope = budget?.scope ?? scopeName(entity, 'life')
  const open = budget ? windowAt(budget, nowMs) : { startMs: 0, endMs: Number.POSITIVE_INFINITY }
  const newest = windows.find((window) => window.scope === scope)
  return {
    spend: newest && newest.startMs >= open.startMs ? usdFromNano(newest.spentNano) : 0,
    max_budget: budget ? usdFromNano(budget.limitNano) : null,
    budget_duration: budget && budget.duration !== 'life' ? budget.duration : null,
    budget_reset_at: Number.isFinite(open.endMs) ? new Date(open.endMs).toISOString() : null,
  }
}
