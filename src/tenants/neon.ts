import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { budget, organization, team, virtualKey } from '../db/schema.ts'
import { GatewayError } from '../errors.ts'
import { dayOfId, newId } from '../ids.ts'
import type { Author, EntityChanges, KeyName, KeyQuery, NewBudget, PrincipalSource, TenantStore } from './port.ts'
import { principalOf } from './principal-of.ts'
import type { EntityRecord, KeyRecord, OrganizationRecord, TeamRecord } from './record.ts'
import { alreadyThere, notThere } from './refusals.ts'
import { entityName, scopeName } from './scope.ts'

/** Postgres. A principal is one statement; a write is one transaction that also raises the generation. */
export function neonTenants(db: Db): TenantStore & PrincipalSource {
  async function rows<R>(query: SQL): Promise<R[]> {
    try {
      return (await db.execute(query)).rows as R[]
    } catch (error) {
      throw refusalOf(error)
    }
  }

  /** All in one transaction; answers what the last statement read. */
  async function write<R>(statements: readonly SQL[], read: SQL): Promise<R[]> {
    const [first, ...rest] = [...statements, read].map((statement) => db.execute(statement))
    if (!first) return []
    try {
      const results = await db.batch([first, ...rest])
      return (results.at(-1)?.rows ?? []) as R[]
    } catch (error) {
      throw refusalOf(error)
    }
  }

  async function created<R>(statements: readonly SQL[], read: SQL): Promise<R> {
    const [row] = await write<R>(statements, read)
    if (row === undefined) throw new Error('a row that was just written cannot be read')
    return row
  }

  const readKey = (where: SQL) => sql`select ${json('key', sql`k.id`, 'k')} as key from virtual_key k where ${where}`
  const readTeam = (where: SQL) => sql`select ${json('team', sql`t.team_id`, 't')} as team from team t where ${where}`
  const readOrganization = (where: SQL) =>
    sql`select ${json('org', sql`o.organization_id`, 'o')} as organization from organization o where ${where}`

  return {
    async principalOf(keyHash, nowMs) {
      const [row] = await rows<{ key: KeyRow; team: TeamRow | null; organization: OrganizationRow | null }>(sql`
        select ${json('key', sql`k.id`, 'k')} as key,
          case when t.team_id is not null then ${json('team', sql`t.team_id`, 't')} end as team,
          case when o.organization_id is not null then ${json('org', sql`o.organization_id`, 'o')} end as organization
        from virtual_key k
        left join team t on t.team_id = k.team_id
        left join organization o on o.organization_id = coalesce(t.organization_id, k.organization_id)
        where k.token = ${keyHash}`)
      if (!row) return undefined
      return principalOf(
        keyRecord(row.key),
        row.team === null ? undefined : teamRecord(row.team),
        row.organization === null ? undefined : organizationRecord(row.organization),
        nowMs,
      )
    },
    async findKey(name) {
      const [row] = await rows<{ key: KeyRow }>(readKey(named(name)))
      return row && keyRecord(row.key)
    },
    async listKeys(query) {
      const page = await rows<{ key: KeyRow; total: number }>(sql`
        select ${json('key', sql`k.id`, 'k')} as key from virtual_key k where ${matching(query)}
        order by ${sorted(query)} limit ${query.size} offset ${(query.page - 1) * query.size}`)
      const [count] = await rows<{ total: string | number }>(
        sql`select count(*) as total from virtual_key k where ${matching(query)}`,
      )
      return { keys: page.map(({ key }) => keyRecord(key)), total: Number(count?.total ?? 0) }
    },
    async createKey(key, author) {
      const entity = entityName('key', key.id)
      const insert = sql`insert into ${virtualKey} ${inserted({
        id: key.id,
        token: key.token,
        key_name: key.keyName,
        key_alias: key.keyAlias,
        user_id: key.userId,
        team_id: key.teamId,
        organization_id: key.organizationId,
        expires: key.expiresAtMs === undefined ? undefined : timeOf(key.expiresAtMs),
        ...shared(key),
        ...signed(author),
      })}`
      const row = await created<{ key: KeyRow }>(
        [insert, ...setBudget(entity, key.budget), raise([key.id])],
        readKey(sql`k.id = ${key.id}`),
      ).catch(explain(key))
      return keyRecord(row.key)
    },
    async updateKey(id, changes, author) {
      const entity = entityName('key', id)
      const update = sql`update ${virtualKey} set ${assigned({
        key_alias: changes.keyAlias,
        user_id: changes.userId,
        team_id: changes.teamId,
        organization_id: changes.organizationId,
        expires: changes.expiresAtMs === undefined ? undefined : timeOf(changes.expiresAtMs),
        ...shared(changes),
        updated_at: timeOf(author.nowMs),
        updated_by: author.by,
      })} where id = ${id}`
      const [row] = await write<{ key: KeyRow }>(
        [update, ...setBudget(entity, changes.budget), ...carry(entity, changes.budget, author.nowMs), raise([id])],
        readKey(sql`k.id = ${id}`),
      ).catch(explain(changes))
      return row && keyRecord(row.key)
    },
    async deleteKeys(tokens) {
      const gone = await write<{ token: string }>(
        [
          sql`select raise_generation(array(select id from virtual_key where token = any(${list(tokens)})))`,
          sql`delete from ${budget} where entity in (select 'key:' || id from virtual_key where token = any(${list(tokens)}))`,
        ],
        sql`delete from ${virtualKey} where token = any(${list(tokens)}) returning token`,
      )
      return gone.map(({ token }) => token)
    },
    async findTeam(teamId) {
      const [row] = await rows<{ team: TeamRow }>(readTeam(sql`t.team_id = ${teamId}`))
      return row && teamRecord(row.team)
    },
    async teamsOf(organizationId) {
      const found = await rows<{ team: TeamRow }>(
        sql`${readTeam(sql`t.organization_id = ${organizationId}`)} order by t.created_at, t.team_id`,
      )
      return found.map((row) => teamRecord(row.team))
    },
    async createTeam(fresh, author) {
      const insert = sql`insert into ${team} ${inserted({
        team_id: fresh.teamId,
        team_alias: fresh.teamAlias,
        organization_id: fresh.organizationId,
        ...shared(fresh),
        ...signed(author),
      })}`
      const row = await created<{ team: TeamRow }>(
        [insert, ...setBudget(entityName('team', fresh.teamId), fresh.budget), raise([fresh.teamId])],
        readTeam(sql`t.team_id = ${fresh.teamId}`),
      ).catch(explain(fresh))
      return teamRecord(row.team)
    },
    async findOrganization(organizationId) {
      const [row] = await rows<{ organization: OrganizationRow }>(
        readOrganization(sql`o.organization_id = ${organizationId}`),
      )
      return row && organizationRecord(row.organization)
    },
    async createOrganization(fresh, author) {
      const insert = sql`insert into ${organization} ${inserted({
        organization_id: fresh.organizationId,
        organization_alias: fresh.organizationAlias,
        ...shared(fresh),
        ...signed(author),
      })}`
      const row = await created<{ organization: OrganizationRow }>(
        [insert, ...setBudget(entityName('org', fresh.organizationId), fresh.budget), raise([fresh.organizationId])],
        readOrganization(sql`o.organization_id = ${fresh.organizationId}`),
      ).catch(explain(fresh))
      return organizationRecord(row.organization)
    },
  }
}

