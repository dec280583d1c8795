/**
 * The provider of every measurement, in a process of its own: answers any POST at once, with one fixed completion or, to
 * `"stream":true`, with 100 chunks, each written by itself. Fixed: figures of different versions are compared by it.
 * Tells its parent the port it listens on, and ends with it.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { MessageReader } from './message-reader.ts'

const CHUNKS = 100
const base = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'bench', system_fingerprint: 'fp_bench' }
const usage = { prompt_tokens: 250, completion_tokens: 100, total_tokens: 350 }

const completion = JSON.stringify({
  ...base,
  object: 'chat.completion',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'It counts. '.repeat(30).trim() }, finish_reason: 'stop' },
  ],
  usage,
})
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(completion)}\r\n\r\n${completion}`,
)

const streamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const framed = (data: string): string => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`
const event = (value: unknown): string => framed(`data: ${JSON.stringify(value)}\n\n`)
const chunk = (delta: object, finish_reason: string | null = null) =>
  event({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })

const first = Buffer.from(streamHead + chunk({ role: 'assistant', content: 'It' }))
const middle = Buffer.from(chunk({ content: ' counts.' }))
const last = chunk({}, 'stop')
const usageEvent = event({ ...base, object: 'chat.completion.chunk', choices: [], usage })
const done = `${framed('data: [DONE]\n\n')}0\r\n\r\n`

function stream(socket: Socket, includeUsage: boolean): void {
  let written = 1
  const next = (): void => {
    if (socket.destroyed) return
    written += 1
    if (written < CHUNKS) {
      socket.write(middle)
      setImmediate(next)
    } else {
      socket.write(last + (includeUsage ? usageEvent : '') + done)
    }
  }
  socket.write(first)
  setImmediate(next)
}

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  let body = ''
  const reader = new MessageReader({
    head: () => {
      body = ''
    },
    body: (piece) => {
      body += piece.toString('latin1')
    },
    end: () => {
      if (body.includes('"stream":true')) stream(socket, body.includes('"include_usage":true'))
      else socket.write(answer)
    },
  })
  socket.on('data', (bytes) => reader.push(bytes))
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit())
