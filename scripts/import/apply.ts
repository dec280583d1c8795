import { sql } from 'drizzle-orm'
import type { Db } from '../../src/db/client.ts'
import { GatewayError } from '../../src/errors.ts'
import { newId } from '../../src/ids.ts'
import { entities, nameOf } from '../../src/tenants/entities.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import type { Author, Changes, WindowReset } from '../../src/tenants/port.ts'
import type { EntityKind, EntityRecord } from '../../src/tenants/record.ts'
import { counted, type Report } from './report.ts'
import { type EntityRowOf, entityRows } from './rows.ts'
import type { Source } from './source.ts'
import { canonical, id, text } from './values.ts'
import { anchorOf, type Setting, templateOf, type Wanted, wantedOf } from './wanted.ts'
import { countWithout } from './without.ts'

/** Who signs what was imported. A row that someone else signed last was changed here. */
export const IMPORTER = 'import:litellm'

export interface Into {
  readonly db: Db
  readonly report: Report
  readonly timeZone: string
  readonly nowMs: number
  readonly dryRun: boolean
}

/** Budgets by name, then everything that has limits. Each row is whole or absent, with its spend before it may spend. */
export async function applyTenants(source: Source, into: Into): Promise<void> {
  const { db, report, timeZone, nowMs, dryRun } = into
  const tenants = neonTenants(db)
  const author: Author = { by: IMPORTER, nowMs }
  const gone = await deletedHere(db)
  const setting: Setting = {
    timeZone,
    nowMs,
    templates: new Map(source.BudgetTable.map((row) => [id(row, 'budget_id'), row])),
    groups: new Map(source.AccessGroupTable.map((row) => [id(row, 'access_group_id'), id(row, 'access_group_name')])),
  }

  for (const row of source.BudgetTable) {
    const budgetId = id(row, 'budget_id')
    await attempt(`budget ${budgetId}`, async () => {
      const fields = templateOf(row)
      const before = await tenants.findTemplate(budgetId)
      const how = decide(`budget:${budgetId}`, before, fields)
      if (how === 'created' && !dryRun) {
        await tenants.createTemplate(budgetId, { ...fields, timeZone, anchorMs: anchorOf(row, nowMs) }, author)
      }
      // Those who have it follow as themselves.
      if (how === 'updated' && !dryRun) await tenants.updateTemplate(budgetId, fields, partsOf(row), author)
      if (how) counted(report, 'budget', how)
    })
  }
  for await (const some of entityRows(source, (table, rows) => countWithout(report.without, table, rows))) {
    for (let first = 0; first < some.length; first += TOGETHER) await those(some.slice(first, first + TOGETHER))
  }

  /** Rows of one kind: what is new in one transaction, where nothing of it is refused. */
  async function those(some: readonly EntityRowOf[]): Promise<void> {
    const [{ kind } = { kind: 'key' as const }] = some
    const there = await known(kind, some)
    const fresh = some.filter((one) => !there.has(namedBy(one)))
    const rest = (await madeTogether(fresh)) ? some.filter((one) => there.has(namedBy(one))) : some
    await severalAtOnce(rest, (one) =>
      attempt(`${one.kind} ${one.id.join(' in ')}`, () => entity(one, there.has(namedBy(one)))),
    )
  }

  /** False where it has to be seen which of them is refused. */
  async function madeTogether(fresh: readonly EntityRowOf[]): Promise<boolean> {
    const [{ kind } = { kind: 'key' as const }] = fresh
    if (dryRun || fresh.length === 0 || fresh.some((one) => gone.has(deletedName(one)))) return false
    try {
      const made = fresh.map((one) => {
        const entityId = one.kind === 'key' ? [newId(nowMs)] : one.id
        return { entityId, own: one.own, wanted: wantedOf(kind, entityId, one.row, setting) }
      })
      const spent = made.flatMap(({ wanted }) => resetsOf(wanted, undefined))
      await tenants.create(
        kind,
        made.map(({ entityId, own, wanted }) => ({
          id: entityId,
          fields: { ...wanted.fields, ...own } as Changes<EntityKind>,
        })),
        author,
        { spent },
      )
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status >= 500) throw error
      return false
    }
    for (const one of fresh) counted(report, one.kind, 'created')
    return true
  }

  /** Which of these rows have one here, by the names of `namedBy`. */
  async function known(kind: EntityKind, some: readonly EntityRowOf[]): Promise<ReadonlySet<string>> {
    const { table } = entities[kind]
    const columns =
      kind === 'key' ? ['token'] : Object.values(entities[kind].columns).slice(0, entities[kind].id.length)
    const name = sql.join(
      columns.map((column) => sql.raw(column)),
      sql`, `,
    )
    const ids = JSON.stringify(some.map(({ id: named }) => named[0]))
    const { rows } = await db.execute<Record<string, string>>(sql`select ${name} from ${sql.raw(table)}
      where ${sql.raw(columns[0] ?? '')} in (select jsonb_array_elements_text(${ids}::jsonb))`)
    return new Set(rows.map((row) => JSON.stringify(columns.map((column) => row[column]))))
  }

  function partsOf(row: Source['BudgetTable'][number]) {
    const { fields } = wantedOf('tag', [''], { budget_id: row.budget_id }, setting)
    return (fields.budgets ?? []).map((budget) => ({
      ...budget,
      scope: budget.scope.slice(nameOf('tag', ['']).length),
    }))
  }

  async function entity({ kind, id: named, row, own }: EntityRowOf, isThere: boolean): Promise<void> {
    const key = isThere && kind === 'key' ? await tenants.findKey({ token: named[0] ?? '' }) : undefined
    const entityId = kind === 'key' ? [key?.id ?? newId(nowMs)] : named
    const before = key ?? (isThere && kind !== 'key' ? await tenants.find(kind, entityId) : undefined)
    const wanted = wantedOf(kind, entityId, row, setting)
    const fields = { ...wanted.fields, ...own } as Changes<EntityKind>
    const how = decide(deletedName({ kind, id: named }), before, fields)
    if (!how) return
    if (!dryRun) {
      const spent = resetsOf(wanted, before)
      if (how === 'created') await tenants.create(kind, [{ id: entityId, fields }], author, { spent })
      else await tenants.resetSpend(spent, author)
      if (how === 'updated') await tenants.update(kind, entityId, fields, author)
      if (how === 'same' && spent.length > 0) return counted(report, kind, 'updated')
    }
    counted(report, kind, how)
  }

  /** A window has spent the more of what is known here and there. */
  function resetsOf({ spend }: Wanted, before: EntityRecord | undefined): readonly WindowReset[] {
    return spend.flatMap(({ scope, startMs, spentNano }) => {
      const open = before?.windows.find((one) => one.scope === scope && one.startMs >= startMs)
      if (open && open.spentNano >= spentNano) return []
      return [{ operation: newId(nowMs), scope, startMs, targetNano: spentNano }]
    })
  }

  function decide(name: string, before: object | undefined, fields: object) {
    if (!before) {
      if (!gone.has(name)) return 'created'
      report.kept.push(`${name} was deleted`)
      return undefined
    }
    const record = before as Readonly<Record<string, unknown>>
    const differ = Object.entries(fields)
      .filter(([field, value]) => value !== undefined && comparable(field, value) !== comparable(field, record[field]))
      .map(([field]) => field)
    if (differ.length === 0) return 'same'
    if (record.updatedBy === IMPORTER) return 'updated'
    report.kept.push(`${name} differs in ${differ.join(', ')}`)
    return undefined
  }

  async function attempt(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status >= 500) throw error
      report.refused.push(`${name}: ${error.message}`)
    }
  }
}

