import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a vendor got. */
export interface Got {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Answers = (got: Got, response: ServerResponse) => boolean | Promise<boolean>

export const USED = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 }

/** OpenAI, Anthropic and Google on one loopback port, as far as passing on needs them; it remembers every request. */
export async function startPassingVendor(more: Answers = () => false) {
  const got: Got[] = []
  /** Responses whose client has gone away. */
  const left: string[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces).toString(),
      }
      got.push(one)
      response.on('close', () => response.writableFinished || left.push(one.url))
      void Promise.resolve(more(one, response)).then((done) => done || answer(one, response))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    left,
    last: () => got.at(-1),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  return true
}

function answer({ method, url, body, headers }: Got, response: ServerResponse): boolean {
  const path = url.split('?')[0] ?? ''
  const said = (headers['content-type'] === 'application/json' ? JSON.parse(body || '{}') : {}) as {
    stream?: boolean
    model?: string
    stream_options?: { include_usage?: boolean }
  }
  if (path.endsWith('/chat/completions')) return chat(said, response)
  if (path.endsWith('/v1/messages')) return messages(said, response)
  if (path.endsWith(':generateContent')) return json(response, generated())
  if (path.endsWith(':streamGenerateContent'))
    return events(response, [{ ...generated(), usageMetadata: undefined }, generated()])
  if (path.endsWith('/moved')) {
    response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
    return true
  }
  if (path.endsWith('/quotes-key'))
    return json(response, { error: { message: `bad key ${JSON.stringify(headers)}` } }, 401)
  return json(response, { id: 'thing-1', object: 'thing', method, path }, 200, {
    'x-request-id': 'req-1',
    'set-cookie': 'session=theirs',
    'openai-organization': 'org-of-the-operator',
  })
}

function chat(
  said: { stream?: boolean; model?: string; stream_options?: { include_usage?: boolean } },
  response: ServerResponse,
): boolean {
  const base = { id: 'chatcmpl-1', created: 1, model: said.model }
  if (said.stream !== true)
    return json(response, {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
      usage: USED,
    })
  const chunk = (delta: unknown, finish_reason: string | null) => ({
    ...base,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  })
  return events(response, [
    chunk({ role: 'assistant', content: 'hel' }, null),
    chunk({ content: 'lo' }, null),
    chunk({}, 'stop'),
    ...(said.stream_options?.include_usage
      ? [{ ...base, object: 'chat.completion.chunk', choices: [], usage: USED }]
      : []),
    '[DONE]',
  ])
}

function messages(said: { stream?: boolean; model?: string }, response: ServerResponse): boolean {
  const base = { id: 'msg_1', type: 'message', role: 'assistant', model: said.model }
  if (said.stream !== true)
    return json(response, {
      ...base,
      content: [{ type: 'text', text: 'hello' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 100, output_tokens: 50 },
    })
  return events(response, [
    {
      type: 'message_start',
      message: { ...base, content: [], stop_reason: null, usage: { input_tokens: 100, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 50 } },
    { type: 'message_stop' },
  ])
}

function generated() {
  return {
    candidates: [{ content: { role: 'model', parts: [{ text: 'hello' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 50, totalTokenCount: 150 },
  }
}

function events(response: ServerResponse, said: readonly unknown[]): true {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const one of said) {
    const type = typeof one === 'object' && one !== null && 'type' in one ? `event: ${String(one.type)}\n` : ''
    response.write(`${type}data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`)
  }
  response.end()
  return true
}
