import type { EntityRecord } from '../../tenants/record.ts'
import { scopeName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'

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
  const { ledgerAdmin, tenantStore } = deps
  const scopes = scopesToRecall(entity, before, after)
  if (!ledgerAdmin || scopes.length === 0) return
  const work = tenantStore
    .leaseHolders(scopes)
    .then((ledgers) => (ledgers.length === 0 ? undefined : ledgerAdmin.recall(ledgers, scopes)))
  deps.gateway.defer('recall', work)
}

export function scopesToRecall(entity: string, before: Owned, after: Owned): readonly string[] {
  const moved = (['teamId', 'organizationId', 'userId'] as const).some((owner) => before[owner] !== after[owner])
  if (moved || (after.blocked && !before.blocked)) {
    return [...new Set([...before.budgets.map(({ scope }) => scope), scopeName(entity, 'life')])]
  }
  const limits = new Map(after.budgets.map(({ scope, limitNano, extraNano }) => [scope, limitNano + extraNano]))
  return before.budgets
    .filter(({ scope, limitNano, extraNano }) => (limits.get(scope) ?? limitNano + extraNano) < limitNano + extraNano)
    .map(({ scope }) => scope)
}
