import { type EntityId, nameOf } from './entities.ts'
import { boundIn, withBound } from './governed.ts'
import { keyListed, keyOrder, listed, listOrder, ownedBy } from './memory-lists.ts'
import { blank, blankTemplate } from './memory-new.ts'
import { withCallback } from './own-callbacks.ts'
import type { Author, Beside, Changes, KeyName, NewBudget, NewEntity, PrincipalSource, TenantStore } from './port.ts'
import { type KeyOwners, namesOf, principalOf, standingOf } from './principal-of.ts'
import type { BudgetRecord, Entities, EntityKind, KeyRecord, TemplateRecord, WindowRecord } from './record.ts'
import { alreadyThere, type NamedField, notThere, stillUsed } from './refusals.ts'
import { entityOf, type Scope } from './scope.ts'
import { bearerNames, bearerPrincipal } from './without-key.ts'

export interface MemoryTenantsOptions {
  /** What the newest window of a scope has spent. */
  readonly spend?: (scope: string) => WindowRecord | undefined
  readonly reset?: (window: WindowRecord) => void
  readonly everyone?: readonly Scope[]
  /** What the file gives a tag. */
  readonly tagScopes?: (tag: string) => readonly Scope[]
  readonly holders?: (scopes: readonly string[]) => readonly string[]
}

