import { describe, expect, it } from 'vitest'
import type { ChatCompletion } from '../../../src/dialects/chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { anthropic } from '../../../src/providers/anthropic.ts'
import { anthropicCompletion } from '../../../src/providers/anthropic-answer.ts'
import { reading, request, target } from './anthropic-world.ts'

const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] })
const call = { id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }
const called = (content: unknown, rest: object = {}) => ({
  messages: [
    { role: 'user', content: 'a' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: 't', content, ...rest },
  ],
})
const tool = { type: 'function', function: { name: 'f' } }
const signed = { type: 'thinking', thinking: 'Hm.', signature: 'EqQB+/==' }
const sealed = { type: 'redacted_thinking', data: 'EmwK' }
const mark = { type: 'ephemeral', ttl: '1h' }
const png = 'data:image/png;base64,AA=='
const base64 = (media_type: string) => ({ type: 'base64', media_type, data: 'AA==' })

/** What must survive a translation to Claude, each by its name: where it is found in the vendor's request. */
const SURVIVES: readonly [what: string, asked: object, sent: object][] = [
  ['text', user({ type: 'text', text: 'a' }), user({ type: 'text', text: 'a' })],
  [
    'an image by address',
    user({ type: 'image_url', image_url: { url: 'https://x.test/a' } }),
    user({ type: 'image', source: { type: 'url', url: 'https://x.test/a' } }),
  ],
  [
    'an image',
    user({ type: 'image_url', image_url: { url: png } }),
    user({ type: 'image', source: base64('image/png') }),
  ],
  [
    'a PDF',
    user({ type: 'file', file: { file_data: 'data:application/pdf;base64,AA==' } }),
    user({ type: 'document', source: base64('application/pdf') }),
  ],
  [
    'a file by id',
    user({ type: 'file', file: { file_id: 'file_1' } }),
    user({ type: 'document', source: { type: 'file', file_id: 'file_1' } }),
  ],
  [
    'a system prompt',
    {
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: 'a' },
      ],
    },
    { system: [{ text: 's' }] },
  ],
  [
    'a developer prompt',
    {
      messages: [
        { role: 'developer', content: 's' },
        { role: 'user', content: 'a' },
      ],
    },
    { system: [{ text: 's' }] },
  ],
  [
    'a late system prompt',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'system', content: 's' },
      ],
    },
    { system: [{ text: 's' }] },
  ],
  [
    'parallel calls',
    { tools: [tool], parallel_tool_calls: false },
    { tool_choice: { disable_parallel_tool_use: true } },
  ],
  ['a call without arguments', called('4'), { messages: [{}, { content: [{ type: 'tool_use', input: {} }] }, {}] }],
  [
    'a result with an image',
    called([{ type: 'image_url', image_url: { url: png } }]),
    { messages: [{}, {}, { content: [{ content: [{ type: 'image' }] }] }] },
  ],
  ['an error as a result', called('no', { is_error: true }), { messages: [{}, {}, { content: [{ is_error: true }] }] }],
  ['a forced tool', { tools: [tool], tool_choice: 'required' }, { tool_choice: { type: 'any' } }],
  [
    'a strict schema',
    { tools: [{ type: 'function', function: { name: 'f', strict: true } }] },
    { tools: [{ strict: true }] },
  ],
  [
    'a tool of the vendor’s',
    { tools: [{ type: 'bash_20250124', name: 'bash' }] },
    { tools: [{ type: 'bash_20250124', name: 'bash' }] },
  ],
  [
    'a schema for the answer',
    {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', properties: {} } } },
    },
    { output_config: { format: { type: 'json_schema' } } },
  ],
  ['JSON as the answer', { response_format: { type: 'json_object' } }, { tool_choice: { type: 'tool' } }],
  ['effort', { reasoning_effort: 'medium' }, { thinking: { type: 'enabled', budget_tokens: 2048 } }],
  [
    'a budget',
    { thinking: { type: 'enabled', budget_tokens: 9000 } },
    { thinking: { type: 'enabled', budget_tokens: 9000 } },
  ],
  [
    'thoughts',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b', thinking_blocks: [signed, sealed] },
      ],
    },
    { messages: [{}, { content: [signed, sealed, { text: 'b' }] }] },
  ],
  ['a stop sequence', { stop: 'END' }, { stop_sequences: ['END'] }],
  [
    'a mark for the cache',
    user({ type: 'text', text: 'a', cache_control: mark }),
    user({ type: 'text', text: 'a', cache_control: mark }),
  ],
  ['a service tier', { service_tier: 'auto' }, { service_tier: 'auto' }],
  ['the end user', { user: 'u-1' }, { metadata: { user_id: 'u-1' } }],
  ['a field that nobody here knows', { something_new: [1] }, { something_new: [1] }],
]

