import { and, eq, isNull, lt, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { idempotentRequest } from '../db/schema.ts'
import type { KeyRing } from '../seal.ts'
import { type Claim, type IdempotencyStore, KEPT_MS, type KeptAnswer, LEASE_MS } from './port.ts'

interface Row {
  readonly ours: boolean
  readonly fingerprint: string | null
  readonly is_answered: boolean | null
  readonly key_id: string | null
  readonly sealed: string | null
}

/**
 * In Postgres: one statement says who serves. Answers are sealed, since they hold what models said and new keys; without
 * a salt key, and where the key is another by now, none is kept.
 */
export function neonIdempotency(db: Db, ring: () => KeyRing | undefined): IdempotencyStore {
  const ours = ({ name, attempt }: Claim) =>
    and(eq(idempotentRequest.name, name), eq(idempotentRequest.attempt, attempt), isNull(idempotentRequest.finished_at))
  return {
    async begin(claim, nowMs) {
      const { name, fingerprint, attempt } = claim
      const [now, lease, expires] = [nowMs, nowMs + LEASE_MS, nowMs + KEPT_MS].map((ms) => new Date(ms).toISOString())
      const { rows } = await db.execute<Row & Record<string, unknown>>(sql`
        with mine as (
          insert into idempotent_request as i (name, fingerprint, attempt, lease_until, expires_at)
            values (${name}, ${fingerprint}, ${attempt}, ${lease}::timestamptz, ${expires}::timestamptz)
          on conflict (name) do update set fingerprint = excluded.fingerprint, attempt = excluded.attempt,
              lease_until = excluded.lease_until, expires_at = excluded.expires_at,
              finished_at = null, key_id = null, sealed = null
            where i.expires_at <= ${now}::timestamptz or (i.finished_at is null
              and i.lease_until <= ${now}::timestamptz and i.fingerprint = excluded.fingerprint and not ${changed('i')})
          returning 1
        )
        select exists (select from mine) as ours, i.fingerprint, i.key_id, i.sealed,
            i.finished_at is not null or (i.lease_until <= ${now}::timestamptz and ${changed('i')}) as is_answered
          from (select) one left join idempotent_request i on i.name = ${name}`)
      const [row] = rows
      if (row?.ours) return { state: 'ours' }
      // The statement began before the row was there: somebody else has just taken it.
      if (!row || row.fingerprint === null) return { state: 'running' }
      if (row.fingerprint !== fingerprint) return { state: 'other' }
      if (row.is_answered !== true) return { state: 'running' }
      return { state: 'answered', answer: await opened(row, name) }
    },
    async renew(claim, nowMs) {
      await db
        .update(idempotentRequest)
        .set({ lease_until: new Date(nowMs + LEASE_MS) })
        .where(ours(claim))
    },
    async finish(claim, answer, nowMs) {
      const sealed = answer && (await ring()?.seal(JSON.stringify(answer), placeOf(claim.name)))
      await db
        .update(idempotentRequest)
        .set({
          finished_at: new Date(nowMs),
          expires_at: new Date(nowMs + KEPT_MS),
          key_id: sealed?.keyId ?? null,
          sealed: sealed?.text ?? null,
        })
        .where(ours(claim))
    },
    async release(claim, nowMs) {
      await db.batch([
        db
          .update(idempotentRequest)
          .set({ finished_at: new Date(nowMs) })
          .where(and(ours(claim), changed('idempotent_request'))),
        db.delete(idempotentRequest).where(ours(claim)),
      ])
    },
  }

  async function opened({ key_id: keyId, sealed: text }: Row, name: string): Promise<KeptAnswer | undefined> {
    if (keyId === null || text === null) return undefined
    const answer = await ring()?.open({ keyId, text }, placeOf(name))
    // Only what `finish` sealed opens in its place.
    return answer === undefined ? undefined : (JSON.parse(answer) as KeptAnswer)
  }
}

/** Whether the log of changes has one by the try of this row. */
const changed = (table: 'i' | 'idempotent_request') =>
  sql`exists (select from audit_log a where a.request_id = ${sql.raw(table)}.attempt)`

/** The cron's part: what is over is deleted. */
export async function dropExpiredIdempotency(db: Db, nowMs: number): Promise<void> {
  await db.delete(idempotentRequest).where(lt(idempotentRequest.expires_at, new Date(nowMs)))
}

const placeOf = (name: string) => JSON.stringify(['idempotent_request', name])
