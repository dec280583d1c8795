import { allowedByAll, saidByAny, storesOf } from './governed.ts'
import type { Copy } from './port.ts'
import { type Principal, type PrincipalLevel, type RateLimit, type Role, roles } from './principal.ts'
import type {
  CustomerRecord,
  EntityRecord,
  KeyRecord,
  MemberRecord,
  OrganizationRecord,
  TagRecord,
  TeamRecord,
  UserRecord,
} from './record.ts'
import { entityName, memberName, modelName, type Scope, scopeName } from './scope.ts'
import type { Standing } from './standing.ts'

/** A key and everyone it belongs to, read at one moment. */
export interface KeyOwners {
  readonly key: KeyRecord
  readonly team?: TeamRecord | undefined
  readonly user?: UserRecord | undefined
  readonly member?: MemberRecord | undefined
  readonly organization?: OrganizationRecord | undefined
  /** When the hash that was asked for ends, where that is before the key does. */
  readonly tokenUntilMs?: number | undefined
}

interface Level {
  readonly kind: PrincipalLevel | 'member' | 'tag'
  readonly entity: string
  readonly record: EntityRecord | undefined
}

/** A key with its owners, as the principal every decision reads. `everyone` are scopes that all keys have. */
export function principalOf(owners: KeyOwners, readAtMs: number, everyone: readonly Scope[] = []): Principal {
  const { key, team, organization, tokenUntilMs } = owners
  const levels = levelsOf(owners)
  const blocked = levels.find(({ record }) => record?.blocked)?.kind as PrincipalLevel | undefined
  const budget = key.budgets.find(({ part }) => part === 'main')
  const aliases = [key.aliases, team?.modelAliases].filter((names) => names != null && Object.keys(names).length > 0)
  const controls = allowedByAll([key, team], 'allowed_cache_controls')
  const enforcedParams = saidByAny([key, team], 'enforced_params')
  const vectorStores = storesOf({ key, team })
  const allowedIps = allowedByAll([key], 'allowed_ips')
  const ownTags = saidByAny([key, team], 'tags')
  const ends = [key.expiresAtMs, tokenUntilMs].filter((ms) => typeof ms === 'number')
  return {
    kind: 'key',
    role: roleOf(owners),
    keyId: key.id,
    keyHash: key.token,
    keyName: key.keyName,
    ...(key.keyAlias === null ? {} : { keyAlias: key.keyAlias }),
    ...(key.userId === null ? {} : { userId: key.userId }),
    ...(team ? { teamId: team.teamId, ...(team.teamAlias === null ? {} : { teamAlias: team.teamAlias }) } : {}),
    ...(organization ? { organizationId: organization.organizationId } : {}),
    ledger: ledgerOf(owners),
    // A user's models bind the user's own keys; a team's keys are bound by the team's.
    models: modelsOf(levels.filter(({ kind }) => kind !== 'user' || !team)),
    scopes: [...levels.flatMap(scopesOf), ...everyone],
    limits: levels.flatMap(limitsOf),
    ...(aliases.length === 0 ? {} : { aliases: aliases as Principal['aliases'] & object }),
    ...(key.allowedRoutes.length === 0 ? {} : { allowedRoutes: key.allowedRoutes }),
    ...membershipOf(owners),
    ...(controls === undefined ? {} : { allowedCacheControls: controls }),
    ...(enforcedParams === undefined ? {} : { enforcedParams }),
    ...(vectorStores === undefined ? {} : { vectorStores }),
    ...(allowedIps === undefined ? {} : { allowedIps }),
    ...(ownTags === undefined ? {} : { ownTags }),
    ...(blocked === undefined ? {} : { blocked }),
    ...(ends.length === 0 ? {} : { expiresAtMs: Math.min(...ends) }),
    ...(budget ? { maxBudgetNano: limitNow(budget, readAtMs) } : {}),
    spendNano: spentOf(entityName('key', key.id), key),
    metadata: key.metadata,
    readAtMs,
  }
}

