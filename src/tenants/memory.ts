import type { EntityChanges, KeyName, KeyQuery, NewBudget, PrincipalSource, TenantStore } from './port.ts'
import { principalOf, spentOf } from './principal-of.ts'
import type { BudgetRecord, EntityRecord, KeyRecord, OrganizationRecord, TeamRecord, WindowRecord } from './record.ts'
import { alreadyThere, notThere } from './refusals.ts'
import { entityName } from './scope.ts'

/** The twin of Postgres. `spend` says what the newest window of a scope has spent. */
export function memoryTenants(
  spend: (scope: string) => WindowRecord | undefined = () => undefined,
): TenantStore & PrincipalSource {
  const keys = new Map<string, KeyRecord>()
  const teams = new Map<string, TeamRecord>()
  const organizations = new Map<string, OrganizationRecord>()

  const shown = <R extends EntityRecord>(entity: string, record: R): R => ({
    ...record,
    windows: [...new Set([`${entity}@life`, ...record.budgets.map(({ scope }) => scope)])].flatMap(
      (scope) => spend(scope) ?? [],
    ),
  })
  const shownKey = (key: KeyRecord) => shown(entityName('key', key.id), key)
  const shownTeam = (team: TeamRecord) => shown(entityName('team', team.teamId), team)
  const shownOrganization = (o: OrganizationRecord) => shown(entityName('org', o.organizationId), o)

  const find = (name: KeyName): KeyRecord | undefined => {
    if ('id' in name) return keys.get(name.id)
    return [...keys.values()].find((key) => ('token' in name ? key.token === name.token : key.keyAlias === name.alias))
  }

  function mustExist({
    teamId,
    organizationId,
  }: {
    teamId?: string | null | undefined
    organizationId?: string | null | undefined
  }) {
    if (teamId && !teams.has(teamId)) throw notThere('team_id', teamId)
    if (organizationId && !organizations.has(organizationId)) throw notThere('organization_id', organizationId)
  }

  function mustHaveFreeAlias(alias: string | null | undefined, id: string) {
    const holder = alias ? find({ alias }) : undefined
    if (holder && holder.id !== id) throw alreadyThere('key_alias', alias ?? '')
  }

  return {
    principalOf(keyHash, nowMs) {
      const key = find({ token: keyHash })
      if (!key) return Promise.resolve(undefined)
      const team = key.teamId === null ? undefined : teams.get(key.teamId)
      const organizationId = team?.organizationId ?? key.organizationId
      const organization = organizationId === null ? undefined : organizations.get(organizationId)
      return Promise.resolve(
        principalOf(shownKey(key), team && shownTeam(team), organization && shownOrganization(organization), nowMs),
      )
    },
    findKey(name) {
      const key = find(name)
      return Promise.resolve(key && shownKey(key))
    },
    listKeys(query) {
      const found = [...keys.values()].filter((key) => matches(key, query)).map(shownKey)
      found.sort((a, b) => compare(a, b, query))
      const first = (query.page - 1) * query.size
      return Promise.resolve({ keys: found.slice(first, first + query.size), total: found.length })
    },
    async createKey(key, { by, nowMs }) {
      mustExist(key)
      mustHaveFreeAlias(key.keyAlias, key.id)
      if (find({ token: key.token })) throw alreadyThere('key', key.keyName)
      const record: KeyRecord = {
        ...blank(by, nowMs),
        id: key.id,
        token: key.token,
        keyName: key.keyName,
        keyAlias: key.keyAlias ?? null,
        userId: key.userId ?? null,
        teamId: key.teamId ?? null,
        organizationId: key.organizationId ?? null,
        expiresAtMs: key.expiresAtMs ?? null,
        ...limitsGiven(key),
      }
      keys.set(key.id, record)
      return await Promise.resolve(shownKey(record))
    },
    async updateKey(id, changes, { by, nowMs }) {
      const key = keys.get(id)
      if (!key) return undefined
      mustExist(changes)
      mustHaveFreeAlias(changes.keyAlias, id)
      const { keyAlias, userId, teamId, organizationId, expiresAtMs } = changes
      const record: KeyRecord = {
        ...key,
        ...defined({ keyAlias, userId, teamId, organizationId, expiresAtMs }),
        ...limitsGiven(changes),
        updatedAtMs: nowMs,
        updatedBy: by,
      }
      keys.set(id, record)
      return await Promise.resolve(shownKey(record))
    },
    deleteKeys(tokens) {
      const gone = tokens.filter((token) => {
        const key = find({ token })
        return key !== undefined && keys.delete(key.id)
      })
      return Promise.resolve(gone)
    },
    findTeam(teamId) {
      const team = teams.get(teamId)
      return Promise.resolve(team && shownTeam(team))
    },
    teamsOf(organizationId) {
      return Promise.resolve(
        [...teams.values()].filter((team) => team.organizationId === organizationId).map(shownTeam),
      )
    },
    async createTeam(team, { by, nowMs }) {
      mustExist({ organizationId: team.organizationId })
      if (teams.has(team.teamId)) throw alreadyThere('team_id', team.teamId)
      const record: TeamRecord = {
        ...blank(by, nowMs),
        teamId: team.teamId,
        teamAlias: team.teamAlias ?? null,
        organizationId: team.organizationId ?? null,
        ...limitsGiven(team),
      }
      teams.set(team.teamId, record)
      return await Promise.resolve(shownTeam(record))
    },
    findOrganization(organizationId) {
      const organization = organizations.get(organizationId)
      return Promise.resolve(organization && shownOrganization(organization))
    },
    async createOrganization(organization, { by, nowMs }) {
      if (organizations.has(organization.organizationId)) {
        throw alreadyThere('organization_id', organization.organizationId)
      }
      const record: OrganizationRecord = {
        ...blank(by, nowMs),
        organizationId: organization.organizationId,
        organizationAlias: organization.organizationAlias,
        ...limitsGiven(organization),
      }
      organizations.set(organization.organizationId, record)
      return await Promise.resolve(shownOrganization(record))
    },
  }
}

