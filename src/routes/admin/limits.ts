import { GatewayError } from '../../errors.ts'
import { nanoFromUsd } from '../../money.ts'
import type { EntityChanges } from '../../tenants/port.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { EntityRecord } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'
import { budgetsOf } from './budget.ts'
import { withSealedLogging } from './callbacks.ts'
import type { LimitFields } from './fields.ts'
import { metadataOf, mustSayReadably } from './governed.ts'
import { nano, templateBudgets, templateNamed } from './template.ts'

interface Asking {
  readonly entity: string
  readonly deps: AppDeps
  readonly nowMs: number
  /** Who asks, where what it may ask depends on that. */
  readonly principal?: Principal
}

/**
 * What a body asks of an entity's limits: a new one where there is no record yet. A budget is the entity's own or a
 * template's: naming a template replaces its own, and an own budget unties it from its template.
 */
export async function limitsOf(
  given: LimitFields,
  record: EntityRecord | undefined,
  { entity, deps, nowMs, principal }: Asking,
): Promise<EntityChanges> {
  const bound = /^(key|team):/.test(entity)
  const metadata = bound
    ? await withSealedLogging(given.metadata, { owner: entity, principal, deps, record })
    : given.metadata
  const body = { ...given, metadata }
  const setting = { entity, timeZone: deps.gateway.config.litellm.timeZone, nowMs }
  const own = [body.max_budget, body.budget_duration, body.model_max_budget].some((given) => given !== undefined)
  if (body.budget_id != null && own) {
    throw new GatewayError(
      'invalid_request',
      'Give a budget_id, or max_budget, budget_duration and model_max_budget, not both: a budget comes from one place.',
      { param: 'budget_id' },
    )
  }
  if (entity.startsWith('key:')) mustSayReadably(body)
  const current = record?.budgets ?? []
  const changes: EntityChanges = {
    models: body.models ?? undefined,
    ...(bound ? metadataOf(body, record) : { metadata: body.metadata ?? undefined }),
    blocked: body.blocked ?? undefined,
    rpmLimit: body.rpm_limit,
    tpmLimit: body.tpm_limit,
    maxParallelRequests: body.max_parallel_requests,
    softBudgetNano: nano(body.soft_budget),
    modelRpmLimit: body.model_rpm_limit,
    modelTpmLimit: body.model_tpm_limit,
    rpmLimitType: body.rpm_limit_type,
    tpmLimitType: body.tpm_limit_type,
  }
  const linked = await linkedBudgets(body, record, { entity, deps, nowMs })
  const budgets = budgetsOf(body, linked?.budgets ?? current, setting) ?? linked?.budgets
  mustBeBelow(body.soft_budget, budgets ?? current)
  return {
    ...changes,
    ...(linked ? { budgetId: linked.budgetId } : own && record?.budgetId ? { budgetId: null } : {}),
    ...(budgets === undefined ? {} : { budgets }),
  }
}

/** The budgets after a change of `budget_id`: undefined when it stays. */
async function linkedBudgets(
  { budget_id: budgetId }: LimitFields,
  record: EntityRecord | undefined,
  { entity, deps, nowMs }: Asking,
) {
  if (budgetId === undefined || (budgetId === null && !record?.budgetId)) return undefined
  const windows = budgetsOf({ max_budget: null, model_max_budget: null }, record?.budgets ?? [], {
    entity,
    timeZone: 'UTC',
    nowMs,
  })
  const given = budgetId === null ? [] : templateBudgets(await templateNamed(budgetId, deps), { entity, nowMs })
  return { budgetId, budgets: [...given, ...(windows ?? [])] }
}

function mustBeBelow(soft: number | null | undefined, budgets: EntityRecord['budgets']): void {
  const main = budgets.find(({ part }) => part === 'main')
  if (soft == null || !main || nanoFromUsd(soft) < main.limitNano) return
  throw new GatewayError(
    'invalid_request',
    'soft_budget must be below max_budget: it warns before the limit refuses.',
    {
      param: 'soft_budget',
    },
  )
}
