import { type SQL, sql } from 'drizzle-orm'
import { commonColumns, entities, templateColumns } from './entities.ts'
import type { KeyName, KeyQuery, ListQuery } from './port.ts'
import type { Entities, EntityKind, EntityRecord, TemplateRecord } from './record.ts'
import { list } from './write-neon.ts'

/** An entity's row as JSON: its columns, its template, its budgets, and the newest window of each. */
export type EntityRow = Readonly<Record<string, unknown>> & {
  readonly budgets: readonly {
    scope: string
    part: EntityRecord['budgets'][number]['part']
    model: string | null
    limit_nano: string
    extra_nano: string
    extra_until: string | null
    duration: string
    time_zone: string
    anchor: string
  }[]
  readonly windows: readonly { scope: string; window_start: string; spent: string }[]
  readonly template: Readonly<Record<string, unknown>> | null
}

/** The columns that identify an entity of this kind. */
const idColumns = (kind: EntityKind) => {
  const { id, columns } = entities[kind]
  return id.map((field) => (columns as Readonly<Record<string, string>>)[field] ?? field)
}

const escaped = (column: string) =>
  sql`replace(replace(replace(replace(${sql.raw(column)}, '%', '%25'), ':', '%3a'), '@', '%40'), '=', '%3d')`

/** `nameOf`, as SQL: what Postgres's own `entity_name` says, in place, since a call for each row costs more than the row. */
export function entitySql(kind: EntityKind, alias: string): SQL {
  const parts = idColumns(kind).map((column) => escaped(`${alias}.${column}`))
  return sql`(${sql.raw(`'${kind}:'`)} || ${sql.join(parts, sql` || ':' || `)})`
}

export function whereId(kind: EntityKind, alias: string, id: readonly string[]): SQL {
  const same = idColumns(kind).map((column, n) => sql`${sql.raw(`${alias}.${column}`)} = ${id[n] ?? ''}`)
  return sql.join(same, sql` and `)
}

/** Money travels as text: JSON numbers are too short for it. */
export function json(kind: EntityKind, alias: string): SQL {
  const entity = entitySql(kind, alias)
  const row = sql.raw(alias)
  return sql`to_jsonb(${row}) || jsonb_build_object('soft_budget_nano', ${row}.soft_budget_nano::text,
    'template', (select ${templateJson('bt')} from budget_template bt where bt.budget_id = ${row}.budget_id),
    'budgets', (select coalesce(jsonb_agg(to_jsonb(b) || jsonb_build_object('limit_nano', b.limit_nano::text,
      'extra_nano', b.extra_nano::text) order by b.scope), '[]') from budget b where b.entity = ${entity}),
    'windows', (select coalesce(jsonb_agg(jsonb_build_object('scope', w.scope, 'window_start', w.window_start,
      'spent', w.spent::text) order by w.scope), '[]')
      from (select ${entity} || '@life' as scope union select b.scope from budget b where b.entity = ${entity}) s
      cross join lateral (select * from budget_window x where x.scope = s.scope order by x.window_start desc limit 1) w))`
}

export function templateJson(alias: string): SQL {
  const row = sql.raw(alias)
  return sql`to_jsonb(${row}) || jsonb_build_object('max_budget_nano', ${row}.max_budget_nano::text,
    'soft_budget_nano', ${row}.soft_budget_nano::text)`
}

export function selectEntity(kind: EntityKind, where: SQL): SQL {
  return sql`select ${json(kind, 'e')} as entity from ${sql.raw(entities[kind].table)} e where ${where}`
}

/** In which order a list is, and what has to be looked up for it. */
export interface Order {
  readonly by: SQL
  readonly join?: SQL
}

/** A page of them: nothing is put together for the rows before it. */
export function selectPage(
  kind: EntityKind,
  where: SQL,
  { by, join = sql`` }: Order,
  { page, size }: { readonly page: number; readonly size: number },
): SQL {
  return sql`select ${json(kind, 'e')} as entity from (select p.*, row_number() over () as place
    from (select e.* from ${sql.raw(entities[kind].table)} e ${join} where ${where}
    order by ${by} limit ${size} offset ${(page - 1) * size}) p) e order by e.place`
}

export function recordOf<K extends EntityKind>(kind: K, row: EntityRow): Entities[K] {
  return {
    ...fieldsOf({ ...commonColumns, ...entities[kind].columns }, row),
    ...signs(row),
    template: row.template && templateRecord(row.template),
    budgets: row.budgets.map((budget) => ({
      scope: budget.scope,
      part: budget.part,
      model: budget.model,
      limitNano: BigInt(budget.limit_nano),
      extraNano: BigInt(budget.extra_nano),
      extraUntilMs: budget.extra_until === null ? null : Date.parse(budget.extra_until),
      duration: budget.duration,
      timeZone: budget.time_zone,
      anchorMs: Date.parse(budget.anchor),
    })),
    windows: row.windows.map(({ scope, window_start, spent }) => ({
      scope,
      startMs: Date.parse(window_start),
      spentNano: BigInt(spent),
    })),
    // The columns of `entities` are the fields of the record, which its type checks.
  } as unknown as Entities[K]
}