/** A person's role goes with the person's own keys: whoever else manages a team's keys shall not come by it. */
export function roleOf({ user, team }: Pick<KeyOwners, 'user' | 'team'>): Role {
  const role = team ? undefined : roles.find((one) => one === user?.userRole)
  return role ?? (user?.userRole === 'internal_user_viewer' ? 'internal_user_viewer' : 'internal_user')
}

export function membershipOf({
  team,
  member,
}: Pick<KeyOwners, 'team' | 'member'>): Pick<Principal, 'teamRole' | 'teamPermissions'> {
  if (!team || !member) return {}
  const { memberPermissions: teamPermissions } = team
  return {
    teamRole: member.role === 'admin' ? 'admin' : 'user',
    ...(teamPermissions.length === 0 ? {} : { teamPermissions }),
  }
}

/** Everyone a principal was made of, also those who have no row yet. */
export function namesOf(owners: KeyOwners): readonly string[] {
  return levelsOf(owners).map(({ entity }) => entity)
}

/**
 * A customer or a tag. A customer's spend is recorded whoever it is, a tag's only where somebody made the tag or the
 * file gives it a budget.
 */
export function standingOf(
  kind: 'customer' | 'tag',
  id: string,
  record: CustomerRecord | TagRecord | undefined,
  ofFile: readonly Scope[] = [],
): Standing {
  const level: Level = { kind, entity: entityName(kind, id), record }
  const isKnown = kind === 'customer' || record !== undefined || ofFile.length > 0
  const names = new Set(ofFile.map(({ name }) => name))
  return {
    scopes: [...(isKnown ? scopesOf(level).filter(({ name }) => !names.has(name)) : []), ...ofFile],
    limits: limitsOf(level),
    models: modelsOf([level]),
    ...(kind === 'customer' && record?.blocked ? { blocked: 'customer' as const } : {}),
    ...regionOf(record),
  }
}

function regionOf(record: CustomerRecord | TagRecord | undefined): Pick<Standing, 'region'> {
  const region = record && 'allowedModelRegion' in record ? record.allowedModelRegion : null
  return region === null ? {} : { region }
}

