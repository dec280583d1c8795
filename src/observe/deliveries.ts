import * as z from 'zod'
import type { SpendEvent } from '../spend/event.ts'
import type { Share } from './plan.ts'

/** A queue binding, as far as we use it. */
export interface DeliveryQueue {
  sendBatch(messages: Iterable<{ body: unknown; contentType?: 'text' }>): Promise<unknown>
}

/** A message of the queue, as far as we use it. */
export interface DeliveryMessage {
  readonly id: string
  readonly body: unknown
  readonly attempts: number
  ack(): void
  retry(options?: { delaySeconds?: number }): void
}

/** What one sink is to be told: a message of the deliveries queue. */
export interface Delivery {
  readonly sink: string
  readonly events: readonly SpendEvent[]
}

export interface DeliveriesDeps {
  /** Tells one sink; rejects when it has not taken all. `id` is the same when it is tried again. */
  readonly deliver: (delivery: Delivery, id: string) => Promise<void>
  readonly clock: () => number
  readonly failed: (name: string, error: unknown) => void
  /** Until when each sink is left alone after it failed: plain data of the isolate. */
  readonly pausedUntilMs: Map<string, number>
}

/** The queue takes 128 KB a message, and 256 KB or 100 messages a call. */
const MESSAGE_BYTES = 120_000
const SEND_BYTES = 240_000
const LONGEST_DELAY_SECONDS = 900
const PAUSE_MS = 5_000

const delivery = z.object({ v: z.literal(1), sink: z.string(), events: z.array(z.unknown()) })

/** Puts shares on the queue, a message for each sink and as many events as fit. Throws when it does not take them all. */
export async function enqueue(queue: DeliveryQueue, shares: readonly Share[]): Promise<void> {
  const bodies = shares.flatMap(messagesOf)
  let call: { body: string; contentType: 'text' }[] = []
  let bytes = 0
  for (const { body, size } of bodies) {
    if (call.length > 0 && (bytes + size > SEND_BYTES || call.length === 100)) {
      await queue.sendBatch(call)
      call = []
      bytes = 0
    }
    call.push({ body, contentType: 'text' })
    bytes += size
  }
  if (call.length > 0) await queue.sendBatch(call)
}

const encoder = new TextEncoder()

function messagesOf({ sink, events }: Share): { readonly body: string; readonly size: number }[] {
  const packs: { texts: string[]; size: number }[] = []
  for (const text of events.map((event) => JSON.stringify(event))) {
    const size = encoder.encode(text).length + 1
    const last = packs.at(-1)
    if (last && last.size + size <= MESSAGE_BYTES) {
      last.texts.push(text)
      last.size += size
    } else packs.push({ texts: [text], size })
  }
  return packs.map(({ texts, size }) => ({
    body: `{"v":1,"sink":${JSON.stringify(sink)},"events":[${texts.join()}]}`,
    size: size + 100,
  }))
}

/** The delivery in a message; undefined for what is none. Only our own consumer writes them, of events it has checked. */
export function deliveryIn(body: unknown): Delivery | undefined {
  const { success, data } = delivery.safeParse(typeof body === 'string' ? jsonIn(body) : body)
  return success ? { sink: data.sink, events: data.events as SpendEvent[] } : undefined
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Tells the sinks, all at once, each its messages one after the other. A sink that fails is retried apart with growing
 * delays and left alone for some seconds, so that its next messages wait for nobody's ten seconds; the others are done.
 */
export async function consumeDeliveries(messages: readonly DeliveryMessage[], deps: DeliveriesDeps): Promise<void> {
  const bySink = new Map<string, { message: DeliveryMessage; delivery: Delivery }[]>()
  for (const message of messages) {
    const delivery = deliveryIn(message.body)
    if (!delivery) {
      deps.failed('delivery', new Error('a message of the deliveries queue is no delivery'))
      message.ack()
      continue
    }
    bySink.set(delivery.sink, [...(bySink.get(delivery.sink) ?? []), { message, delivery }])
  }
  await Promise.all([...bySink].map(([sink, mine]) => tell(sink, mine, deps)))
}

async function tell(
  sink: string,
  mine: readonly { readonly message: DeliveryMessage; readonly delivery: Delivery }[],
  { deliver, clock, failed, pausedUntilMs }: DeliveriesDeps,
): Promise<void> {
  for (const { message, delivery } of mine) {
    if (clock() < (pausedUntilMs.get(sink) ?? 0)) {
      message.retry({ delaySeconds: delaySeconds(message.attempts) })
      continue
    }
    try {
      await deliver(delivery, message.id)
      pausedUntilMs.delete(sink)
      message.ack()
    } catch (error) {
      pausedUntilMs.set(sink, clock() + PAUSE_MS)
      failed(`sink ${sink}`, error)
      message.retry({ delaySeconds: delaySeconds(message.attempts) })
    }
  }
}

/** 2, 4, 8 … seconds, at most a quarter of an hour. */
function delaySeconds(attempts: number): number {
  return Math.min(LONGEST_DELAY_SECONDS, 2 ** Math.min(attempts, 10))
}
