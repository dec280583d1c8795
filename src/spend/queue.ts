import type { SpendEvent } from './event.ts'
import type { SpendQueue } from './port.ts'
import { BATCH_ROWS } from './record.ts'

/** A queue binding, as far as we use it. */
export interface QueueBinding {
  sendBatch(messages: Iterable<{ body: unknown; contentType?: 'text' }>): Promise<unknown>
}

/** The queue takes 128 KB a message, and 256 KB or 100 messages a call; some of it is for its own use. */
const MESSAGE_BYTES = 120_000
const SEND_BYTES = 240_000

/**
 * Sends in as few messages as fit. Each is written as JSON here and travels as text, since it has to be measured anyway.
 * A failure half-way throws: what is then handed on elsewhere arrives twice, which is harmless.
 */
export function spendQueue(binding: QueueBinding): SpendQueue {
  return {
    async send(events) {
      for (const messages of sends(events)) {
        await binding.sendBatch(
          messages.map((texts) => ({ body: `{"v":1,"events":[${texts.join()}]}`, contentType: 'text' as const })),
        )
      }
    },
  }
}

interface Sized<T> {
  readonly item: T
  readonly bytes: number
}

const encoder = new TextEncoder()

/** Events to messages to calls. One event too big for a message is sent alone, so that only it is refused. */
function sends(events: readonly SpendEvent[]): (readonly string[])[][] {
  const texts = events.map((event) => JSON.stringify(event))
  if (surelyFit(texts)) return [[texts]]
  const sized = texts.map((item) => ({ item, bytes: encoder.encode(item).length + 1 }))
  const messages = packed(sized, MESSAGE_BYTES, BATCH_ROWS)
  return packed(messages, SEND_BYTES, 100).map(({ item }) => item)
}

/** No character takes more than three bytes: few short events need no measuring. */
function surelyFit(texts: readonly string[]): boolean {
  return (
    texts.length > 0 &&
    texts.length <= BATCH_ROWS &&
    texts.reduce((sum, { length }) => sum + 3 * length + 1, 0) <= MESSAGE_BYTES
  )
}

function packed<T>(items: readonly Sized<T>[], mostBytes: number, most: number): Sized<T[]>[] {
  const packs: { item: T[]; bytes: number }[] = []
  for (const { item, bytes } of items) {
    const last = packs.at(-1)
    if (last && last.bytes + bytes <= mostBytes && last.item.length < most) {
      last.item.push(item)
      last.bytes += bytes
    } else packs.push({ item: [item], bytes })
  }
  return packs
}
