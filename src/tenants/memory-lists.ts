import { type EntityId, entities } from './entities.ts'
import type { KeyQuery, ListQuery, RemovableKind } from './port.ts'
import { spentOf } from './principal-of.ts'
import type { EntityKind, EntityRecord, KeyRecord, TeamRecord } from './record.ts'
import { entityName } from './scope.ts'

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (record: EntityRecord): Fields => ({ ...record })

/** Whether a list that is narrowed so has this record. */
export function listed<K extends EntityKind>(kind: K, record: EntityRecord, query: ListQuery<K>): boolean {
  const fields = fieldsOf(record)
  const is = Object.entries(query.is ?? {}).filter(([, wanted]) => wanted !== undefined)
  const has = Object.entries(query.has ?? {}).filter(([, part]) => part !== undefined)
  const [id] = entities[kind].id
  return (
    (query.ids === undefined || query.ids.includes(String(fields[id]))) &&
    is.every(([field, wanted]) => fields[field] === wanted) &&
    has.every(([field, part]) =>
      String(fields[field] ?? '')
        .toLowerCase()
        .includes(String(part).toLowerCase()),
    )
  )
}

export function listOrder<K extends EntityKind>(
  kind: K,
  a: EntityRecord,
  b: EntityRecord,
  { sortBy, sortOrder }: ListQuery<K>,
): number {
  const value = (record: EntityRecord) => {
    const field = fieldsOf(record)[String(sortBy)]
    return typeof field === 'number' ? field : String(field ?? '')
  }
  const id = (record: EntityRecord) => entities[kind].id.map((field) => String(fieldsOf(record)[field])).join('\0')
  const order = value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : id(a) < id(b) ? -1 : 1
  return sortOrder === 'asc' ? order : -order
}

type Owned = readonly [kind: EntityKind, owned: (record: EntityRecord) => boolean]

/** What goes with these entities, and they themselves. */
export function ownedBy(kind: RemovableKind, ids: readonly EntityId[], teams: readonly TeamRecord[]): readonly Owned[] {
  const first = ids.map(([id = '']) => id)
  const among = (field: string, those: readonly string[]) => (record: EntityRecord) =>
    those.includes(String(fieldsOf(record)[field]))
  if (kind === 'user') {
    const theirs = among('userId', first)
    return [
      ['key', theirs],
      ['member', theirs],
      ['user', theirs],
    ]
  }
  if (kind === 'member') {
    const theirs = (record: EntityRecord) =>
      ids.some(([team, user]) => fieldsOf(record).teamId === team && fieldsOf(record).userId === user)
    return [
      ['key', theirs],
      ['member', theirs],
    ]
  }
  if (kind === 'team') {
    const theirs = among('teamId', first)
    return [
      ['key', theirs],
      ['member', theirs],
      ['team', theirs],
    ]
  }
  if (kind === 'org') {
    const ofOrganization = among('organizationId', first)
    const inTeam = among(
      'teamId',
      teams.filter(ofOrganization).map(({ teamId }) => teamId),
    )
    return [
      ['key', (record) => ofOrganization(record) || inTeam(record)],
      ['member', inTeam],
      ['team', ofOrganization],
      ['org', ofOrganization],
    ]
  }
  return [[kind, among(entities[kind].id[0], first)]]
}

/** `matching`, of a record. */
export function keyListed(key: KeyRecord, query: KeyQuery): boolean {
  const wanted: [string | undefined, string | null][] = [
    [query.userId, key.userId],
    [query.teamId, key.teamId],
    [query.organizationId, key.organizationId],
    [query.token, key.token],
    [query.keyAlias, key.keyAlias],
  ]
  const { seenBy } = query
  const seen =
    seenBy === undefined ||
    (seenBy.userId !== undefined && key.userId === seenBy.userId) ||
    (key.teamId !== null && seenBy.teamIds.includes(key.teamId))
  const { aliasHas } = query
  const named = aliasHas === undefined || key.keyAlias?.toLowerCase().includes(aliasHas.toLowerCase()) === true
  const isGuaranteed = [key.rpmLimitType, key.tpmLimitType].includes('guaranteed_throughput')
  if (query.isGuaranteed && !isGuaranteed) return false
  return seen && named && wanted.every(([want, have]) => want === undefined || want === have)
}

/** `sorted`, of records. */
export function keyOrder(a: KeyRecord, b: KeyRecord, { sortBy, sortOrder }: KeyQuery): number {
  const value = (key: KeyRecord) =>
    ({
      created_at: key.createdAtMs,
      updated_at: key.updatedAtMs,
      key_alias: key.keyAlias ?? '',
      token: key.token,
      spend: spentOf(entityName('key', key.id), key),
      max_budget: key.budgets.find(({ part }) => part === 'main')?.limitNano ?? -1n,
    })[sortBy]
  const [left, right] = [value(a), value(b)]
  const order = left < right ? -1 : left > right ? 1 : a.id < b.id ? -1 : 1
  return sortOrder === 'asc' ? order : -order
}
