import type { NewBudget } from '../../tenants/port.ts'
import type { BudgetRecord, EntityRecord, TemplateRecord } from '../../tenants/record.ts'
import { scopeName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { templateBudgets } from './template.ts'

type Owned = EntityRecord & {
  readonly teamId?: string | null
  readonly organizationId?: string | null
  readonly userId?: string | null
}

/**
 * Asks for what ledgers hold free in an entity's scopes, where a change took something away: a limit was lowered, the
 * entity was blocked, or it moved to another owner and with it to another ledger. The answer does not wait for it.
 */
export function recallAfter(entity: string, before: Owned, after: Owned, deps: AppDeps): void {
  const scopes = scopesToRecall(entity, before, after)
  if (scopes.length > 0) deps.gateway.defer('recall', recall(scopes, deps))
}

/** The same for everyone whose limits come from a template that was lowered. */
export function recallTemplateAfter(
  before: TemplateRecord,
  after: readonly NewBudget[],
  { deps, nowMs }: { readonly deps: AppDeps; readonly nowMs: number },
): void {
  const { tenantStore } = deps
  const lowered = loweredIn(templateBudgets(before, { entity: '', nowMs }), after)
  if (lowered.length === 0) return
  const scopes = tenantStore
    .linkedTo(before.budgetId)
    .then((entities) => entities.flatMap((entity) => lowered.map((suffix) => `${entity}${suffix}`)))
  deps.gateway.defer(
    'recall',
    scopes.then((those) => recall(those, deps)),
  )
}

async function recall(scopes: readonly string[], { ledgerAdmin, tenantStore }: AppDeps): Promise<void> {
  if (!ledgerAdmin || scopes.length === 0) return
  const ledgers = await tenantStore.leaseHolders(scopes)
  if (ledgers.length > 0) await ledgerAdmin.recall(ledgers, scopes)
}

export function scopesToRecall(entity: string, before: Owned, after: Owned): readonly string[] {
  const moved = (['teamId', 'organizationId', 'userId'] as const).some((owner) => before[owner] !== after[owner])
  if (moved || (after.blocked && !before.blocked)) {
    return [...new Set([...before.budgets.map(({ scope }) => scope), scopeName(entity, 'life')])]
  }
  return loweredIn(before.budgets, after.budgets)
}

function loweredIn(before: readonly BudgetRecord[], after: readonly BudgetRecord[]): readonly string[] {
  const limits = new Map(after.map(({ scope, limitNano, extraNano }) => [scope, limitNano + extraNano]))
  return before
    .filter(({ scope, limitNano, extraNano }) => (limits.get(scope) ?? limitNano + extraNano) < limitNano + extraNano)
    .map(({ scope }) => scope)
}
