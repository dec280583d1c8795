import { GatewayError } from '../../errors.ts'
import { nanoFromUsd, usdFromNano } from '../../money.ts'
import type { NewBudget, TemplateChanges } from '../../tenants/port.ts'
import type { TemplateRecord } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'
import { budget, modelsOf, type Setting } from './budget.ts'
import type { TemplateFields } from './fields.ts'

export async function templateNamed(budgetId: string, deps: AppDeps): Promise<TemplateRecord> {
  const template = await deps.tenantStore.findTemplate(budgetId)
  if (template) return template
  throw new GatewayError('invalid_request', `budget_id = ${budgetId} does not exist. POST /budget/new makes one.`, {
    param: 'budget_id',
  })
}

type Budgeted = Pick<TemplateRecord, 'maxBudgetNano' | 'budgetDuration' | 'modelMaxBudget' | 'timeZone' | 'anchorMs'>

/** The budgets that a template gives to an entity; with an empty entity, the parts after the name of any. */
export function templateBudgets(
  { maxBudgetNano, budgetDuration, modelMaxBudget, timeZone, anchorMs }: Budgeted,
  { entity, nowMs }: Pick<Setting, 'entity' | 'nowMs'>,
): readonly NewBudget[] {
  const setting = { entity, timeZone, nowMs: anchorMs }
  const main =
    maxBudgetNano === null
      ? []
      : [{ part: 'main' as const, limitNano: maxBudgetNano, duration: budgetDuration ?? 'life' }]
  const models = modelsOf(modelMaxBudget as TemplateFields['model_max_budget'])
  return [...main, ...models].map((limit) => {
    const made = budget(limit, [], setting)
    // The anchor is the template's, so that its entities' windows end together; the window is the one open now.
    return budget(limit, [made], { ...setting, nowMs })
  })
}

/** A template as it will be. */
export function changedTemplate(before: TemplateRecord, changes: TemplateChanges): TemplateRecord {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  return { ...before, ...given }
}

/** What a body asks of a template. */
export function templateChanges(body: TemplateFields): TemplateChanges {
  return {
    maxBudgetNano: nano(body.max_budget),
    budgetDuration: body.budget_duration,
    softBudgetNano: nano(body.soft_budget),
    modelMaxBudget: body.model_max_budget,
    rpmLimit: body.rpm_limit,
    tpmLimit: body.tpm_limit,
    maxParallelRequests: body.max_parallel_requests,
  }
}

export const nano = (usd: number | null | undefined) => (usd == null ? usd : nanoFromUsd(usd))

export function shownTemplate(template: TemplateRecord) {
  const usd = (value: bigint | null) => (value === null ? null : usdFromNano(value))
  return {
    budget_id: template.budgetId,
    max_budget: usd(template.maxBudgetNano),
    soft_budget: usd(template.softBudgetNano),
    budget_duration: template.budgetDuration,
    model_max_budget: template.modelMaxBudget ?? {},
    rpm_limit: template.rpmLimit,
    tpm_limit: template.tpmLimit,
    max_parallel_requests: template.maxParallelRequests,
    created_at: new Date(template.createdAtMs).toISOString(),
    created_by: template.createdBy,
    updated_at: new Date(template.updatedAtMs).toISOString(),
    updated_by: template.updatedBy,
  }
}
