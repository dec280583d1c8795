import { parseDuration } from '../../budget/duration.ts'
import { windowAt } from '../../budget/window.ts'
import { GatewayError } from '../../errors.ts'
import { nanoFromUsd, usdFromNano } from '../../money.ts'
import type { NewBudget } from '../../tenants/port.ts'
import type { BudgetPart, BudgetRecord, EntityRecord } from '../../tenants/record.ts'
import { scopeName } from '../../tenants/scope.ts'
import type { LimitFields } from './fields.ts'

export interface Setting {
  readonly entity: string
  readonly timeZone: string
  readonly nowMs: number
}

interface Limit {
  readonly part: BudgetPart
  readonly model?: string
  readonly limitNano: bigint
  readonly duration: string
}

const refused = (param: string, message: string) => new GatewayError('invalid_request', message, { param })

/**
 * All budgets that an entity has after a change: undefined leaves them as they are. `max_budget` and `budget_duration`
 * are one, each of `budget_limits` and of `model_max_budget` another; a list that is given replaces its kind. Another
 * amount keeps the window; another duration opens a window of its own.
 */
export function budgetsOf(
  fields: LimitFields,
  current: readonly BudgetRecord[],
  setting: Setting,
): readonly NewBudget[] | undefined {
  const { budget_limits: windows, model_max_budget: models } = fields
  const main = mainOf(fields, current.find(isOf('main')), setting)
  const extra = increaseOf(fields)
  if ([main, extra, windows, models].every((part) => part === undefined)) return undefined
  const put = (limit: Limit) => budget(limit, current, setting)
  const stay = (part: BudgetPart) => current.filter(isOf(part)).map((one) => opened(one, setting.nowMs))
  const mains = main === undefined ? stay('main') : main === null ? [] : [put(main)]
  const all = [
    ...(extra === undefined ? mains : mains.map((one) => ({ ...one, ...extra }))),
    ...(windows === undefined ? stay('window') : windowsOf(windows).map(put)),
    ...(models === undefined ? stay('model') : modelsOf(models).map(put)),
  ]
  if (extra && extra.extraUntilMs !== null && mains.length === 0) {
    throw refused('temp_budget_increase', 'temp_budget_increase needs a max_budget to add to.')
  }
  const twice = all.find(({ scope }, n) => all.findIndex((one) => one.scope === scope) !== n)
  if (twice) {
    throw refused(
      'budget_limits',
      `budget_limits names ${twice.duration} twice, or budget_duration is the same. Give each duration once.`,
    )
  }
  return all
}

const isOf = (part: BudgetPart) => (budget: BudgetRecord) => budget.part === part

function mainOf(
  { max_budget: maxBudget, budget_duration: asked }: LimitFields,
  current: BudgetRecord | undefined,
  { nowMs: _ }: Setting,
): Limit | null | undefined {
  if (maxBudget === undefined && asked === undefined) return undefined
  const limitNano = maxBudget == null ? undefined : nanoFromUsd(maxBudget)
  if (limitNano === undefined && (maxBudget === null || current === undefined)) {
    if (asked != null) throw refused('budget_duration', 'budget_duration needs a max_budget.')
    return current === undefined && maxBudget === undefined ? undefined : null
  }
  const duration = asked === undefined ? (current?.duration ?? 'life') : (asked ?? 'life')
  return { part: 'main', limitNano: limitNano ?? current?.limitNano ?? 0n, duration }
}

function increaseOf({
  temp_budget_increase: increase,
  temp_budget_expiry: untilMs,
}: LimitFields): Pick<BudgetRecord, 'extraNano' | 'extraUntilMs'> | undefined {
  if (increase === undefined && untilMs === undefined) return undefined
  if ((increase == null) !== (untilMs == null)) {
    throw refused(
      increase == null ? 'temp_budget_increase' : 'temp_budget_expiry',
      'temp_budget_increase and temp_budget_expiry come together: give both or neither.',
    )
  }
  return { extraNano: nanoFromUsd(increase ?? 0), extraUntilMs: untilMs ?? null }
}

