import { createHash, createHmac, createVerify, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EventStreamCodec } from '@smithy/eventstream-codec'

export interface Seen {
  readonly path: string
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** The text that every model says. */
export const SAID = 'Grüße aus 東京 – 🎉'
export const SECRETS = { azure: 'azure-key-1', entra: 'entra-secret-1', aws: 'aws/secret+1', awsId: 'AKIDEXAMPLE' }

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Stand-ins for the clouds on loopback: each wants its own credentials and answers in its own documented words. */
export async function startClouds() {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://x')
      const one = {
        path: url.pathname,
        query: url.search,
        headers: request.headers,
        text: Buffer.concat(pieces).toString(),
      }
      seen.push(one)
      answer(one, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    base,
    seen,
    /** What was asked at paths with this beginning since the last time. */
    take: (beginning: string) => {
      const found = seen.filter(({ path }) => path.startsWith(beginning))
      for (const one of found) seen.splice(seen.indexOf(one), 1)
      return found
    },
    vars: {
      AZURE_API_KEY: SECRETS.azure,
      AZURE_API_BASE: `${base}/azure`,
      AZURE_CLIENT_SECRET: SECRETS.entra,
      AZURE_AUTHORITY_HOST: `${base}/entra`,
      AWS_ACCESS_KEY_ID: SECRETS.awsId,
      AWS_SECRET_ACCESS_KEY: SECRETS.aws,
      BEDROCK_BASE: `${base}/aws`,
      VERTEX_BASE: `${base}/vertex`,
      VERTEX_CREDENTIALS: JSON.stringify({
        type: 'service_account',
        project_id: 'project-1',
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        client_email: 'bot@project-1.iam.gserviceaccount.com',
        token_uri: `${base}/google/token`,
      }),
      RESPONSES_BASE: `${base}/openai/v1`,
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function answer(one: Seen, to: ServerResponse): ServerResponse {
  const { path, headers, text } = one
  if (path === '/pixel.png') return send(to, 200, 'image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]))
  if (path.startsWith('/entra/')) return entra(path, new URLSearchParams(text), to)
  if (path === '/google/token') return google(new URLSearchParams(text), to)
  const body = JSON.parse(text) as Record<string, unknown>
  const streams = body.stream === true || /stream/i.test(path)
  const asked: Asked = {
    streams,
    tools: Array.isArray(body.tools) || body.toolConfig !== undefined,
    fails: text.includes('please fail'),
  }
  if (path.startsWith('/azure/'))
    return headers['api-key'] === SECRETS.azure || headers.authorization === 'Bearer entra-token'
      ? azure(asked, to)
      : json(to, 401, { error: { code: '401', message: 'Access denied due to invalid subscription key.' } })
  if (path.startsWith('/aws/'))
    return headers.authorization === sigV4(one)
      ? bedrock(asked, to)
      : json(to, 403, { message: 'The request signature we calculated does not match' })
  if (path.startsWith('/vertex/')) {
    if (headers.authorization !== 'Bearer google-token')
      return json(to, 401, {
        error: { code: 401, message: 'Request had invalid credentials.', status: 'UNAUTHENTICATED' },
      })
    return path.includes('/publishers/anthropic/') ? claude(asked, to) : gemini(asked, to)
  }
  if (path === '/openai/v1/responses') return responses(asked, to)
  return json(to, 404, { error: { message: `nobody is at ${path}` } })
}

interface Asked {
  readonly streams: boolean
  readonly tools: boolean
  readonly fails: boolean
}

function entra(path: string, form: URLSearchParams, to: ServerResponse): ServerResponse {
  const known = path === '/entra/tenant-1/oauth2/v2.0/token' && form.get('client_secret') === SECRETS.entra
  if (known) return json(to, 200, { token_type: 'Bearer', expires_in: 3599, access_token: 'entra-token' })
  return json(to, 400, { error: 'invalid_request', error_description: 'AADSTS90002: Tenant not found.\r\nTrace ID: 1' })
}

/** Checks the assertion's signature with the service account's public key. */
function google(form: URLSearchParams, to: ServerResponse): ServerResponse {
  const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
  const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`)
  if (!verify.verify(publicKey, Buffer.from(signature, 'base64url'))) return json(to, 400, { error: 'invalid_grant' })
  return json(to, 200, { access_token: 'google-token', expires_in: 3599, token_type: 'Bearer' })
}

/** AWS's signature as its documentation computes it, from what arrived. */
function sigV4({ path, query, headers, text }: Seen): string {
  const date = String(headers['x-amz-date'])
  const given = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? ''
  const sha = (data: string) => createHash('sha256').update(data).digest('hex')
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()
  const uri = path
    .split('/')
    .map((segment) => encodeURIComponent(segment))
    .join('/')
  const lines = given.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const hash = String(headers['x-amz-content-sha256'] ?? sha(text))
  if (hash !== sha(text)) return 'another body was signed'
  const canonical = ['POST', uri, query.slice(1), lines.join(''), given, hash].join('\n')
  const scope = `${date.slice(0, 8)}/eu-central-1/bedrock/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha(canonical)].join('\n')
  const key = ['eu-central-1', 'bedrock', 'aws4_request'].reduce(hmac, hmac(`AWS4${SECRETS.aws}`, date.slice(0, 8)))
  return `AWS4-HMAC-SHA256 Credential=${SECRETS.awsId}/${scope}, SignedHeaders=${given}, Signature=${hmac(key, toSign).toString('hex')}`
}

const CITY = '{"city":"Bonn"}'
const halves = [SAID.slice(0, 7), SAID.slice(7)]

function azure({ streams, tools, fails }: Asked, to: ServerResponse): ServerResponse {
  if (fails)
    return json(
      to,
      429,
      { error: { code: '429', message: 'Requests have exceeded the call rate limit.' } },
      { 'retry-after': '7' },
    )
  const filter = { hate: { filtered: false, severity: 'safe' } }
  const head = { id: 'chatcmpl-az', created: 1, model: 'gpt-4o-mini-2024-07-18', system_fingerprint: null }
  const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: CITY } }
  const usage = { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 }
  const finish = tools ? 'tool_calls' : 'stop'
  if (!streams)
    return json(to, 200, {
      ...head,
      object: 'chat.completion',
      prompt_filter_results: [{ prompt_index: 0, content_filter_results: filter }],
      choices: [
        {
          index: 0,
          finish_reason: finish,
          logprobs: null,
          content_filter_results: tools ? {} : filter,
          message: {
            role: 'assistant',
            content: tools ? null : SAID,
            refusal: null,
            ...(tools && { tool_calls: [call] }),
          },
        },
      ],
      usage,
    })
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason, logprobs: null, content_filter_results: {} }],
    usage: null,
  })
  const opened = { index: 0, ...call, function: { name: 'weather', arguments: '' } }
  const said = tools
    ? [
        chunk({ tool_calls: [opened] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: CITY.slice(0, 4) } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: CITY.slice(4) } }] }),
      ]
    : halves.map((content) => chunk({ content }))
  return sse(to, [
    {
      choices: [],
      created: 0,
      id: '',
      model: '',
      object: '',
      prompt_filter_results: [{ prompt_index: 0, content_filter_results: filter }],
    },
    chunk({ role: 'assistant', content: tools ? null : '', refusal: null }),
    ...said,
    chunk({}, finish),
    { ...head, object: 'chat.completion.chunk', choices: [], usage },
    '[DONE]',
  ])
}

