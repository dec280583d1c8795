import { describe, expect, it } from 'vitest'
import { answered, chunk, gatewayWorld, streamed, usageChunk } from '../../support/gateway-world.ts'

// Workers may have six connections open at once; a body that nobody reads or cancels keeps one until the request is over,
// and the seventh fetch waits for it. A local workerd does not enforce it, so it is counted here.

const row = (id: string, more = '') => `
  - model_name: ${id}
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://${id}.test/v1' }
    model_info: { id: ${id}${more} }`
const config = `model_list:${row('main')}${row('backup')}
router_settings:
  num_retries: 2
  mid_stream_fallback: continue
  fallbacks: [{ main: [backup] }]
  content_policy_fallbacks: [{ main: [backup] }]
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

/** The same answer, counted as open until it is read to its end or cancelled. */
function counted(response: Response, open: Set<object>): Response {
  if (!response.body) return response
  const reader = response.body.getReader()
  const one = {}
  open.add(one)
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        open.delete(one)
        controller.close()
      } catch (error) {
        open.delete(one)
        controller.error(error)
      }
    },
    async cancel(reason) {
      open.delete(one)
      await reader.cancel(reason)
    },
  })
  return new Response(body, { status: response.status, headers: response.headers })
}

const text = (body: string, type: string, status = 200, headers: Record<string, string> = {}) =>
  new Response(body, { status, headers: { 'content-type': type, ...headers } })
const error = JSON.stringify({ error: { message: 'overloaded', code: 503 } })
const beginning = [chunk({ role: 'assistant' }), chunk({ content: 'The quick brown fox ' })]

const faults: Readonly<Record<string, (stream: boolean) => Response>> = {
  'a refusal': () => text(error, 'application/json', 503),
  'a refusal with a page behind it': () => text(`<html>${'x'.repeat(100_000)}</html>`, 'text/html', 502),
  'too many requests': () => text(error, 'application/json', 429, { 'retry-after': '1' }),
  'another address': () => text('moved', 'text/plain', 302, { location: 'https://elsewhere.test' }),
  'a web page': () => text('<html></html>', 'text/html'),
  nothing: (stream) => text('', stream ? 'text/event-stream' : 'application/json'),
  'an error behind a 200': (stream) =>
    stream ? streamed([beginning[0] ?? '', error]) : text(error, 'application/json'),
  'an error in the middle': (stream) =>
    stream ? streamed([...beginning, error, ...beginning]) : text('{"a', 'application/json'),
  'a lost connection': (stream) => (stream ? streamed(beginning, true) : text('{"a', 'application/json')),
  'an early end': (stream) => (stream ? streamed(beginning) : text('{"a', 'application/json')),
  'a filter': (stream) =>
    stream
      ? streamed([chunk({ role: 'assistant' }), chunk({}, 'content_filter'), usageChunk(5, 0), '[DONE]'])
      : Response.json({
          choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }],
          usage: { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 },
        }),
}

describe.each(Object.entries(faults))('%s', (_, fault) => {
  it.each([false, true])('leaves no connection open (streamed: %s)', async (stream) => {
    const open = new Set<object>()
    let most = 0
    const { ask, rest } = gatewayWorld(
      (url) => {
        const good = stream
          ? streamed([...beginning, chunk({ content: 'jumps.' }, 'stop'), usageChunk(5, 5), '[DONE]'])
          : answered('Hi', { prompt_tokens: 5, completion_tokens: 5 })
        const answer = counted(url.includes('main') ? fault(stream) : good, open)
        most = Math.max(most, open.size)
        return answer
      },
      { config },
    )
    const response = await ask({ model: 'main', messages: [{ role: 'user', content: 'Go.' }], stream })
    expect(response.status).toBe(200)
    await response.text()
    await rest()
    expect([open.size, most]).toEqual([0, 1])
  })
})

it('a client that leaves in the middle leaves no connection open', async () => {
  const open = new Set<object>()
  const { ask, rest } = gatewayWorld(
    () => counted(streamed([...beginning, ...beginning, ...beginning, chunk({}, 'stop'), '[DONE]']), open),
    { config },
  )
  const response = await ask({ model: 'main', messages: [{ role: 'user', content: 'Go.' }], stream: true })
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await rest()
  expect(open.size).toBe(0)
})