function windowsOf(windows: LimitFields['budget_limits']): readonly Limit[] {
  return (windows ?? []).map(({ max_budget, budget_duration }) => {
    parseDuration(budget_duration, 'budget_limits.budget_duration')
    return { part: 'window', limitNano: nanoFromUsd(max_budget), duration: budget_duration }
  })
}

export function modelsOf(models: LimitFields['model_max_budget']): readonly Limit[] {
  return Object.entries(models ?? {}).map(([model, one]) => {
    const limit = one.budget_limit ?? one.max_budget
    if (limit === undefined) throw refused('model_max_budget', `model_max_budget.${model} needs a budget_limit.`)
    const duration = one.time_period ?? one.budget_duration ?? 'life'
    parseDuration(duration, 'model_max_budget.time_period')
    return { part: 'model', model, limitNano: nanoFromUsd(limit), duration }
  })
}

/** A limit as a row of `budget`, in the window it has or in one of its own. */
export function budget(
  { part, model, limitNano, duration }: Limit,
  current: readonly BudgetRecord[],
  { entity, timeZone, nowMs }: Setting,
): NewBudget {
  parseDuration(duration)
  const scope = scopeName(entity, duration, model)
  const kept = current.find((one) => one.scope === scope)
  const rule = { duration, timeZone: kept?.timeZone ?? timeZone, anchorMs: kept?.anchorMs ?? nowMs }
  return {
    scope,
    part,
    model: model ?? null,
    limitNano,
    extraNano: kept?.extraNano ?? 0n,
    extraUntilMs: kept?.extraUntilMs ?? null,
    ...rule,
    windowStartMs: windowAt(rule, nowMs).startMs,
  }
}

const opened = (record: BudgetRecord, nowMs: number): NewBudget => ({
  ...record,
  windowStartMs: windowAt(record, nowMs).startMs,
})

const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : null)

/** What was spent in the window of a scope that is open now, and when that ends. */
export function openWindow(
  scope: string,
  rule: Parameters<typeof windowAt>[0] | undefined,
  { windows }: Pick<EntityRecord, 'windows'>,
  nowMs: number,
) {
  const open = rule ? windowAt(rule, nowMs) : { startMs: 0, endMs: Number.POSITIVE_INFINITY }
  const newest = windows.find((window) => window.scope === scope)
  return { ...open, spentNano: newest && newest.startMs >= open.startMs ? newest.spentNano : 0n }
}

/** An entity's budgets as LiteLLM shows them: what was spent in the window that is open now, of how much, until when. */
export function shownBudgets(entity: string, record: EntityRecord, nowMs: number) {
  const { budgets } = record
  const main = budgets.find(isOf('main'))
  const open = openWindow(main?.scope ?? scopeName(entity, 'life'), main, record, nowMs)
  const duration = (budget: BudgetRecord) => (budget.duration === 'life' ? null : budget.duration)
  return {
    spend: usdFromNano(open.spentNano),
    max_budget: main ? usdFromNano(main.limitNano) : null,
    budget_duration: main ? duration(main) : null,
    budget_reset_at: iso(open.endMs),
    budget_limits: budgets.filter(isOf('window')).map((one) => {
      const window = openWindow(one.scope, one, record, nowMs)
      return {
        budget_duration: one.duration,
        max_budget: usdFromNano(one.limitNano),
        spend: usdFromNano(window.spentNano),
        reset_at: iso(window.endMs),
      }
    }),
    model_max_budget: Object.fromEntries(
      budgets.filter(isOf('model')).map((one) => [
        one.model ?? '',
        {
          budget_limit: usdFromNano(one.limitNano),
          time_period: duration(one),
          spend: usdFromNano(openWindow(one.scope, one, record, nowMs).spentNano),
        },
      ]),
    ),
  }
}

/** A limit's increase, as long as it lasts. */
export function shownIncrease({ budgets }: EntityRecord, nowMs: number) {
  const main = budgets.find(isOf('main'))
  const lasts = main?.extraUntilMs != null && main.extraUntilMs > nowMs
  return {
    temp_budget_increase: lasts ? usdFromNano(main.extraNano) : null,
    temp_budget_expiry: lasts && main.extraUntilMs !== null ? iso(main.extraUntilMs) : null,
  }
}