function bedrock({ streams, tools, fails }: Asked, to: ServerResponse): ServerResponse {
  if (fails)
    return json(
      to,
      429,
      { message: 'Too many requests, please wait before trying again.' },
      { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/' },
    )
  const usage = { inputTokens: 11, outputTokens: 5, totalTokens: 16, cacheReadInputTokens: 0, cacheWriteInputTokens: 0 }
  const toolUse = { toolUseId: 'tooluse_1', name: 'weather' }
  const stopReason = tools ? 'tool_use' : 'end_turn'
  if (!streams) {
    const content = tools ? [{ toolUse: { ...toolUse, input: JSON.parse(CITY) } }] : [{ text: SAID }]
    return json(to, 200, {
      metrics: { latencyMs: 9 },
      output: { message: { role: 'assistant', content } },
      stopReason,
      usage,
    })
  }
  const block = (delta: object) => ['contentBlockDelta', { contentBlockIndex: 0, delta, p: 'abc' }] as const
  const events: (readonly [string, object])[] = [
    ['messageStart', { role: 'assistant', p: 'abcdefg' }],
    ...(tools
      ? [
          ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse } }] as const,
          block({ toolUse: { input: CITY.slice(0, 4) } }),
          block({ toolUse: { input: CITY.slice(4) } }),
        ]
      : halves.map((text) => block({ text }))),
    ['contentBlockStop', { contentBlockIndex: 0 }],
    ['somethingNew', { of: 'tomorrow' }],
    ['messageStop', { stopReason }],
    ['metadata', { usage, metrics: { latencyMs: 9 } }],
  ]
  const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes as Uint8Array).toString(),
    (text) => Buffer.from(text),
  )
  const frames = events.map(([type, body]) =>
    codec.encode({
      headers: {
        ':event-type': { type: 'string', value: type },
        ':content-type': { type: 'string', value: 'application/json' },
        ':message-type': { type: 'string', value: 'event' },
      },
      body: Buffer.from(JSON.stringify(body)),
    }),
  )
  return cut(to, 'application/vnd.amazon.eventstream', Buffer.concat(frames))
}

