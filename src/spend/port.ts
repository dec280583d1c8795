import type { SpendEvent } from './event.ts'

/** Takes rows on their way to Postgres. What it accepts is delivered at least once; it throws when it accepts nothing. */
export interface SpendQueue {
  send(events: readonly SpendEvent[]): Promise<void>
}
