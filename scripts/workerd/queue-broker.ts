import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { QueueStore, type StoredMessage } from './queue-store.ts'
import type { QueueConsumer } from './wrangler-file.ts'

/** What a consumer did with a batch: the result of `queue()` on a service binding. */
export interface BatchResult {
  readonly outcome: string
  readonly ackAll: boolean
  readonly retryBatch: { readonly retry: boolean; readonly delaySeconds?: number }
  readonly explicitAcks: readonly string[]
  readonly retryMessages: readonly { readonly msgId: string; readonly delaySeconds?: number }[]
}

/** Hands a batch to the consumer. A rejection means nobody knows what the consumer did. */
export type Deliver = (queue: string, messages: readonly StoredMessage[]) => Promise<BatchResult>

/** Thrown by a `Deliver` that is sure the consumer has not seen the batch: it costs no attempt. */
export class NotDelivered extends Error {}

/** What a test may do to the queues of a running gateway. */
export interface QueueFaults {
  /** Every message sent from now on is ready this much later. */
  delay(ms: number): void
  /** This share of the acknowledgements is lost: the message is delivered again. */
  duplicate(rate: number): void
  /** Batches are drawn from all that is waiting, in any order. */
  reorder(on: boolean): void
  /** Nothing is delivered until `release`. */
  hold(): void
  release(): void
  /** Producers are refused: `send` throws in the Worker. */
  refuse(on: boolean): void
  /** Messages not yet done with, of one queue or of all: waiting, delayed or being delivered. */
  depth(queue?: string): number
}

export interface BrokerOptions {
  readonly file: string
  readonly consumers: readonly QueueConsumer[]
  readonly deliver: Deliver
  readonly random: () => number
}

/** Cloudflare starts more consumers as a backlog grows; here the number is fixed. */
const DEFAULT_CONCURRENCY = 4
const UNREACHABLE_WAIT_MS = 500
const DUPLICATE_WITHIN_MS = 1000
const MAX_MESSAGE_BYTES = 128 * 1000

/**
 * Cloudflare Queues for one machine: at least once, batches, delays, retries and dead letters as `wrangler.toml` says.
 * An accepted message is on disk before the producer hears of it, and leaves only when its consumer has acknowledged it.
 */
export class QueueBroker implements QueueFaults {
  readonly #store: QueueStore
  readonly #options: BrokerOptions
  readonly #server: Server
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #running = new Map<string, number>()
  readonly #deliveries = new Set<Promise<void>>()
  #delayMs = 0
  #duplicateRate = 0
  #reorder = false
  #held = false
  #refusing = false
  #online = false

