/**
 * Whoever the gateway's sinks tell, in a process of its own: it takes any request, and answers at once or after ten
 * seconds; dead, nobody listens on its port. Takes a `Receives` at a time from its parent, tells back the port once that
 * is so, and ends with it.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Receives = 'well' | 'slow' | 'dead'

const SLOW_MS = 10_000
/** A taken batch for every sink, and a token for those that fetch one. */
const TAKEN = JSON.stringify({ access_token: 'bench', expires_in: 3600, successes: [], errors: [] })

let now: Receives = 'well'
let port = 0
const server = createServer((request, response) => {
  request.resume()
  const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end(TAKEN)
  request.on('end', () => (now === 'slow' ? void setTimeout(answer, SLOW_MS) : answer()))
})

async function be(next: Receives): Promise<void> {
  now = next
  if (next === 'dead') {
    server.closeAllConnections()
    server.close()
  } else if (!server.listening) {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
  }
  process.send?.({ port })
}

process.on('message', (next: Receives) => void be(next))
process.once('disconnect', () => process.exit())
