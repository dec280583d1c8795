import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { storableJson } from '../db/json.ts'
import type { Facts } from './alert.ts'
import type { AlertBook, Letter } from './port.ts'

/** The table `alert`, and notes in `setting`. Every act is one statement. */
export function neonAlerts(db: Db): AlertBook {
  return {
    async raise(letters, nowMs, move) {
      if (letters.length === 0 && !move) return []
      const rows = storableJson(
        letters.map(({ id, receiver, type, facts, dueMs }) => ({ id, receiver, type, facts, due: iso(dueMs) })),
      )
      const now = sql`${iso(nowMs)}::timestamptz`
      const raised = (guard: SQL) => sql`
        insert into alert (id, receiver, type, facts, raised_at, due_at, sent_at)
        select r.id, r.receiver, r.type, r.facts, ${now}, r.due, case when r.receiver = '' then ${now} end
        from jsonb_to_recordset(${rows}::jsonb) as r(id text, receiver text, type text, facts jsonb, due timestamptz)
        ${guard} order by r.id, r.receiver
        on conflict do nothing returning id`
      const { rows: fresh } = await db.execute<{ id: string }>(
        move === undefined
          ? raised(sql``)
          : sql`with moved as (
              insert into setting as s (name, value, updated_at)
              values (${move.name}, ${storableJson(move.to)}::jsonb, ${now})
              on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at
              where s.value = ${storableJson(move.from ?? null)}::jsonb returning 1
            ) ${raised(sql`where exists (select from moved)`)}`,
      )
      return [...new Set(fresh.map(({ id }) => id))]
    },

    async known(ids) {
      if (ids.length === 0) return new Set()
      const { rows } = await db.execute<{ id: string }>(
        sql`select distinct id from alert where id in (select jsonb_array_elements_text(${storableJson(ids)}::jsonb))`,
      )
      return new Set(rows.map(({ id }) => id))
    },

    async note(name) {
      const { rows } = await db.execute<{ value: unknown }>(sql`select value from setting where name = ${name}`)
      return rows[0]?.value
    },

    async claim(nowMs, untilMs, most) {
      const { rows } = await db.execute<Row>(sql`
        with due as (
          select id, receiver from alert where sent_at is null and due_at <= ${iso(nowMs)}::timestamptz
            and (claimed_until is null or claimed_until <= ${iso(nowMs)}::timestamptz)
          order by raised_at, id limit ${most}::int for update skip locked
        )
        update alert a set claimed_until = ${iso(untilMs)}::timestamptz, attempts = a.attempts + 1
        from due where a.id = due.id and a.receiver = due.receiver
        returning a.id, a.receiver, a.type, a.facts, a.attempts,
          (extract(epoch from a.due_at) * 1000)::bigint::text as due,
          (extract(epoch from a.raised_at) * 1000)::bigint::text as raised`)
      return rows
        .toSorted((a, b) => Number(a.raised) - Number(b.raised) || (a.id < b.id ? -1 : 1))
        .map(({ id, receiver, type, facts, attempts, due }) => ({
          id,
          receiver,
          type,
          facts,
          attempts,
          dueMs: Number(due),
        }))
    },

    async sent(letters, nowMs) {
      if (letters.length === 0) return
      await db.execute(sql`update alert a set sent_at = ${iso(nowMs)}::timestamptz, claimed_until = null, error = null
        from ${named(letters)} where a.id = r.id and a.receiver = r.receiver`)
    },

    async failed(letters, error, dueMs) {
      if (letters.length === 0) return
      await db.execute(sql`update alert a set due_at = ${iso(dueMs)}::timestamptz, claimed_until = null, error = ${error}
        from ${named(letters)} where a.id = r.id and a.receiver = r.receiver`)
    },

    async forget(beforeMs) {
      await db.execute(sql`delete from alert where type <> 'budget_alerts' and sent_at < ${iso(beforeMs)}::timestamptz`)
    },
  }
}

type Row = {
  readonly id: string
  readonly receiver: string
  readonly type: Letter['type']
  readonly facts: Facts
  readonly attempts: number
  readonly due: string
  readonly raised: string
}

const iso = (ms: number) => new Date(ms).toISOString()

const named = (letters: readonly Letter[]) =>
  sql`jsonb_to_recordset(${JSON.stringify(letters.map(({ id, receiver }) => ({ id, receiver })))}::jsonb) as r(id text, receiver text)`
