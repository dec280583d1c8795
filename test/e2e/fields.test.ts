import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile } from '../support/vendor.ts'

interface Seen {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

const seen: Seen[] = []
/** Lets the slow stream go on to its end. */
let goOn = () => {}

const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }
const responsesUsage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 }
const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'my-gpt',
  status: 'completed',
  output: [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Once more', annotations: [] }],
    },
  ],
  usage: responsesUsage,
}
const piece = (choice: object) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [choice],
})

const server = createServer((request, to) => {
  const pieces: Buffer[] = []
  request.on('data', (data: Buffer) => pieces.push(data))
  request.on('end', () => {
    const text = Buffer.concat(pieces).toString()
    const form = request.headers['content-type']?.includes('form') === true
    const body = (form ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text || '{}')) as Seen['body']
    const one = { path: request.url ?? '', headers: request.headers, body }
    seen.push(one)
    answer(one, to)
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const vendor = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
afterAll(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

function json(to: ServerResponse, body: object): ServerResponse {
  return to.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function events(to: ServerResponse, all: readonly object[], last = 'data: [DONE]\n\n'): ServerResponse {
  to.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of all)
    to.write(`${'type' in event ? `event: ${String(event.type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`)
  return to.end(last)
}

function answer({ path, body, headers }: Seen, to: ServerResponse): ServerResponse {
  const streams = body.stream === true
  if (path.endsWith('/oauth2/v2.0/token'))
    return json(to, { access_token: 'entra-token', expires_in: 3600, token_type: 'Bearer' })
  if (path.startsWith('/elsewhere')) return to.writeHead(307, { location: `${vendor}/stranger${path}` }).end()
  if (path.includes('/responses')) {
    if (!streams) return json(to, response)
    const item = { output_index: 0, item_id: 'msg_1', content_index: 0 }
    return events(
      to,
      [
        { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
        { type: 'response.output_item.added', output_index: 0, item: { ...response.output[0], content: [] } },
        { type: 'response.output_text.delta', ...item, delta: 'Once more' },
        { type: 'response.output_item.done', output_index: 0, item: response.output[0] },
        { type: 'response.completed', response },
      ],
      '',
    )
  }
  if (path.endsWith('/v1/completions')) {
    const choice = { text: 'Once more', index: 0, finish_reason: 'stop', logprobs: null }
    const told = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm', choices: [choice] }
    return streams ? events(to, [told, { ...told, choices: [], usage }]) : json(to, { ...told, usage })
  }
  if (path.startsWith('/slow')) {
    to.writeHead(200, { 'content-type': 'text/event-stream' })
    to.write(`data: ${JSON.stringify(piece({ index: 0, delta: { role: 'assistant', content: 'Once' } }))}\n\n`)
    goOn = () => {
      to.write(`data: ${JSON.stringify(piece({ index: 0, delta: { content: ' more' }, finish_reason: 'stop' }))}\n\n`)
      to.end(
        `data: ${JSON.stringify({ ...piece({}), choices: [], usage: { ...usage, completion_tokens: 1000 } })}\n\ndata: [DONE]\n\n`,
      )
    }
    return to
  }
  if (headers.authorization === undefined) return to.writeHead(401).end('{}')
  if (streams)
    return events(to, [
      piece({ index: 0, delta: { role: 'assistant', content: 'Once' }, finish_reason: null }),
      piece({ index: 0, delta: { content: ' more' }, finish_reason: 'stop' }),
      { ...piece({}), choices: [], usage },
    ])
  const message = { role: 'assistant', content: 'Once more' }
  return json(to, {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  })
}

describe('what a request and a deployment may say, through the running gateway', () => {
  const gateway = useGateway({
    providers: false,
    vars: { AZURE_AUTHORITY_HOST: `${vendor}/entra` },
    configFile: configFile(`model_list:
  - model_name: chat
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/v1' }
  - model_name: older
    litellm_params: { model: text-completion-openai/gpt-3.5-turbo-instruct, api_key: sk-vendor, api_base: '${vendor}/v1' }
  - model_name: azure-responses
    litellm_params: { model: azure/responses/my-gpt, api_key: azure-key, api_base: '${vendor}', api_version: 2025-04-01-preview }
  - model_name: foundry
    litellm_params: { model: azure_ai/Phi-4, tenant_id: t, client_id: c, client_secret: entra-secret, api_base: '${vendor}' }
  - model_name: redirected
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/elsewhere' }
  - model_name: slow
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/slow' }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
  drain_timeout: 20
litellm_settings: { responses_store: true, num_retries: 0 }
`),
  })
  const messages = [{ role: 'user' as const, content: 'Once' }]
  let client: OpenAI
  beforeEach(async () => {
    client ??= gateway().openai((await gateway().key()).key)
    seen.length = 0
  })

  it.each([
    ['chat', '/v1/chat/completions'],
    ['older', '/v1/completions'],
    ['azure-responses', '/openai/responses?api-version=2025-04-01-preview'],
    ['foundry', '/v1/chat/completions'],
  ])('%s is asked at %s for chats and older completions, whole and in pieces', async (model, path) => {
    const whole = await client.chat.completions.create({ model, messages })
    expect(whole.choices[0]).toMatchObject({ message: { content: 'Once more' }, finish_reason: 'stop' })
    expect(whole.usage).toMatchObject(usage)
    let text = ''
    for await (const { choices } of await client.chat.completions.create({ model, messages, stream: true }))
      text += choices[0]?.delta.content ?? ''
    const completion = await client.completions.create({ model, prompt: 'Once' })
    let completed = ''
    for await (const { choices } of await client.completions.create({ model, prompt: 'Once', stream: true }))
      completed += choices[0]?.text ?? ''
    expect([text, completion.choices[0]!.text, completed]).toEqual(Array(3).fill('Once more'))
    expect(new Set(seen.flatMap((one) => (one.path.startsWith('/entra') ? [] : one.path)))).toEqual(new Set([path]))
  })

  it('Azure AI gets the token of its application, which is asked for once', async () => {
    await client.chat.completions.create({ model: 'foundry', messages })
    expect(seen.at(-1)!.headers).toMatchObject({ authorization: 'Bearer entra-token' })
    expect(seen.at(-1)!.headers).not.toHaveProperty('api-key')
    expect(seen.filter(({ path }) => path.startsWith('/entra')).length).toBeLessThanOrEqual(1)
  })

  it('headers that a body asks for go along, credentials are refused, and metadata stays', async () => {
    const own = { extra_headers: { 'X-Trace-Me': 'yes' }, metadata: { tags: ['a'] as unknown as string } }
    await client.chat.completions.create({ model: 'chat', messages, ...own })
    expect(seen[0]!.headers).toMatchObject({ 'x-trace-me': 'yes', authorization: 'Bearer sk-vendor' })
    expect(Object.keys(seen[0]!.body).sort()).toEqual(['messages', 'model'])
    const stolen = { model: 'chat', messages, extra_headers: { Authorization: 'Bearer mine' } }
    await expect(client.chat.completions.create(stolen)).rejects.toMatchObject({
      status: 400,
      param: 'extra_headers.Authorization',
    })
    expect(seen).toHaveLength(1)
  })

  it('no key follows a redirect', async () => {
    const asked = client.chat.completions.create({ model: 'redirected', messages })
    await expect(asked).rejects.toBeInstanceOf(OpenAI.APIError)
    expect(seen.map(({ path }) => path)).toEqual(['/elsewhere/chat/completions'])
  })

  it('a Response that was streamed is kept as it was told', async () => {
    let told: OpenAI.Responses.Response | undefined
    for await (const event of await client.responses.create({ model: 'chat', input: 'Once', stream: true }))
      if (event.type === 'response.completed') told = event.response
    expect(told!.output_text ?? JSON.stringify(told!.output)).toContain('Once more')
    const kept = await eventually(() => client.responses.retrieve(told!.id).catch(() => undefined), Boolean)
    expect(kept!.output).toEqual(told!.output)
  })

  it('a provider that bills on is read on when its client leaves, and its own count is charged', async () => {
    const { key, token } = await gateway().key()
    const stream = await gateway().openai(key).chat.completions.create({ model: 'slow', messages, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    stream.controller.abort()
    // The gateway is to hear of it first; where it does not, the test says less and is not wrong.
    await new Promise((resolve) => setTimeout(resolve, 300))
    goOn()
    const rows = await eventually(
      async () =>
        (
          await gateway().db.query<{ completion_tokens: string; usage_estimated: boolean }>(
            'select completion_tokens, usage_estimated from spend_log where api_key = $1',
            [token],
          )
        ).rows,
      (found) => found.length > 0,
    )
    expect(rows).toEqual([{ completion_tokens: '1000', usage_estimated: false }])
  })
})