// Reading: every entity is its row as JSON, with its budgets and the newest window of each.

interface EntityRow {
  readonly models: string[]
  readonly metadata: Record<string, unknown>
  readonly rpm_limit: number | null
  readonly tpm_limit: number | null
  readonly blocked: boolean
  readonly created_at: string
  readonly updated_at: string
  readonly created_by: string | null
  readonly updated_by: string | null
  readonly budgets: { scope: string; limit_nano: string; duration: string; time_zone: string; anchor: string }[]
  readonly windows: { scope: string; window_start: string; spent: string }[]
}

type KeyRow = EntityRow & {
  readonly id: string
  readonly token: string
  readonly key_name: string
  readonly key_alias: string | null
  readonly user_id: string | null
  readonly team_id: string | null
  readonly organization_id: string | null
  readonly expires: string | null
}
type TeamRow = EntityRow & {
  readonly team_id: string
  readonly team_alias: string | null
  readonly organization_id: string | null
}
type OrganizationRow = EntityRow & { readonly organization_id: string; readonly organization_alias: string }

/** `entityName`, as SQL. */
function entityOf(kind: 'key' | 'team' | 'org', id: SQL): SQL {
  const prefix = sql.raw(`'${kind}:'`)
  return sql`(${prefix} || replace(replace(replace(replace(${id}, '%', '%25'), ':', '%3a'), '@', '%40'), '=', '%3d'))`
}

