import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { plainChat } from '../../../src/providers/openai-translator.ts'

const user = { role: 'user', content: 'Hi' }
const target = { model: 'gpt-4o-mini' }
const plain = (fields: object, options: object = {}, of = target) =>
  plainChat({ model: 'fast', messages: [user], ...fields }, of, options)
const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }

describe('what OpenAI’s chat gets of a canonical request', () => {
  it('is the request itself where nothing is foreign', () => {
    const request = { temperature: 0.1, tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'auto' }
    expect(plain(request)).toEqual({ model: 'fast', messages: [user], ...request })
  })

  it('has no thoughts, signatures or cache markers of other vendors', () => {
    const { messages } = plain({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] },
        {
          role: 'assistant',
          content: 'a',
          thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: 's' }],
          reasoning_content: 'r',
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' }, provider_specific_fields: {} },
          ],
        },
      ],
    })
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      {
        role: 'assistant',
        content: 'a',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    ])
  })

  it('keeps what the vendor is known to understand', () => {
    const messages = [{ role: 'assistant', content: 'a', reasoning_content: 'r' }]
    expect(plain({ messages, top_k: 3 }, { knows: ['reasoning_content', 'top_k'] })).toMatchObject({
      messages,
      top_k: 3,
    })
  })

  it('shows the pictures of parallel tools after the last result', () => {
    const { messages } = plain({
      messages: [
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'see' }, picture] },
        { role: 'tool', tool_call_id: 'b', content: [picture] },
        user,
      ],
    })
    expect(messages.map(({ role }) => role)).toEqual(['tool', 'tool', 'user', 'user'])
    expect(messages[0]?.content).toEqual([{ type: 'text', text: 'see' }])
    expect(messages[2]?.content).toEqual([
      { type: 'text', text: 'What the tool call a returned beside text:' },
      picture,
      { type: 'text', text: 'What the tool call b returned beside text:' },
      picture,
    ])
  })

  it.each([
    [{ type: 'enabled', budget_tokens: 10_000 }, 'high'],
    [{ type: 'enabled', budget_tokens: 5000 }, 'medium'],
    [{ type: 'enabled', budget_tokens: 1024 }, 'low'],
    [{ type: 'disabled' }, undefined],
  ])('says a budget of thoughts as an effort', (thinking, effort) => {
    const sent = plain({ thinking }, {}, { model: 'gpt-5' })
    expect([sent.reasoning_effort, sent.thinking]).toEqual([effort, undefined])
  })

  it('names the maximum as reasoning models know it', () => {
    expect(plain({ max_tokens: 9 }, {}, { model: 'gpt-5-mini' })).toMatchObject({ max_completion_tokens: 9 })
    expect(plain({ max_tokens: 9 })).toMatchObject({ max_tokens: 9 })
  })

  it('searches the web by OpenAI’s option for it', () => {
    const tools = [
      { type: 'web_search', search_context_size: 'low', user_location: { type: 'approximate', city: 'Bonn' } },
    ]
    const sent = plain({ tools, tool_choice: 'auto' })
    expect(sent.web_search_options).toEqual({
      search_context_size: 'low',
      user_location: { type: 'approximate', approximate: { city: 'Bonn' } },
    })
    expect(sent).not.toHaveProperty('tools')
  })

  it('has no turn that was only another vendor’s thoughts', () => {
    const thoughts = { role: 'assistant', content: null, thinking_blocks: [{ type: 'redacted_thinking', data: 'x' }] }
    expect(plain({ messages: [user, thoughts, user] }).messages).toEqual([user, user])
  })

  it.each([
    [{ type: 'computer_call_output', call_id: 'c', output: {} }],
    [{ type: 'compaction', encrypted_content: 'x' }],
    [{ type: 'file', file: { file_id: 'https://x.test/a.pdf' } }],
  ])('never holds a part that OpenAI’s chat would not read: %j', (part) => {
    expect(() =>
      plain({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, part] }] }, { dropParams: true }),
    ).toThrow(expect.objectContaining({ kind: 'invalid_request', details: { param: 'messages[0].content[1]' } }))
  })

  it('holds files as OpenAI knows them', () => {
    const content = [
      {
        type: 'file',
        file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf', format: 'application/pdf' },
      },
      { type: 'file', file: { file_id: 'https://x.test/a.png', format: 'image/png' } },
    ]
    expect(plain({ messages: [{ role: 'user', content }] }).messages[0]?.content).toEqual([
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' } },
      { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
    ])
  })

  it('asks no model to think that cannot', () => {
    const thinking = { type: 'enabled', budget_tokens: 2048 }
    expect(() => plain({ thinking })).toThrow(/"thinking"/)
    expect(plain({ thinking }, { dropParams: true })).not.toHaveProperty('reasoning_effort')
  })

  it('names what it cannot say, or leaves it out where that is allowed', () => {
    const fields = { top_k: 3, truncation: 'auto', tools: [{ type: 'file_search' }] }
    expect(() => plain(fields)).toThrow(/"truncation", "top_k", "tools of type file_search"/)
    expect(plain(fields, { dropParams: true })).toEqual({ model: 'fast', messages: [user] })
  })

  it('translates, or refuses with a sentence; nothing else', () => {
    const message = fc.record(
      {
        role: fc.constantFrom('user', 'assistant', 'tool', 'system'),
        content: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ type: fc.constantFrom('text', 'file', 'image_url'), file: fc.jsonValue() })),
        ),
        tool_calls: fc.jsonValue(),
        tool_call_id: fc.jsonValue(),
      },
      { requiredKeys: ['role'] },
    )
    const fields = fc.dictionary(
      fc.constantFrom('tools', 'tool_choice', 'thinking', 'top_k', 'reasoning_effort'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(fc.array(message), fields, (messages, rest) => {
        try {
          expect(plain({ messages, ...rest }).model).toBe('fast')
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
  })
})
