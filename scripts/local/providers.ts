import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { type ChatCompletionRequest, LLMock } from '@copilotkit/aimock'
import * as z from 'zod'
import { type Endpoint, type EndpointAnswer, type EndpointRequest, jsonAnswer, serveEndpoint } from './endpoint.ts'
import { sampleJson } from './sample-json.ts'

export interface ProviderStats {
  /** Requests that arrived, those that a fault ended before the stand-in saw them left out. */
  requests: number
  /** Requests whose caller went away before the answer's end. */
  cancelled: number
}

export interface StandIn extends Endpoint {
  stats(): Readonly<ProviderStats>
}

/** How long the stand-in thinks and how fast it talks. */
export interface Pace {
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
}

export const believable: Pace = { firstTokenMs: 250, tokensPerSecond: 80 }
export const instant: Pace = { firstTokenMs: 0, tokensPerSecond: 0 }

/** Of English text; the same estimate that the stand-in bills by. */
const charactersPerToken = 4

/**
 * Vendors that are not there: answers any prompt in the vendor's own shape, streamed at a believable pace, with usage
 * where it was asked for, and never longer than the caller allowed.
 */
export async function startStandIn(pace: Pace = believable): Promise<StandIn> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', journalMaxEntries: 1 })
  const answerOptions = {
    chunkSize: 2 * charactersPerToken,
    streamingProfile: { ttft: pace.firstTokenMs, tps: pace.tokensPerSecond / 2, jitter: 0.3 },
  }
  mock.on({ endpoint: 'chat' }, reply, answerOptions)
  await mock.start()
  const target = new URL(mock.url)
  const stats: ProviderStats = { requests: 0, cancelled: 0 }

  async function answer(request: EndpointRequest): Promise<EndpointAnswer> {
    if (request.method === 'GET' && request.url === '/stats') return jsonAnswer(200, stats)
    stats.requests += 1
    const headers = withoutHopHeaders(request.headers)
    const forwarded = httpRequest(new URL(request.url, target), { method: request.method, headers })
    request.signal.addEventListener('abort', () => {
      if (answered?.readableEnded) return
      stats.cancelled += 1
      forwarded.destroy()
    })
    let answered: IncomingMessage | undefined
    forwarded.end(request.body)
    ;[answered] = (await once(forwarded, 'response')) as [IncomingMessage]
    if (!answered.headers['content-type']?.includes('event-stream') && answered.statusCode === 200)
      await thinkingTime(pace, request)
    return {
      status: answered.statusCode ?? 502,
      headers: withoutHopHeaders(answered.headers),
      body: breaksOff(request.body) ? brokenOff(answered) : answered,
    }
  }

  const endpoint = await serveEndpoint(answer)
  return {
    ...endpoint,
    stats: () => ({ ...stats }),
    close: async () => {
      await endpoint.close()
      await mock.stop()
    },
  }
}

/**
 * A streamed question that asks it to break off is answered up to the middle: so that people can see what becomes of such
 * a stream. Asked to go on with its own words, it does.
 */
function breaksOff(body: Buffer): boolean {
  const asked = streamed.safeParse(parsed(body))
  const last = asked.success ? asked.data.messages.at(-1) : undefined
  return last?.role === 'user' && /\bbreak off\b/i.test(JSON.stringify(last.content))
}

const streamed = z.object({
  stream: z.literal(true),
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
})

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

/** About eight words of it. */
const BYTES_BEFORE_THE_BREAK = 1_500

async function* brokenOff(answer: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let left = BYTES_BEFORE_THE_BREAK
  for await (const piece of answer) {
    yield piece.subarray(0, left)
    left -= piece.length
    if (left <= 0) throw new Error('The answer breaks off here, as it was asked to.')
  }
}

const perConnection = new Set(['host', 'connection', 'keep-alive', 'transfer-encoding', 'content-length'])

function withoutHopHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name]) => !perConnection.has(name))
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** An answer in one piece comes as late as its first token would, plus a little for the rest. */
async function thinkingTime(pace: Pace, { signal }: EndpointRequest): Promise<void> {
  if (pace.firstTokenMs === 0) return
  const ms = pace.firstTokenMs * 1.5
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

const toolChoice = z.object({ function: z.object({ name: z.string() }) })
const jsonSchemaFormat = z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: z.unknown() }) })

function reply(request: ChatCompletionRequest) {
  const asked = lastUserText(request)
  const called = toolToCall(request)
  if (called) {
    const args = sampleJson(called.parameters ?? { type: 'object' }, 'sample')
    return { toolCalls: [{ name: called.name, arguments: JSON.stringify(args) }] }
  }
  const format = jsonSchemaFormat.safeParse(request.response_format)
  if (format.success) return { content: JSON.stringify(sampleJson(format.data.json_schema.schema, 'sample')) }
  if (request.response_format?.type === 'json_object')
    return { content: JSON.stringify({ answer: plainAnswer(asked) }) }
  return shortened(restOf(request) ?? plainAnswer(asked), request)
}

/** What is left of an answer of which the conversation has the beginning. */
function restOf({ messages }: ChatCompletionRequest): string | undefined {
  const at = messages.findLastIndex(({ role }) => role === 'assistant')
  const begun = messages[at]?.content
  const whole = plainAnswer(textOf(messages.slice(0, Math.max(at, 0)).findLast(({ role }) => role === 'user')?.content))
  return typeof begun === 'string' && whole.startsWith(begun) && whole !== begun ? whole.slice(begun.length) : undefined
}

function plainAnswer(asked: string): string {
  const topic = asked.replace(/\s+/g, ' ').trim().slice(0, 120)
  const about = topic === '' ? 'There was no text in your message.' : `You asked: "${topic}".`
  return `${about} This answer comes from the local stand-in: no provider key is set, so no model has read it. Put a real key into .dev.vars and the same request reaches the real model.`
}

/** A vendor stops at `max_tokens` and says so. */
function shortened(content: string, request: ChatCompletionRequest): { content: string; finishReason?: string } {
  const wanted = z.number().safeParse(request.max_completion_tokens ?? request.max_tokens)
  const most = wanted.success ? Math.max(1, Math.floor(wanted.data)) * charactersPerToken : Infinity
  return content.length <= most ? { content } : { content: content.slice(0, most), finishReason: 'length' }
}

function lastUserText({ messages }: ChatCompletionRequest): string {
  return textOf(messages.findLast((message) => message.role === 'user')?.content)
}

function textOf(content: ChatCompletionRequest['messages'][number]['content'] | undefined): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => part.text ?? '').join(' ')
}

/** Only where the caller insists: one named tool, or any. */
function toolToCall({ tools = [], tool_choice }: ChatCompletionRequest) {
  const named = toolChoice.safeParse(tool_choice)
  const name = named.success
    ? named.data.function.name
    : tool_choice === 'required'
      ? tools[0]?.function.name
      : undefined
  return name === undefined ? undefined : tools.find((tool) => tool.function.name === name)?.function
}
