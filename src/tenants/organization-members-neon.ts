import { type SQL, sql } from 'drizzle-orm'
import { authored } from '../db/author.ts'
import type { Db } from '../db/client.ts'
import { unavailable } from '../db/sql-state.ts'
import { explain } from './fault-neon.ts'
import type { OrganizationMember, OrganizationMembers, OrganizationRole } from './organization-members.ts'
import type { Author } from './port.ts'
import { insert, made, signed } from './write-neon.ts'

interface Row extends Record<string, unknown> {
  readonly organization_id: string
  readonly user_id: string
  readonly role: OrganizationRole
  readonly created_ms: string
  readonly updated_ms: string
}

const memberOf = (row: Row): OrganizationMember => ({
  organizationId: row.organization_id,
  userId: row.user_id,
  role: row.role,
  createdAtMs: Number(row.created_ms),
  updatedAtMs: Number(row.updated_ms),
})

type Named = Pick<OrganizationMember, 'organizationId' | 'userId'>

const isOne = ({ organizationId, userId }: Named) =>
  sql`m.organization_id = ${organizationId} and m.user_id = ${userId}`

/** In Postgres: a membership ends with its organization and with its user. */
export function neonOrganizationMembers(db: Db): OrganizationMembers {
  async function read(where: SQL): Promise<readonly OrganizationMember[]> {
    try {
      const { rows } = await db.execute<Row>(sql`select m.organization_id, m.user_id, m.role,
        floor(extract(epoch from m.created_at) * 1000)::bigint::text as created_ms,
        floor(extract(epoch from m.updated_at) * 1000)::bigint::text as updated_ms
        from organization_membership m where ${where} order by m.created_at, m.organization_id, m.user_id`)
      return rows.map(memberOf)
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** One transaction; whether its last statement changed something. */
  async function write(author: Author, statements: readonly SQL[]): Promise<boolean> {
    try {
      const results = await db.batch([db.execute(authored(author)), ...statements.map((one) => db.execute(one))])
      return (results.at(-1)?.rows.length ?? 0) > 0
    } catch (error) {
      throw unavailable(error)
    }
  }

  return {
    of: (whose) =>
      read('userId' in whose ? sql`m.user_id = ${whose.userId}` : sql`m.organization_id = ${whose.organizationId}`),
    find: async (one) => (await read(isOne(one)))[0],
    async add(members, users, author, { members: inTeams, key } = {}) {
      const rows = members.map(({ organizationId, userId, role }) =>
        insert('organization_membership', [
          ['organization_id', sql`${organizationId}`],
          ['user_id', sql`${userId}`],
          ['role', sql`${role}`],
          ...signed(author),
        ]),
      )
      const others = [...made('member', inTeams, author), ...made('key', key && [key], author)]
      await write(author, [...made('user', users, author), ...rows, ...others]).catch(
        explain({ ...users[0]?.fields, ...members[0] }),
      )
    },
    change: (one, role, author) =>
      write(author, [
        sql`update organization_membership m set role = ${role}, updated_by = ${author.by},
          updated_at = ${new Date(author.nowMs).toISOString()}::timestamptz where ${isOne(one)} returning m.user_id`,
      ]),
    remove: (one, author) =>
      write(author, [sql`delete from organization_membership m where ${isOne(one)} returning m.user_id`]),
  }
}
