/** Runs inside workerd on a socket of its own: the runner's hand in the process. */
import unsafe from 'workerd:unsafe'
import type { BatchResult } from './queue-broker.ts'

interface QueueMessage {
  id: string
  timestamp: Date
  attempts: number
  body?: unknown
  serializedBody?: Uint8Array
}

interface Env {
  readonly GATEWAY: {
    queue(name: string, messages: readonly QueueMessage[]): Promise<BatchResult>
    scheduled(event: { scheduledTime: Date; cron: string }): Promise<{ outcome: string }>
  }
  readonly STATE: { fetch: typeof fetch }
}

/** A message on its way from the broker: text as it is, bytes in base64. */
export interface SentMessage {
  readonly id: string
  readonly sentAtMs: number
  readonly attempts: number
  readonly contentType: string
  readonly body: string
}

const routes: Record<string, (request: Request, env: Env) => Promise<Response>> = {
  async '/queue'(request, env) {
    const { queue, messages } = (await request.json()) as { queue: string; messages: SentMessage[] }
    return Response.json(await env.GATEWAY.queue(queue, messages.map(received)))
  },

  async '/cron'(request, env) {
    const { cron } = (await request.json()) as { cron: string }
    return Response.json(await env.GATEWAY.scheduled({ scheduledTime: new Date(), cron }))
  },

  async '/evict'() {
    await unsafe.abortAllDurableObjects()
    return Response.json({})
  },

  '/calls': (_request, env) => env.STATE.fetch('http://state/calls'),
}

function received({ id, sentAtMs, attempts, contentType, body }: SentMessage): QueueMessage {
  const message = { id, timestamp: new Date(sentAtMs), attempts }
  if (contentType === 'json') return { ...message, body: JSON.parse(body) }
  if (contentType === 'text') return { ...message, body }
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0))
  return contentType === 'bytes' ? { ...message, body: bytes.buffer } : { ...message, serializedBody: bytes }
}

const handlers = {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    const route = routes[new URL(request.url).pathname]
    return route ? route(request, env) : new Response('no such control', { status: 404 })
  },
}
// biome-ignore lint/style/noDefaultExport: workerd finds a module Worker's handlers in its default export
export default handlers
