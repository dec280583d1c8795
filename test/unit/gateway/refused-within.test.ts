import { describe, expect, it } from 'vitest'
import { refusedInStream, refusedWithin } from '../../../src/gateway/refused-within.ts'
import { vendorOf } from '../survival/told.ts'

const ok = () => new Response(null, { headers: { 'content-type': 'text/event-stream' } })
const said = (message: string) => JSON.stringify({ message })

describe('a failure in the middle of a stream', () => {
  it.each([
    ['throttlingException', 'Too many requests', 'rate_limited', 429],
    ['validationException', 'Malformed input', 'invalid_request', 400],
    ['validationException', 'Input is too long for requested model.', 'context_window_exceeded', 400],
    ['modelStreamErrorException', 'The model failed', 'upstream_failed', 502],
    ['modelTimeoutException', 'The model took too long', 'timeout', 408],
    ['internalServerException', 'Something failed', 'upstream_failed', 503],
    ['serviceUnavailableException', 'Come back later', 'upstream_failed', 503],
  ])('Bedrock: %s is known by its name', (event, message, kind, status) => {
    const error = refusedInStream(vendorOf('bedrock/us.amazon.nova-lite-v1:0'), ok(), { event, data: said(message) })
    expect(error).toMatchObject({ kind, status, message })
  })

  it("takes AWS's errors that are no exceptions by their code", () => {
    const data = JSON.stringify({ code: 'ThrottlingException', message: 'Rate exceeded' })
    const error = refusedInStream(vendorOf('bedrock/us.amazon.nova-lite-v1:0'), ok(), { event: 'error', data })
    expect(error).toMatchObject({ kind: 'rate_limited', message: 'Rate exceeded' })
  })

  it.each([
    ['openai/gpt-5', { error: { message: 'Slow down', code: 'rate_limit_exceeded' } }, 'rate_limited'],
    [
      'anthropic/claude-sonnet-4-5',
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'upstream_failed',
    ],
    [
      'gemini/gemini-2.5-flash',
      { error: { code: 429, message: 'Exhausted', status: 'RESOURCE_EXHAUSTED' } },
      'rate_limited',
    ],
    ['ollama/qwen3', { error: 'the model runner stopped' }, 'upstream_failed'],
  ])('%s', (model, body, kind) => {
    expect(refusedInStream(vendorOf(model), ok(), { data: JSON.stringify(body) })).toMatchObject({ kind })
  })
})

describe('a refusal behind a good status', () => {
  const within = (json: unknown) =>
    refusedWithin({ provider: vendorOf('vertex_ai/gemini-2.5-flash') }, ok(), JSON.stringify(json), json)

  it('is found alone and in a list', () => {
    const error = { error: { code: 429, message: 'Exhausted', status: 'RESOURCE_EXHAUSTED' } }
    for (const json of [error, [error], [{ candidates: [] }, error]])
      expect(within(json)).toMatchObject({ kind: 'rate_limited', message: 'Exhausted' })
  })

  it.each([[null], ['error'], [[]], [[[0.1]]], [{ error: null, output: [] }], [{ error: {}, choices: [] }]])(
    'is not seen in %j',
    (json) => {
      expect(within(json)).toBeUndefined()
    },
  )
})
