import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { type Ending, Faults, faultSchema } from './faults.ts'

export interface EndpointRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
}

export interface EndpointAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body: string | AsyncIterable<Uint8Array>
}

export interface Endpoint {
  readonly port: number
  readonly url: string
  readonly faults: Faults
  /** Ends every connection, also the half-open ones. */
  close(): Promise<void>
}

export const jsonAnswer = (status: number, value: unknown): EndpointAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

/**
 * An HTTP server on a free loopback port that does what `handle` says, except where a fault decides otherwise. Faults
 * are set with `POST /__faults` (one or a list), read with `GET` and cleared with `DELETE`, or through `faults`.
 */
export async function serveEndpoint(
  handle: (request: EndpointRequest) => Promise<EndpointAnswer>,
  faults = new Faults(),
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    const done =
      request.url === '/__faults'
        ? control(request, faults).then((answer) => write(response, answer))
        : suffer(request, response, handle, faults)
    done.catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return response.destroy()
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: error instanceof Error ? error.message : String(error) }))
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function suffer(
  incoming: IncomingMessage,
  response: ServerResponse,
  handle: (request: EndpointRequest) => Promise<EndpointAnswer>,
  faults: Faults,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming
  const { delayMs, bytesPerSecond, ending } = faults.draw(`${method} ${url}`)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  if (delayMs > 0) await sleep(delayMs)
  const cutAt = ending && ending.kind !== 'status' ? ending.afterBytes : undefined
  if (ending?.moment === 'request' && cutAt === undefined) return finish(response, ending)
  const body = await readAll(incoming, bytesPerSecond)
  const answer = await handle({ method, url, headers, body, signal: gone.signal })
  if (ending && cutAt === undefined) return finish(response, ending)
  await write(response, answer, bytesPerSecond, cutAt)
  if (ending) finish(response, ending)
}

function finish(response: ServerResponse, ending: Ending): void {
  if (ending.kind === 'drop') response.destroy()
  if (ending.kind !== 'status') return
  response.writeHead(ending.status, { 'content-type': 'application/json', ...ending.headers })
  response.end(ending.body)
}

async function readAll(incoming: IncomingMessage, bytesPerSecond?: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if (bytesPerSecond !== undefined) await sleep((chunk.length / bytesPerSecond) * 1000)
  }
  return Buffer.concat(chunks)
}

/** Writes the whole answer, or its first `cutAt` bytes without an end. */
async function write(
  response: ServerResponse,
  answer: EndpointAnswer,
  bytesPerSecond?: number,
  cutAt = Infinity,
): Promise<void> {
  if (typeof answer.body === 'string') response.setHeader('content-length', Buffer.byteLength(answer.body))
  response.writeHead(answer.status, answer.headers)
  if (typeof answer.body === 'string' && bytesPerSecond === undefined && cutAt === Infinity) {
    response.end(answer.body)
    return
  }
  response.flushHeaders()
  const source = typeof answer.body === 'string' ? [Buffer.from(answer.body)] : answer.body
  let left = cutAt
  for await (const chunk of source) {
    for (const piece of bytesPerSecond === undefined ? [chunk] : slices(chunk, bytesPerSecond)) {
      if (bytesPerSecond !== undefined) await sleep((piece.length / bytesPerSecond) * 1000)
      if (response.destroyed) return
      const part = piece.subarray(0, Math.min(left, piece.length))
      left -= part.length
      if (part.length > 0) await new Promise<void>((resolve) => response.write(part, () => resolve()))
      if (left <= 0) return
    }
  }
  if (cutAt === Infinity) response.end()
}

/** A twentieth of a second's worth at a time, so that slowness is steady and not one pause. */
function* slices(chunk: Uint8Array, bytesPerSecond: number): Generator<Uint8Array> {
  const size = Math.max(1, Math.round(bytesPerSecond / 20))
  for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size)
}

async function control(incoming: IncomingMessage, faults: Faults): Promise<EndpointAnswer> {
  const body = await readAll(incoming)
  if (incoming.method === 'GET') return jsonAnswer(200, faults.list())
  if (incoming.method === 'DELETE') {
    faults.clear()
    return jsonAnswer(200, [])
  }
  if (incoming.method !== 'POST') return jsonAnswer(405, { message: 'Use GET, POST or DELETE.' })
  let input: unknown
  try {
    input = JSON.parse(body.toString())
  } catch {
    return jsonAnswer(400, { message: 'The body must be JSON: one fault or a list of them.' })
  }
  const parsed = z.array(faultSchema).safeParse(Array.isArray(input) ? input : [input])
  if (!parsed.success) return jsonAnswer(400, { message: z.prettifyError(parsed.error) })
  faults.add(...parsed.data)
  return jsonAnswer(201, faults.list())
}
