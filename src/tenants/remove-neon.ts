import { type SQL, sql } from 'drizzle-orm'
import { type EntityId, entities } from './entities.ts'
import type { Author, RemovableKind } from './port.ts'
import { entitySql } from './read-neon.ts'
import type { EntityKind } from './record.ts'
import { list, raise } from './write-neon.ts'

type Owned = readonly [kind: EntityKind, those: SQL]

/** `ownedBy`, as SQL: what goes with these entities, in the order in which it can go. */
export function ownedSql(kind: RemovableKind, ids: readonly EntityId[]): readonly Owned[] {
  const first = list(ids.map(([id = '']) => id))
  if (kind === 'user') {
    const theirs = sql`e.user_id = any(${first})`
    return [
      ['key', theirs],
      ['member', theirs],
      ['user', theirs],
    ]
  }
  if (kind === 'member') {
    const theirs = sql.join(
      ids.map(([team = '', user = '']) => sql`(e.team_id = ${team} and e.user_id = ${user})`),
      sql` or `,
    )
    return [
      ['key', theirs],
      ['member', theirs],
    ]
  }
  if (kind === 'team') {
    const theirs = sql`e.team_id = any(${first})`
    return [
      ['key', theirs],
      ['member', theirs],
      ['team', theirs],
    ]
  }
  if (kind === 'org') {
    const ofOrganization = sql`e.organization_id = any(${first})`
    const inTeam = sql`e.team_id in (select t.team_id from team t where t.organization_id = any(${first}))`
    return [
      ['key', sql`(${ofOrganization} or ${inTeam})`],
      ['member', inTeam],
      ['team', ofOrganization],
      ['org', ofOrganization],
    ]
  }
  const column = sql.raw(kind === 'tag' ? 'e.name' : 'e.user_id')
  return [[kind, sql`${column} = any(${first})`]]
}

/** Whoever knows them forgets them, their rows are archived, their limits end. */
export function archived(kind: EntityKind, those: SQL, { by, nowMs }: Author): SQL[] {
  const rows = sql`from ${sql.raw(entities[kind].table)} e where ${those}`
  const now = new Date(nowMs).toISOString()
  return [
    raise(sql`array(select ${entitySql(kind, 'e')} ${rows})`),
    sql`insert into archived_entity (entity, deleted_at, deleted_by, row)
      select ${entitySql(kind, 'e')}, ${now}::timestamptz, ${by}, to_jsonb(e) ${rows} on conflict do nothing`,
    sql`delete from budget where entity in (select ${entitySql(kind, 'e')} ${rows})`,
  ]
}

export const deleted = (kind: EntityKind, those: SQL): SQL =>
  sql`delete from ${sql.raw(entities[kind].table)} e where ${those}`
