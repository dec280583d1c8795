import { type SQL, sql } from 'drizzle-orm'
import { unrecorded } from '../db/author.ts'
import type { Db } from '../db/client.ts'
import type { Generation } from '../db/statements.ts'
import { asking } from './ask-neon.ts'
import { nameOf } from './entities.ts'
import { customerBudgetId, everyonesScopes, type FileLimits, tagScopes } from './file-limits.ts'
import { establish, giveBudget } from './file-limits-neon.ts'
import type { KnownGeneration, PrincipalSource } from './port.ts'
import { type KeyOwners, namesOf, principalOf, standingOf } from './principal-of.ts'
import { type EntityRow, json, recordOf, selectEntity, whereId } from './read-neon.ts'
import type { EntityKind } from './record.ts'
import { bearerNames, bearerPrincipal } from './without-key.ts'

const NUMBER = sql`coalesce((select (value->>'number')::bigint from setting where name = 'generation'), 0)`

/** Who someone is, from Postgres: one statement each. */
export function neonPrincipals(db: Db, limits: FileLimits): PrincipalSource {
  const { rows, write } = asking(db)
  const everyone = everyonesScopes(limits)
  const given = customerBudgetId(limits)
  const statements = establish(limits)
  let established = statements.length === 0

  /** Before anyone is told to count in a limit of the file, Postgres has it. */
  async function mustBeEstablished(): Promise<void> {
    if (established) return
    await all(statements)
    established = true
  }

  async function all(those: readonly SQL[]): Promise<void> {
    await write([unrecorded, ...those], sql`select 1`)
  }

  return {
    async principalOf(keyHash, nowMs) {
      await mustBeEstablished()
      const now = new Date(nowMs).toISOString()
      const [row] = await rows<
        Record<'key' | 'team' | 'user' | 'member' | 'org', EntityRow | null> & {
          until: string | null
          generation: string | number
        }
      >(sql`
        select ${json('key', 'k')} as key, ${orNull('team', 't')} as team, ${orNull('user', 'u')} as "user",
          ${orNull('member', 'm')} as member, ${orNull('org', 'o')} as org, ${NUMBER} as generation,
          case when k.token <> ${keyHash} then p.expires end as until
        from virtual_key k
        left join previous_token p on p.key_id = k.id and p.token = ${keyHash} and p.expires > ${now}::timestamptz
        left join team t on t.team_id = k.team_id
        left join internal_user u on u.user_id = k.user_id
        left join team_membership m on m.team_id = k.team_id and m.user_id = k.user_id
        left join organization o on o.organization_id = coalesce(t.organization_id, k.organization_id)
        where k.id = coalesce((select id from virtual_key where token = ${keyHash}), (select key_id from previous_token
          where token = ${keyHash} and expires > ${now}::timestamptz))`)
      if (!row?.key) return undefined
      const owners: KeyOwners = {
        key: recordOf('key', row.key),
        team: row.team ? recordOf('team', row.team) : undefined,
        user: row.user ? recordOf('user', row.user) : undefined,
        member: row.member ? recordOf('member', row.member) : undefined,
        organization: row.org ? recordOf('org', row.org) : undefined,
        tokenUntilMs: row.until === null ? undefined : Date.parse(row.until),
      }
      const value = principalOf(owners, nowMs, everyone)
      return { value, names: namesOf(owners), generation: Number(row.generation), readAtMs: nowMs }
    },
    async withoutKey(bearer, nowMs) {
      await mustBeEstablished()
      const { userId = null, teamId = null, organizationId = null } = bearer
      const [row] = await rows<
        Record<'team' | 'user' | 'member' | 'org', EntityRow | null> & { generation: string | number }
      >(sql`
        select ${orNull('team', 't')} as team, ${orNull('user', 'u')} as "user", ${orNull('member', 'm')} as member,
          ${orNull('org', 'o')} as org, ${NUMBER} as generation
        from (select ${userId}::text as user_id, ${teamId}::text as team_id, ${organizationId}::text as org_id) b
        left join team t on t.team_id = b.team_id
        left join internal_user u on u.user_id = b.user_id
        left join team_membership m on m.team_id = b.team_id and m.user_id = b.user_id
        left join organization o on o.organization_id = case when b.team_id is null then b.org_id else t.organization_id end`)
      const owners = {
        team: row?.team ? recordOf('team', row.team) : undefined,
        user: row?.user ? recordOf('user', row.user) : undefined,
        member: row?.member ? recordOf('member', row.member) : undefined,
        organization: row?.org ? recordOf('org', row.org) : undefined,
      }
      const value = bearerPrincipal(bearer, owners, nowMs, everyone)
      if (!row || !value) return undefined
      return { value, names: bearerNames(bearer, owners), generation: Number(row.generation), readAtMs: nowMs }
    },
    async standingOf(kind, id, nowMs) {
      const read = async () => {
        const [row] = await rows<{ entity: EntityRow | null; generation: string | number }>(
          sql`select (${selectEntity(kind, whereId(kind, 'e', [id]))}) as entity, ${NUMBER} as generation`,
        )
        const record = row?.entity ? recordOf(kind, row.entity) : undefined
        return { record, generation: Number(row?.generation ?? 0) }
      }
      let { record, generation } = await read()
      const hasOwn = record?.budgets.some(({ part }) => part === 'main') || record?.budgetId != null
      if (kind === 'customer' && given !== undefined && !hasOwn) {
        await mustBeEstablished()
        await all(giveBudget(id, given))
        ;({ record, generation } = await read())
      }
      const ofFile = kind === 'tag' ? tagScopes(limits, id) : []
      if (ofFile.length > 0) await mustBeEstablished()
      return { value: standingOf(kind, id, record, ofFile), names: [nameOf(kind, [id])], generation, readAtMs: nowMs }
    },
    async generation(nowMs): Promise<KnownGeneration> {
      const [row] = await rows<{ value: Generation }>(sql`select value from setting where name = 'generation'`)
      return { ...(row?.value ?? { number: 0, changed: [] }), readAtMs: nowMs }
    },
  }
}

const orNull = (kind: EntityKind, alias: string) =>
  sql`case when ${sql.raw(alias)}.created_at is not null then ${json(kind, alias)} end`