/** Money travels as text: JSON numbers are too short for it. */
function json(kind: 'key' | 'team' | 'org', id: SQL, alias: 'k' | 't' | 'o'): SQL {
  const entity = entityOf(kind, id)
  return sql`to_jsonb(${sql.raw(alias)}) || jsonb_build_object(
    'budgets', (select coalesce(jsonb_agg(jsonb_build_object('scope', b.scope, 'limit_nano', b.limit_nano::text,
      'duration', b.duration, 'time_zone', b.time_zone, 'anchor', b.anchor) order by b.scope), '[]')
      from budget b where b.entity = ${entity}),
    'windows', (select coalesce(jsonb_agg(jsonb_build_object('scope', w.scope, 'window_start', w.window_start,
      'spent', w.spent::text) order by w.scope), '[]')
      from (select ${entity} || '@life' as scope union select b.scope from budget b where b.entity = ${entity}) s
      cross join lateral (select * from budget_window x where x.scope = s.scope order by x.window_start desc limit 1) w))`
}

function entityRecord(row: EntityRow): EntityRecord {
  return {
    models: row.models,
    metadata: row.metadata,
    rpmLimit: row.rpm_limit,
    tpmLimit: row.tpm_limit,
    blocked: row.blocked,
    createdAtMs: Date.parse(row.created_at),
    updatedAtMs: Date.parse(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
    budgets: row.budgets.map(({ scope, limit_nano, duration, time_zone, anchor }) => ({
      scope,
      limitNano: BigInt(limit_nano),
      duration,
      timeZone: time_zone,
      anchorMs: Date.parse(anchor),
    })),
    windows: row.windows.map(({ scope, window_start, spent }) => ({
      scope,
      startMs: Date.parse(window_start),
      spentNano: BigInt(spent),
    })),
  }
}

const keyRecord = (row: KeyRow): KeyRecord => ({
  ...entityRecord(row),
  id: row.id,
  token: row.token,
  keyName: row.key_name,
  keyAlias: row.key_alias,
  userId: row.user_id,
  teamId: row.team_id,
  organizationId: row.organization_id,
  expiresAtMs: row.expires === null ? null : Date.parse(row.expires),
})

const teamRecord = (row: TeamRow): TeamRecord => ({
  ...entityRecord(row),
  teamId: row.team_id,
  teamAlias: row.team_alias,
  organizationId: row.organization_id,
})

const organizationRecord = (row: OrganizationRow): OrganizationRecord => ({
  ...entityRecord(row),
  organizationId: row.organization_id,
  organizationAlias: row.organization_alias,
})

function named(name: KeyName): SQL {
  if ('token' in name) return sql`k.token = ${name.token}`
  return 'id' in name ? sql`k.id = ${name.id}` : sql`k.key_alias = ${name.alias}`
}

function matching(query: KeyQuery): SQL {
  const wanted: [SQL, string | undefined][] = [
    [sql`k.user_id`, query.userId],
    [sql`k.team_id`, query.teamId],
    [sql`k.organization_id`, query.organizationId],
    [sql`k.token`, query.token],
    [sql`k.key_alias`, query.keyAlias],
  ]
  const conditions = wanted.flatMap(([column, value]) => (value === undefined ? [] : [sql`${column} = ${value}`]))
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
}

function sorted({ sortBy, sortOrder }: KeyQuery): SQL {
  const entity = entityOf('key', sql`k.id`)
  const by = {
    created_at: sql`k.created_at`,
    updated_at: sql`k.updated_at`,
    key_alias: sql`coalesce(k.key_alias, '') collate "C"`,
    token: sql`k.token collate "C"`,
    max_budget: sql`coalesce((select max(b.limit_nano) from budget b where b.entity = ${entity}), -1)`,
    spend: sql`coalesce((select w.spent from budget_window w where w.scope =
      coalesce((select min(b.scope) from budget b where b.entity = ${entity}), ${entity} || '@life')
      order by w.window_start desc limit 1), 0)`,
  }[sortBy]
  const direction = sql.raw(sortOrder)
  return sql`${by} ${direction}, k.id ${direction}`
}

// Writing.

/** Milliseconds as Postgres reads them. */
const timeOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

/** An array as one parameter. */
const list = (values: readonly string[]) =>
  sql`(select coalesce(array_agg(value), '{}') from jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))::text[]`

const raise = (ids: readonly string[]) => sql`select raise_generation(${list(ids)})`

const shared = (changes: EntityChanges) => ({
  models: changes.models && list(changes.models),
  metadata: changes.metadata && sql`${JSON.stringify(changes.metadata)}::jsonb`,
  rpm_limit: changes.rpmLimit,
  tpm_limit: changes.tpmLimit,
  blocked: changes.blocked,
})

const signed = ({ by, nowMs }: Author) => ({
  created_at: timeOf(nowMs),
  updated_at: timeOf(nowMs),
  created_by: by,
  updated_by: by,
})

type Columns = Readonly<Record<string, SQL | string | number | boolean | null | undefined>>

const present = (columns: Columns) => Object.entries(columns).filter(([, value]) => value !== undefined)

function inserted(columns: Columns): SQL {
  const given = present(columns)
  const names = given.map(([name]) => sql.identifier(name))
  const values = given.map(([, value]) => sql`${value}`)
  return sql`(${sql.join(names, sql`, `)}) values (${sql.join(values, sql`, `)})`
}

function assigned(columns: Columns): SQL {
  return sql.join(
    present(columns).map(([name, value]) => sql`${sql.identifier(name)} = ${value}`),
    sql`, `,
  )
}

/** The limit lives in one row; another duration is another scope, and the old one stops limiting. */
function setBudget(entity: string, value: NewBudget | null | undefined): SQL[] {
  if (value === undefined) return []
  if (value === null) return [sql`delete from ${budget} where entity = ${entity}`]
  const { scope, limitNano, duration, timeZone, anchorMs } = value
  return [
    sql`delete from ${budget} where entity = ${entity} and scope <> ${scope}`,
    sql`insert into ${budget} ${inserted({
      scope,
      entity,
      limit_nano: String(limitNano),
      duration,
      time_zone: timeZone,
      anchor: timeOf(anchorMs),
    })} on conflict (scope) do update set limit_nano = excluded.limit_nano`,
  ]
}

/**
 * A new duration opens with what was spent since its window began: one row of the log, so that the log stays the spend.
 * `@life` counts everything anyway, and what was carried before is not carried twice.
 */
function carry(entity: string, value: NewBudget | null | undefined, nowMs: number): SQL[] {
  if (!value || value.duration === 'life') return []
  const { scope } = value
  const start = sql`${timeOf(value.windowStartMs)}::timestamptz`
  const id = newId(nowMs)
  return [
    sql`select lock_windows(array[${scope}]::text[], array[${start}])`,
    sql`with past as (
        select coalesce(sum(cost_nano) filter (where kind in ('request', 'expired') and start_time >= ${start}
            and ${scopeName(entity, 'life')} = any(scopes) and ${scope} <> all(scopes)), 0)
          - coalesce(sum(cost_nano) filter (where kind = 'carry' and scopes = array[${scope}]::text[]
            and windows = array[${start}]), 0) as cost
        from spend_log where day >= (${start} at time zone 'UTC')::date - 1
      ), carried as (
        insert into spend_log (day, id, kind, cost_nano, scopes, windows, covered, start_time, end_time)
        select ${dayOfId(id)}::date, ${`carry:${id}`}, 'carry', cost, array[${scope}]::text[], array[${start}],
          array[false], ${timeOf(nowMs)}::timestamptz, ${timeOf(nowMs)}::timestamptz
        from past where cost > 0 returning cost_nano
      )
      update budget_window w set spent = w.spent + carried.cost_nano from carried
      where w.scope = ${scope} and w.window_start = ${start}`,
  ]
}

// Refusals: what Postgres says about names, in the admin's words.

interface PostgresError {
  readonly code: string
  readonly constraint: string
}

function postgresError(error: unknown): PostgresError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && at.code !== '') {
      const constraint = 'constraint' in at && typeof at.constraint === 'string' ? at.constraint : ''
      return { code: at.code, constraint }
    }
  }
  return undefined
}

