/**
 * The load generator, in a process of its own: keeps `concurrency` connections busy with one request for a while and
 * tells how it went. Takes one `Load` message at a time from its parent and ends with it.
 */
import { connect } from 'node:net'
import { percentile } from './figures.ts'
import { MessageReader } from './message-reader.ts'

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly concurrency: number
  readonly seconds: number
  /** A stream is good only when it ends with `[DONE]`, or with what `ends` says. */
  readonly stream: boolean
  readonly ends?: string
}

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  readonly latencyMs: { readonly p50: number; readonly p99: number }
  readonly firstByteMs: { readonly p50: number; readonly p99: number }
  readonly failures: number
  /** The head and the end of the first bad answer. */
  readonly firstFailure?: string
}

/** How long after the end the last answers may come. */
const GRACE_MS = 10_000
const TAIL = 200

function requestBytes({ url, headers, body }: Load): Buffer {
  const { pathname, host } = new URL(url)
  const lines = Object.entries({ host, 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const bytes = Buffer.from(body)
  const head = `POST ${pathname} HTTP/1.1\r\n${lines.join('')}content-length: ${bytes.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes])
}

async function run(load: Load): Promise<LoadResult> {
  const request = requestBytes(load)
  const latencies: number[] = []
  const firstBytes: number[] = []
  const failed: string[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + load.seconds * 1000
  const connections = Array.from({ length: load.concurrency }, () => connection())
  await Promise.all(connections)
  const seconds = (performance.now() - startedAt) / 1000
  const of = (values: number[]) => ({ p50: percentile(values, 0.5), p99: percentile(values, 0.99) })
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    latencyMs: of(latencies),
    firstByteMs: of(firstBytes),
    failures: failed.length,
    ...(failed[0] === undefined ? {} : { firstFailure: failed[0] }),
  }

  function connection(): Promise<void> {
    return new Promise((resolve) => {
      const { hostname, port } = new URL(load.url)
      const socket = connect({ host: hostname, port: Number(port), noDelay: true })
      let sentAt = 0
      let firstByteAt = 0
      let head = ''
      let tail = ''
      let over = false
      const finish = (problem?: string): void => {
        if (over) return
        over = true
        clearTimeout(deadline)
        if (problem) failed.push(problem)
        socket.destroy()
        resolve()
      }
      const deadline = setTimeout(() => finish('no answer in time'), endsAt - performance.now() + GRACE_MS)
      const send = (): void => {
        sentAt = performance.now()
        firstByteAt = 0
        tail = ''
        socket.write(request)
      }
      const reader = new MessageReader({
        head: (text) => {
          head = text
        },
        body: (piece) => {
          if (firstByteAt === 0) firstByteAt = performance.now()
          tail = (tail + piece.toString('latin1', Math.max(0, piece.length - TAIL))).slice(-TAIL)
        },
        end: () => {
          const now = performance.now()
          if (head.startsWith('HTTP/1.1 200') && (!load.stream || tail.includes(load.ends ?? 'data: [DONE]'))) {
            latencies.push(now - sentAt)
            firstBytes.push(firstByteAt - sentAt)
          } else {
            failed.push(`${head}\n\n…${tail}`)
          }
          if (now < endsAt) send()
          else finish()
        },
      })
      socket.on('connect', send)
      socket.on('data', (bytes) => reader.push(bytes))
      socket.on('error', (error) => finish(String(error)))
      socket.on('close', () => finish('the connection was closed'))
    })
  }
}

process.on('message', (load: Load) => {
  run(load).then(
    (result) => process.send?.(result),
    (error) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.once('disconnect', () => process.exit())
