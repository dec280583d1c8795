import type { SpendEvent } from '../spend/event.ts'
import {
  type Addressees,
  addresseesIn,
  type Delivery,
  type DeliveryQueue,
  deliveriesIn,
  enqueue,
} from './deliveries.ts'
import { deliveryIdOf } from './delivery-id.ts'
import type { Pauses } from './pauses.ts'

/** A message of the queue, as far as we use it. */
export interface DeliveryMessage {
  readonly body: unknown
  readonly attempts: number
  ack(): void
  retry(options?: { delaySeconds?: number }): void
}

export interface DeliveriesDeps {
  /** Tells one sink; rejects when it has not taken all. `id` is the same whenever the same events are told. */
  readonly deliver: (delivery: Delivery, id: string) => Promise<void>
  /** Where what only some have taken goes on for the others; without it, it comes again for all. */
  readonly queue?: DeliveryQueue | undefined
  readonly clock: () => number
  readonly failed: (name: string, error: unknown) => void
  readonly pauses: Pauses
}

const LONGEST_DELAY_SECONDS = 900

/** What somebody's own sink did not take so often, over three quarters of an hour, it is not told. */
const OWN_TRIES = 12
/** How long a batch waits for all of them: whoever answers late takes it from nobody but those. */
const OWN_MS = 15_000
const OWN_AT_ONCE = 4

/** A message, and what has become of it so far. */
interface Waiting extends Addressees {
  readonly message: DeliveryMessage
  /** What it tells, read when the first sink is told; undefined when it cannot be read. */
  readonly told: () => Promise<Told | undefined>
  /** Who has not taken it, and for how many seconds each is left alone. */
  readonly left: Map<string, number>
}

interface Told {
  readonly events: readonly SpendEvent[]
  readonly id: string
}

/**
 * Tells the sinks, all at once, each its messages one after the other. What a sink does not take goes on for it apart, with
 * growing delays, and it is left alone for a while, so that its next messages wait for nobody's ten seconds.
 * The sinks of teams and keys come after the operator's, a few at once and for a bounded time; they are given up sooner.
 */
export async function consumeDeliveries(messages: readonly DeliveryMessage[], deps: DeliveriesDeps): Promise<void> {
  const waiting = read(messages, deps)
  const theOperators = waiting.filter(({ of }) => of === undefined)
  const bySink = Map.groupBy(
    theOperators.flatMap((one) => one.sinks.map((sink) => ({ sink, one }))),
    ({ sink }) => sink,
  )
  await Promise.all(
    [...bySink].map(async ([sink, mine]) => {
      for (const { one } of mine) await tell(sink, one, deps)
    }),
  )
  for (const one of theOperators) await settle(one, deps)
  await tellOwn(
    waiting.filter(({ of }) => of !== undefined),
    deps,
  )
}

function read(messages: readonly DeliveryMessage[], deps: DeliveriesDeps): readonly Waiting[] {
  return messages.flatMap((message) => {
    const to = addresseesIn(message.body)
    if (to) return [{ ...to, message, told: once(() => toldBy(message, deps)), left: new Map<string, number>() }]
    noDelivery(deps)
    message.ack()
    return []
  })
}

async function toldBy({ body }: DeliveryMessage, deps: DeliveriesDeps): Promise<Told | undefined> {
  const [first] = deliveriesIn(body)
  if (!first) return noDelivery(deps)
  return { events: first.events, id: await deliveryIdOf(first.events) }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

function noDelivery({ failed }: DeliveriesDeps): undefined {
  failed('delivery', new Error('a message of the deliveries queue is no delivery'))
}

const nameOf = (sink: string, of: string | undefined): string =>
  of === undefined ? `sink ${sink}` : `callback ${sink} of ${of}`

/** Each in turn, so that who has much to be told, or takes long, keeps nobody from a turn; what is left waits in the queue. */
async function tellOwn(own: readonly Waiting[], deps: DeliveriesDeps): Promise<void> {
  const untilMs = deps.clock() + OWN_MS
  const bySink = [...Map.groupBy(own, ({ sinks, of }) => nameOf(sinks.join(), of)).values()]
  const longest = Math.max(0, ...bySink.map(({ length }) => length))
  const turns = Array.from({ length: longest }, (_, turn) =>
    bySink.flatMap((mine) => mine.slice(turn, turn + 1)),
  ).flat()
  const next = turns.values()
  const worker = async () => {
    for (const one of next) {
      for (const sink of one.sinks) {
        if (deps.clock() < untilMs) await tell(sink, one, deps)
        else one.left.set(sink, 0)
      }
      await settle(one, deps)
    }
  }
  await Promise.all(Array.from({ length: OWN_AT_ONCE }, worker))
}

async function tell(sink: string, { of, told, left }: Waiting, deps: DeliveriesDeps): Promise<void> {
  const { deliver, clock, failed, pauses } = deps
  const name = nameOf(sink, of)
  const pauseSeconds = () => Math.ceil(pauses.leftMs(name, clock()) / 1000)
  const seconds = pauseSeconds()
  if (seconds > 0) return void left.set(sink, seconds)
  const what = await told()
  if (!what) return
  try {
    await deliver({ sink, ...(of === undefined ? {} : { of }), events: what.events }, what.id)
    pauses.took(name)
  } catch (error) {
    pauses.failed(name, clock())
    failed(name, error)
    left.set(sink, pauseSeconds())
  }
}

/** No earlier than somebody it is for is asked again: until then it would come for nothing. */
async function settle(one: Waiting, deps: DeliveriesDeps): Promise<void> {
  const { message, sinks, of, left } = one
  if (left.size === 0 || (of !== undefined && message.attempts >= OWN_TRIES)) return message.ack()
  const leastSeconds = Math.min(...left.values())
  if (left.size < sinks.length && (await goesOn(one, leastSeconds, deps))) return message.ack()
  message.retry({ delaySeconds: Math.max(leastSeconds, delaySeconds(message.attempts)) })
}

/** Whether the queue has it once more, for those who have not taken it. */
async function goesOn({ of, told, left }: Waiting, leastSeconds: number, deps: DeliveriesDeps): Promise<boolean> {
  const what = await told()
  if (!deps.queue || !what) return false
  const to = of === undefined ? {} : { of }
  try {
    const shares = [...left.keys()].map((sink) => ({ sink, ...to, events: what.events }))
    await enqueue(deps.queue, shares, Math.max(leastSeconds, delaySeconds(1)))
    return true
  } catch (error) {
    deps.failed('deliveries that go on', error)
    return false
  }
}

/** 2, 4, 8 … seconds, at most a quarter of an hour. */
function delaySeconds(attempts: number): number {
  return Math.min(LONGEST_DELAY_SECONDS, 2 ** Math.min(attempts, 10))
}
