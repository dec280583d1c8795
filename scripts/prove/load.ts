/**
 * The storm's clients, in a process of their own: `concurrency` at a time ask what the plan says and write down what they
 * got. A gateway that is not there is waited for; a connection that breaks is not asked again.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { type PlannedRequest, planOf, type StormOptions } from './plan.ts'

export interface LoadOrder {
  readonly options: StormOptions
  readonly urls: readonly string[]
  /** By index of the plan. */
  readonly keys: readonly string[]
  /** Absent where the gateway knows no customers. */
  readonly customers?: readonly string[]
  readonly tags: readonly string[]
  readonly models: { readonly cheap: string; readonly dear?: string }
}

/** What a client saw of its request. */
export interface Seen {
  readonly n: number
  readonly sentMs: number
  readonly endedMs: number
  /** `answered`: to its very end. `broken`: begun with 200 and not ended well. `cut`: the connection was lost. */
  readonly how: 'answered' | 'refused' | 'broken' | 'cut' | 'left'
  readonly status?: number
  readonly requestId?: string
  /** As the answer's header tells it: of whole answers only. */
  readonly costNano?: number
  /** Lost unanswered on a connection that had been kept: closed there as it was used again here. */
  readonly reused?: boolean
  readonly type?: string
  readonly code?: string
  readonly message?: string
  readonly facts?: Readonly<Record<string, unknown>>
}

const ABSENT_MS = 150
/** After a refusal a client thinks again before its next request. */
const REFUSED_MS = 40
/** As a 503 asks for. */
const UNAVAILABLE_MS = 1_000
const DEADLINE_MS = 30_000

const agents = new Map<string, Agent>()
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function run(order: LoadOrder): Promise<void> {
  const { requests } = planOf(order.options)
  let next = 0
  let seen: Seen[] = []
  const tell = (): void => {
    process.send?.({ sent: next, seen })
    seen = []
  }
  const teller = setInterval(tell, 50)
  await Promise.all(
    Array.from({ length: order.options.concurrency }, async () => {
      for (let planned = requests[next++]; planned; planned = requests[next++]) {
        const one = await askUntilSent(order, planned)
        seen.push(one)
        if (one.how === 'refused' || one.how === 'cut')
          await pause(REFUSED_MS + (one.status === 503 ? UNAVAILABLE_MS : 0))
      }
    }),
  )
  clearInterval(teller)
  tell()
  process.send?.({ done: true })
}

async function askUntilSent(order: LoadOrder, planned: PlannedRequest): Promise<Seen> {
  for (;;) {
    const seen = await ask(order, planned)
    if (seen) return seen
    await pause(ABSENT_MS)
  }
}

/** Undefined when nobody was there to be asked. */
function ask(order: LoadOrder, planned: PlannedRequest): Promise<Seen | undefined> {
  const { n, key, isolate, stream, prompt, maxTokens, leavesAfterMs, customer, tag, dear } = planned
  const url = order.urls[isolate % order.urls.length] ?? ''
  const body = JSON.stringify({
    model: dear && order.models.dear ? order.models.dear : order.models.cheap,
    messages: [{ role: 'user', content: prompt }],
    max_tokens: maxTokens,
    ...(order.customers ? { user: order.customers[customer] } : {}),
    ...(tag === undefined ? {} : { metadata: { tags: [order.tags[tag]] } }),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  })
  const agent = agents.get(url) ?? new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  agents.set(url, agent)
  return new Promise((resolve) => {
    const sentMs = Date.now()
    let over = false
    let leaving: NodeJS.Timeout | undefined
    const end = (what: Omit<Seen, 'n' | 'sentMs' | 'endedMs'> | undefined): void => {
      if (over) return
      over = true
      clearTimeout(leaving)
      clearTimeout(deadline)
      resolve(what && { n, sentMs, endedMs: Date.now(), ...what })
    }
    const request: ClientRequest = httpRequest(`${url}/v1/chat/completions`, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${order.keys[key]}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    })
    const deadline = setTimeout(() => {
      end({ how: 'broken', message: 'no end within the clients’ patience' })
      request.destroy()
    }, DEADLINE_MS)
    if (leavesAfterMs !== undefined) {
      leaving = setTimeout(() => {
        end({ how: 'left' })
        request.destroy()
      }, leavesAfterMs)
    }
    request.on('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? undefined : { how: 'cut', reused: request.reusedSocket }),
    )
    request.on('response', (response) => {
      const told = headersOf(response)
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text = response.statusCode === 200 && stream ? (text + piece).slice(-2_000) : text + piece
      })
      response.on('error', () => end({ how: 'cut', ...told }))
      response.on('close', () => end({ how: 'cut', ...told }))
      response.on('end', () => end({ ...told, ...ending(response.statusCode ?? 0, stream, text) }))
    })
    request.end(body)
  })
}

function headersOf({ statusCode, headers }: IncomingMessage): Pick<Seen, 'status' | 'requestId' | 'costNano'> {
  const cost = headers['x-litellm-response-cost']
  const requestId = headers['x-litellm-call-id']
  return {
    ...(statusCode === undefined ? {} : { status: statusCode }),
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(typeof cost === 'string' ? { costNano: Math.round(Number(cost) * 1e9) } : {}),
  }
}

function ending(
  status: number,
  stream: boolean,
  text: string,
): Pick<Seen, 'how' | 'type' | 'code' | 'message' | 'facts'> {
  if (status === 200 && (stream ? text.includes('data: [DONE]') : isWhole(text))) return { how: 'answered' }
  const error = errorIn(text)
  return {
    how: status === 200 ? 'broken' : 'refused',
    ...(error?.type === undefined ? {} : { type: error.type }),
    ...(error?.code === undefined ? {} : { code: String(error.code) }),
    message: (error?.message ?? text).slice(0, 400),
    ...(error?.facts === undefined ? {} : { facts: error.facts }),
  }
}

function isWhole(text: string): boolean {
  try {
    return (JSON.parse(text) as { choices?: unknown[] }).choices?.length === 1
  } catch {
    return false
  }
}

interface TheError {
  readonly type?: string
  readonly code?: string | number
  readonly message?: string
  readonly facts?: Record<string, unknown>
}

function errorIn(text: string): TheError | undefined {
  const from = text.lastIndexOf('{"error"')
  if (from < 0) return undefined
  try {
    const line = text.slice(from).split('\n')[0] ?? ''
    return (JSON.parse(line) as { error: TheError }).error
  } catch {
    return undefined
  }
}

process.on('message', (order: LoadOrder) => {
  run(order).catch((error) => {
    console.error(error)
    process.exit(1)
  })
})
process.once('disconnect', () => process.exit())