/** How many rows are looked for, and made, in one go. */
const TOGETHER = 100
const AT_ONCE = 16

const namedBy = ({ id }: EntityRowOf) => JSON.stringify(id)
/** How the archive of what was deleted here names it: keys by their hashes. */
const deletedName = ({ kind, id: named }: Pick<EntityRowOf, 'kind' | 'id'>) =>
  kind === 'key' ? `key:${named[0]}` : nameOf(kind, named)

/** Most of a write is waiting for it. Stops at the first that throws. */
async function severalAtOnce<T>(those: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = those[Symbol.iterator]()
  const worker = async () => {
    for (const one of rest) await work(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Of budgets what was asked for, not since when they count. */
function comparable(field: string, value: unknown): string {
  if (field !== 'budgets') return canonical(value ?? null)
  const budgets = value as EntityRecord['budgets']
  return canonical(
    budgets
      .map(({ scope, part, limitNano }) => [scope, part, limitNano])
      .sort((a, b) => (String(a) < String(b) ? -1 : 1)),
  )
}

async function deletedHere(db: Db): Promise<ReadonlySet<string>> {
  const { rows } = await db.execute<{ entity: string; token: string | null }>(
    sql`select entity, row->>'token' as token from archived_entity`,
  )
  return new Set(rows.map(({ entity, token }) => (text(token) === null ? entity : `key:${token}`)))
}
