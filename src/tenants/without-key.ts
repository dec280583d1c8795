import { allowedByAll, saidByAny, storesOf } from './governed.ts'
import type { Principal } from './principal.ts'
import {
  limitNow,
  limitsOf,
  membershipOf,
  modelsOf,
  ownerLevels,
  roleOf,
  rootOf,
  scopesOf,
  spentOf,
} from './principal-of.ts'
import type { MemberRecord, OrganizationRecord, TeamRecord, UserRecord } from './record.ts'
import { entityName, memberName, type Scope } from './scope.ts'

/** Who acts without a key, by what an identity provider says: a person, a team, or a person for a team. */
export interface Bearer {
  readonly userId?: string | undefined
  readonly teamId?: string | undefined
  readonly organizationId?: string | undefined
}

/** The rows behind a bearer's names, read at one moment. */
export interface BearerRows {
  readonly team?: TeamRecord | undefined
  readonly user?: UserRecord | undefined
  readonly member?: MemberRecord | undefined
  readonly organization?: OrganizationRecord | undefined
}

/** What copies of a bearer's principal lie under. */
export const bearerName = ({ userId, teamId, organizationId }: Bearer): string =>
  `bearer:${JSON.stringify([userId ?? null, teamId ?? null, organizationId ?? null])}`

export function bearerNamed(name: string): Bearer {
  const [userId, teamId, organizationId] = JSON.parse(name.slice('bearer:'.length)) as (string | null)[]
  return { userId: userId ?? undefined, teamId: teamId ?? undefined, organizationId: organizationId ?? undefined }
}

/**
 * The principal of a bearer: the budgets, limits and models of its person, team, membership and organization, as a key
 * of theirs has them, and their ledger. Undefined unless everyone that is named is there, the team is of the
 * organization, and a team that limits its members has the person as one.
 */
export function bearerPrincipal(
  bearer: Bearer,
  rows: BearerRows,
  readAtMs: number,
  everyone: readonly Scope[] = [],
): Principal | undefined {
  const { userId = null, teamId, organizationId } = bearer
  const { team, user, member, organization } = rows
  const name = ownName(bearer)
  if (name === undefined || (userId !== null && !user) || (teamId !== undefined && !team)) return undefined
  if (organizationId !== undefined && organization?.organizationId !== organizationId) return undefined
  if (team && userId !== null && team.memberBudgetId !== null && !member) return undefined
  const levels = ownerLevels(userId, rows)
  const blocked = (['user', 'team', 'org'] as const).find((one) =>
    levels.some(({ kind, record }) => kind === one && record?.blocked),
  )
  const own = team ? (userId === null ? team : member) : (user ?? organization)
  const budget = own?.budgets.find(({ part }) => part === 'main')
  const aliases = team?.modelAliases
  const controls = allowedByAll([team], 'allowed_cache_controls')
  const enforcedParams = saidByAny([team], 'enforced_params')
  const vectorStores = storesOf({ team })
  const ownTags = saidByAny([team], 'tags')
  return {
    kind: 'key',
    role: roleOf(rows),
    keyId: name,
    keyHash: name,
    keyName: name,
    ...(userId === null ? {} : { userId }),
    ...(team ? { teamId: team.teamId, ...(team.teamAlias === null ? {} : { teamAlias: team.teamAlias }) } : {}),
    ...(organization ? { organizationId: organization.organizationId } : {}),
    ledger: ledgerOf(rows),
    models: modelsOf(levels.filter(({ kind }) => kind !== 'user' || !team)),
    scopes: [...levels.flatMap(scopesOf), ...everyone],
    limits: levels.flatMap(limitsOf),
    ...(aliases && Object.keys(aliases).length > 0 ? { aliases: [aliases] } : {}),
    ...membershipOf(rows),
    ...(controls === undefined ? {} : { allowedCacheControls: controls }),
    ...(enforcedParams === undefined ? {} : { enforcedParams }),
    ...(vectorStores === undefined ? {} : { vectorStores }),
    ...(ownTags === undefined ? {} : { ownTags }),
    ...(blocked === undefined ? {} : { blocked }),
    ...(budget ? { maxBudgetNano: limitNow(budget, readAtMs) } : {}),
    spendNano: own ? spentOf(name, own) : 0n,
    metadata: {},
    readAtMs,
  }
}

/** The innermost of what it acts as. It stands where a key's id and hash do, and no key has such a one. */
function ownName({ userId, teamId, organizationId }: Bearer): string | undefined {
  if (teamId !== undefined) return userId === undefined ? entityName('team', teamId) : memberName(teamId, userId)
  if (userId !== undefined) return entityName('user', userId)
  return organizationId === undefined ? undefined : entityName('org', organizationId)
}

/** Everyone whose change makes another principal, also those who have no row yet. */
export function bearerNames({ userId, teamId, organizationId }: Bearer, rows: BearerRows): readonly string[] {
  const organization = rows.organization?.organizationId ?? organizationId
  return [
    ...(userId === undefined ? [] : [entityName('user', userId)]),
    ...(teamId === undefined ? [] : [entityName('team', teamId)]),
    ...(userId === undefined || teamId === undefined ? [] : [memberName(teamId, userId)]),
    ...(organization === undefined ? [] : [entityName('org', organization)]),
  ]
}

/** The same root owner as a key's (DESIGN §5.2). */
function ledgerOf({ organization, team, user }: BearerRows): string {
  return rootOf({ team, organization }) ?? entityName('user', user?.userId ?? '')
}
