import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { parseResponses } from '../../../src/dialects/responses-request.ts'
import { GatewayError } from '../../../src/errors.ts'
import { openaiResponses } from '../../../src/providers/openai-responses.ts'
import { openaiResponsesBody } from '../../../src/providers/openai-responses-request.ts'
import { eventData } from '../../../src/streams/event.ts'
import { frameSplitter } from '../../../src/streams/frames.ts'
import answer from '../../fixtures/responses/answer.json' with { type: 'json' }
import { folded } from '../dialects/folded.ts'

const user = { role: 'user', content: 'Hi' }
const request: ChatRequest = { model: 'fast', messages: [user] }
const reading = { id: 'ours', createdSeconds: 7, request }
const target = { model: 'gpt-4.1', extraHeaders: {}, params: {} }
const sent = (fields: object, of: object = {}) => openaiResponsesBody({ ...request, ...fields }, { ...target, ...of })
const input = (...messages: object[]) => sent({ messages }).input

describe('the request', () => {
  it('goes to /responses with the deployment’s key', () => {
    const { url, headers, body } = openaiResponses.chat(request, { ...target, apiKey: 'k' })
    expect([url, headers.authorization]).toEqual(['https://api.openai.com/v1/responses', 'Bearer k'])
    expect(JSON.parse(body)).toEqual({
      model: 'gpt-4.1',
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
      store: false,
    })
  })

  it('in the vendor’s own dialect is passed on, without the gateway’s fields and with nothing kept', () => {
    const own = { model: 'fast', input: 'Hi', include: ['x'], store: true, fallbacks: ['slow'], something_new: 1 }
    const params = { max_tokens: 9, temperature: 0.1 }
    const { url, body } = openaiResponses.forward(own, true, { ...target, model: 'gpt-5', params })
    expect(url).toBe('https://api.openai.com/v1/responses')
    expect(JSON.parse(body)).toEqual({
      model: 'gpt-5',
      input: 'Hi',
      include: ['x', 'reasoning.encrypted_content'],
      store: false,
      stream: true,
      max_output_tokens: 9,
      temperature: 0.1,
      something_new: 1,
    })
    const plain = openaiResponses.forward(
      { input: 'Hi', stream_options: { include_obfuscation: false } },
      false,
      target,
    )
    expect(JSON.parse(plain.body)).toEqual({
      model: 'gpt-4.1',
      input: 'Hi',
      store: false,
      stream_options: { include_obfuscation: false },
    })
  })

  it('in the vendor’s own dialect refers to nothing that OpenAI did not keep, and shows it nobody else’s thoughts', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const sealed = { type: 'reasoning', summary: [], encrypted_content: 'gAAA+/==' }
    const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }
    const input = [
      { role: 'user', content: 'Hi' },
      { ...sealed, id: 'rs_1' },
      { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 'kept by nobody' }] },
      { type: 'reasoning', id: 'rs_3', summary: [], encrypted_content: 'tollgate:thinking:EqQB' },
      { type: 'reasoning', id: 'rs_4', summary: [], encrypted_content: 'tollgate:fields:{"fields":{}}' },
      search,
      { ...call, id: 'fc_1' },
    ]
    const { body } = openaiResponses.forward({ input }, false, target)
    expect(JSON.parse(body).input).toEqual([input[0], sealed, search, call])
  })

  it.each<[object, object]>([
    [{ max_tokens: 9 }, { max_output_tokens: 9 }],
    [{ max_completion_tokens: 8, max_tokens: 9 }, { max_output_tokens: 8 }],
    [{ stream: true }, { stream: true }],
    [
      { temperature: 0.5, user: 'u', parallel_tool_calls: false, prompt_cache_key: 'k' },
      { temperature: 0.5, user: 'u', parallel_tool_calls: false, prompt_cache_key: 'k' },
    ],
    [{ n: 1, frequency_penalty: 0, modalities: ['text'], stop: [], logit_bias: {} }, {}],
    [
      { response_format: { type: 'json_object' }, verbosity: 'low' },
      { text: { format: { type: 'json_object' }, verbosity: 'low' } },
    ],
    [
      {
        response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: { type: 'object' } } },
      },
      { text: { format: { type: 'json_schema', name: 'n', strict: true, schema: { type: 'object' } } } },
    ],
    [{ reasoning_effort: 'none' }, { reasoning: { effort: 'none' } }],
    [
      { logprobs: true, top_logprobs: 2 },
      { top_logprobs: 2, include: ['message.output_text.logprobs'] },
    ],
    [
      {
        tools: [{ type: 'function', function: { name: 'f' } }],
        tool_choice: { type: 'function', function: { name: 'f' } },
      },
      {
        tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false }],
        tool_choice: { type: 'function', name: 'f' },
      },
    ],
    [
      {
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }],
        tool_choice: 'required',
      },
      {
        tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
        tool_choice: 'required',
      },
    ],
    [
      {
        tools: [
          {
            type: 'custom',
            custom: { name: 'sql', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'd' } } },
          },
        ],
      },
      { tools: [{ type: 'custom', name: 'sql', format: { type: 'grammar', syntax: 'lark', definition: 'd' } }] },
    ],
    [
      { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] },
      { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] },
    ],
    [
      { web_search_options: { user_location: { type: 'approximate', approximate: { city: 'Bonn' } } } },
      { tools: [{ type: 'web_search', user_location: { type: 'approximate', city: 'Bonn' } }] },
    ],
    [
      {
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
        },
      },
      { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] } },
    ],
  ])('says %j as %j', (fields, expected) => {
    expect(sent(fields)).toEqual({
      model: 'gpt-4.1',
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
      store: false,
      ...expected,
    })
  })

  it.each<[object, object | undefined]>([
    [{}, undefined],
    [{ reasoning_effort: 'high' }, { effort: 'high' }],
    [{ reasoning_effort: { effort: 'low', summary: 'detailed' } }, { effort: 'low', summary: 'detailed' }],
    [
      { reasoning_effort: 'low', reasoning: { summary: 'auto' } },
      { effort: 'low', summary: 'auto' },
    ],
    [{ thinking: { type: 'enabled', budget_tokens: 5000 } }, { effort: 'medium', summary: 'auto' }],
    [{ thinking: { type: 'disabled' } }, undefined],
  ])('asks models that think for sealed thoughts: %j', (fields, reasoning) => {
    const { include, reasoning: asked } = sent(fields, { model: 'gpt-5-mini' })
    expect([asked, include]).toEqual([reasoning, ['reasoning.encrypted_content']])
  })

  it('asks models that do not think for none', () => {
    expect(sent({}, { model: 'gpt-5-chat-latest' })).not.toHaveProperty('include')
    expect(sent({ reasoning_effort: 'none' }, { model: 'gpt-5.1' })).not.toHaveProperty('include')
    const thinking = { type: 'enabled', budget_tokens: 2048 }
    expect(() => sent({ thinking })).toThrow(/"thinking"/)
    expect(sent({ thinking }, { dropParams: true })).not.toHaveProperty('reasoning')
  })

  it('names what Responses cannot say, or leaves it out where that is allowed', () => {
    const fields = { stop: ['END'], seed: 1, n: 2, messages: [{ ...user, name: 'Ann' }] }
    expect(() => sent(fields)).toThrow(/"stop", "seed", "n", "messages\[0\].name"/)
    expect(sent(fields, { dropParams: true })).toEqual({
      model: 'gpt-4.1',
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
      store: false,
    })
  })

  it('hands back what OpenAI sealed, and no thoughts of others', () => {
    expect(
      input({
        role: 'assistant',
        content: 'a',
        thinking_blocks: [
          { type: 'thinking', thinking: 'look', signature: 'openai:rs_1:gAAA+/==' },
          { type: 'thinking', thinking: 'foreign', signature: 'EqQB' },
          { type: 'redacted_thinking', data: 'xx' },
        ],
      }),
    ).toEqual([
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'look' }],
        encrypted_content: 'gAAA+/==',
      },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
    ])
  })

  it('has calls and results of every kind, pictures in results too', () => {
    const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } }
    expect(
      input(
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '' } },
            { id: 'c2', type: 'custom', custom: { name: 'sql', input: 'select 1' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'see' }, picture] },
        { role: 'tool', tool_call_id: 'c2', content: '1' },
        {
          role: 'user',
          content: [
            { type: 'file', file: { file_id: 'https://x.test/a.pdf' } },
            { type: 'file', file: { file_data: 'data:x', filename: 'a' } },
          ],
        },
      ),
    ).toEqual([
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'sql', input: 'select 1' },
      {
        type: 'function_call_output',
        call_id: 'c1',
        output: [
          { type: 'input_text', text: 'see' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' },
        ],
      },
      { type: 'custom_tool_call_output', call_id: 'c2', output: '1' },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_file', file_url: 'https://x.test/a.pdf' },
          { type: 'input_file', file_data: 'data:x', filename: 'a' },
        ],
      },
    ])
  })

  it('is what a caller of Responses wrote, item for item', () => {
    const withId = (item: object, at: number) => ({ id: `rs_${at}`, ...item })
    const conversation = [
      { type: 'message', role: 'developer', content: 'Be brief.' },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Weather?' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' },
          { type: 'input_file', file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' },
          { type: 'input_file', file_url: 'https://x.test/a.pdf' },
          { type: 'input_file', file_id: 'file_1' },
          { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
        ],
      },
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'look' }],
        encrypted_content: 'gAAA+/==',
      },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'rain' } },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Looking.' }] },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a": 1}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'sql', input: 'select 1' },
      {
        type: 'function_call_output',
        call_id: 'c1',
        output: [{ type: 'input_image', image_url: 'data:x', detail: 'auto' }],
      },
      { type: 'custom_tool_call_output', call_id: 'c2', output: '' },
      { type: 'computer_call', id: 'cu_1', call_id: 'c3', action: { type: 'screenshot' } },
      {
        type: 'computer_call_output',
        id: 'cuo_1',
        call_id: 'c3',
        output: { type: 'computer_screenshot', image_url: 'data:x' },
      },
      { type: 'message', role: 'user', content: 'And?' },
    ]
    const { messages } = parseResponses({ model: 'fast', input: conversation.map(withId) })
    expect(sent({ messages }).input).toEqual(conversation)
  })

  it('translates, or refuses with a sentence; nothing else', () => {
    const message = fc.record(
      {
        role: fc.constantFrom('user', 'assistant', 'tool', 'system', 'function'),
        content: fc.jsonValue(),
        tool_calls: fc.jsonValue(),
        thinking_blocks: fc.jsonValue(),
        tool_call_id: fc.jsonValue(),
      },
      { requiredKeys: ['role'] },
    )
    const fields = fc.dictionary(
      fc.constantFrom(
        'tools',
        'tool_choice',
        'response_format',
        'reasoning_effort',
        'thinking',
        'stop',
        'n',
        'functions',
        'web_search_options',
      ),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(fc.array(message), fields, (messages, rest) => {
        try {
          expect(sent({ messages, ...rest }).input).toBeInstanceOf(Array)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
  })
})

const expected = {
  id: 'resp_68af',
  created: 1760000000,
  model: 'gpt-5-mini-2025-08-07',
  service_tier: 'default',
  usage: {
    inputTokens: 30,
    cacheReadTokens: 60,
    cacheWriteTokens: 10,
    cacheWrite1hTokens: 0,
    inputAudioTokens: 0,
    inputImageTokens: 0,
    outputTokens: 30,
    reasoningTokens: 20,
    outputAudioTokens: 0,
    outputImageTokens: 0,
    webSearches: 1,
    serviceTier: 'default',
  },
  choices: [
    {
      index: 0,
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: 'It rains. Says who?',
        reasoning_content: 'First look.\n\nThen speak.',
        thinking_blocks: [
          { type: 'thinking', thinking: 'First look.\n\nThen speak.', signature: 'openai:rs_1:gAAAAABo+/==' },
        ],
        annotations: [
          { type: 'url_citation', url_citation: { url: 'https://x.test', title: 'X', start_index: 10, end_index: 14 } },
        ],
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
          { id: 'call_2', type: 'custom', function: { name: 'sql', arguments: 'select 1' } },
        ],
        images: [{ type: 'image_url', image_url: { url: 'data:image/webp;base64,UklGRg==' } }],
        provider_specific_fields: {
          response_items: [
            {
              id: 'ws_1',
              type: 'web_search_call',
              status: 'completed',
              action: { type: 'search', query: 'rain in Bonn' },
            },
          ],
        },
      },
    },
  ],
}

