import type { Db } from '../db/client.ts'
import { dropSpendPartitions, makeSpendPartitions } from '../db/statements.ts'

const DAYS_AHEAD = 14

/** The cron's part: partitions for the days to come. Answers how many were missing. */
export function keepPartitionsAhead(db: Db, nowMs: number): Promise<number> {
  return makeSpendPartitions(db, new Date(nowMs).toISOString().slice(0, 10), DAYS_AHEAD)
}

/** The cron's part: days that are older than the operator keeps them go, each at once. Answers how many went. */
export function dropOldPartitions(db: Db, nowMs: number, keptMs: number): Promise<number> {
  return dropSpendPartitions(db, new Date(nowMs - keptMs).toISOString().slice(0, 10))
}
