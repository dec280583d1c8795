import type { IncomingMessage } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'

export type Event = Readonly<Record<string, unknown>> & { readonly type: string }

/** One conversation as the vendor has it. */
export interface Talk {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  /** What it got. */
  readonly got: Event[]
  readonly socket: WebSocket
  /** Resolves when the gateway has hung up. */
  readonly closed: Promise<number>
  say(event: Event): void
}

/** What the vendor's answers use: two kinds of input with a part of each from the cache, and two of output. */
export const USAGE = {
  total_tokens: 1_300,
  input_tokens: 1_000,
  output_tokens: 300,
  input_token_details: {
    text_tokens: 400,
    audio_tokens: 600,
    cached_tokens: 300,
    cached_tokens_details: { text_tokens: 100, audio_tokens: 200 },
  },
  output_token_details: { text_tokens: 100, audio_tokens: 200 },
}

/** A vendor of realtime conversations on loopback: it answers each `response.create`, as `answer` does it. */
export async function startRealtimeVendor(answer: (talk: Talk, event: Event) => boolean = () => false) {
  const talks: Talk[] = []
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise<void>((resolve) => server.on('listening', () => resolve()))
  let responses = 0
  server.on('connection', (socket, request) => {
    const closed = new Promise<number>((resolve) => socket.on('close', (code: number) => resolve(code)))
    const got: Event[] = []
    const say = (event: Event) => socket.send(JSON.stringify({ event_id: 'event_v', ...event }))
    const talk = { url: request.url ?? '', headers: request.headers, got, socket, closed, say }
    talks.push(talk)
    say({ type: 'session.created', session: sessionOf(talk.url, {}) })
    socket.on('message', (data: Buffer) => {
      const event = JSON.parse(String(data)) as Event
      got.push(event)
      if (answer(talk, event)) return
      if (event.type === 'session.update')
        say({ type: 'session.updated', session: sessionOf(talk.url, event.session as object) })
      if (event.type === 'response.create') {
        responses += 1
        respond(talk, `resp_${responses}`)
      }
    })
  })
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    talks,
    last: () => talks.at(-1) as Talk,
    stop: () =>
      new Promise<void>((resolve) => {
        for (const client of server.clients) client.terminate()
        server.close(() => resolve())
      }),
  }
}

/** By itself it answers nothing, so that tests say when it does. */
export function sessionOf(url: string, more: object) {
  const model = new URL(url, 'http://vendor').searchParams.get('model')
  const audio = { input: { format: { type: 'audio/pcm', rate: 24_000 }, turn_detection: null } }
  return {
    type: 'realtime',
    object: 'realtime.session',
    model,
    instructions: 'Be kind.',
    audio,
    client_secret: { value: 'ek_secret' },
    ...more,
  }
}

export function respond({ say }: Talk, id: string, usage: unknown = USAGE) {
  say({ type: 'response.created', response: { id, object: 'realtime.response', status: 'in_progress' } })
  say({ type: 'response.output_text.delta', response_id: id, item_id: 'item_1', delta: 'hel' })
  say({ type: 'response.output_text.delta', response_id: id, item_id: 'item_1', delta: 'lo' })
  say({ type: 'response.done', response: { id, object: 'realtime.response', status: 'completed', output: [], usage } })
}