/** The principal of one request: with its customer and its tags. */
export function joined(
  principal: Principal,
  others: { readonly customerId?: string | undefined; readonly tags?: readonly string[] },
  standings: readonly Copy<Standing>['value'][],
): Principal {
  const blocked = principal.blocked ?? standings.find((standing) => standing.blocked)?.blocked
  const region = standings.find((standing) => standing.region !== undefined)?.region
  return {
    ...principal,
    ...(region === undefined ? {} : { region }),
    ...(others.customerId === undefined ? {} : { customerId: others.customerId }),
    ...(others.tags === undefined || others.tags.length === 0 ? {} : { tags: others.tags }),
    ...(blocked === undefined ? {} : { blocked }),
    scopes: [...principal.scopes, ...standings.flatMap(({ scopes }) => scopes)],
    limits: [...principal.limits, ...standings.flatMap(({ limits }) => limits)],
    models: [...principal.models, ...standings.flatMap(({ models }) => models)],
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

/** Whoever reads a route that the operator made public, without a key. */
export function publicPrincipal(nowMs: number): Principal {
  return { ...masterPrincipal(nowMs), kind: 'key', role: 'internal_user_viewer', keyId: 'public', keyName: 'no key' }
}

function levelsOf({ key, ...owners }: KeyOwners): readonly Level[] {
  return [{ kind: 'key', entity: entityName('key', key.id), record: key }, ...ownerLevels(key.userId, owners)]
}

/** Everyone that acts or is acted for, but the key. */
export function ownerLevels(
  userId: string | null,
  { team, user, member, organization }: Omit<KeyOwners, 'key'>,
): readonly Level[] {
  const levels: Level[] = []
  if (userId !== null) levels.push({ kind: 'user', entity: entityName('user', userId), record: user })
  if (team) {
    levels.push({ kind: 'team', entity: entityName('team', team.teamId), record: team })
    if (userId !== null) levels.push({ kind: 'member', entity: memberName(team.teamId, userId), record: member })
  }
  if (organization) {
    levels.push({ kind: 'org', entity: entityName('org', organization.organizationId), record: organization })
  }
  return levels
}

/**
 * The root owner among a team and an organization, which names the ledger (DESIGN §5.2). All who act for a team have the
 * team's, whatever else they are of: a key may be put into an organization in the moment in which its team leaves it, and
 * two ledgers would count the team's limits twice.
 */
export function rootOf({ team, organization }: Pick<KeyOwners, 'team' | 'organization'>): string | undefined {
  const isRoot = team === undefined || team.organizationId === organization?.organizationId
  if (organization && isRoot) return entityName('org', organization.organizationId)
  return team && entityName('team', team.teamId)
}

function ledgerOf({ key, team, organization }: KeyOwners): string {
  const root = rootOf({ team, organization })
  if (root !== undefined) return root
  if (key.userId !== null) return entityName('user', key.userId)
  return entityName('key', key.id)
}

export function modelsOf(levels: readonly Level[]): Principal['models'] {
  return levels.flatMap(({ kind, record }) =>
    kind === 'member' || kind === 'tag' || !record || record.models.length === 0
      ? []
      : [
          {
            level: kind,
            names: [...record.models, ...Object.keys(('modelAliases' in record && record.modelAliases) || {})],
          },
        ],
  )
}

/** `@life` always, so that everyone shows their spend; limited only where the limit has no end. Then each window. */
export function scopesOf({ entity, record }: Level): Scope[] {
  const limited = (record?.budgets ?? []).map(({ scope, duration, timeZone, anchorMs, model }) => ({
    name: scope,
    duration,
    timeZone,
    anchorMs,
    limited: true,
    ...(model === null ? {} : { model }),
  }))
  const life = scopeName(entity, 'life')
  if (limited.some(({ name }) => name === life)) return limited
  return [{ name: life, duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: false }, ...limited]
}

export function limitsOf({ entity, record }: Level): RateLimit[] {
  if (!record) return []
  const { template } = record
  const all = {
    rpm: record.rpmLimit ?? template?.rpmLimit,
    tpm: record.tpmLimit ?? template?.tpmLimit,
    maxParallel: record.maxParallelRequests ?? template?.maxParallelRequests,
  }
  const { modelRpmLimit: rpm, modelTpmLimit: tpm } = record
  const models = [...new Set([...Object.keys(rpm ?? {}), ...Object.keys(tpm ?? {})])]
  const dynamic = (['rpm', 'tpm'] as const).filter((kind) => record[`${kind}LimitType`] === 'dynamic')
  return [
    ...limit({ entity, ...(dynamic.length === 0 ? {} : { dynamic }) }, all),
    ...models.flatMap((model) =>
      limit({ entity: modelName(entity, model), model }, { rpm: own(rpm, model), tpm: own(tpm, model) }),
    ),
  ]
}

const own = (limits: Readonly<Record<string, number>> | null, model: string) =>
  limits && Object.hasOwn(limits, model) ? limits[model] : undefined

/** What is null or absent limits nothing, and a limit of nothing is none. */
function limit(
  name: Pick<RateLimit, 'entity' | 'model' | 'dynamic'>,
  values:
    | Readonly<Record<'rpm' | 'tpm' | 'maxParallel', number | null | undefined>>
    | Readonly<Record<string, number | null | undefined>>,
): RateLimit[] {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined)
  return given.length === 0 ? [] : [{ ...name, ...Object.fromEntries(given) }]
}

/** A budget's limit with its temporary increase, while that lasts. */
export function limitNow(
  {
    limitNano,
    extraNano,
    extraUntilMs,
  }: Pick<EntityRecord['budgets'][number], 'limitNano' | 'extraNano' | 'extraUntilMs'>,
  nowMs: number,
): bigint {
  return extraUntilMs !== null && extraUntilMs > nowMs ? limitNano + extraNano : limitNano
}

/** What an entity shows as its spend: that of its budget's newest window, else of all time. */
export function spentOf(entity: string, { budgets, windows }: EntityRecord): bigint {
  const scope = budgets.find(({ part }) => part === 'main')?.scope ?? scopeName(entity, 'life')
  return windows.find((window) => window.scope === scope)?.spentNano ?? 0n
}
