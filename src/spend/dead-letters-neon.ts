import { sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { storableJson } from '../db/json.ts'
import { deadLetter } from '../db/schema.ts'

export interface Refused {
  readonly event: unknown
  readonly error: string
}

export interface Letter {
  readonly id: string
  readonly body: unknown
  readonly error?: string
}

/** Keeps messages whole until they are replayed. The same letter twice is one. */
export async function bury(db: Db, queue: string, letters: readonly Letter[]): Promise<void> {
  if (letters.length === 0) return
  const rows = letters.map(({ id, body, error }) => ({ id, queue, body: jsonb(body), error: error ?? null }))
  await db.insert(deadLetter).values(rows).onConflictDoNothing()
}

/** Keeps events that can never be rows, each under a name of its own content, so that a redelivery adds nothing. */
export async function buryEvents(db: Db, queue: string, refused: readonly Refused[]): Promise<void> {
  const letters = refused.map(async ({ event, error }) => ({ id: `event:${await digest(event)}`, body: event, error }))
  await bury(db, queue, await Promise.all(letters))
}

/** As a parameter, so that what `jsonb` refuses has been taken out by us and not by a failing statement. */
const jsonb = (body: unknown) => sql`${storableJson(body)}::jsonb`

async function digest(event: unknown): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(storableJson(event)))
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