export function templateRecord(row: Readonly<Record<string, unknown>>): TemplateRecord {
  return { ...fieldsOf(templateColumns, row), ...signs(row) } as unknown as TemplateRecord
}

const signs = (row: Readonly<Record<string, unknown>>) => ({
  createdAtMs: Date.parse(String(row.created_at)),
  updatedAtMs: Date.parse(String(row.updated_at)),
  createdBy: row.created_by,
  updatedBy: row.updated_by,
})

/** Moments and money by the endings of their names. */
function fieldsOf(columns: Readonly<Record<string, string>>, row: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(columns).map(([field, column]) => {
      const value = row[column]
      if (typeof value !== 'string') return [field, value]
      if (field.endsWith('Ms')) return [field, Date.parse(value)]
      return [field, field.endsWith('Nano') ? BigInt(value) : value]
    }),
  )
}

export function named(name: KeyName): SQL {
  if ('token' in name) return sql`e.token = ${name.token}`
  return 'id' in name ? sql`e.id = ${name.id}` : sql`e.key_alias = ${name.alias}`
}

export function matching(query: KeyQuery): SQL {
  const wanted: [SQL, string | undefined][] = [
    [sql`e.user_id`, query.userId],
    [sql`e.team_id`, query.teamId],
    [sql`e.organization_id`, query.organizationId],
    [sql`e.token`, query.token],
    [sql`e.key_alias`, query.keyAlias],
  ]
  const conditions = wanted.flatMap(([column, value]) => (value === undefined ? [] : [sql`${column} = ${value}`]))
  if (query.aliasHas === '') conditions.push(sql`e.key_alias is not null`)
  else if (query.aliasHas !== undefined)
    conditions.push(sql`position(lower(${query.aliasHas}) in lower(e.key_alias)) > 0`)
  if (query.isGuaranteed) conditions.push(sql`'guaranteed_throughput' in (e.rpm_limit_type, e.tpm_limit_type)`)
  if (query.seenBy) {
    const { userId, teamIds } = query.seenBy
    const own = userId === undefined ? sql`false` : sql`e.user_id = ${userId}`
    conditions.push(sql`(${own} or e.team_id = any(${list(teamIds)}))`)
  }
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
}

const columnOf = (kind: EntityKind, field: string) =>
  sql.raw(`e.${(entities[kind].columns as Readonly<Record<string, string>>)[field] ?? 'created_at'}`)

/** `listed`, as SQL. */
export function listing<K extends EntityKind>(kind: K, query: ListQuery<K>): SQL {
  const conditions = [sql`true`]
  if (query.ids) conditions.push(sql`${columnOf(kind, entities[kind].id[0])} = any(${list(query.ids)})`)
  for (const [field, wanted] of Object.entries(query.is ?? {})) {
    if (wanted === undefined) continue
    conditions.push(wanted === null ? sql`${columnOf(kind, field)} is null` : sql`${columnOf(kind, field)} = ${wanted}`)
  }
  for (const [field, part] of Object.entries(query.has ?? {})) {
    if (part !== undefined) conditions.push(sql`position(lower(${part}) in lower(${columnOf(kind, field)})) > 0`)
  }
  return sql.join(conditions, sql` and `)
}

/** What is absent comes before every text. */
const DIRECTIONS = { asc: sql.raw('asc nulls first'), desc: sql.raw('desc nulls last') } as const

/** `listOrder`, as SQL: by an index where the list is sorted by its making. */
export function listSorted<K extends EntityKind>(kind: K, { sortBy, sortOrder }: ListQuery<K>): Order {
  const direction = sql.raw(sortOrder)
  const by =
    sortBy === 'createdAtMs'
      ? sql`e.created_at ${direction}`
      : sql`${columnOf(kind, String(sortBy))} collate "C" ${DIRECTIONS[sortOrder]}`
  const ids = idColumns(kind).map((column) => sql`${sql.raw(`e.${column}`)} ${direction}`)
  return { by: sql.join([by, ...ids], sql`, `) }
}

/** `keyOrder`, as SQL. */
export function sorted({ sortBy, sortOrder }: KeyQuery): Order {
  const direction = sql.raw(sortOrder)
  const entity = entitySql('key', 'e')
  const budget = sql`left join budget b on b.entity = ${entity} and b.part = 'main'`
  const spent = sql`left join lateral (select x.spent from budget_window x
    where x.scope = coalesce(b.scope, ${entity} || '@life') order by x.window_start desc limit 1) w on true`
  const orders: Readonly<Record<KeyQuery['sortBy'], Order>> = {
    created_at: { by: sql`e.created_at ${direction}` },
    updated_at: { by: sql`e.updated_at ${direction}` },
    key_alias: { by: sql`e.key_alias collate "C" ${DIRECTIONS[sortOrder]}` },
    token: { by: sql`e.token collate "C" ${direction}` },
    max_budget: { by: sql`coalesce(b.limit_nano, -1) ${direction}`, join: budget },
    spend: { by: sql`coalesce(w.spent, 0) ${direction}`, join: sql`${budget} ${spent}` },
  }
  const order = orders[sortBy]
  return { ...order, by: sql`${order.by}, e.id ${direction}` }
}
