import { dayOfId } from '../ids.ts'
import { nanoFromUsd } from '../money.ts'
import type { SpendEvent } from './event.ts'
import type { SpendLogsQuery } from './logs-query.ts'
import { type SpendLogRecord, type SpendLogsPage, spendLogsRow } from './logs-row.ts'
import type { SpendQueue } from './port.ts'
import type { LogFilter } from './report.ts'
import { checkEvent } from './storable.ts'
import { toldBy } from './told.ts'

export interface MemorySpend extends SpendQueue {
  /** Every row once, as a database would have it. */
  readonly events: ReadonlyMap<string, SpendEvent>
  /** What could not be a row. */
  readonly refused: readonly unknown[]
  logs(query: SpendLogsQuery): SpendLogsPage
}

/** The queue, its consumer and the log in one, without a database. `record` moves the money, when there are books. */
export function memorySpend(record: (events: readonly SpendEvent[]) => void = () => {}): MemorySpend {
  const events = new Map<string, SpendEvent>()
  const refused: unknown[] = []
  return {
    events,
    refused,
    async send(sent) {
      await Promise.resolve()
      for (const one of sent) {
        const checked = checkEvent(one)
        if (!checked.ok) refused.push(one)
        else if (!events.has(checked.event.id)) {
          events.set(checked.event.id, checked.event)
          record([checked.event])
        }
      }
    },
    logs(query) {
      const rows = [...events.values()].map(recordOf).filter(matching(query)).sort(newestFirst)
      const { page, page_size } = query
      return {
        data: rows.slice((page - 1) * page_size, page * page_size).map(spendLogsRow),
        total: rows.length,
        page,
        page_size,
        total_pages: Math.ceil(rows.length / page_size),
      }
    },
  }
}

export function newestFirst(a: SpendLogRecord, b: SpendLogRecord): number {
  return b.start_time.getTime() - a.start_time.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
}

export function matching(query: LogFilter): (row: SpendLogRecord) => boolean {
  const same = (value: string | null, wanted: string | undefined) => wanted === undefined || value === wanted
  const contains = (value: string | null, part: string | undefined) =>
    part === undefined || (value?.toLowerCase().includes(part.toLowerCase()) ?? false)
  return (row) =>
    row.start_time.getTime() >= query.start_date &&
    row.start_time.getTime() <= query.end_date &&
    same(row.api_key, query.api_key) &&
    same(row.user, query.user_id) &&
    same(row.request_id, query.request_id) &&
    same(row.team_id, query.team_id) &&
    same(row.status, query.status_filter) &&
    same(row.end_user, query.end_user) &&
    (same(row.model, query.model) || same(row.model_group, query.model)) &&
    row.cost_nano >= nanoFromUsd(query.min_spend ?? 0) &&
    (query.max_spend === undefined || row.cost_nano <= nanoFromUsd(query.max_spend)) &&
    same(String(row.http_status), query.error_code) &&
    contains(row.key_alias, query.key_alias) &&
    contains(row.error_message, query.error_message)
}

export function recordOf(event: SpendEvent): SpendLogRecord {
  const { v: _, windows, hold_nano, cost_nano, saved_nano = '0', start_ms, first_token_ms, end_ms, ...same } = event
  return {
    ...same,
    day: dayOfId(event.id),
    kind: 'request',
    hold_nano: BigInt(hold_nano),
    cost_nano: BigInt(cost_nano),
    saved_nano: BigInt(saved_nano),
    told: toldBy(event),
    windows: windows.map((ms) => new Date(ms)),
    start_time: new Date(start_ms),
    first_token_time: first_token_ms === null ? null : new Date(first_token_ms),
    end_time: new Date(end_ms),
  }
}