/** A fault without a SQLSTATE is the way to Postgres, not Postgres; so are its own shutdowns. */
function refusalOf(error: unknown): unknown {
  const code = postgresError(error)?.code
  if (code !== undefined && !/^(08|53|57P)/.test(code)) return error
  return new GatewayError('database_unavailable', 'The database cannot be reached. Ask again in a moment.', {
    cause: error,
    retryAfterMs: 1_000,
  })
}

const UNIQUE = '23505'
const FOREIGN = '23503'

type Names = {
  keyAlias?: string | null | undefined
  keyName?: string
  teamId?: string | null | undefined
  organizationId?: string | null | undefined
}

function explain(names: Names): (error: unknown) => never {
  return (error) => {
    const fault = postgresError(error)
    const on = (part: string) => fault?.constraint.includes(part) === true
    if (fault?.code === UNIQUE) {
      if (on('key_alias')) throw alreadyThere('key_alias', names.keyAlias ?? '')
      if (on('virtual_key')) throw alreadyThere('key', names.keyName ?? '')
      if (on('team')) throw alreadyThere('team_id', names.teamId ?? '')
      if (on('organization')) throw alreadyThere('organization_id', names.organizationId ?? '')
    }
    if (fault?.code === FOREIGN) {
      if (on('team_id')) throw notThere('team_id', names.teamId ?? '')
      if (on('organization_id')) throw notThere('organization_id', names.organizationId ?? '')
    }
    throw error
  }
}
