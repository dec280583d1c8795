import type { SpendEvent } from '../spend/event.ts'
import { hexOf } from './sink.ts'

/**
 * Names a delivery by whose attempts it tells: the same when it is tried again, replayed from the dead letters, or put on
 * the queue a second time, in whatever order. Begins with the oldest id, so that names sort by time.
 */
export async function deliveryIdOf(events: readonly Pick<SpendEvent, 'id'>[]): Promise<string> {
  const ids = events.map(({ id }) => id).sort()
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(ids.join()))
  return `${ids[0] ?? ''}-${hexOf(digest).slice(0, 16)}`
}
