import { and, asc, eq, isNull, like } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { deadLetter } from '../db/schema.ts'
import { type DeliveryQueue, deliveriesIn, enqueue } from './deliveries.ts'

const PAGE = 50

/** What the deliveries' queue gave up, by the end of its name. */
export const GIVEN_UP = '%-deliveries-dead'

/**
 * Puts what sinks were not told in a hundred tries on their queue again, oldest first, and marks it. Safe to repeat and
 * to interrupt: a letter is marked after the queue has it. Answers how many deliveries.
 */
export async function replayDeliveries(db: Db, queue: DeliveryQueue, nowMs: number): Promise<number> {
  let replayed = 0
  for (;;) {
    const page = await db
      .select({ id: deadLetter.id, body: deadLetter.body })
      .from(deadLetter)
      .where(and(isNull(deadLetter.replayed_at), like(deadLetter.queue, GIVEN_UP)))
      .orderBy(asc(deadLetter.received_at))
      .limit(PAGE)
    for (const { id, body } of page) {
      await enqueue(queue, deliveriesIn(body))
      await db
        .update(deadLetter)
        .set({ replayed_at: new Date(nowMs) })
        .where(eq(deadLetter.id, id))
      replayed += 1
    }
    if (page.length < PAGE) return replayed
  }
}