/** The twin of Postgres. */
export function memoryTenants(options: MemoryTenantsOptions = {}): TenantStore & PrincipalSource {
  const { spend = () => undefined, reset = () => {}, everyone = [], holders = () => [], tagScopes = () => [] } = options
  const rows = new Map<EntityKind, Map<string, Entities[EntityKind]>>()
  const templates = new Map<string, TemplateRecord>()
  const previous = new Map<string, { readonly keyId: string; readonly untilMs: number }>()
  let generation = 0
  const changed: { number: number; ids: readonly string[] }[] = []

  function raise(ids: readonly string[]) {
    generation += 1
    changed.push({ number: generation, ids })
    changed.splice(0, changed.length - 100)
  }

  const table = <K extends EntityKind>(kind: K): Map<string, Entities[K]> => {
    const found = rows.get(kind) ?? new Map<string, Entities[EntityKind]>()
    rows.set(kind, found)
    return found as Map<string, Entities[K]>
  }
  const shown = <K extends EntityKind>(entity: string, record: Entities[K]): Entities[K] => ({
    ...record,
    template: record.budgetId === null ? null : (templates.get(record.budgetId) ?? null),
    windows: [...new Set([`${entity}@life`, ...record.budgets.map(({ scope }) => scope)])].flatMap(
      (scope) => spend(scope) ?? [],
    ),
  })
  const get = <K extends EntityKind>(kind: K, id: EntityId): Entities[K] | undefined => {
    const record = table(kind).get(nameOf(kind, id))
    return record && shown(nameOf(kind, id), record)
  }
  const keys = () => [...table('key').values()]
  const findKey = (name: KeyName): KeyRecord | undefined => {
    if ('id' in name) return get('key', [name.id])
    const key = keys().find((one) => ('token' in name ? one.token === name.token : one.keyAlias === name.alias))
    return key && get('key', [key.id])
  }

  const references = { teamId: 'team', organizationId: 'org' } as const
  const fieldNames: Readonly<Record<string, NamedField>> = { teamId: 'team_id', organizationId: 'organization_id' }

  function mustExist(kind: EntityKind, fields: Readonly<Record<string, unknown>>) {
    for (const [field, of] of Object.entries(references)) {
      const id = fields[field]
      if (kind !== of && typeof id === 'string' && !get(of, [id])) throw notThere(fieldNames[field] ?? 'name', id)
    }
    for (const field of ['budgetId', 'memberBudgetId']) {
      const id = fields[field]
      if (typeof id === 'string' && !templates.has(id)) throw notThere('budget_id', id)
    }
  }

  function mustBeFree(kind: EntityKind, entity: string, fields: Readonly<Record<string, unknown>>) {
    for (const [field, name] of UNIQUE[kind] ?? []) {
      const value = fields[field]
      if (typeof value !== 'string') continue
      const holder = [...table(kind)].find(([, record]) =>
        Object.entries(record).some(([f, v]) => f === field && v === value),
      )
      if (holder && holder[0] !== entity) throw alreadyThere(name, String(name === 'key' ? fields.keyName : value))
    }
  }

  function put<K extends EntityKind>(kind: K, id: EntityId, changes: Changes<K>, { by, nowMs }: Author): Entities[K] {
    const entity = nameOf(kind, id)
    const before = table(kind).get(entity)
    mustExist(kind, changes)
    mustBeFree(kind, entity, changes)
    const { budgets, bound, callback, ...fields } = changes
    const { metadata: was = {} } = before ?? {}
    const metadata =
      callback === undefined
        ? bound && withBound({ ...(fields.metadata ?? was), ...boundIn(was) }, bound)
        : withCallback(was, callback)
    const record = {
      ...(before ?? blank(kind, id, by, nowMs)),
      ...defined({ ...fields, ...(metadata ? { metadata } : {}) }),
      ...(budgets ? { budgets: kept(before?.budgets ?? [], budgets) } : {}),
      updatedAtMs: nowMs,
      updatedBy: by,
    } as Entities[K]
    table(kind).set(entity, record)
    return shown(entity, record)
  }

  const linkedTo = (budgetId: string) =>
    [...rows.values()].flatMap((kind) => [...kind].filter(([, one]) => one.budgetId === budgetId))

  /** Made, or with `budgets` changed with everyone linked. */
  function make<K extends EntityKind>(kind: K, fresh: readonly NewEntity<K>[], author: Author): readonly Entities[K][] {
    if (fresh.length === 0) return []
    const made = fresh.map(({ id, fields }) => {
      if (table(kind).has(nameOf(kind, id))) throw taken(kind, id)
      if (kind === 'member') {
        if (!get('team', [id[0] ?? ''])) throw notThere('team_id', id[0] ?? '')
        if (!get('user', [id[1] ?? ''])) put('user', [id[1] ?? ''], {}, author)
      }
      return put(kind, id, fields, author)
    })
    raise(fresh.map(({ id }) => nameOf(kind, id)))
    return made
  }

  function putTemplate({ budgetId, fields, budgets }: NonNullable<Beside['template']>, author: Author): TemplateRecord {
    const before = templates.get(budgetId)
    if (before && !budgets) throw alreadyThere('budget_id', budgetId)
    const { by, nowMs } = author
    const record = {
      ...(before ?? blankTemplate(budgetId, author)),
      ...defined(fields),
      ...(before ? { updatedAtMs: nowMs, updatedBy: by } : {}),
    } as TemplateRecord
    templates.set(budgetId, record)
    const linked = budgets ? linkedTo(budgetId) : []
    for (const [entity, one] of linked) {
      const theirs = (budgets ?? []).map((budget) => ({ ...budget, scope: `${entity}${budget.scope}` }))
      const windows = one.budgets.filter(({ part }) => part === 'window')
      const kind = [...rows].find(([, all]) => all.get(entity) === one)?.[0]
      if (kind) table(kind).set(entity, { ...one, budgets: [...kept(one.budgets, theirs), ...windows].sort(byScope) })
    }
    raise(budgets ? linked.map(([entity]) => entity) : [`budget:${budgetId}`])
    return record
  }

  /** All of it or nothing, as in a transaction. */
  async function whole<T>(work: () => T): Promise<T> {
    const before = [...rows].map(([kind, all]) => [kind, new Map(all)] as const)
    const templatesBefore = [...templates]
    try {
      return await Promise.resolve(work())
    } catch (error) {
      rows.clear()
      for (const [kind, all] of before) rows.set(kind, all)
      templates.clear()
      for (const [budgetId, record] of templatesBefore) templates.set(budgetId, record)
      throw error
    }
  }

  return {
    async principalOf(keyHash, nowMs) {
      const old = previous.get(keyHash)
      const graced = old && old.untilMs > nowMs ? old : undefined
      const key = findKey({ token: keyHash }) ?? (graced && findKey({ id: graced.keyId }))
      if (!key) return await Promise.resolve(undefined)
      const team = key.teamId === null ? undefined : get('team', [key.teamId])
      const organizationId = team?.organizationId ?? key.organizationId
      const owners: KeyOwners = {
        key,
        team,
        user: key.userId === null ? undefined : get('user', [key.userId]),
        member: team && key.userId !== null ? get('member', [team.teamId, key.userId]) : undefined,
        organization: organizationId === null ? undefined : get('org', [organizationId]),
        tokenUntilMs: key.token === keyHash ? undefined : graced?.untilMs,
      }
      return { value: principalOf(owners, nowMs, everyone), names: namesOf(owners), generation, readAtMs: nowMs }
    },
    async withoutKey(bearer, nowMs) {
      const { userId, teamId } = bearer
      const team = teamId === undefined ? undefined : get('team', [teamId])
      const organizationId = teamId === undefined ? bearer.organizationId : team?.organizationId
      const owners = {
        team,
        user: userId === undefined ? undefined : get('user', [userId]),
        member: teamId === undefined || userId === undefined ? undefined : get('member', [teamId, userId]),
        organization: organizationId == null ? undefined : get('org', [organizationId]),
      }
      const value = bearerPrincipal(bearer, owners, nowMs, everyone)
      return await Promise.resolve(value && { value, names: bearerNames(bearer, owners), generation, readAtMs: nowMs })
    },
    async standingOf(kind, id, nowMs) {
      const value = standingOf(kind, id, get(kind, [id]), kind === 'tag' ? tagScopes(id) : [])
      return await Promise.resolve({ value, names: [nameOf(kind, [id])], generation, readAtMs: nowMs })
    },
    generation: (nowMs) => Promise.resolve({ number: generation, changed: [...changed], readAtMs: nowMs }),
    findKey: (name) => Promise.resolve(findKey(name)),
    listKeys(query) {
      const found = keys()
        .filter((key) => keyListed(key, query))
        .flatMap(({ id }) => get('key', [id]) ?? [])
      found.sort((a, b) => keyOrder(a, b, query))
      const first = (query.page - 1) * query.size
      return Promise.resolve({ keys: found.slice(first, first + query.size), total: found.length })
    },
    list(kind, query) {
      const found = [...table(kind)].filter(([, record]) => listed(kind, record, query))
      found.sort(([, a], [, b]) => listOrder(kind, a, b, query))
      const first = (query.page - 1) * query.size
      const page = found.slice(first, first + query.size).map(([entity, record]) => shown(entity, record))
      return Promise.resolve({ found: page, total: found.length })
    },
    remove(kind, ids, _author) {
      let count = 0
      const gone: string[] = []
      for (const [of, owned] of ownedBy(kind, ids, [...table('team').values()])) {
        for (const [entity, record] of table(of)) {
          if (!owned(record)) continue
          table(of).delete(entity)
          gone.push(entity)
          if (of === kind) count += 1
        }
      }
      raise(gone)
      return Promise.resolve(count)
    },
    deleteKeys(tokens) {
      const gone = keys().filter(({ token }) => tokens.includes(token))
      for (const { id } of gone) table('key').delete(nameOf('key', [id]))
      raise(gone.map(({ id }) => nameOf('key', [id])))
      return Promise.resolve(gone.map(({ token }) => token))
    },
    async regenerateKey(id, { token, keyName, graceUntilMs }, changes, author) {
      const before = get('key', [id])
      if (!before) return undefined
      const record = put('key', [id], { ...changes, token, keyName }, author)
      if (graceUntilMs !== null) previous.set(before.token, { keyId: id, untilMs: graceUntilMs })
      raise([nameOf('key', [id])])
      return await Promise.resolve(record)
    },
    find: (kind, id) => Promise.resolve(get(kind, id)),
    belonging(kind, to) {
      const wanted = Object.entries(to).filter(([, id]) => id !== undefined)
      const found = [...table(kind)].filter(([, record]) =>
        wanted.every(([field, id]) => (record as unknown as Readonly<Record<string, unknown>>)[field] === id),
      )
      return Promise.resolve(found.map(([entity, record]) => shown(entity, record)))
    },
    create: (kind, fresh, author, { template, users = [], members = [], key, spent = [] } = {}) =>
      whole(() => {
        if (template) putTemplate(template, author)
        make('user', users, author)
        const made = make(kind, fresh, author)
        make('member', members, author)
        if (key) make('key', [key], author)
        for (const { scope, startMs, targetNano } of spent) reset({ scope, startMs, spentNano: targetNano })
        return made
      }),
    update: (kind, id, changes, author, { template } = {}) =>
      whole(() => {
        if (!get(kind, id)) return undefined
        if (template) putTemplate(template, author)
        const record = put(kind, id, changes, author)
        raise([nameOf(kind, id)])
        return record
      }),
    findTemplate: (budgetId) => Promise.resolve(templates.get(budgetId)),
    createTemplate: (budgetId, fields, author) => whole(() => putTemplate({ budgetId, fields }, author)),
    updateTemplate: (budgetId, fields, budgets, author) =>
      whole(() => (templates.has(budgetId) ? putTemplate({ budgetId, fields, budgets }, author) : undefined)),
    keyCounts: (userIds) =>
      Promise.resolve(new Map(userIds.map((id) => [id, keys().filter(({ userId }) => userId === id).length]))),
    listTemplates: () => Promise.resolve([...templates.values()].sort((a, b) => (a.budgetId < b.budgetId ? -1 : 1))),
    removeTemplate: (budgetId) =>
      whole(() => {
        const givesTo = [...table('team').values()].some(({ memberBudgetId }) => memberBudgetId === budgetId)
        if (linkedTo(budgetId).length > 0 || givesTo) throw stillUsed(budgetId)
        const was = templates.delete(budgetId)
        if (was) raise([`budget:${budgetId}`])
        return was
      }),
    linkedTo: (budgetId) => Promise.resolve(linkedTo(budgetId).map(([entity]) => entity)),
    leaseHolders: (scopes) => Promise.resolve(holders(scopes)),
    async resetSpend(resets) {
      for (const { scope, startMs, targetNano } of resets) reset({ scope, startMs, spentNano: targetNano })
      raise(resets.map(({ scope }) => entityOf(scope)))
      await Promise.resolve()
    },
  }
}

const UNIQUE: Partial<Record<EntityKind, readonly (readonly [string, NamedField])[]>> = {
  key: [
    ['keyAlias', 'key_alias'],
    ['token', 'key'],
  ],
  user: [['userEmail', 'user_email']],
}

function taken(kind: EntityKind, id: EntityId) {
  const fields: Record<EntityKind, NamedField> = {
    key: 'key',
    team: 'team_id',
    org: 'organization_id',
    user: 'user_id',
    member: 'user_id',
    customer: 'user_id',
    tag: 'name',
  }
  return alreadyThere(fields[kind], id.at(-1) ?? '')
}

function defined(changes: object): object {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}

const byScope = (a: BudgetRecord, b: BudgetRecord) => (a.scope < b.scope ? -1 : 1)

/** A budget that stays keeps its window. */
function kept(before: readonly BudgetRecord[], wanted: readonly NewBudget[]): BudgetRecord[] {
  return wanted
    .map(({ windowStartMs: _, ...budget }) => {
      const same = before.find(({ scope }) => scope === budget.scope)
      return same ? { ...budget, timeZone: same.timeZone, anchorMs: same.anchorMs } : budget
    })
    .sort(byScope)
}
