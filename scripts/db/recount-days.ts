import { connect } from '../../src/db/client.ts'
import type { Transaction } from './migrate.ts'

/** A large day is a million rows; each takes a tenth of a millisecond. */
const DAY_TIMEOUT_MS = 600_000
const DAY_MS = 86_400_000

/**
 * Adds the spend log's days up anew, one transaction a day. Only that day's partition waits meanwhile: what is recorded
 * for other days goes on, and what comes for this one is added afterwards. Safe to repeat. Days whose log is gone keep
 * their sums.
 */
export async function recountDays(
  transaction: Transaction,
  { from, to }: { readonly from: string; readonly to: string },
  log: (line: string) => void,
): Promise<void> {
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += DAY_MS) {
    const day = new Date(ms).toISOString().slice(0, 10)
    const counted = await transaction([
      { text: recountOf(day) },
      { text: 'select count(*)::int as rows from spend_log where day = $1', values: [day] },
    ])
    log(`${day}: ${String(counted[0]?.rows)} rows`)
  }
}

/** Whole days, as the statement is text; anything else is refused before it comes here. */
function recountOf(day: string): string {
  const partition = `spend_log_${day.replaceAll('-', '')}`
  return `DO $$
    DECLARE
      v_rows spend_log[];
      v_last text := '';
    BEGIN
      EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE',
        CASE WHEN to_regclass('${partition}') IS NULL THEN 'spend_log_default' ELSE '${partition}' END);
      IF NOT EXISTS (SELECT FROM spend_log WHERE day = '${day}') THEN RETURN; END IF;
      DELETE FROM spend_daily WHERE day = '${day}';
      LOOP
        SELECT array_agg(t.row), max(t.id) INTO v_rows, v_last FROM (
          SELECT s AS row, s.id FROM spend_log s WHERE s.day = '${day}' AND s.id > v_last ORDER BY s.id LIMIT 5000
        ) t;
        EXIT WHEN v_rows IS NULL;
        PERFORM roll_up(v_rows);
      END LOOP;
    END $$`
}

/** The same over Neon's HTTP endpoint. */
export function recountAt(databaseUrl: string, days: Parameters<typeof recountDays>[1], log: (line: string) => void) {
  const sql = connect(databaseUrl, DAY_TIMEOUT_MS)
  const transaction: Transaction = async (statements) =>
    (await sql.transaction(statements.map(({ text, values }) => sql.query(text, [...(values ?? [])])))).at(-1) ?? []
  return recountDays(transaction, days, log)
}