describe('a whole response', () => {
  it('is canonical chat, thoughts sealed and citations in place', () => {
    expect(openaiResponses.completion(answer, reading)).toEqual(expected)
  })

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ])('cut by %s ends as %s', (reason, finish) => {
    const cut = { ...answer, status: 'incomplete', incomplete_details: { reason } }
    expect(openaiResponses.completion(cut, reading).choices[0]?.finish_reason).toBe(finish)
  })

  it('that failed is no answer', () => {
    const error = { code: 'rate_limit_exceeded', message: 'Slow down' }
    expect(() => openaiResponses.completion({ ...answer, status: 'failed', error }, reading)).toThrow(
      expect.objectContaining({ kind: 'rate_limited', message: 'Slow down' }),
    )
    for (const body of [null, {}, 'text', { output: 'x' }])
      expect(() => openaiResponses.completion(body, reading)).toThrow(GatewayError)
  })
})

const bytes = readFileSync(new URL('../../fixtures/responses/stream.txt', import.meta.url))

/** The bytes as the network may cut them. */
function read(stream: Uint8Array, cuts: readonly number[] = []) {
  const reader = openaiResponses.reader(reading)
  const frames = frameSplitter()
  const places = [0, ...cuts.map((cut) => cut % stream.length), stream.length].toSorted((a, b) => a - b)
  const chunks = places.slice(1).flatMap((end, i) =>
    frames.push(stream.slice(places[i], end)).flatMap((frame) => {
      const found = eventData(frame)
      return found ? reader.read({ data: new TextDecoder().decode(found.frame.subarray(found.start, found.end)) }) : []
    }),
  )
  return { reader, chunks, whole: folded(chunks) }
}
const events = (...given: object[]) =>
  new TextEncoder().encode(given.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))

