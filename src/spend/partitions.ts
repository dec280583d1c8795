import type { Db } from '../db/client.ts'
import { makeSpendPartitions } from '../db/statements.ts'

const DAYS_AHEAD = 14

/** The cron's part: partitions for the days to come. Answers how many were missing. */
export function keepPartitionsAhead(db: Db, nowMs: number): Promise<number> {
  return makeSpendPartitions(db, new Date(nowMs).toISOString().slice(0, 10), DAYS_AHEAD)
}
