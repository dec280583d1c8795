import type { Principal, RateLimit } from './principal.ts'
import type { EntityRecord, KeyRecord, OrganizationRecord, TeamRecord } from './record.ts'
import { entityName, type Scope, type ScopeKind, scopeName } from './scope.ts'

interface Level {
  readonly kind: 'key' | 'team' | 'org'
  readonly entity: string
  readonly record: EntityRecord
}

/** A key with its team and organization, as the principal every decision reads. */
export function principalOf(
  key: KeyRecord,
  team: TeamRecord | undefined,
  organization: OrganizationRecord | undefined,
  readAtMs: number,
): Principal {
  const levels: Level[] = [{ kind: 'key', entity: entityName('key', key.id), record: key }]
  if (team) levels.push({ kind: 'team', entity: entityName('team', team.teamId), record: team })
  if (organization) {
    levels.push({ kind: 'org', entity: entityName('org', organization.organizationId), record: organization })
  }
  const blocked = levels.find(({ record }) => record.blocked)?.kind
  const budget = key.budgets[0]
  return {
    kind: 'key',
    role: 'internal_user',
    keyId: key.id,
    keyHash: key.token,
    keyName: key.keyName,
    ...(key.keyAlias === null ? {} : { keyAlias: key.keyAlias }),
    ...(key.userId === null ? {} : { userId: key.userId }),
    ...(team ? { teamId: team.teamId, ...(team.teamAlias === null ? {} : { teamAlias: team.teamAlias }) } : {}),
    ...(organization ? { organizationId: organization.organizationId } : {}),
    ledger: ledgerOf(key, team, organization),
    models: levels
      .filter(({ record }) => record.models.length > 0)
      .map(({ kind, record }) => ({ level: kind, names: record.models })),
    scopes: levels.flatMap(({ entity, record }) => scopesOf(entity, record)),
    limits: levels.flatMap(({ entity, record }) => limitsOf(entity, record)),
    ...(blocked === undefined ? {} : { blocked }),
    ...(key.expiresAtMs === null ? {} : { expiresAtMs: key.expiresAtMs }),
    ...(budget ? { maxBudgetNano: budget.limitNano } : {}),
    spendNano: spentOf(entityName('key', key.id), key),
    metadata: key.metadata,
    readAtMs,
  }
}

/** The operator: no limits, no row in `virtual_key`; the money still has a ledger's name. */
export function masterPrincipal(nowMs: number): Principal {
  return {
    kind: 'master',
    role: 'proxy_admin',
    keyId: 'proxy',
    keyHash: '',
    keyName: 'master key',
    ledger: 'proxy',
    models: [],
    scopes: [],
    limits: [],
    spendNano: 0n,
    metadata: {},
    readAtMs: nowMs,
  }
}

/** One ledger per root owner (DESIGN §5.2). */
function ledgerOf(key: KeyRecord, team: TeamRecord | undefined, organization: OrganizationRecord | undefined): string {
  const named = (kind: ScopeKind, id: string) => entityName(kind, id)
  if (organization) return named('org', organization.organizationId)
  if (team) return named('team', team.teamId)
  if (key.userId !== null) return named('user', key.userId)
  return named('key', key.id)
}

/** `@life` always, so that everyone shows their spend; limited only where the limit has no end. Then each window. */
function scopesOf(entity: string, { budgets }: EntityRecord): Scope[] {
  const limited = budgets.map(({ scope, duration, timeZone, anchorMs }) => ({
    name: scope,
    duration,
    timeZone,
    anchorMs,
    limited: true,
  }))
  const life = scopeName(entity, 'life')
  if (limited.some(({ name }) => name === life)) return limited
  return [{ name: life, duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: false }, ...limited]
}

function limitsOf(entity: string, { rpmLimit, tpmLimit }: EntityRecord): RateLimit[] {
  if (rpmLimit === null && tpmLimit === null) return []
  return [{ entity, ...(rpmLimit === null ? {} : { rpm: rpmLimit }), ...(tpmLimit === null ? {} : { tpm: tpmLimit }) }]
}

/** What an entity shows as its spend: that of its budget's newest window, else of all time. */
export function spentOf(entity: string, { budgets, windows }: EntityRecord): bigint {
  const scope = budgets[0]?.scope ?? scopeName(entity, 'life')
  return windows.find((window) => window.scope === scope)?.spentNano ?? 0n
}