  private constructor(options: BrokerOptions) {
    this.#options = options
    this.#store = new QueueStore(options.file)
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#accept(request, response).catch((error) => response.writeHead(500).end(String(error)))
    })
  }

  static async start(options: BrokerOptions): Promise<QueueBroker> {
    const broker = new QueueBroker(options)
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve))
    return broker
  }

  /** Where producers post: a binding's `/message` or `/batch`, with the queue's name in `x-queue`. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Whether there is a consumer to deliver to. */
  set online(on: boolean) {
    this.#online = on
    this.#wakeAll()
  }

  delay(ms: number): void {
    this.#delayMs = ms
  }

  duplicate(rate: number): void {
    this.#duplicateRate = rate
  }

  reorder(on: boolean): void {
    this.#reorder = on
  }

  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#wakeAll()
  }

  refuse(on: boolean): void {
    this.#refusing = on
  }

  depth(queue?: string): number {
    return this.#store.depth(queue)
  }

  /** What is being delivered is waited for; what is waiting stays on disk. */
  async stop(): Promise<void> {
    this.#online = false
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    await Promise.all(this.#deliveries)
    this.#store.close()
  }

  async #accept(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const queue = String(request.headers['x-queue'])
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    if (this.#refusing) {
      response.writeHead(503).end('refused on request')
      return
    }
    const body = Buffer.concat(parts)
    const messages =
      request.url === '/batch' ? fromBatch(body) : [{ contentType: String(request.headers['x-msg-fmt']), body }]
    if (messages.some((message) => message.body.length > MAX_MESSAGE_BYTES)) {
      response.writeHead(413).end(`a message is longer than ${MAX_MESSAGE_BYTES} bytes`)
      return
    }
    const delaySeconds = Number(request.headers['x-msg-delay-secs'] ?? 0)
    const sentAtMs = Date.now()
    this.#store.put(
      queue,
      messages.map((message) => ({
        id: randomUUID(),
        sentAtMs,
        readyAtMs:
          sentAtMs + this.#delayMs + ('delaySecs' in message ? Number(message.delaySecs) : delaySeconds) * 1000,
        contentType: message.contentType,
        body: message.body,
      })),
    )
    this.#wake(queue)
    const answer = { metadata: { metrics: { backlogCount: 0, backlogBytes: 0, oldestMessageTimestamp: 0 } } }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  #wakeAll(): void {
    for (const { queue } of this.#options.consumers) this.#wake(queue)
  }

  /** Delivers what is due and sets the alarm for what is not. */
  #wake(queue: string): void {
    const consumer = this.#options.consumers.find((one) => one.queue === queue)
    if (!consumer || this.#held || !this.#online) return
    const running = this.#running.get(queue) ?? 0
    if (running >= (consumer.max_concurrency ?? DEFAULT_CONCURRENCY)) return // the end of a delivery wakes again
    const nowMs = Date.now()
    const { ready, firstReadyAtMs } = this.#store.waiting(queue, nowMs, consumer.max_batch_size)
    if (firstReadyAtMs === undefined) return
    const full = ready >= consumer.max_batch_size
    const dueAtMs = full ? nowMs : firstReadyAtMs + consumer.max_batch_timeout * 1000
    if (dueAtMs > nowMs) {
      clearTimeout(this.#timers.get(queue))
      this.#timers.set(
        queue,
        setTimeout(() => this.#wake(queue), dueAtMs - nowMs),
      )
      return
    }
    this.#running.set(queue, running + 1)
    const delivery = this.#deliver(consumer).finally(() => {
      this.#deliveries.delete(delivery)
      this.#running.set(queue, (this.#running.get(queue) ?? 1) - 1)
      this.#wake(queue)
    })
    this.#deliveries.add(delivery)
    this.#wake(queue)
  }

  async #deliver(consumer: QueueConsumer): Promise<void> {
    const shuffle = this.#reorder ? (seqs: number[]) => shuffled(seqs, this.#options.random) : undefined
    const batch = this.#store.take(consumer.queue, consumer.max_batch_size, Date.now(), shuffle)
    if (batch.length === 0) return
    let result: BatchResult | undefined
    try {
      result = await this.#options.deliver(consumer.queue, batch)
    } catch (error) {
      if (error instanceof NotDelivered) {
        for (const { seq } of batch) this.#store.untake(seq, Date.now() + UNREACHABLE_WAIT_MS)
        return
      }
    }
    const done: number[] = []
    for (const message of batch) {
      const retryAfterSeconds = retryDelay(message, result, consumer)
      if (retryAfterSeconds === undefined) {
        const ackIsLost = message.attempts <= consumer.max_retries && this.#options.random() < this.#duplicateRate
        if (ackIsLost)
          this.#store.giveBack(message.seq, Math.round(Date.now() + this.#options.random() * DUPLICATE_WITHIN_MS))
        else done.push(message.seq)
      } else if (message.attempts <= consumer.max_retries) {
        this.#store.giveBack(message.seq, Date.now() + retryAfterSeconds * 1000)
      } else if (consumer.dead_letter_queue) {
        this.#store.move(message.seq, consumer.dead_letter_queue, Date.now())
      } else {
        done.push(message.seq)
      }
    }
    this.#store.remove(done)
    if (consumer.dead_letter_queue) this.#wake(consumer.dead_letter_queue)
  }
}

/** In how many seconds a message is to be delivered again; undefined when it is done with. */
function retryDelay(
  { id }: StoredMessage,
  result: BatchResult | undefined,
  consumer: QueueConsumer,
): number | undefined {
  if (!result) return consumer.retry_delay
  if (result.ackAll || result.explicitAcks.includes(id)) return undefined
  const own = result.retryMessages.find((retry) => retry.msgId === id)
  if (!own && !result.retryBatch.retry && result.outcome === 'ok') return undefined
  return own?.delaySeconds ?? result.retryBatch.delaySeconds ?? consumer.retry_delay
}

/** The body of `sendBatch`: base64 inside JSON. */
function fromBatch(body: Buffer): { contentType: string; body: Buffer; delaySecs?: number }[] {
  const batch = JSON.parse(body.toString()) as {
    messages: { contentType?: string; body: string; delaySecs?: number }[]
  }
  return batch.messages.map(({ contentType, body, delaySecs }) => ({
    contentType: contentType ?? 'json',
    body: Buffer.from(body, 'base64'),
    ...(delaySecs === undefined ? {} : { delaySecs }),
  }))
}

function shuffled(items: readonly number[], random: () => number): number[] {
  const out = [...items]
  for (let last = out.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [a, b] = [out[last], out[other]]
    if (a === undefined || b === undefined) continue
    out[last] = b
    out[other] = a
  }
  return out
}
