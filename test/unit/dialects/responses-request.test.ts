import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatMessage, ThinkingBlock } from '../../../src/dialects/chat.ts'
import { messagesOf } from '../../../src/dialects/responses-input.ts'
import { asked, continued, parseResponses } from '../../../src/dialects/responses-request.ts'
import { reasoningItem, thoughtIn } from '../../../src/dialects/responses-thoughts.ts'
import { GatewayError } from '../../../src/errors.ts'

const body = (fields: object) => ({ model: 'fast', input: 'Hi', ...fields })
const parsed = (fields: object) => parseResponses(body(fields))
const user = { role: 'user', content: 'Hi' }

function refusal(value: unknown): GatewayError {
  try {
    parseResponses(value)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('the fields of a request', () => {
  it.each<[object, object]>([
    [{}, {}],
    [{ instructions: 'Be brief.' }, { messages: [{ role: 'system', content: 'Be brief.' }, user] }],
    [{ max_output_tokens: 9 }, { max_tokens: 9 }],
    [
      { temperature: 0.5, top_p: 0.9, user: 'u', parallel_tool_calls: false, service_tier: 'flex' },
      { temperature: 0.5, top_p: 0.9, user: 'u', parallel_tool_calls: false, service_tier: 'flex' },
    ],
    [
      { metadata: { a: 'b' }, prompt_cache_key: 'k', truncation: 'auto' },
      { metadata: { a: 'b' }, prompt_cache_key: 'k', truncation: 'auto' },
    ],
    [{ stream: true }, { stream: true, stream_options: { include_usage: true } }],
    [{ text: { format: { type: 'text' }, verbosity: 'low' } }, { verbosity: 'low' }],
    [{ text: { format: { type: 'json_object' } } }, { response_format: { type: 'json_object' } }],
    [
      { text: { format: { type: 'json_schema', name: 'n', strict: true, schema: { type: 'object' } } } },
      {
        response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: { type: 'object' } } },
      },
    ],
    [{ reasoning: { effort: 'high', summary: 'auto' } }, { reasoning_effort: 'high', reasoning: { summary: 'auto' } }],
    [
      { include: ['message.output_text.logprobs'], top_logprobs: 3 },
      { logprobs: true, top_logprobs: 3 },
    ],
    [{ tool_choice: 'required' }, { tool_choice: 'required' }],
    [{ tool_choice: { type: 'function', name: 'f' } }, { tool_choice: { type: 'function', function: { name: 'f' } } }],
    [
      { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] } },
      {
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
        },
      },
    ],
    [
      { tools: [{ type: 'function', name: 'f', description: null, parameters: { type: 'object' }, strict: true }] },
      { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }] },
    ],
    [
      { tools: [{ type: 'custom', name: 'sql', format: { type: 'grammar', syntax: 'lark', definition: 'd' } }] },
      {
        tools: [
          {
            type: 'custom',
            custom: { name: 'sql', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'd' } } },
          },
        ],
      },
    ],
    [
      { tools: [{ type: 'web_search', search_context_size: 'low' }] },
      { tools: [{ type: 'web_search', search_context_size: 'low' }] },
    ],
    [{ store: true, background: false, previous_response_id: null, temperature: null }, {}],
    [
      { fallbacks: ['slow'], drop_params: true },
      { fallbacks: ['slow'], drop_params: true },
    ],
  ])('%j are %j', (fields, expected) => {
    const { [asked]: own, ...request } = parsed(fields)
    expect(request).toEqual({ model: 'fast', messages: [user], ...expected })
    expect(own).toEqual(body(fields))
  })

  it('keep the body for the answer, and from every vendor', () => {
    const request = { ...parsed({ instructions: 'Be brief.' }) }
    expect(request[asked].instructions).toBe('Be brief.')
    expect(JSON.stringify(request)).not.toContain('instructions')
  })

  it('take the model from the path where it is there', () => {
    expect(parseResponses({ input: 'Hi' }, { model: 'slow' }).model).toBe('slow')
  })
})

