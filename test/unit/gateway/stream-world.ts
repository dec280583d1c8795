import { buildConfig } from '../../../scripts/config/build.ts'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { ask } from '../../../src/gateway/ask.ts'
import type { Attempt } from '../../../src/gateway/attempt.ts'
import type { GatewayDeps } from '../../../src/gateway/deps.ts'
import { finish } from '../../../src/gateway/finish.ts'
import { relayed } from '../../../src/gateway/relayed.ts'
import { newId } from '../../../src/ids.ts'
import { chat } from '../../../src/operations/chat-operation.ts'
import { upstreamOf } from '../../../src/operations/chat-tongue.ts'
import { openaiResponses } from '../../../src/providers/openai-responses.ts'
import { providers } from '../../../src/providers/registry.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import { keyWith, streamed } from '../../support/gateway-world.ts'

const { config } = buildConfig(
  `
model_list:
  - { model_name: small, litellm_params: { model: openai/gpt-4o-mini, api_key: k }, model_info: { id: small-1 } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-sonnet-4-20250514, api_key: k } }
general_settings: { master_key: k }
`,
  { fileName: 'test.yaml', target: 'dev' },
)

/** What one vendor after the other does: says these lines and hangs up, or anything else. */
export type Script = readonly string[] | (() => Response)

export interface StreamWorldOptions {
  readonly continues?: boolean
  readonly filterFails?: boolean
  readonly dialect?: Dialect
  readonly fields?: Partial<ChatRequest>
  readonly headers?: Record<string, string>
  /** Who is asked first, second, …; OpenAI unless said. */
  readonly vendors?: readonly ('openai' | 'anthropic' | 'responses')[]
}

interface PrintedChunk {
  readonly id: string
  readonly model: string
  readonly choices: readonly {
    readonly delta: { readonly content?: string; readonly role?: string; readonly provider_specific_fields?: object }
  }[]
  readonly usage?: { readonly total_tokens: number } | null
}

/** One stream on its way from scripted vendors to a client. */
export function streamWorld(scripts: readonly Script[], options: StreamWorldOptions = {}) {
  const { dialect = openaiChat, fields = {}, vendors = [] } = options
  const asked: { messages: { role: string; content: string }[] }[] = []
  const ends: SpendEvent[] = []
  const deferred: Promise<unknown>[] = []
  let open = 0

  const deps = {
    config,
    version: 'test',
    clock: () => Date.now(),
    health: { ended() {} },
    fetch: async (_url: string, init: RequestInit) => {
      asked.push(JSON.parse(String(init.body)))
      const script = scripts[asked.length - 1] ?? []
      const response = typeof script === 'function' ? script() : streamed(script)
      open += 1
      return counted(response, init.signal, () => {
        open -= 1
      })
    },
    handOver: { add: ({ event }: { event?: SpendEvent }) => event && ends.push(event) },
    defer: (_: string, work: Promise<unknown>) => void deferred.push(work),
  } as unknown as GatewayDeps

  const attemptAt = (place: number, request: ChatRequest): Attempt => {
    const vendor = vendors[place] ?? 'openai'
    const isResponses = vendor === 'responses'
    const deployment = config.deployments.find(({ provider }) => provider === (isResponses ? 'openai' : vendor))!
    const attempt = {
      id: newId(Date.now()),
      call: {
        requestId: newId(Date.now()),
        principal: keyWith(),
        operation: chat,
        dialect,
        path: {},
        body: request,
        headers: new Headers(options.headers),
        signal: new AbortController().signal,
        receivedAtMs: Date.now(),
      },
      request,
      retold: place > 0,
      deployment,
      provider: isResponses ? openaiResponses : providers[vendor],
      target: { model: deployment.model, apiBase: 'https://vendor.test/v1', extraHeaders: {}, params: {} },
      rates: [],
      startedAtMs: Date.now(),
      fallbacks: place,
      retries: 0,
      ...(options.filterFails === true && { filterFails: true }),
    } as unknown as Attempt
    if (options.continues !== true || place + 1 >= scripts.length) return attempt
    return {
      ...attempt,
      async continueWith(outcome, requestFor) {
        finish(attempt, outcome, deps)
        const next = attemptAt(place + 1, request)
        const going = { ...next, request: requestFor(next) }
        return { attempt: going, answer: await ask(going, upstreamOf(going), deps) }
      },
    }
  }

  const answer = async (): Promise<Response> => {
    const messages = [{ role: 'user', content: 'Tell me a story.' }]
    const attempt = attemptAt(0, { model: 'small', messages, stream: true, max_tokens: 500, ...fields })
    return relayed(attempt, await ask(attempt, upstreamOf(attempt), deps), deps)
  }

  return {
    asked,
    ends,
    open: () => open,
    ask: answer,
    async rest() {
      while (deferred.length > 0) await Promise.allSettled(deferred.splice(0))
    },
    /** The whole stream, as one who reads OpenAI's events has it. */
    async read() {
      const text = await (await answer()).text()
      const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json!) as PrintedChunk)
      return { text, chunks, said: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('') }
    },
  }
}

/** A body of which it is known whether it was read to its end or let go of; it breaks off when nobody wants it any more. */
function counted(response: Response, signal: AbortSignal | null | undefined, over: () => void): Response {
  const reader = response.body?.getReader()
  let told = false
  const tell = () => {
    if (!told) over()
    told = true
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal?.addEventListener('abort', () => {
          tell()
          controller.error(signal.reason)
        })
      },
      async pull(controller) {
        try {
          const { done, value } = (await reader?.read()) ?? { done: true }
          if (!done) return controller.enqueue(value)
          tell()
          controller.close()
        } catch (error) {
          tell()
          controller.error(error)
        }
      },
      cancel: tell,
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}

/** The events of one of OpenAI's responses for these texts; of `output_text.done` and all after it where it comes to an end. */
export function responseLines(texts: readonly string[], ends = false): string[] {
  const response = { id: 'resp_one', object: 'response', created_at: 7, status: 'in_progress', model: 'm', output: [] }
  const item = { id: 'msg_one', type: 'message', role: 'assistant', status: 'in_progress', content: [] }
  const at = { item_id: 'msg_one', output_index: 0, content_index: 0 }
  const part = { type: 'output_text', text: texts.join(''), annotations: [], logprobs: [] }
  const done = { ...item, status: 'completed', content: [part] }
  return [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...texts.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...at, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
    { type: 'response.output_item.done', output_index: 0, item: done },
    {
      type: 'response.completed',
      response: { ...response, status: 'completed', output: [done], usage: { input_tokens: 8, output_tokens: 3 } },
    },
  ]
    .slice(0, ends ? undefined : 4 + texts.length)
    .map((event, sequence_number) => JSON.stringify({ ...event, sequence_number }))
}

/** Claude's events for these texts, and its end where it comes to one. */
export function claudeLines(texts: readonly string[], ends = false): string[] {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [],
    usage: { input_tokens: 9, output_tokens: 1 },
  }
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...texts.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    ...(ends
      ? [
          { type: 'content_block_stop', index: 0 },
          { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
          { type: 'message_stop' },
        ]
      : []),
  ].map((event) => `${JSON.stringify(event)}`)
}
