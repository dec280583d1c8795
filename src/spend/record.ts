import type { Db } from '../db/client.ts'
import { storableJson } from '../db/json.ts'
import { isDataFault, withoutValues } from '../db/sql-state.ts'
import { recordSpend } from '../db/statements.ts'
import { buryEvents, type Refused } from './dead-letters-neon.ts'
import type { SpendEvent } from './event.ts'
import { checkEvent } from './storable.ts'

/** One round of window locks per statement; longer batches would keep others waiting. */
export const BATCH_ROWS = 100

export interface Recorded {
  /** Rows that were not there before. */
  readonly fresh: number
  /** What can never be a row, with the reason; everything else is recorded. */
  readonly refused: readonly Refused[]
}

/**
 * Writes spend rows and moves what they spent: the only way that spend moves by a request. Safe to repeat. What cannot
 * be a row is answered, not thrown; it throws only when Postgres could not be asked, and then all of it may be asked again.
 */
export async function recordEvents(db: Db, events: readonly unknown[]): Promise<Recorded> {
  const good: SpendEvent[] = []
  const refused: Refused[] = []
  for (const event of events) {
    const checked = checkEvent(event)
    if (checked.ok) good.push(checked.event)
    else refused.push({ event, error: checked.error })
  }
  let fresh = 0
  for (let at = 0; at < good.length; at += BATCH_ROWS) {
    const answer = await recordBatch(db, good.slice(at, at + BATCH_ROWS))
    fresh += answer.fresh
    refused.push(...answer.refused)
  }
  return { fresh, refused }
}

/** The same, with what cannot be a row kept in `dead_letter`: nothing is left to do once this has returned. */
export async function recordOrBury(db: Db, events: readonly unknown[], queue: string): Promise<number> {
  const { fresh, refused } = await recordEvents(db, events)
  await buryEvents(db, queue, refused)
  return fresh
}

async function recordBatch(db: Db, events: readonly SpendEvent[]): Promise<Recorded> {
  try {
    return { fresh: await recordSpend(db, storableJson(events)), refused: [] }
  } catch (error) {
    if (!isDataFault(error)) throw error
    if (events.length === 1) return { fresh: 0, refused: [{ event: events[0], error: reason(error) }] }
    // One of them is at fault, and only asking for each tells which.
    const parts: Recorded[] = []
    for (const event of events) parts.push(await recordBatch(db, [event]))
    return { fresh: parts.reduce((sum, part) => sum + part.fresh, 0), refused: parts.flatMap((part) => part.refused) }
  }
}

function reason(error: unknown): string {
  const fault = withoutValues(error)
  return fault instanceof Error ? fault.message : String(fault)
}
