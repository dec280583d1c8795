import * as z from 'zod'
import type { SpendEvent } from '../spend/event.ts'
import { deliveryIdOf } from './delivery-id.ts'
import type { Pauses } from './pauses.ts'
import type { Share } from './plan.ts'

/** A queue binding, as far as we use it. */
export interface DeliveryQueue {
  sendBatch(messages: Iterable<{ body: unknown; contentType?: 'text' }>): Promise<unknown>
}

/** A message of the queue, as far as we use it. */
export interface DeliveryMessage {
  readonly body: unknown
  readonly attempts: number
  ack(): void
  retry(options?: { delaySeconds?: number }): void
}

/** What one sink is to be told: a message of the deliveries queue. */
export interface Delivery {
  readonly sink: string
  /** Whose own sink it is; absent for the operator's. */
  readonly of?: string
  readonly events: readonly SpendEvent[]
}

export interface DeliveriesDeps {
  /** Tells one sink; rejects when it has not taken all. `id` is the same whenever the same events are told. */
  readonly deliver: (delivery: Delivery, id: string) => Promise<void>
  readonly clock: () => number
  readonly failed: (name: string, error: unknown) => void
  readonly pauses: Pauses
}

/** The queue takes 128 KB a message, and 256 KB or 100 messages a call. */
const MESSAGE_BYTES = 120_000
const SEND_BYTES = 240_000
const LONGEST_DELAY_SECONDS = 900

/** What somebody's own sink did not take so often, over three quarters of an hour, it is not told. */
const OWN_TRIES = 12
/** How long a batch waits for all of them: whoever answers late takes it from nobody but those. */
const OWN_MS = 15_000
const OWN_AT_ONCE = 4

const delivery = z.object({
  v: z.literal(1),
  sink: z.string(),
  of: z.string().exactOptional(),
  events: z.array(z.unknown()),
})

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

function messagesOf({ sink, of, events }: Share): { readonly body: string; readonly size: number }[] {
  const head = JSON.stringify({ v: 1, sink, ...(of === undefined ? {} : { of }) })
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
const HEAD = /^\{"v":1,"sink":"(?:[^"\\]|\\.)*"(?:,"of":"(?:[^"\\]|\\.)*")?,"events":\[/

/** Whom a message is for: its events are read once they are told, so that who is left alone for a while costs little. */
function addresseeIn(body: unknown): Addressee | undefined {
  const head = typeof body === 'string' ? HEAD.exec(body)?.[0] : undefined
  return deliveryIn(head === undefined ? body : `${head}]}`)
}

/** The delivery in a message; undefined for what is none. Only our own consumer writes them, of events it has checked. */
export function deliveryIn(body: unknown): Delivery | undefined {
  const { success, data } = delivery.safeParse(typeof body === 'string' ? jsonIn(body) : body)
  if (!success) return undefined
  const { v: _, ...rest } = data
  return { ...rest, events: rest.events as SpendEvent[] }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Addressee = Pick<Delivery, 'sink' | 'of'>

interface Waiting {
  readonly message: DeliveryMessage
  readonly to: Addressee
}

/**
 * Tells the sinks, all at once, each its messages one after the other. A sink that fails is retried apart with growing
 * delays and left alone for a while, so that its next messages wait for nobody's ten seconds; the others are done.
 * The sinks of teams and keys come after the operator's, a few at once and for a bounded time; they are given up sooner.
 */
export async function consumeDeliveries(messages: readonly DeliveryMessage[], deps: DeliveriesDeps): Promise<void> {
  const bySink = Map.groupBy(read(messages, deps), ({ to }) => nameOf(to))
  const [own, theOperators] = [
    [...bySink].filter(([, mine]) => isOwn(mine)),
    [...bySink].filter(([, mine]) => !isOwn(mine)),
  ]
  await Promise.all(
    theOperators.map(async ([name, mine]) => {
      for (const one of mine) await tell(name, one, deps)
    }),
  )
  await tellOwn(own, deps)
}

function read(messages: readonly DeliveryMessage[], deps: DeliveriesDeps): readonly Waiting[] {
  return messages.flatMap((message) => {
    const to = addresseeIn(message.body)
    if (to) return [{ message, to }]
    noDelivery(message, deps)
    return []
  })
}

function noDelivery(message: DeliveryMessage, { failed }: DeliveriesDeps): void {
  failed('delivery', new Error('a message of the deliveries queue is no delivery'))
  message.ack()
}

const nameOf = ({ sink, of }: Addressee): string => (of === undefined ? `sink ${sink}` : `callback ${sink} of ${of}`)
const isOwn = ([first]: readonly Waiting[]): boolean => first?.to.of !== undefined

/** Each in turn, so that who has much to be told, or takes long, keeps nobody from a turn; what is left waits in the queue. */
async function tellOwn(own: readonly (readonly [string, readonly Waiting[]])[], deps: DeliveriesDeps): Promise<void> {
  const untilMs = deps.clock() + OWN_MS
  const longest = Math.max(0, ...own.map(([, mine]) => mine.length))
  const turns = Array.from({ length: longest }, (_, turn) =>
    own.flatMap(([name, mine]) => mine.slice(turn, turn + 1).map((one) => [name, one] as const)),
  ).flat()
  const next = turns.values()
  const worker = async () => {
    for (const [name, one] of next) {
      if (deps.clock() < untilMs) await tell(name, one, deps)
      else again(one)
    }
  }
  await Promise.all(Array.from({ length: OWN_AT_ONCE }, worker))
}

async function tell(name: string, one: Waiting, deps: DeliveriesDeps): Promise<void> {
  const { message } = one
  const { deliver, clock, failed, pauses } = deps
  const waitMs = pauses.leftMs(name, clock())
  if (waitMs > 0) return again(one, Math.ceil(waitMs / 1000))
  const delivery = deliveryIn(message.body)
  if (!delivery) return noDelivery(message, deps)
  try {
    await deliver(delivery, await deliveryIdOf(delivery.events))
    pauses.took(name)
    message.ack()
  } catch (error) {
    pauses.failed(name, clock())
    failed(name, error)
    again(one, Math.ceil(pauses.leftMs(name, clock()) / 1000))
  }
}

/** No earlier than the sink is asked again: until then it would come for nothing. */
function again({ message, to }: Waiting, leastSeconds = 0): void {
  if (to.of !== undefined && message.attempts >= OWN_TRIES) message.ack()
  else message.retry({ delaySeconds: Math.max(leastSeconds, delaySeconds(message.attempts)) })
}

/** 2, 4, 8 … seconds, at most a quarter of an hour. */
function delaySeconds(attempts: number): number {
  return Math.min(LONGEST_DELAY_SECONDS, 2 ** Math.min(attempts, 10))
}