const blank = (by: string, nowMs: number): EntityRecord => ({
  models: [],
  metadata: {},
  rpmLimit: null,
  tpmLimit: null,
  blocked: false,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
  createdBy: by,
  updatedBy: by,
  budgets: [],
  windows: [],
})

type Defined<C> = { [K in keyof C]?: Exclude<C[K], undefined> }

function defined<C extends object>(changes: C): Defined<C> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Defined<C>
}

/** Only what was set; a budget becomes the one row it is. */
function limitsGiven({ models, metadata, rpmLimit, tpmLimit, blocked, budget }: EntityChanges): Partial<EntityRecord> {
  const budgets = budget === undefined ? undefined : budget === null ? [] : [rowOf(budget)]
  return defined({ models, metadata, rpmLimit, tpmLimit, blocked, budgets })
}

function rowOf({ scope, limitNano, duration, timeZone, anchorMs }: NewBudget): BudgetRecord {
  return { scope, limitNano, duration, timeZone, anchorMs }
}

function matches(key: KeyRecord, query: KeyQuery): boolean {
  const wanted: [string | undefined, string | null][] = [
    [query.userId, key.userId],
    [query.teamId, key.teamId],
    [query.organizationId, key.organizationId],
    [query.token, key.token],
    [query.keyAlias, key.keyAlias],
  ]
  return wanted.every(([want, have]) => want === undefined || want === have)
}

function compare(a: KeyRecord, b: KeyRecord, { sortBy, sortOrder }: KeyQuery): number {
  const value = (key: KeyRecord) =>
    ({
      created_at: key.createdAtMs,
      updated_at: key.updatedAtMs,
      key_alias: key.keyAlias ?? '',
      token: key.token,
      spend: spentOf(entityName('key', key.id), key),
      max_budget: key.budgets[0]?.limitNano ?? -1n,
    })[sortBy]
  const [left, right] = [value(a), value(b)]
  const order = left < right ? -1 : left > right ? 1 : a.id < b.id ? -1 : 1
  return sortOrder === 'asc' ? order : -order
}