const REFUSED: readonly [what: string, asked: object, param: string][] = [
  ['audio in', user({ type: 'input_audio', input_audio: { data: '', format: 'wav' } }), 'messages[0].content[0]'],
  ['audio out', { modalities: ['text', 'audio'], audio: { voice: 'x' } }, 'modalities'],
  ['log probabilities', { logprobs: true }, 'logprobs'],
  ['several answers', { n: 2 }, 'n'],
  ['a seed', { seed: 1 }, 'seed'],
  ['penalties', { frequency_penalty: 1 }, 'frequency_penalty'],
  ['a free-form tool', { tools: [{ type: 'custom', custom: { name: 'c' } }] }, 'tools[0]'],
  ['another vendor’s tool', { tools: [{ type: 'file_search' }] }, 'tools[0]'],
  ['a tier that Claude has not', { service_tier: 'flex' }, 'service_tier'],
]

const message = (content: object[], rest: object = {}) => ({
  type: 'message',
  content,
  stop_reason: 'end_turn',
  ...rest,
})
const says = (said: object, rest: object = {}) => ({ choices: [{ message: said, ...rest }] })
const RETURNS: readonly [what: string, answer: object, canonical: object][] = [
  ['a signature', message([signed]), says({ thinking_blocks: [signed], reasoning_content: 'Hm.' })],
  ['a sealed thought', message([sealed]), says({ thinking_blocks: [sealed] })],
  [
    'a call',
    message([{ type: 'tool_use', id: 't', name: 'f', input: {} }]),
    says({ tool_calls: [call] }, { finish_reason: 'tool_calls' }),
  ],
  [
    'a citation',
    message([{ type: 'text', text: 'a', citations: [{ url: 'https://x.test', title: 'X' }] }]),
    says({
      annotations: [
        { type: 'url_citation', url_citation: { url: 'https://x.test', title: 'X', start_index: 0, end_index: 1 } },
      ],
    }),
  ],
  [
    'a refusal',
    message([], { stop_reason: 'refusal', stop_details: { explanation: 'No.' } }),
    says({ refusal: 'No.' }, { finish_reason: 'content_filter' }),
  ],
  [
    'which sequence stopped it',
    message([], { stop_reason: 'stop_sequence', stop_sequence: 'END' }),
    says({}, { finish_reason: 'stop', stop_sequence: 'END' }),
  ],
  [
    'a pause',
    message([], { stop_reason: 'pause_turn' }),
    says({ provider_specific_fields: { stop_reason: 'pause_turn' } }),
  ],
  [
    'a block of the vendor’s',
    message([{ type: 'new_block', x: 1 }]),
    says({ provider_specific_fields: { content_blocks: [{ type: 'new_block', x: 1 }] } }),
  ],
  [
    'cached input, by how long',
    message([], {
      usage: {
        input_tokens: 1,
        cache_read_input_tokens: 2,
        cache_creation_input_tokens: 7,
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
        output_tokens: 5,
      },
    }),
    { usage: { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, cacheWrite1hTokens: 4, outputTokens: 5 } },
  ],
  [
    'the service tier',
    message([], { usage: { input_tokens: 1, service_tier: 'standard' } }),
    { service_tier: 'default' },
  ],
]

describe('on the way to Claude', () => {
  it.each(SURVIVES)('%s survives', (_, asked, sent) => {
    expect(JSON.parse(anthropic.chat({ ...request, ...asked }, target).body)).toMatchObject(sent)
  })

  it.each(REFUSED)('%s is refused by name', (_, asked, param) => {
    try {
      anthropic.chat({ ...request, ...asked }, target)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError)
      expect(error).toMatchObject({ kind: 'invalid_request', details: { param } })
    }
  })
})

describe('on the way back', () => {
  it.each(RETURNS)('%s survives', (_, answer, canonical) => {
    const read: ChatCompletion = anthropicCompletion(answer, reading)
    expect(read).toMatchObject(canonical)
  })
})
