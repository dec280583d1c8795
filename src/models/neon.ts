import { sql } from 'drizzle-orm'
import type { Json } from '../config/config.ts'
import { authored } from '../db/author.ts'
import type { Db } from '../db/client.ts'
import { raiseGeneration } from '../db/statements.ts'
import type { KeyRing } from '../seal.ts'
import { CONFIG_NAME, type Fields, type ModelStore, type Signature, type StoredKind, type StoredRow } from './port.ts'

interface Row {
  readonly kind: StoredKind
  readonly id: string
  readonly open: { readonly [key: string]: Json }
  readonly key_id: string | null
  readonly sealed: string | null
  readonly created_ms: string
  readonly updated_ms: string
  readonly created_by: string
  readonly updated_by: string
}

/** In Postgres, secrets sealed. The ring is asked for when a secret is met: without stored secrets no salt is needed. */
export function neonModels(db: Db, ring: () => KeyRing): ModelStore {
  async function write(
    { kind, id, ...rest }: Pick<StoredRow, 'kind' | 'id'> & { secret?: Fields | undefined },
    signature: Signature,
    how: 'create' | 'replace',
  ): Promise<boolean> {
    const { by, nowMs } = signature
    const { secret, ...open } = rest
    const sealed = secret && (await ring().seal(JSON.stringify(secret), placeOf(kind, id)))
    const [value, at, keyId, text] = [
      JSON.stringify(open),
      new Date(nowMs).toISOString(),
      sealed?.keyId ?? null,
      sealed?.text ?? null,
    ]
    const done =
      how === 'create'
        ? sql`insert into stored_config (kind, id, open, key_id, sealed, created_at, updated_at, created_by, updated_by)
            values (${kind}, ${id}, ${value}::jsonb, ${keyId}::text, ${text}::text, ${at}::timestamptz, ${at}::timestamptz, ${by}, ${by})
            on conflict do nothing returning id`
        : sql`update stored_config set open = ${value}::jsonb, updated_at = ${at}::timestamptz, updated_by = ${by},
              key_id = coalesce(${keyId}::text, key_id), sealed = coalesce(${text}::text, sealed)
            where kind = ${kind} and id = ${id} returning id`
    return await changed(done, signature)
  }

  /** One transaction: who did it, the row, and the generation where there was one to change. */
  async function changed(change: ReturnType<typeof sql>, signature: Signature): Promise<boolean> {
    const [, { rows }] = await db.batch([
      db.execute(authored(signature)),
      db.execute(sql`with done as (${change}) select ${raiseGeneration([CONFIG_NAME])} from done limit 1`),
    ])
    return rows.length > 0
  }

  async function rowOf(row: Row): Promise<StoredRow> {
    const { kind, id, key_id: keyId, sealed: text } = row
    const opened = keyId !== null && text !== null ? await ring().open({ keyId, text }, placeOf(kind, id)) : undefined
    const signed = {
      createdAtMs: Number(row.created_ms),
      updatedAtMs: Number(row.updated_ms),
      createdBy: row.created_by,
      updatedBy: row.updated_by,
    }
    // Only what `write` wrote lies here, so the parts of a kind make that kind's row.
    const made: object = { kind, id, ...row.open, ...signed }
    const secret = opened === undefined ? undefined : (JSON.parse(opened) as Fields)
    return (kind === 'model' || kind === 'credential' ? { ...made, secret } : made) as StoredRow
  }

  return {
    async read(nowMs) {
      const { rows } = await db.execute<{ generation: string; rows: readonly Row[] }>(sql`select
        coalesce((select (value->>'number')::bigint from setting where name = 'generation'), 0) as generation,
        coalesce((select jsonb_agg(jsonb_build_object('kind', kind, 'id', id, 'open', open, 'key_id', key_id,
          'sealed', sealed, 'created_by', created_by, 'updated_by', updated_by,
          'created_ms', floor(extract(epoch from created_at) * 1000)::bigint::text,
          'updated_ms', floor(extract(epoch from updated_at) * 1000)::bigint::text) order by created_at, kind, id)
          from stored_config), '[]') as rows`)
      const [found] = rows
      return {
        rows: await Promise.all((found?.rows ?? []).map(rowOf)),
        generation: Number(found?.generation ?? 0),
        readAtMs: nowMs,
      }
    },
    create: (fields, signature) => write(fields, signature, 'create'),
    replace: (fields, signature) => write(fields, signature, 'replace'),
    async set(changes, signature) {
      const at = new Date(signature.nowMs).toISOString()
      const { by } = signature
      const statements = changes.map(({ id, value }) =>
        value === null
          ? sql`delete from stored_config where kind = 'setting' and id = ${id}`
          : sql`insert into stored_config as s (kind, id, open, created_at, updated_at, created_by, updated_by)
              values ('setting', ${id}, ${JSON.stringify({ value })}::jsonb, ${at}::timestamptz, ${at}::timestamptz, ${by}, ${by})
              on conflict (kind, id) do update set open = excluded.open, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
      )
      const rest = [...statements, sql`select ${raiseGeneration([CONFIG_NAME])}`]
      await db.batch([db.execute(authored(signature)), ...rest.map((one) => db.execute(one))])
    },
    remove: (kind, id, signature) =>
      changed(sql`delete from stored_config where kind = ${kind} and id = ${id} returning id`, signature),
  }
}

/** What is sealed for one row does not open in another. */
const placeOf = (kind: StoredKind, id: string) => JSON.stringify(['stored_config', kind, id])