describe('a refusal', () => {
  it.each<[unknown, string | undefined]>([
    [null, undefined],
    [[], undefined],
    [{ input: 'Hi' }, 'model'],
    [{ model: 'fast' }, 'input'],
    [body({ input: 5 }), 'input'],
    [body({ input: [] }), 'input'],
    [body({ input: ['Hi'] }), 'input[0]'],
    [body({ input: [{ content: 'Hi' }] }), 'input[0].type'],
    [body({ input: [{ role: 'nobody', content: 'Hi' }] }), 'input[0].role'],
    [body({ input: [{ role: 'user', content: [{ text: 'Hi' }] }] }), 'input[0].content[0].type'],
    [body({ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }), 'input[0].content[0]'],
    [body({ input: [{ type: 'function_call_output', output: 'x' }] }), 'input[0].call_id'],
    [body({ input: [{ type: 'item_reference', id: 'rs_1' }] }), 'input[0]'],
    [body({ max_output_tokens: 0 }), 'max_output_tokens'],
    [body({ previous_response_id: 'resp_1' }), 'previous_response_id'],
    [body({ conversation: 'conv_1' }), 'conversation'],
    [body({ prompt: { id: 'pmpt_1' } }), 'prompt'],
    [body({ background: true }), 'background'],
    [body({ tools: [{}] }), 'tools[0].type'],
    [body({ text: { format: 'json' } }), 'text.format'],
  ])('of %j names %s', (value, param) => {
    const error = refusal(value)
    expect([error.kind, error.details.param]).toEqual(['invalid_request', param])
  })

  it('of a response that nobody kept says why', () => {
    expect(refusal(body({ previous_response_id: 'resp_1' })).message).toContain('responses_store')
  })

  it('is the only thing ever thrown', () => {
    const item = fc.record(
      {
        type: fc.constantFrom(
          'message',
          'function_call',
          'function_call_output',
          'reasoning',
          'web_search_call',
          'other',
        ),
        role: fc.constantFrom('user', 'assistant', 'system', 'developer'),
        content: fc.oneof(
          fc.string(),
          fc.array(
            fc.oneof(
              fc.jsonValue(),
              fc.record({
                type: fc.constantFrom('input_text', 'output_text', 'refusal', 'input_image', 'input_file'),
                text: fc.string(),
                image_url: fc.jsonValue(),
              }),
            ),
          ),
          fc.jsonValue(),
        ),
        call_id: fc.oneof(fc.string(), fc.jsonValue()),
        name: fc.string(),
        output: fc.jsonValue(),
        summary: fc.jsonValue(),
        encrypted_content: fc.oneof(
          fc.string(),
          fc.string().map((text) => `tollgate:${text}`),
        ),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(item), fc.jsonValue(), (input, tools) => {
        try {
          parsed({ input, tools })
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
  })
})

describe('input items', () => {
  const messages = (...input: object[]): ChatMessage[] => messagesOf(input as never)

  it.each<[string, object, unknown]>([
    ['text', { type: 'input_text', text: 'a' }, { type: 'text', text: 'a' }],
    [
      'a picture by address',
      { type: 'input_image', image_url: 'https://x.test/a.png', detail: 'low' },
      { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
    ],
    [
      'a picture in the body',
      { type: 'input_image', image_url: 'data:image/png;base64,AA' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
    ],
    [
      'a file in the body',
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' } },
    ],
    [
      'a file by address',
      { type: 'input_file', file_url: 'https://x.test/a.pdf' },
      { type: 'file', file: { file_id: 'https://x.test/a.pdf' } },
    ],
    [
      'sound',
      { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
      { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
    ],
  ])('hold %s', (_, part, expected) => {
    expect(messages({ role: 'user', content: [part] })).toEqual([{ role: 'user', content: [expected] }])
  })

  it('are one assistant’s message from thought to parallel calls, with the results after it', () => {
    expect(
      messages(
        { role: 'developer', content: 'Be brief.' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [{ type: 'summary_text', text: 'look' }],
          encrypted_content: 'gAAA=',
        },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Looking.', annotations: [] }] },
        { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Bonn"}' },
        { type: 'custom_tool_call', call_id: 'c2', name: 'sql', input: 'select 1' },
        { type: 'function_call_output', call_id: 'c1', output: 'rain' },
        {
          type: 'custom_tool_call_output',
          call_id: 'c2',
          output: [{ type: 'input_image', image_url: 'data:image/png;base64,AA' }],
        },
        { role: 'user', content: 'And?' },
      ),
    ).toEqual([
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: 'Looking.',
        reasoning_content: 'look',
        thinking_blocks: [{ type: 'thinking', thinking: 'look', signature: 'openai:rs_1:gAAA=' }],
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
          { id: 'c2', type: 'custom', custom: { name: 'sql', input: 'select 1' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'rain' },
      {
        role: 'tool',
        tool_call_id: 'c2',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }],
      },
      { role: 'user', content: 'And?' },
    ])
  })

  it('of tools that ran at the vendor stay for it; what no chat knows keeps its name', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const screen = { type: 'computer_call_output', call_id: 'c', output: {} }
    expect(messages(search, { role: 'assistant', content: 'found' })).toEqual([
      { role: 'assistant', content: 'found', provider_specific_fields: { response_items: [search] } },
    ])
    expect(messages(screen)).toEqual([{ role: 'assistant', content: [screen] }])
  })

  it('go before the new ones where a response was kept', () => {
    const given = { model: 'fast', previous_response_id: 'resp_1', input: 'And?' }
    const output = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] }]
    expect(parseResponses(continued(given, { input: 'Hi', output })).messages).toEqual([
      user,
      { role: 'assistant', content: 'a' },
      { role: 'user', content: 'And?' },
    ])
  })
})

describe('thoughts', () => {
  const block: fc.Arbitrary<ThinkingBlock> = fc.oneof(
    fc.record({ type: fc.constant('thinking' as const), thinking: fc.string(), signature: fc.string() }),
    fc.record({ type: fc.constant('redacted_thinking' as const), data: fc.string() }),
    fc.record({
      type: fc.constant('thinking' as const),
      thinking: fc.string(),
      signature: fc
        .tuple(fc.stringMatching(/^rs_\w+$/), fc.base64String({ minLength: 1 }))
        .map(([id, sealed]) => `openai:${id}:${sealed}`),
    }),
  )

  it('come back byte for byte, whoever signed them', () => {
    fc.assert(
      fc.property(block, (given) => {
        expect(thoughtIn(reasoningItem(given, 'rs_0'))).toEqual({ block: given })
      }),
      {
        examples: [
          [{ type: 'thinking', thinking: ' a\n', signature: ' s:+/= \n' }],
          [{ type: 'redacted_thinking', data: ' d:+/= \n' }],
        ],
      },
    )
  })

  it('that OpenAI sealed come back as OpenAI’s own item', () => {
    const item = {
      id: 'rs_1',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'look' }],
      encrypted_content: 'gAAA:=',
    }
    const thought = thoughtIn(item)
    expect(thought && 'block' in thought && reasoningItem(thought.block, 'rs_0')).toEqual(item)
  })
})
