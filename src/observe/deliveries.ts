import * as z from 'zod'
import type { SpendEvent } from '../spend/event.ts'
import type { Share } from './plan.ts'

/** A queue binding, as far as we use it. */
export interface DeliveryQueue {
  sendBatch(messages: Iterable<{ body: unknown; contentType?: 'text'; delaySeconds?: number }>): Promise<unknown>
}

/** What one sink is to be told. */
export interface Delivery {
  readonly sink: string
  /** Whose own sink it is; absent for the operator's. */
  readonly of?: string
  readonly events: readonly SpendEvent[]
}

/** Whom a message of the deliveries queue is for: some of the operator's sinks, or those of one owner. */
export interface Addressees {
  readonly sinks: readonly string[]
  readonly of?: string
}

/** The queue takes 128 KB a message, and 256 KB or 100 messages a call. */
const MESSAGE_BYTES = 120_000
const SEND_BYTES = 240_000

const rest = { of: z.string().exactOptional(), events: z.array(z.unknown()) }
const written = z.union([
  z.object({ v: z.literal(2), sinks: z.array(z.string()).min(1), ...rest }),
  // As it was when each sink had a message of its own; letters of that kind may wait to be replayed.
  z.object({ v: z.literal(1), sink: z.string(), ...rest }).transform(({ sink, ...one }) => ({ ...one, sinks: [sink] })),
])

/**
 * Puts shares on the queue, as many events in a message as fit; the operator's sinks that are told the same list share its
 * messages, so that it is written, kept and read once for all of them. Throws when the queue does not take them all.
 */
export async function enqueue(queue: DeliveryQueue, shares: readonly Share[], delaySeconds = 0): Promise<void> {
  const same = Map.groupBy(shares, (share) => (share.of === undefined ? share.events : share))
  let call: { body: string; contentType: 'text'; delaySeconds?: number }[] = []
  let bytes = 0
  for (const { body, size } of [...same.values()].flatMap(messagesOf)) {
    if (call.length > 0 && (bytes + size > SEND_BYTES || call.length === 100)) {
      await queue.sendBatch(call)
      call = []
      bytes = 0
    }
    call.push({ body, contentType: 'text', ...(delaySeconds > 0 ? { delaySeconds } : {}) })
    bytes += size
  }
  if (call.length > 0) await queue.sendBatch(call)
}

const encoder = new TextEncoder()

/** Of shares of the same events. */
function messagesOf(shares: readonly Share[]): { readonly body: string; readonly size: number }[] {
  const [{ of, events } = { of: undefined, events: [] }] = shares
  const sinks = shares.map(({ sink }) => sink)
  const head = JSON.stringify({ v: 2, sinks, ...(of === undefined ? {} : { of }) })
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
    body: `${head.slice(0, -1)},"events":[${texts.join()}]}`,
    size: size + encoder.encode(head).length + 20,
  }))
}

/** The beginning of what `messagesOf` writes. */
const HEAD = /^\{"v":2,"sinks":\[(?:"(?:[^"\\]|\\.)*",?)*\](?:,"of":"(?:[^"\\]|\\.)*")?,"events":\[/

/** Whom a message is for: its events are read once one of them is told, so that who is left alone for a while costs little. */
export function addresseesIn(body: unknown): Addressees | undefined {
  const head = typeof body === 'string' ? HEAD.exec(body)?.[0] : undefined
  return letterIn(head === undefined ? body : `${head}]}`)
}

/** What a message tells, a delivery for each sink; none for what is no such message. Only our own consumer writes them, of events it has checked. */
export function deliveriesIn(body: unknown): readonly Delivery[] {
  const letter = letterIn(body)
  if (!letter) return []
  const { sinks, ...rest } = letter
  return sinks.map((sink) => ({ sink, ...rest }))
}

function letterIn(body: unknown): (Addressees & Pick<Delivery, 'events'>) | undefined {
  const { success, data } = written.safeParse(typeof body === 'string' ? jsonIn(body) : body)
  if (!success) return undefined
  const { v: _, ...letter } = data
  return { ...letter, events: letter.events as SpendEvent[] }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
