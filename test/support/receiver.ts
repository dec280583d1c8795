import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Unpacked. */
  readonly body: string
}

/** Stands for every vendor that is told of requests: keeps what comes, and fails or dawdles when a test wants it to. */
export async function startReceiver() {
  const received: Received[] = []
  let trouble: 'none' | 'refuses' | 'hangs' = 'none'
  const hanging = new Set<unknown>()
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const raw = Buffer.concat(parts)
    const packed = raw[0] === 0x1f && raw[1] === 0x8b
    if (trouble === 'refuses') {
      response.writeHead(503).end()
      return
    }
    if (trouble === 'hangs') {
      hanging.add(response)
      response.on('close', () => hanging.delete(response))
      return
    }
    received.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers as Record<string, string>,
      body: (packed ? gunzipSync(raw) : raw).toString(),
    })
    const answer = request.url === '/token' ? { access_token: 'ya29.test', expires_in: 3600, token_type: 'Bearer' } : {}
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    at: (start: string) => received.filter(({ path }) => path.startsWith(start)),
    /** How many wait for an answer that does not come. */
    hanging: () => hanging.size,
    is(next: typeof trouble) {
      trouble = next
      if (next === 'none') server.closeAllConnections()
    },
    stop() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
