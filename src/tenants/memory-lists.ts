import { type EntityId, entities } from './entities.ts'
import type { ListQuery, RemovableKind } from './port.ts'
import type { EntityKind, EntityRecord, TeamRecord } from './record.ts'

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
