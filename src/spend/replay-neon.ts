import { and, asc, eq, gt, isNull, notLike } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { deadLetter } from '../db/schema.ts'
import { eventsOf } from './event.ts'
import { recordEvents } from './record.ts'

const PAGE = 50
const OF_SINKS = '%-deliveries-dead'

export interface Replayed {
  /** Letters that are home now. */
  readonly letters: number
  /** Rows that were not there before. */
  readonly rows: number
  /** Letters that still cannot be rows; `dead_letter.error` says why. */
  readonly refused: number
}

/** Brings dead letters home: rows of spend, not what sinks were to be told. Safe to repeat and to interrupt: a letter is marked after its rows are recorded. */
export async function replayDeadLetters(db: Db, nowMs: number): Promise<Replayed> {
  let [letters, rows, refused, after] = [0, 0, 0, '']
  for (;;) {
    const page = await db
      .select({ id: deadLetter.id, body: deadLetter.body })
      .from(deadLetter)
      .where(and(isNull(deadLetter.replayed_at), notLike(deadLetter.queue, OF_SINKS), gt(deadLetter.id, after)))
      .orderBy(asc(deadLetter.id))
      .limit(PAGE)
    for (const { id, body } of page) {
      const answer = await recordEvents(db, eventsOf(body) ?? [body])
      rows += answer.fresh
      const error = answer.refused.map((one) => one.error).join('\n')
      if (error === '') letters += 1
      else refused += 1
      await db
        .update(deadLetter)
        .set(error === '' ? { replayed_at: new Date(nowMs), error: null } : { error })
        .where(eq(deadLetter.id, id))
    }
    const last = page.at(-1)
    if (!last) return { letters, rows, refused }
    after = last.id
  }
}