function gemini({ streams, tools, fails }: Asked, to: ServerResponse): ServerResponse {
  if (fails)
    return json(to, 429, { error: { code: 429, message: 'Resource exhausted.', status: 'RESOURCE_EXHAUSTED' } })
  const usageMetadata = { promptTokenCount: 11, candidatesTokenCount: 5, totalTokenCount: 16, trafficType: 'ON_DEMAND' }
  const part = (parts: object[], more: object = {}) => ({
    candidates: [{ content: { role: 'model', parts }, ...more }],
    modelVersion: 'gemini-2.5-flash',
    createTime: '2026-01-01T00:00:00Z',
    responseId: 'r',
  })
  const call = [{ functionCall: { name: 'weather', args: JSON.parse(CITY) } }]
  if (!streams)
    return json(to, 200, {
      ...part(tools ? call : [{ text: SAID }], { finishReason: 'STOP', avgLogprobs: -0.1 }),
      usageMetadata,
    })
  const said = tools ? [part(call)] : halves.map((text) => part([{ text }]))
  return sse(to, [...said, { ...part([{ text: '' }], { finishReason: 'STOP' }), usageMetadata }], '\r\n')
}

function claude({ streams, tools, fails }: Asked, to: ServerResponse): ServerResponse {
  if (fails)
    return json(to, 429, {
      type: 'error',
      error: { type: 'rate_limit_error', message: 'Number of requests has exceeded your rate limit' },
    })
  const head = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-20250514',
    stop_sequence: null,
  }
  const use = { type: 'tool_use', id: 'toolu_1', name: 'weather' }
  const stop_reason = tools ? 'tool_use' : 'end_turn'
  if (!streams) {
    const content = tools ? [{ ...use, input: JSON.parse(CITY) }] : [{ type: 'text', text: SAID }]
    return json(to, 200, { ...head, content, stop_reason, usage: { input_tokens: 11, output_tokens: 5 } })
  }
  const delta = (of: object) => ({ type: 'content_block_delta', index: 0, delta: of })
  return sse(to, [
    {
      type: 'message_start',
      message: { ...head, content: [], stop_reason: null, usage: { input_tokens: 11, output_tokens: 1 } },
    },
    { type: 'ping' },
    {
      type: 'content_block_start',
      index: 0,
      content_block: tools ? { ...use, input: {} } : { type: 'text', text: '' },
    },
    ...(tools
      ? [
          delta({ type: 'input_json_delta', partial_json: CITY.slice(0, 4) }),
          delta({ type: 'input_json_delta', partial_json: CITY.slice(4) }),
        ]
      : halves.map((text) => delta({ type: 'text_delta', text }))),
    { type: 'content_block_stop', index: 0 },
    { type: 'vertex_event', of: 'tomorrow' },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ])
}

function responses({ streams, tools, fails }: Asked, to: ServerResponse): ServerResponse {
  if (fails)
    return json(to, 429, {
      error: { message: 'Rate limit reached', type: 'requests', param: null, code: 'rate_limit_exceeded' },
    })
  const item = tools
    ? { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: CITY, status: 'completed' }
    : {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: SAID, annotations: [], logprobs: [] }],
      }
  const usage = {
    input_tokens: 11,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 16,
  }
  const head = {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'gpt-4.1-mini',
    error: null,
    incomplete_details: null,
  }
  const whole = { ...head, status: 'completed', output: [item], usage }
  if (!streams) return json(to, 200, whole)
  const at = { output_index: 0, item_id: item.id }
  const written = tools
    ? [CITY.slice(0, 4), CITY.slice(4)].map((delta) => ({
        type: 'response.function_call_arguments.delta',
        ...at,
        delta,
      }))
    : halves.map((delta) => ({ type: 'response.output_text.delta', ...at, content_index: 0, delta, logprobs: [] }))
  const events = [
    { type: 'response.created', response: { ...head, status: 'in_progress', output: [], usage: null } },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: tools ? { ...item, arguments: '', status: 'in_progress' } : { ...item, content: [], status: 'in_progress' },
    },
    ...written,
    { type: 'response.something.new', of: 'tomorrow' },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: whole },
  ]
  return sse(
    to,
    events.map((event, sequence_number) => ({ ...event, sequence_number })),
  )
}

function json(to: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): ServerResponse {
  for (const [name, value] of Object.entries(headers)) to.setHeader(name, value)
  return send(to, status, 'application/json', Buffer.from(JSON.stringify(body)))
}

function send(to: ServerResponse, status: number, type: string, bytes: Buffer): ServerResponse {
  return to.writeHead(status, { 'content-type': type }).end(bytes)
}

function sse(to: ServerResponse, events: readonly (object | string)[], end = '\n'): ServerResponse {
  const text = events.map((event) => {
    const type = typeof event === 'object' && 'type' in event ? `event: ${String(event.type)}${end}` : ''
    return `${type}data: ${typeof event === 'string' ? event : JSON.stringify(event)}${end}${end}`
  })
  return cut(to, 'text/event-stream', Buffer.from(`: hello${end}${end}${text.join('')}`))
}

/** In small pieces that know nothing of events or characters. */
function cut(to: ServerResponse, type: string, bytes: Buffer): ServerResponse {
  to.writeHead(200, { 'content-type': type })
  const next = (at: number) => {
    if (at >= bytes.length) {
      to.end()
      return
    }
    to.write(bytes.subarray(at, at + 61))
    setImmediate(() => next(at + 61))
  }
  next(0)
  return to
}
