import { type SQL, sql } from 'drizzle-orm'
import { newId } from '../ids.ts'
import { commonColumns, type EntityId, entities, nameOf, templateColumns } from './entities.ts'
import { governed, withBound } from './governed.ts'
import type { CallbackChange } from './own-callbacks.ts'
import type { Author, Changes, EntityChanges, NewBudget, NewEntity } from './port.ts'
import type { BudgetPart, EntityKind } from './record.ts'

type Fields = Readonly<Record<string, unknown>>
type Columns = readonly (readonly [column: string, value: SQL])[]

/** An array as one parameter. */
export const list = (values: readonly string[]) =>
  sql`(select coalesce(array_agg(value), '{}') from jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))::text[]`

/** Milliseconds as Postgres reads them. */
const timeOf = (ms: number) => sql`${new Date(ms).toISOString()}::timestamptz`

/** What of an entity's fields is given, as columns. */
export function columnsOf(kind: EntityKind, fields: Fields): Columns {
  return given({ ...commonColumns, ...entities[kind].columns }, fields)
}

/**
 * The same of a row that is there. Lists that bind it lie in its metadata: each is set by itself, over what is there
 * now, so that two who change different ones both have their way.
 */
export function changedColumns(kind: EntityKind, { bound, callback, ...fields }: Changes<EntityKind>): Columns {
  const columns = columnsOf(kind, fields)
  if (callback !== undefined) return [...columns, ['metadata', sql`e.metadata || ${loggingWith(callback)}`]]
  if (bound === undefined) return columns
  const beside = fields.metadata === undefined ? sql`e.metadata` : sql`${JSON.stringify(fields.metadata)}::jsonb`
  const there = sql`(select coalesce(jsonb_object_agg(b.key, b.value), '{}') from jsonb_each(e.metadata) b
    where b.key = any(${list(governed)}))`
  const lists = JSON.stringify(withBound({}, bound))
  const metadata = sql`((${beside} || ${there}) - ${list(Object.keys(bound))}) || ${lists}::jsonb`
  return [...columns.filter(([column]) => column !== 'metadata'), ['metadata', metadata]]
}

/** As `withCallback` has it, over what is there when the row is written. */
function loggingWith(callback: CallbackChange): SQL {
  if (callback === null) return sql`'{"logging":[]}'::jsonb`
  const there = sql`jsonb_array_elements(
    case jsonb_typeof(e.metadata->'logging') when 'array' then e.metadata->'logging' else '[]' end)`
  const others = sql`(select coalesce(jsonb_agg(l.entry order by l.at), '[]') from ${there} with ordinality l (entry, at)
    where l.entry->>'callback_name' is distinct from ${callback.callback_name})`
  return sql`jsonb_build_object('logging', ${others} || jsonb_build_array(${JSON.stringify(callback)}::jsonb))`
}

export function templateColumnsOf(fields: Fields): Columns {
  return given(templateColumns, fields)
}

function given(columns: Readonly<Record<string, string>>, fields: Fields): Columns {
  return Object.entries(columns).flatMap(([field, column]) => {
    const value = fields[field]
    return value === undefined ? [] : [[column, sqlOf(field, value)] as const]
  })
}

/** Moments end in Ms, lists are texts, what is an object is JSON, money is text on its way. */
function sqlOf(field: string, value: unknown): SQL {
  if (value === null) return sql`null`
  if (Array.isArray(value)) return list(value.map(String))
  if (typeof value === 'object') return sql`${JSON.stringify(value)}::jsonb`
  if (field.endsWith('Ms')) return timeOf(Number(value))
  return typeof value === 'bigint' ? sql`${String(value)}::bigint` : sql`${value}`
}

export function signed({ by, nowMs }: Author): Columns {
  return [
    ['created_at', timeOf(nowMs)],
    ['updated_at', timeOf(nowMs)],
    ['created_by', sql`${by}`],
    ['updated_by', sql`${by}`],
  ]
}

export function touched({ by, nowMs }: Author): Columns {
  return [
    ['updated_at', timeOf(nowMs)],
    ['updated_by', sql`${by}`],
  ]
}

export function insert(table: string, columns: Columns): SQL {
  const names = columns.map(([name]) => sql.identifier(name))
  const values = columns.map(([, value]) => value)
  return sql`insert into ${sql.raw(table)} (${sql.join(names, sql`, `)}) values (${sql.join(values, sql`, `)})`
}

export function update(table: string, columns: Columns, where: SQL): SQL {
  const pairs = columns.map(([name, value]) => sql`${sql.identifier(name)} = ${value}`)
  return sql`update ${sql.raw(table)} e set ${sql.join(pairs, sql`, `)} where ${where}`
}

export const raise = (names: SQL) => sql`select raise_generation(${names})`

const ALL_PARTS: readonly BudgetPart[] = ['main', 'window', 'model']

/** The budgets of one entity become these; `names` are it, or nobody where it is gone. */
export function setBudgets(names: SQL, entity: string, budgets: EntityChanges['budgets'], nowMs: number): SQL[] {
  return budgets === undefined ? [] : [budgetsSet(names, entity, ALL_PARTS, budgets, nowMs)]
}

/** The budgets of several entities, each written after the same `prefix`. */
export function budgetsSet(
  names: SQL,
  prefix: string,
  parts: readonly BudgetPart[],
  budgets: readonly NewBudget[],
  nowMs: number,
): SQL {
  const rows = budgets.map((budget) => ({
    suffix: budget.scope.slice(prefix.length),
    part: budget.part,
    model: budget.model,
    limit_nano: String(budget.limitNano),
    extra_nano: String(budget.extraNano),
    extra_until_ms: budget.extraUntilMs,
    duration: budget.duration,
    time_zone: budget.timeZone,
    anchor_ms: budget.anchorMs,
    start_ms: budget.windowStartMs,
  }))
  return sql`select set_budgets(${newId(nowMs)}, ${nowMs}::bigint, ${names}, ${list(parts)}, ${JSON.stringify(rows)}::jsonb)`
}

/** New entities of a kind with their budgets, and who is to know of them. */
export function made<K extends EntityKind>(kind: K, fresh: readonly NewEntity<K>[] = [], author: Author): SQL[] {
  if (fresh.length === 0) return []
  return [
    ...fresh.flatMap(({ id, fields }) => [
      ...(kind === 'member' ? [makeUser(id, author)] : []),
      insert(entities[kind].table, [...columnsOf(kind, withId(kind, id, fields)), ...signed(author)]),
      ...setBudgets(list([nameOf(kind, id)]), nameOf(kind, id), fields.budgets, author.nowMs),
    ]),
    raise(list(fresh.map(({ id }) => nameOf(kind, id)))),
  ]
}

/** A member is of a user; one nobody made yet has no limits. */
function makeUser([, userId = '']: EntityId, author: Author): SQL {
  return sql`${insert('internal_user', [['user_id', sql`${userId}`], ...signed(author)])} on conflict do nothing`
}

export function withId(kind: EntityKind, id: EntityId, fields: object): Readonly<Record<string, unknown>> {
  return { ...fields, ...Object.fromEntries(entities[kind].id.map((field, n) => [field, id[n]])) }
}