describe('a streamed response', () => {
  it('says what the whole one says', () => {
    const { reader, whole } = read(bytes)
    expect(whole).toEqual(expected)
    expect([reader.complete, reader.error, reader.malformed]).toEqual([true, undefined, 0])
  })

  it('says the same wherever it is cut', () => {
    const uncut = read(bytes).chunks
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
        expect(read(bytes, cuts).chunks).toEqual(uncut)
      }),
      { numRuns: 50 },
    )
  })

  it('that only tells its items when they are done, or at the very end, says it all the same', () => {
    const text = new TextDecoder().decode(bytes).split('\n\n')
    const only = (pattern: RegExp) =>
      new TextEncoder().encode(`${text.filter((event) => pattern.test(event)).join('\n\n')}\n\n`)
    expect(read(only(/^event: response\.(created|completed|output_item\.done)/)).whole).toEqual(expected)
    expect(read(only(/^event: response\.completed/)).whole).toEqual(expected)
  })

  const begin = { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'a' }

  it.each([
    [
      'response.failed',
      { type: 'response.failed', response: { error: { code: 'server_error', message: 'Boom' } } },
      'Boom',
    ],
    ['an error event', { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down', param: null }, 'Slow down'],
    ['a nested error', { type: 'error', error: { type: 'server_error', message: 'Boom' } }, 'Boom'],
  ])('that ends with %s is never whole', (_, event, message) => {
    const { reader, chunks } = read(events(begin, event, { type: 'response.completed', response: answer }))
    expect([reader.error, reader.complete, chunks.length]).toEqual([message, false, 1])
  })

  it('that breaks off is not whole', () => {
    expect(read(events(begin)).reader.complete).toBe(false)
    expect(read(events(begin)).reader.error).toBeUndefined()
  })

  it('that was cut by length says so, with its usage', () => {
    const response = {
      ...answer,
      output: [],
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    }
    const { whole } = read(events(begin, { type: 'response.incomplete', response }))
    expect(whole.choices[0]?.finish_reason).toBe('length')
    const { webSearches: _, ...withoutSearches } = expected.usage
    expect(whole.usage).toEqual(withoutSearches)
  })

  it('survives anything a vendor may send', () => {
    const type = fc.constantFrom(
      'response.output_item.added',
      'response.output_item.done',
      'response.output_text.delta',
      'response.completed',
      'response.failed',
      'error',
      'response.function_call_arguments.delta',
      'response.reasoning_text.delta',
    )
    const event = fc.record(
      { type, output_index: fc.jsonValue(), delta: fc.jsonValue(), item: fc.jsonValue(), response: fc.jsonValue() },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            event.map((one) => JSON.stringify(one)),
            fc.string(),
            fc.json(),
          ),
        ),
        (all) => {
          const reader = openaiResponses.reader(reading)
          for (const data of all) expect(reader.read({ data })).toBeInstanceOf(Array)
        },
      ),
    )
  })
})
