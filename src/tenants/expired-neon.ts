import { sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'

/** Forgets the old texts of regenerated keys whose grace has ended. Keys that expired stay: they are listed and may be prolonged. */
export async function dropExpiredTokens(db: Db, nowMs: number): Promise<void> {
  await db.execute(sql`delete from previous_token where expires <= ${new Date(nowMs).toISOString()}::timestamptz`)
}
