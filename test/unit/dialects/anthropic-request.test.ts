import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Block } from '../../../src/dialects/anthropic-parts.ts'
import { parseCountTokens, parseMessages } from '../../../src/dialects/anthropic-request.ts'
import { GatewayError } from '../../../src/errors.ts'
import { claudeBody } from '../../../src/providers/anthropic-body.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { answerOf } from '../providers/anthropic-world.ts'

const hi = { role: 'user', content: 'Hi' }
const body = (fields: object) => ({ model: 'smart', max_tokens: 100, messages: [hi], ...fields })
const opus: Target = { model: 'claude-opus-4-6', extraHeaders: {}, params: {} }

function refusal(parse: () => unknown): GatewayError {
  try {
    parse()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a message request', () => {
  it('becomes canonical chat, unknown fields and all', () => {
    expect(
      parseMessages(
        body({
          system: 'Be brief.',
          stream: true,
          stop_sequences: ['END'],
          temperature: 0.5,
          top_k: 4,
          metadata: { user_id: 'u-1' },
          service_tier: 'standard_only',
          something_new: [1],
        }),
      ),
    ).toEqual({
      model: 'smart',
      max_tokens: 100,
      messages: [{ role: 'system', content: 'Be brief.' }, hi],
      stream: true,
      stream_options: { include_usage: true },
      stop: ['END'],
      temperature: 0.5,
      top_k: 4,
      metadata: { user_id: 'u-1' },
      user: 'u-1',
      service_tier: 'default',
      something_new: [1],
    })
  })

  it('has tools as functions, its own as they are, and every choice', () => {
    const search = { type: 'web_search_20250305', name: 'web_search' }
    const schema = { type: 'object', properties: {} }
    const cache_control = { type: 'ephemeral' }
    const tools = [
      { name: 'f', description: 'd', input_schema: schema, strict: true, cache_control },
      { type: 'custom', name: 'g', input_schema: schema },
      search,
    ]
    expect(parseMessages(body({ tools })).tools).toEqual([
      { type: 'function', function: { name: 'f', description: 'd', parameters: schema, strict: true }, cache_control },
      { type: 'function', function: { name: 'g', parameters: schema } },
      search,
    ])
    const chosen = (tool_choice: object) => {
      const { tool_choice: choice, parallel_tool_calls } = parseMessages(body({ tools, tool_choice }))
      return [choice, parallel_tool_calls]
    }
    expect(chosen({ type: 'auto' })).toEqual(['auto', undefined])
    expect(chosen({ type: 'any', disable_parallel_tool_use: true })).toEqual(['required', false])
    expect(chosen({ type: 'none' })).toEqual(['none', undefined])
    expect(chosen({ type: 'tool', name: 'f' })).toEqual([{ type: 'function', function: { name: 'f' } }, undefined])
  })

  it('says nothing of tools, instructions and sequences that there are none of', () => {
    const none = { tools: [], tool_choice: { type: 'auto' }, system: [], stop_sequences: [] }
    expect(parseMessages(body(none))).toEqual(parseMessages(body({})))
  })

  it('tells results of tools from what the user says', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }
    const content = [
      { type: 'tool_result', tool_use_id: 't1', content: '4' },
      { type: 'tool_result', tool_use_id: 't2', content: [image], is_error: true },
      { type: 'tool_result', tool_use_id: 't3' },
      { type: 'text', text: 'and?' },
    ]
    expect(parseMessages(body({ messages: [{ role: 'user', content }] })).messages).toEqual([
      { role: 'tool', tool_call_id: 't1', content: '4' },
      {
        role: 'tool',
        tool_call_id: 't2',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }],
        is_error: true,
      },
      { role: 'tool', tool_call_id: 't3', content: '' },
      { role: 'user', content: [{ type: 'text', text: 'and?' }] },
    ])
  })

  it('has calls, thoughts and text of earlier answers in their places', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'ZA==' },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
    ]
    expect(parseMessages(body({ messages: [hi, { role: 'assistant', content }] })).messages[1]).toEqual({
      role: 'assistant',
      content: 'I look.',
      reasoning_content: 'Hm.',
      thinking_blocks: content.slice(0, 2),
      tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    })
  })

  it.each([
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 4096 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 8000 } }, 'medium'],
    [{ thinking: { type: 'enabled', budget_tokens: 32_000 } }, 'high'],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, 'max'],
    [{ thinking: { type: 'adaptive' } }, undefined],
    [{ thinking: { type: 'disabled' } }, undefined],
  ])('with %j says the effort to who knows efforts only', (fields, effort) => {
    const request = parseMessages(body(fields))
    expect([request.reasoning_effort, request.thinking]).toEqual([effort, fields.thinking])
  })

  it('asks for a form of the answer by either name', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } }
    const json_schema = { name: 'output', schema: { type: 'object' }, strict: true }
    for (const fields of [{ output_config: { format } }, { output_format: format }]) {
      const { response_format, output_config } = parseMessages(body(fields))
      expect([response_format, output_config]).toEqual([{ type: 'json_schema', json_schema }, undefined])
    }
  })

  it.each([
    [null, undefined, 'The body must be a JSON object.'],
    [{ max_tokens: 1, messages: [hi] }, 'model', 'model: must be a string.'],
    [{ model: 'x', messages: [hi] }, 'max_tokens', 'max_tokens: must be a whole number, 0 or above.'],
    [body({ messages: [] }), 'messages', 'messages: must not be empty.'],
    [body({ messages: [{ role: 'tool', content: '' }] }), 'messages.0.role', /user/],
    [body({ messages: [{ role: 'user', content: 5 }] }), 'messages.0.content', /string or a list/],
    [body({ messages: [hi, { role: 'user', content: [{ text: 'a' }] }] }), 'messages.1.content.0.type', /string/],
    [body({ stream: 1 }), 'stream', /true or false/],
    [body({ tools: {} }), 'tools', /list/],
    [body({ tool_choice: 'auto' }), 'tool_choice', /object/],
  ])('is refused: %j', (value, param, message) => {
    const error = refusal(() => parseMessages(value))
    expect([error.kind, error.details.param]).toEqual(['invalid_request', param])
    expect(error.message).toMatch(message)
  })

  it('is any JSON value or refused, never a failure', () => {
    const block = fc.oneof(
      fc.record({
        type: fc.constantFrom('text', 'tool_use', 'tool_result', 'image', 'document', 'thinking'),
        text: fc.jsonValue(),
        source: fc.jsonValue(),
        content: fc.jsonValue(),
        input: fc.jsonValue(),
        citations: fc.jsonValue(),
      }),
      fc.jsonValue(),
    )
    const message = fc.record({
      role: fc.constantFrom('user', 'assistant', 'system'),
      content: fc.oneof(fc.string(), fc.array(block)),
    })
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record({
        model: fc.constant('m'),
        max_tokens: fc.nat(),
        messages: fc.array(message),
        thinking: fc.jsonValue(),
        tools: fc.jsonValue(),
      }),
    )
    fc.assert(
      fc.property(value, (one) => {
        try {
          parseMessages(one)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
  })
})

describe('counting tokens', () => {
  it('needs no maximum', () => {
    expect(parseCountTokens({ model: 'smart', messages: [hi], system: 'x' })).toEqual({
      model: 'smart',
      messages: [{ role: 'system', content: 'x' }, hi],
    })
    expect(refusal(() => parseCountTokens({ messages: [hi] })).details.param).toBe('model')
  })
})

describe('there and back', () => {
  const again = (fields: object) => claudeBody(parseMessages(body(fields)), opus).body
  const cache_control = { type: 'ephemeral', ttl: '1h' }
  const turns = (content: readonly unknown[]) => [
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    { role: 'assistant', content },
    { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
  ]
  const same = (messages: readonly object[]) => expect(again({ messages }).messages).toEqual(messages)

  it.each(['tools', 'thinking', 'search', 'paused', 'interleaved', 'compacted'])(
    'is what the answer %s said',
    (name) => {
      const { content } = answerOf(name)
      const blocks = Array.isArray(content) ? content : []
      const plain = blocks.map(({ caller: _, ...block }: Record<string, unknown>) => block)
      same(turns(plain))
    },
  )

  it('is a call made by code that the vendor runs', () => {
    same(
      turns([
        { type: 'tool_use', id: 't', name: 'f', input: {}, caller: { type: 'code_execution_20250825', tool_id: 's' } },
      ]),
    )
  })

  it.each([
    ['an image by address', { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' }, cache_control }],
    ['an image', { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'AA==' } }],
    ['an uploaded image', { type: 'image', source: { type: 'file', file_id: 'file_1' } }],
    [
      'a PDF',
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' },
        title: 'T',
        context: 'c',
        citations: { enabled: true },
      },
    ],
    ['a PDF by address', { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } }],
    ['an uploaded PDF', { type: 'document', source: { type: 'file', file_id: 'file_1' }, cache_control }],
    [
      'plain text',
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '\uFEFFGrüße 🙂' }, title: 'T' },
    ],
    ['blocks', { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'a' }] } }],
    [
      'a search result',
      { type: 'search_result', source: 'https://x.test', title: 't', content: [{ type: 'text', text: 'a' }] },
    ],
    ['an upload to a container', { type: 'container_upload', file_id: 'file_1' }],
    ['marked text', { type: 'text', text: 'a', cache_control }],
  ])('is %s, said and brought by a tool', (_, block) => {
    same([{ role: 'user', content: [block] }])
    same([
      ...turns([{ type: 'tool_use', id: 't1', name: 'f', input: {} }]).slice(0, 2),
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 't1', content: [block], is_error: true, cache_control }],
      },
    ])
  })

  it('is the whole of a request', () => {
    const tools = [
      { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} }, strict: true, cache_control },
      { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
    ]
    const asked = {
      max_tokens: 4000,
      system: [{ type: 'text', text: 'Be brief.', cache_control }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      tools,
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'enabled', budget_tokens: 2000 },
      output_config: { effort: 'low' },
      stop_sequences: ['a', 'b'],
      metadata: { user_id: 'u-1' },
      service_tier: 'standard_only',
      context_management: { edits: [] },
      container: 'c1',
      something_new: [1],
    }
    expect(again(asked)).toEqual(asked)
  })

  it('keeps every thought and signature byte for byte, and every block in its order', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 })
    const block: fc.Arbitrary<Block> = fc.oneof(
      fc.record({ type: fc.constant('thinking'), thinking: fc.string(), signature: word }),
      fc.record({ type: fc.constant('redacted_thinking'), data: word }),
      fc.record({ type: fc.constant('text'), text: word }),
      fc.record({
        type: fc.constant('tool_use'),
        id: fc.stringMatching(/^[\w-]{1,9}$/),
        name: word,
        input: fc.constantFrom({}, { a: [1] }),
      }),
      fc.record({ type: fc.constant('server_tool_use'), id: word, name: word, input: fc.constant({ q: 1 }) }),
    )
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 6 }), (content) => {
        same(turns(content))
      }),
    )
  })
})
