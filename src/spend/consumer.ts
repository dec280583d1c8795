import type { Db } from '../db/client.ts'
import { withoutValues } from '../db/sql-state.ts'
import { bury } from './dead-letters-neon.ts'
import { eventsOf, messageIn } from './event.ts'
import { BATCH_ROWS, recordOrBury } from './record.ts'

/** What a queue hands over, as far as we use it. */
export interface QueueMessage {
  readonly id: string
  readonly body: unknown
  readonly attempts: number
  ack(): void
  retry(options?: { delaySeconds?: number }): void
}

export interface QueueBatch {
  readonly queue: string
  readonly messages: readonly QueueMessage[]
}

export interface ConsumerDeps {
  readonly db: Db
  /** Told once per batch that could not be recorded now. */
  readonly failed: (name: string, error: unknown) => void
  /** Hands on what Postgres has by now, perhaps again; when it throws, all of it comes once more. */
  readonly recorded?: (events: readonly unknown[]) => Promise<void>
}

const LONGEST_DELAY_SECONDS = 900

/** 2, 4, 8 … seconds, at most a quarter of an hour: with a hundred tries, an outage of a day loses nothing. */
export function retryDelaySeconds(attempts: number): number {
  return Math.min(LONGEST_DELAY_SECONDS, 2 ** Math.min(attempts, 10))
}

/**
 * Records what isolates sent. A message is acknowledged when its rows are committed, and tried again later when
 * Postgres cannot be asked; what can never be a row goes to `dead_letter` and holds up nobody.
 */
export async function consumeSpend(batch: QueueBatch, { db, failed, recorded }: ConsumerDeps): Promise<void> {
  await eachGroup(batch, failed, async (group) => {
    await bury(
      db,
      batch.queue,
      group
        .filter(({ events }) => events === undefined)
        .map(({ message }) => ({
          id: `message:${message.id}`,
          body: messageIn(message.body),
          error: 'not a message of spend events',
        })),
    )
    const events = group.flatMap(({ events }) => events ?? [])
    await recordOrBury(db, events, batch.queue)
    await recorded?.(events)
  })
}

/** Keeps what the queue gave up, whole, until it is replayed. */
export async function consumeDeadLetters(batch: QueueBatch, { db, failed }: ConsumerDeps): Promise<void> {
  await eachGroup(batch, failed, (group) =>
    bury(
      db,
      batch.queue,
      group.map(({ message }) => ({
        id: `message:${message.id}`,
        body: messageIn(message.body),
        error: 'given up by the queue',
      })),
    ),
  )
}

interface Parsed {
  readonly message: QueueMessage
  /** Absent when the message is not one of ours. */
  readonly events: readonly unknown[] | undefined
}

/** In groups of about one statement each. After the first that fails the rest is not even tried: it waits, too. */
async function eachGroup(
  batch: QueueBatch,
  failed: ConsumerDeps['failed'],
  store: (group: readonly Parsed[]) => Promise<void>,
): Promise<void> {
  const groups = groupsOf(batch.messages.map((message) => ({ message, events: eventsOf(messageIn(message.body)) })))
  let done = 0
  try {
    for (const group of groups) {
      await store(group)
      for (const { message } of group) message.ack()
      done += 1
    }
  } catch (error) {
    failed(`queue ${batch.queue}`, withoutValues(error))
    for (const { message } of groups.slice(done).flat())
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts) })
  }
}

function groupsOf(messages: readonly Parsed[]): readonly (readonly Parsed[])[] {
  const groups: Parsed[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const one of messages) {
    const count = Math.max(1, one.events?.length ?? 1)
    if (rows + count > BATCH_ROWS) {
      groups.push([])
      rows = 0
    }
    groups.at(-1)?.push(one)
    rows += count
  }
  return groups
}
