import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'

/** So long after a person was deleted, what was still on its way has come and is settled. */
const REST_MS = 3_600_000
/** So long rows that come late are looked for, those of batches too (src/gateway/batch-results.ts); then nothing links the person to the pseudonym any more. */
const LATE_MS = 15 * 24 * 3_600_000
const ROWS = 5_000
const MOST_STEPS = 20

/**
 * The cron's part of erasing a person (`POST /user/delete`): the rows that tell of them, in the logs of spend and of
 * changes, become an invented person's, whom nothing links to them. Sums stay. Safe to repeat and to break off.
 */
export async function eraseDeleted(db: Db, nowMs: number): Promise<void> {
  const { rows } = await db.execute<{ user_id: string; over: boolean }>(sql`
    select user_id, requested_at < ${new Date(nowMs - LATE_MS).toISOString()}::timestamptz as over from erasure
    where requested_at < ${new Date(nowMs - REST_MS).toISOString()}::timestamptz order by requested_at limit 100`)
  let steps = MOST_STEPS
  for (const { user_id: userId, over } of rows) {
    // The names of bearers first: they are found by rows that the others make nobody's.
    if (!(await emptied(sql`erase_bearer`, userId))) return
    await db.execute(sql`select erase_audit(${userId})`)
    if (!(await emptied(sql`erase_spend`, userId))) return
    if (over) await db.execute(sql`delete from erasure where user_id = ${userId} and audited_at is not null`)
  }

  /** False where the steps ran out: the next run goes on. */
  async function emptied(erase: SQL, userId: string): Promise<boolean> {
    let moved = ROWS
    while (moved >= ROWS && steps-- > 0) {
      const [found] = (await db.execute<{ moved: number }>(sql`select ${erase}(${userId}, ${ROWS}::int) as moved`)).rows
      moved = found?.moved ?? 0
    }
    return steps > 0
  }
}
