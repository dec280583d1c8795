import { windowAt } from '../../src/budget/window.ts'
import { nanoFromUsd } from '../../src/money.ts'
import { budgetsOf } from '../../src/routes/admin/budget.ts'
import type { LimitFields, TemplateFields } from '../../src/routes/admin/fields.ts'
import { nano, templateBudgets } from '../../src/routes/admin/template.ts'
import { type EntityId, nameOf } from '../../src/tenants/entities.ts'
import type { Changes, NewBudget, TemplateChanges } from '../../src/tenants/port.ts'
import type { EntityKind, TemplateRecord } from '../../src/tenants/record.ts'
import { scopeName } from '../../src/tenants/scope.ts'
import type { SourceRow } from './source.ts'
import { array, number, object, strings, text } from './values.ts'

export interface Setting {
  readonly timeZone: string
  readonly nowMs: number
  readonly templates: ReadonlyMap<string, SourceRow>
  /** Access groups by their ids over there. */
  readonly groups: ReadonlyMap<string, string>
}

/** What a window is to have spent at least. */
export interface WantedSpend {
  readonly scope: string
  readonly startMs: number
  readonly spentNano: bigint
}

export interface Wanted {
  readonly fields: Changes<EntityKind>
  readonly spend: readonly WantedSpend[]
}

type Template = TemplateChanges & Pick<TemplateRecord, 'maxBudgetNano' | 'budgetDuration' | 'modelMaxBudget'>

const perModel = (value: unknown) => {
  const map = object(value)
  return Object.keys(map).length === 0 ? null : (map as Record<string, number>)
}
const modelBudgets = (value: unknown) => object(value) as NonNullable<TemplateFields['model_max_budget']>

/** A budget by name. */
export function templateOf(row: SourceRow): Template {
  const models = modelBudgets(row.model_max_budget)
  return {
    maxBudgetNano: nano(number(row.max_budget)) ?? null,
    budgetDuration: number(row.max_budget) === null ? null : text(row.budget_duration),
    softBudgetNano: nano(number(row.soft_budget)) ?? null,
    modelMaxBudget: Object.keys(models).length === 0 ? null : models,
    rpmLimit: number(row.rpm_limit),
    tpmLimit: number(row.tpm_limit),
    maxParallelRequests: number(row.max_parallel_requests),
  }
}

/** Limits, models and spend of an entity: its own budget goes before the one that it names. Throws a refusal. */
export function wantedOf(kind: EntityKind, entityId: EntityId, row: SourceRow, setting: Setting): Wanted {
  const { timeZone, nowMs } = setting
  const entity = nameOf(kind, entityId)
  // What callbacks log in with lies there open, or sealed with the other gateway's key: neither is taken along.
  const { logging: _, callback_settings: __, ...metadata } = object(row.metadata)
  const template = setting.templates.get(text(row.budget_id) ?? '')
  const windows = array(row.budget_limits) as NonNullable<LimitFields['budget_limits']>
  const models = modelBudgets(row.model_max_budget)
  const own = number(row.max_budget) !== null || Object.keys(models).length > 0 || windows.length > 0
  const linked = own ? undefined : template
  const budgets: readonly NewBudget[] = linked
    ? templateBudgets({ ...templateOf(linked), timeZone, anchorMs: anchorOf(linked, nowMs) }, { entity, nowMs })
    : (budgetsOf(
        {
          max_budget: number(row.max_budget),
          ...(number(row.max_budget) === null ? {} : { budget_duration: text(row.budget_duration) }),
          budget_limits: windows,
          model_max_budget: models,
        },
        [],
        { entity, timeZone, nowMs },
      ) ?? [])
  const groups = strings(row.access_group_ids).map((one) => setting.groups.get(one) ?? one)
  const controls = strings(row.allowed_cache_controls)
  return {
    fields: {
      models: [...new Set([...strings(row.models ?? template?.allowed_models), ...groups])],
      metadata: controls.length === 0 ? metadata : { ...metadata, allowed_cache_controls: controls },
      blocked: row.blocked === true,
      rpmLimit: number(row.rpm_limit) ?? (linked ? null : number(template?.rpm_limit)),
      tpmLimit: number(row.tpm_limit) ?? (linked ? null : number(template?.tpm_limit)),
      maxParallelRequests:
        number(row.max_parallel_requests) ?? (linked ? null : number(template?.max_parallel_requests)),
      softBudgetNano: nano(number(row.soft_budget) ?? (linked ? null : number(template?.soft_budget))) ?? null,
      modelRpmLimit: perModel(metadata.model_rpm_limit),
      modelTpmLimit: perModel(metadata.model_tpm_limit),
      budgetId: linked ? text(row.budget_id) : null,
      budgets,
    },
    spend: spendOf(entity, row, { budgets, resetAt: row.budget_reset_at ?? linked?.budget_reset_at, nowMs }),
  }
}

/** What counts since its last reset over there counts in the window that is open here; not where that reset is overdue. */
function spendOf(
  entity: string,
  row: SourceRow,
  { budgets, resetAt, nowMs }: { budgets: readonly NewBudget[]; resetAt: unknown; nowMs: number },
): readonly WantedSpend[] {
  const spentNano = nanoFromUsd(number(row.spend) ?? 0)
  const overdue = resetAt instanceof Date && resetAt.getTime() <= nowMs
  const perModelSpend = object(row.model_spend)
  const windows = budgets
    .filter(({ part, duration }) => duration !== 'life' || part === 'model')
    .filter(({ duration }) => !overdue || duration === 'life')
    .map((one) => ({
      scope: one.scope,
      startMs: one.windowStartMs,
      spentNano: one.model === null ? spentNano : nanoFromUsd(number(perModelSpend[one.model]) ?? 0),
    }))
  return [{ scope: scopeName(entity, 'life'), startMs: 0, spentNano }, ...windows].filter((one) => one.spentNano > 0n)
}

/** Windows that have a beat of their own go on with it: the next reset over there is the next start here. */
export function anchorOf(template: SourceRow, nowMs: number): number {
  const { budget_reset_at: resetAt, budget_duration: duration, created_at: createdAt } = template
  const createdMs = createdAt instanceof Date ? createdAt.getTime() : nowMs
  if (!(resetAt instanceof Date) || text(duration) === null) return createdMs
  const rule = { duration: String(duration), timeZone: 'UTC', anchorMs: resetAt.getTime() }
  return windowAt(rule, Math.min(nowMs, resetAt.getTime() - 1)).startMs
}
