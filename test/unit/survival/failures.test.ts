import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { vendorFor } from '../../../src/providers/registry.ts'
import type { VendorEvent } from '../../../src/providers/translator.ts'
import { data, typed } from './answer.ts'
import { asking } from './heard.ts'

// Failures that come with a 200: never an answer, and the vendor's sentence is kept.

const reading = { id: 'chatcmpl-ours', createdSeconds: 7, request: asking }

interface Failed {
  readonly model: string
  readonly what: string
  readonly whole?: object
  readonly stream?: readonly VendorEvent[]
  readonly says: RegExp
}

const chunk = (choice: object, rest: object = {}) =>
  data({ id: 'c', created: 1, model: 'x', choices: [{ index: 0, delta: {}, finish_reason: null, ...choice }], ...rest })
const event = (body: object) => typed(body as { type: string })
const named = (name: string, body: object): VendorEvent => ({ event: name, data: JSON.stringify(body) })

const failures: readonly Failed[] = [
  {
    model: 'openai/gpt-5',
    what: 'an error between chunks',
    whole: { error: { message: 'The server had an error.', type: 'server_error', param: null, code: null } },
    stream: [
      chunk({ delta: { role: 'assistant', content: 'He' } }),
      data({ error: { message: 'The server had an error.', type: 'server_error', param: null, code: null } }),
    ],
    says: /server had an error/,
  },
  {
    model: 'groq/llama-3.3-70b-versatile',
    what: 'an event named error',
    stream: [
      named('error', {
        error: { message: 'Failed to call a function.', type: 'invalid_request_error', code: 'tool_use_failed' },
      }),
    ],
    says: /Failed to call a function/,
  },
  {
    model: 'openrouter/openai/gpt-5',
    what: 'a provider that left in the middle',
    stream: [
      chunk({ delta: { content: 'He' } }),
      chunk(
        { delta: { content: '' }, finish_reason: 'error' },
        { error: { code: 502, message: 'Provider disconnected' } },
      ),
    ],
    says: /Provider disconnected/,
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'a response that failed',
    whole: {
      id: 'resp_1',
      status: 'failed',
      error: { code: 'server_error', message: 'The model failed to generate a response.' },
      output: [],
    },
    stream: [
      event({ type: 'response.created', response: { id: 'resp_1', status: 'in_progress', output: [] } }),
      event({
        type: 'response.failed',
        response: {
          id: 'resp_1',
          status: 'failed',
          error: { code: 'server_error', message: 'The model failed to generate a response.' },
          output: [],
        },
      }),
    ],
    says: /failed to generate/,
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'an error without a response',
    stream: [
      event({ type: 'error', code: 'rate_limit_exceeded', message: 'Slow down.', param: null, sequence_number: 1 }),
    ],
    says: /Slow down/,
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'overload',
    whole: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'req_1' },
    stream: [
      event({
        type: 'message_start',
        message: { id: 'msg_1', content: [], usage: { input_tokens: 1, output_tokens: 1 } },
      }),
      event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ],
    says: /Overloaded/,
  },
  {
    model: 'gemini/gemini-2.5-flash',
    what: 'a call that Google could not read',
    whole: {
      candidates: [
        {
          content: {},
          finishReason: 'MALFORMED_FUNCTION_CALL',
          finishMessage: 'Malformed function call: print(',
          index: 0,
        },
      ],
      usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
    },
    stream: [
      data({
        candidates: [
          {
            content: {},
            finishReason: 'MALFORMED_FUNCTION_CALL',
            finishMessage: 'Malformed function call: print(',
            index: 0,
          },
        ],
        usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
      }),
    ],
    says: /MALFORMED_FUNCTION_CALL.*print/,
  },
  {
    model: 'gemini/gemini-2.5-flash',
    what: 'an error in the middle',
    whole: { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } },
    stream: [data({ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } })],
    says: /overloaded/,
  },
  {
    model: 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
    what: 'an exception in the stream',
    stream: [
      named('messageStart', { role: 'assistant' }),
      named('throttlingException', { message: 'Too many requests, please wait.' }),
    ],
    says: /Too many requests/,
  },
  {
    model: 'openrouter/openai/gpt-5',
    what: 'an error that only its choice tells',
    whole: {
      id: 'gen-1',
      choices: [
        {
          ...{ index: 0, message: { role: 'assistant', content: 'He' }, finish_reason: 'error' },
          error: { code: 502, message: 'Upstream error from Chutes: busy', metadata: { provider_name: 'Chutes' } },
        },
      ],
    },
    stream: [
      chunk({ delta: { content: 'He' } }),
      chunk({ delta: { content: '' }, error: { code: 502, message: 'Upstream error from Chutes: busy' } }),
    ],
    says: /Upstream error from Chutes: busy/,
  },
  {
    model: 'huggingface/tgi',
    what: 'an error with a status of HTTP in it',
    whole: { error: { message: 'Input validation error: too long', http_status_code: 422 } },
    stream: [
      chunk({ delta: { content: 'He' } }),
      data({ error: { message: 'Input validation error: too long', http_status_code: 422 } }),
    ],
    says: /Input validation error: too long/,
  },
  {
    model: 'huggingface/tgi',
    what: 'an error as one sentence',
    whole: { error: 'Request failed during generation: Server error', error_type: 'generation' },
    stream: [data({ error: 'Request failed during generation: Server error', error_type: 'generation' })],
    says: /Request failed during generation/,
  },
  {
    model: 'hosted_vllm/qwen3',
    what: 'an error flat on the top',
    whole: { object: 'error', message: 'Internal Server Error', type: 'InternalServerError', param: null, code: 500 },
    stream: [
      chunk({ delta: { content: 'He' } }),
      data({ object: 'error', message: 'Internal Server Error', type: 'InternalServerError', param: null, code: 500 }),
    ],
    says: /Internal Server Error/,
  },
  {
    model: 'groq/llama-3.3-70b-versatile',
    what: 'an error in the corner where its usage is',
    stream: [
      chunk({ delta: { content: 'He' } }),
      chunk({ delta: {}, finish_reason: 'stop' }, { x_groq: { id: 'req_1', error: 'over capacity' } }),
    ],
    says: /over capacity/,
  },
  {
    model: 'deepseek/deepseek-chat',
    what: 'a lack of resources, as an end',
    whole: {
      id: 'c',
      choices: [{ index: 0, message: { content: 'He' }, finish_reason: 'insufficient_system_resource' }],
    },
    stream: [chunk({ delta: { content: 'He' } }), chunk({ finish_reason: 'insufficient_system_resource' })],
    says: /broke off/,
  },
  {
    model: 'openai/some-model',
    what: 'no choice at all',
    whole: { id: 'c', choices: [], usage: { prompt_tokens: 1, completion_tokens: 0 } },
    says: /no choices/,
  },
  {
    model: 'vertex_ai/gemini-2.5-flash',
    what: 'an error in a list',
    whole: [{ error: { code: 429, message: 'Resource exhausted.', status: 'RESOURCE_EXHAUSTED' } }],
    stream: [data([{ error: { code: 429, message: 'Resource exhausted.', status: 'RESOURCE_EXHAUSTED' } }])],
    says: /Resource exhausted/,
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'an error without a type, or under a name alone',
    whole: { error: { type: 'overloaded_error', message: 'Overloaded' } },
    stream: [named('error', { type: 'overloaded_error', message: 'Overloaded' })],
    says: /Overloaded/,
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'an error among the events, without a name',
    stream: [data({ error: { type: 'api_error', message: 'Internal server error' } })],
    says: /Internal server error/,
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'a response that was cancelled',
    whole: { id: 'resp_1', status: 'cancelled', error: null, output: [] },
    stream: [event({ type: 'response.cancelled', response: { id: 'resp_1', status: 'cancelled', output: [] } })],
    says: /cancelled/,
  },
  {
    model: 'bedrock/us.amazon.nova-lite-v1:0',
    what: 'an answer that Bedrock could not read',
    whole: { output: { message: { role: 'assistant', content: [] } }, stopReason: 'malformed_model_output' },
    stream: [named('messageStart', { role: 'assistant' }), named('messageStop', { stopReason: 'malformed_tool_use' })],
    says: /could not read/,
  },
  {
    model: 'bedrock/us.amazon.nova-lite-v1:0',
    what: 'a refusal where an answer was due',
    whole: { message: 'The model returned the following errors: bad', __type: 'ModelErrorException' },
    stream: [named('modelStreamErrorException', { message: 'bad', originalStatusCode: 500 })],
    says: /bad/,
  },
  {
    model: 'ollama/qwen3',
    what: 'a sentence where an answer was due',
    whole: { error: 'model runner has unexpectedly stopped' },
    stream: [data({ error: { message: 'model runner has unexpectedly stopped', type: 'api_error' } })],
    says: /unexpectedly stopped/,
  },
  {
    model: 'ollama/qwen3',
    what: 'a runner that died',
    stream: [data({ error: 'an error was encountered while running the model: unexpected EOF' })],
    says: /unexpected EOF/,
  },
]

function vendorOf(model: string) {
  const slash = model.indexOf('/')
  return vendorFor({ provider: model.slice(0, slash), model: model.slice(slash + 1), mode: 'chat' })!
}

describe('a failure behind a 200', () => {
  it.each(failures.filter(({ stream }) => stream))(
    '$model: $what, is no end of a stream',
    ({ model, stream = [], says }) => {
      const reader = vendorOf(model).reader(reading)
      for (const one of stream) reader.read(one)
      expect(reader.complete).toBe(false)
      expect(reader.error).toMatch(says)
      // Nothing after it makes it whole.
      reader.read({ data: '[DONE]' })
      expect(reader.complete).toBe(false)
    },
  )

  it.each(failures.filter(({ whole }) => whole))('$model: $what, is no answer', ({ model, whole, says }) => {
    const read = () => vendorOf(model).completion(whole, reading)
    expect(read).toThrow(GatewayError)
    expect(read).toThrow(says)
  })
})
