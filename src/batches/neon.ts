import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { storableJson } from '../db/json.ts'
import { vendorObject } from '../db/schema.ts'
import type { VendorObject, VendorObjects } from './port.ts'
import { STAGES } from './stage.ts'

type Row = typeof vendorObject.$inferSelect
type Json = Record<string, unknown>

/** In Postgres. */
export function neonVendorObjects(db: Db): VendorObjects {
  const t = vendorObject
  const theirs = (owner: string, kind: string, vendors: readonly string[] | undefined, ...more: (SQL | undefined)[]) =>
    and(eq(t.owner, owner), eq(t.kind, kind), ...(vendors ? [inArray(t.vendor, [...vendors])] : []), ...more)
  const find: VendorObjects['find'] = async (owner, kind, id, vendors) => {
    const [row] = await db
      .select()
      .from(t)
      .where(theirs(owner, kind, vendors, eq(t.id, id)))
    return row && objectOf(row)
  }
  return {
    async keep({ vendor, id, kind, owner, said, batch, opening, createdAtMs }) {
      const told = storable(said)
      await db
        .insert(t)
        .values({
          ...{ vendor, id, kind, owner, said: told },
          batch: batch ?? null,
          opening: opening === undefined ? null : storable(opening),
          created_at: new Date(createdAtMs),
        })
        .onConflictDoUpdate({
          target: [t.vendor, t.id],
          set: { said: told },
          setWhere: sql`${stageIn(sql`excluded.said`)} >= ${stageIn(sql`${t.said}`)}`,
        })
    },
    find,
    owners: (ids, vendors) =>
      db
        .select({ id: t.id, owner: t.owner })
        .from(t)
        .where(and(inArray(t.vendor, [...vendors]), inArray(t.id, [...ids]))),
    async list(owner, kind, { vendors, purpose, after, limit, oldestFirst = false }) {
      const last = after === undefined ? undefined : await find(owner, kind, after, vendors)
      if (after !== undefined && last === undefined) return []
      const [beyond, inOrder] = oldestFirst ? ([gt, asc] as const) : ([lt, desc] as const)
      const from =
        last &&
        or(
          beyond(t.created_at, new Date(last.createdAtMs)),
          and(eq(t.created_at, new Date(last.createdAtMs)), beyond(t.id, last.id)),
        )
      const isFor = purpose === undefined ? undefined : sql`${t.said} ->> 'purpose' = ${purpose}`
      const rows = await db
        .select()
        .from(t)
        .where(theirs(owner, kind, vendors, from, isFor))
        .orderBy(inOrder(t.created_at), inOrder(t.id))
        .limit(limit)
      return rows.map(objectOf)
    },
    async forget(owner, kind, id, vendors) {
      const gone = await db
        .delete(t)
        .where(theirs(owner, kind, vendors, eq(t.id, id)))
        .returning({ id: t.id })
      return gone.length > 0
    },
    async charged(vendor, id, nowMs) {
      await db
        .update(t)
        .set({ charged_at: new Date(nowMs), opening: null })
        .where(and(eq(t.vendor, vendor), eq(t.id, id), isNull(t.charged_at)))
    },
    async dropOld(beforeMs) {
      await db.delete(t).where(and(eq(t.kind, 'batch'), lt(t.charged_at, new Date(beforeMs))))
    },
    async open(limit) {
      const rows = await db
        .select()
        .from(t)
        .where(and(isNotNull(t.opening), isNull(t.charged_at)))
        .orderBy(sql`random()`)
        .limit(limit)
      return rows.map(objectOf)
    },
  }
}

/** As `stageOf` has it. */
const stageIn = (said: SQL) =>
  sql`coalesce((${JSON.stringify(STAGES)}::jsonb ->> coalesce(${said} ->> 'status', ${said} ->> 'processing_status'))::int, 0)`

/** A vendor may say what Postgres cannot keep (NUL characters). */
function storable(value: unknown): Json {
  return JSON.parse(storableJson(value)) as Json
}

/** Only what `keep` wrote is there, so the shapes hold. */
function objectOf({ vendor, id, kind, owner, said, batch, opening, created_at, charged_at }: Row): VendorObject {
  return {
    ...{ vendor, id, owner, createdAtMs: created_at.getTime() },
    kind: kind as VendorObject['kind'],
    said: said as Json,
    ...(batch !== null && { batch }),
    ...(opening !== null && { opening: opening as NonNullable<VendorObject['opening']> }),
    ...(charged_at !== null && { chargedAtMs: charged_at.getTime() }),
  }
}
