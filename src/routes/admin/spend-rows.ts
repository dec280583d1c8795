import type { SpendLogRecord } from '../../spend/logs-row.ts'
import type { LogFilter, SpendLog } from '../../spend/report.ts'

/** So many are in memory at once. */
const ROWS_AT_ONCE = 500

/** All rows that are meant, newest first, a few at a time: the next ones are read when the last ones were taken. */
export async function* rowsInTurn(log: SpendLog, filter: LogFilter): AsyncGenerator<readonly SpendLogRecord[]> {
  let last: SpendLogRecord | undefined
  for (;;) {
    const rows = await log.rows(filter, last, ROWS_AT_ONCE)
    if (rows.length > 0) yield rows
    last = rows.at(-1)
    if (rows.length < ROWS_AT_ONCE) return
  }
}
