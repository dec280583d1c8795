import { type SQL, sql } from 'drizzle-orm'
import { authored } from '../db/author.ts'
import type { Db } from '../db/client.ts'
import { asking } from './ask-neon.ts'
import { type EntityId, entities, nameOf } from './entities.ts'
import { explain, isReferenced } from './fault-neon.ts'
import type { FileLimits } from './file-limits.ts'
import type { Author, Beside, Page, PrincipalSource, TenantStore, WindowReset } from './port.ts'
import { neonPrincipals } from './principals-neon.ts'
import {
  type EntityRow,
  entitySql,
  listing,
  listSorted,
  matching,
  named,
  type Order,
  recordOf,
  selectEntity,
  selectPage,
  sorted,
  templateJson,
  templateRecord,
  whereId,
} from './read-neon.ts'
import type { Entities, EntityKind } from './record.ts'
import { stillUsed } from './refusals.ts'
import { archived, deleted, ownedSql } from './remove-neon.ts'
import { entityOf } from './scope.ts'
import {
  budgetsSet,
  changedColumns,
  insert,
  list,
  made,
  raise,
  setBudgets,
  signed,
  templateColumnsOf,
  touched,
  update,
  withId,
} from './write-neon.ts'

type Row = { readonly entity: EntityRow }
type TemplateRow = { readonly template: Readonly<Record<string, unknown>> }

/** Postgres. A write is one transaction that also raises the generation. */
export function neonTenants(db: Db, limits: FileLimits = { timeZone: 'UTC' }): TenantStore & PrincipalSource {
  const { rows, write, writeBy } = asking(db)

  /** A page and how many there are: asked for at once. */
  async function paged<K extends EntityKind>(
    kind: K,
    where: SQL,
    order: Order,
    page: { readonly page: number; readonly size: number },
  ): Promise<Page<Entities[K]>> {
    const [found, [count]] = await Promise.all([
      rows<Row>(selectPage(kind, where, order, page)),
      rows<{ total: string | number }>(
        sql`select count(*) as total from ${sql.raw(entities[kind].table)} e where ${where}`,
      ),
    ])
    return { found: found.map((row) => recordOf(kind, row.entity)), total: Number(count?.total ?? 0) }
  }

  const readTemplate = (budgetId: string) =>
    sql`select ${templateJson('bt')} as template from budget_template bt where bt.budget_id = ${budgetId}`

  return {
    ...neonPrincipals(db, limits),
    async findKey(name) {
      const [row] = await rows<Row>(selectEntity('key', named(name)))
      return row && recordOf('key', row.entity)
    },
    async listKeys(query) {
      const { found, total } = await paged('key', matching(query), sorted(query), query)
      return { keys: found, total }
    },
    async deleteKeys(tokens, author) {
      const those = sql`e.token = any(${list(tokens)})`
      const gone = await writeBy<{ token: string }>(
        author,
        archived('key', those, author),
        sql`${deleted('key', those)} returning e.token`,
      )
      return gone.map(({ token }) => token)
    },
    list: (kind, query) => paged(kind, listing(kind, query), listSorted(kind, query), query),
    async remove(kind, ids, author) {
      if (ids.length === 0) return 0
      const owned = ownedSql(kind, ids)
      const [, last = sql`false`] = owned.at(-1) ?? []
      const gone = await writeBy<{ gone: number }>(
        author,
        [
          ...owned.flatMap(([of, those]) => archived(of, those, author)),
          ...owned.slice(0, -1).map(([of, those]) => deleted(of, those)),
        ],
        sql`${deleted(kind, last)} returning 1 as gone`,
      )
      return gone.length
    },
    async regenerateKey(id, { token, keyName, graceUntilMs }, changes, author) {
      const entity = nameOf('key', [id])
      const keep = sql`insert into previous_token (token, key_id, expires)
        select e.token, e.id, ${new Date(graceUntilMs ?? 0).toISOString()}::timestamptz from virtual_key e where e.id = ${id}
        on conflict (token) do update set expires = excluded.expires`
      const fields = { ...changes, token, keyName }
      const [row] = await writeBy<Row>(
        author,
        [
          sql`delete from previous_token where key_id = ${id} and expires <= ${new Date(author.nowMs).toISOString()}::timestamptz`,
          ...(graceUntilMs === null ? [] : [keep]),
          update('virtual_key', [...changedColumns('key', fields), ...touched(author)], whereId('key', 'e', [id])),
          ...setBudgets(present('key', [id]), entity, changes.budgets, author.nowMs),
          raise(list([entity])),
        ],
        selectEntity('key', whereId('key', 'e', [id])),
      ).catch(explain(fields))
      return row && recordOf('key', row.entity)
    },
    async find(kind, id) {
      const [row] = await rows<Row>(selectEntity(kind, whereId(kind, 'e', id)))
      return row && recordOf(kind, row.entity)
    },
    async belonging(kind, to) {
      const wanted = [
        to.teamId === undefined ? undefined : sql`e.team_id = ${to.teamId}`,
        to.organizationId === undefined ? undefined : sql`e.organization_id = ${to.organizationId}`,
        to.userId === undefined ? undefined : sql`e.user_id = ${to.userId}`,
      ].filter((condition) => condition !== undefined)
      const order = sql.raw(kind === 'team' ? 'e.created_at, e.team_id' : 'e.created_at, e.team_id, e.user_id')
      const found = await rows<Row>(sql`${selectEntity(kind, sql.join(wanted, sql` and `))} order by ${order}`)
      return found.map((row) => recordOf(kind, row.entity))
    },
    async create(kind, fresh, author, beside = {}) {
      const found = await writeBy<Row>(
        author,
        [
          ...setBack(beside.spent),
          ...templateBeside(beside, author),
          ...made('user', beside.users, author),
          ...made(kind, fresh, author),
          ...made('member', beside.members, author),
          ...made('key', beside.key && [beside.key], author),
        ],
        sql`${selectEntity(
          kind,
          sql.join(
            fresh.map(({ id }) => sql`(${whereId(kind, 'e', id)})`),
            sql` or `,
          ),
        )}
          order by array_position(${list(fresh.map(({ id }) => nameOf(kind, id)))}, ${entitySql(kind, 'e')})`,
      ).catch(explain(withId(kind, fresh[0]?.id ?? [], fresh[0]?.fields ?? {})))
      return found.map((row) => recordOf(kind, row.entity))
    },
    async update(kind, id, changes, author, beside = {}) {
      const entity = nameOf(kind, id)
      const [row] = await writeBy<Row>(
        author,
        [
          ...templateBeside(beside, author),
          update(entities[kind].table, [...changedColumns(kind, changes), ...touched(author)], whereId(kind, 'e', id)),
          ...setBudgets(present(kind, id), entity, changes.budgets, author.nowMs),
          raise(list([entity])),
        ],
        selectEntity(kind, whereId(kind, 'e', id)),
      ).catch(explain(changes))
      return row && recordOf(kind, row.entity)
    },
    async findTemplate(budgetId) {
      const [row] = await rows<TemplateRow>(readTemplate(budgetId))
      return row && templateRecord(row.template)
    },
    async createTemplate(budgetId, fields, author) {
      const all = { ...fields, budgetId }
      const [row] = await writeBy<TemplateRow>(
        author,
        [...templateBeside({ template: { budgetId, fields } }, author)],
        readTemplate(budgetId),
      ).catch(explain(all))
      if (!row) throw new Error('a template that was just written cannot be read')
      return templateRecord(row.template)
    },
    async updateTemplate(budgetId, fields, budgets, author) {
      const [row] = await writeBy<TemplateRow>(
        author,
        templateBeside({ template: { budgetId, fields, budgets } }, author),
        readTemplate(budgetId),
      )
      return row && templateRecord(row.template)
    },
    async keyCounts(userIds) {
      const found = await rows<{ user_id: string; count: string | number }>(
        sql`select user_id, count(*) as count from virtual_key where user_id = any(${list(userIds)}) group by user_id`,
      )
      return new Map(found.map(({ user_id, count }) => [user_id, Number(count)]))
    },
    async listTemplates() {
      const found = await rows<TemplateRow>(
        sql`select ${templateJson('bt')} as template from budget_template bt order by bt.budget_id collate "C"`,
      )
      return found.map((row) => templateRecord(row.template))
    },
    async removeTemplate(budgetId, author) {
      const { by, nowMs } = author
      const gone = await writeBy<{ gone: number }>(
        author,
        [
          sql`insert into archived_entity (entity, deleted_at, deleted_by, row)
            select ${`budget:${budgetId}`}, ${new Date(nowMs).toISOString()}::timestamptz, ${by}, to_jsonb(bt)
            from budget_template bt where bt.budget_id = ${budgetId} on conflict do nothing`,
          raise(list([`budget:${budgetId}`])),
        ],
        sql`delete from budget_template where budget_id = ${budgetId} returning 1 as gone`,
      ).catch((error: unknown) => {
        throw isReferenced(error) ? stillUsed(budgetId) : error
      })
      return gone.length > 0
    },
    async linkedTo(budgetId) {
      const [row] = await rows<{ linked: readonly string[] }>(sql`select linked_entities(${budgetId}) as linked`)
      return row?.linked ?? []
    },
    async leaseHolders(scopes) {
      const holding = await rows<{ ledger: string }>(sql`select distinct l.ledger from budget_lease l
        where l.scope = any(${list(scopes)}) and l.granted > l.returned + l.charged order by l.ledger`)
      return holding.map(({ ledger }) => ledger)
    },
    async resetSpend(resets, author) {
      if (resets.length === 0) return
      await write([...(author ? [authored(author)] : []), ...setBack(resets)], sql`select 1`)
    },
  }
}

/** Windows that have spent something else, in the order in which everyone locks them. */
function setBack(resets: readonly WindowReset[] = []): SQL[] {
  if (resets.length === 0) return []
  const inOrder = [...resets].sort((a, b) => (a.scope < b.scope ? -1 : 1))
  return [
    ...inOrder.map(({ operation, scope, startMs, targetNano }) => {
      const target = sql`${String(targetNano)}::bigint`
      const reset = sql`reset_spend(${operation}, ${scope}, ${startMs}::bigint, ${target})`
      return sql`select audit_reset(${scope}, ${reset}, ${target})`
    }),
    // The spend that a copy shows is of its reading.
    raise(list([...new Set(inOrder.map(({ scope }) => entityOf(scope)))])),
  ]
}

/** A template that is made, or changed with everyone linked. */
function templateBeside({ template }: Beside, author: Author): SQL[] {
  if (!template) return []
  const { budgetId, fields, budgets } = template
  if (!budgets) {
    const columns = [...templateColumnsOf({ ...fields, budgetId }), ...signed(author)]
    return [insert('budget_template', columns), raise(list([`budget:${budgetId}`]))]
  }
  const linked = sql`linked_entities(${budgetId})`
  return [
    update('budget_template', [...templateColumnsOf(fields), ...touched(author)], sql`e.budget_id = ${budgetId}`),
    budgetsSet(linked, '', ['main', 'model'], budgets, author.nowMs),
    raise(linked),
  ]
}

/** The entity's name in a list, or an empty list where it is gone. */
const present = (kind: EntityKind, id: EntityId) =>
  sql`array(select ${entitySql(kind, 'e')} from ${sql.raw(entities[kind].table)} e where ${whereId(kind, 'e', id)})`
