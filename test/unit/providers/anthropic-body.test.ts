import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatMessage, ChatRequest } from '../../../src/dialects/chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { anthropic } from '../../../src/providers/anthropic.ts'
import { claudeBody } from '../../../src/providers/anthropic-body.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { request, target } from './anthropic-world.ts'

const OPUS_55 = 'claude-opus-5-5'
const OPUS_5 = 'claude-opus-5'
const OPUS_47 = 'claude-opus-4-7'
const OPUS_46 = 'claude-opus-4-6'
const OPUS_45 = 'claude-opus-4-5-20251101'
const SONNET_55 = 'claude-sonnet-5-5'
const HAIKU_3 = 'claude-3-haiku-20240307'

type Body = Record<string, unknown> & { messages: { role: string; content: unknown[] }[] }

function sent(asked: object, to: Partial<Target> = {}): Body {
  return JSON.parse(anthropic.chat({ ...request, ...asked }, { ...target, ...to }).body)
}
const on = (model: string, asked: object, to: Partial<Target> = {}) => sent(asked, { model, ...to })
const conversation = (messages: readonly object[], model = target.model) => sent({ messages }, { model })

function refusal(asked: object, to: Partial<Target> = {}): GatewayError {
  try {
    sent(asked, to)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('the request', () => {
  it("goes to the vendor's address with its key, its version and the operator's headers", () => {
    const { url, method, headers } = anthropic.chat(request, { ...target, extraHeaders: { 'X-Team': 'a' } })
    expect({ url, method, headers }).toEqual({
      url: 'https://api.anthropic.com/v1/messages',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'x-api-key': 'sk-ant-test',
        'x-team': 'a',
      },
    })
  })

  it.each([
    ['https://api.anthropic.com/', 'https://api.anthropic.com/v1/messages'],
    ['https://x.test/claude/v1', 'https://x.test/claude/v1/messages'],
    ['https://x.test/v1/messages', 'https://x.test/v1/messages'],
    ['https://x.test?key=1', 'https://x.test/v1/messages?key=1'],
  ])('finds the way from %s', (apiBase, url) => {
    expect(anthropic.chat(request, { ...target, apiBase }).url).toBe(url)
  })

  it('is the smallest that the vendor takes', () => {
    expect(sent({})).toEqual({
      model: 'claude-sonnet-4-5-20250929',
      max_tokens: 64_000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    })
  })

  it.each([
    ['claude-3-opus-20240229', 4096],
    ['claude-3-5-haiku-latest', 8192],
    ['claude-3-7-sonnet-20250219', 64_000],
    ['claude-opus-4-1-20250805', 32_000],
    ['claude-opus-4@20250514', 32_000],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', 64_000],
    [OPUS_46, 128_000],
    ['claude-sonnet-4-6', 64_000],
    [SONNET_55, 128_000],
    ['my-claude', 4096],
  ])('lets %s answer as long as it can, where nobody says', (model, most) => {
    expect(on(model, {}).max_tokens).toBe(most)
  })

  it('takes the maximum by either name, and the operator’s where the request has none', () => {
    expect(sent({ max_tokens: 5 }).max_tokens).toBe(5)
    expect(sent({ max_completion_tokens: 7 }, { params: { max_tokens: 100 } }).max_tokens).toBe(7)
    expect(sent({}, { params: { max_tokens: 100 } }).max_tokens).toBe(100)
    expect(sent({}, { params: { max_tokens: '100' } }).max_tokens).toBe(100)
    expect(sent({}, { maxOutputTokens: 1000 }).max_tokens).toBe(1000)
    expect(sent({ max_tokens: 2000 }, { maxOutputTokens: 1000 }).max_tokens).toBe(2000)
  })

  it('has what Anthropic alone knows as it came, and nothing that speaks to the gateway', () => {
    const own = { top_k: 5, cache_control: { type: 'ephemeral' }, inference_geo: 'us', container: 'c1' }
    expect(sent({ ...own, tags: ['a'], num_retries: 2, metadata: { tags: ['b'] } })).toMatchObject(own)
    expect(sent({ tags: ['a'], num_retries: 2 })).toEqual(sent({}))
    expect(sent({ extra_body: { top_k: 4 } }).top_k).toBe(4)
  })

  it('leaves out what asks for nothing or only hints', () => {
    const nothing = {
      n: 1,
      frequency_penalty: 0,
      presence_penalty: 0,
      logprobs: false,
      logit_bias: {},
      seed: null,
      store: false,
      modalities: ['text'],
      prompt_cache_key: 'k',
      functions: [],
      verbosity: 'medium',
    }
    expect(sent(nothing)).toEqual(sent({}))
  })

  it('refuses by name what Claude cannot, all at once, or drops it', () => {
    const asked = { n: 2, seed: 7, logprobs: true, frequency_penalty: 0.5, prediction: { type: 'content' } }
    const error = refusal(asked)
    expect([error.kind, error.details.param]).toEqual(['invalid_request', 'n'])
    for (const field of Object.keys(asked)) expect(error.message).toContain(`"${field}"`)
    expect(sent(asked, { dropParams: true })).toEqual(sent({}))
  })

  it('streams when asked', () => {
    expect(sent({ stream: true, stream_options: { include_usage: true } })).toEqual({ ...sent({}), stream: true })
  })

  it('names the customer, but no address and no telephone', () => {
    expect(sent({ user: 'u-1' }).metadata).toEqual({ user_id: 'u-1' })
    expect(sent({ metadata: { user_id: 'u-2' } }).metadata).toEqual({ user_id: 'u-2' })
    expect(sent({ user: 'a@b.test' }).metadata).toBeUndefined()
    expect(sent({ user: '+49 171 1234567' }).metadata).toBeUndefined()
  })

  it.each([
    ['auto', 'auto'],
    ['default', 'standard_only'],
    ['standard_only', 'standard_only'],
  ])('translates the service tier %s', (asked, tier) => {
    expect(sent({ service_tier: asked }).service_tier).toBe(tier)
  })

  it('stops where it is told, refusing blanks', () => {
    expect(sent({ stop: 'END' }).stop_sequences).toEqual(['END'])
    expect(sent({ stop: ['a', 'b'] }).stop_sequences).toEqual(['a', 'b'])
    expect(refusal({ stop: ['a', '\n'] }).details.param).toBe('stop')
    expect(sent({ stop: ['a', '\n'] }, { dropParams: true }).stop_sequences).toEqual(['a'])
    expect(refusal({ service_tier: 'flex' }).details.param).toBe('service_tier')
  })
})

describe('sampling', () => {
  it('goes to models that have it, within their range', () => {
    const model = 'claude-sonnet-4-20250514'
    expect(on(model, { temperature: 0.5, top_p: 0.9, top_k: 3 })).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
      top_k: 3,
    })
    expect(refusal({ temperature: 1.5 }).details.param).toBe('temperature')
    expect(sent({ temperature: 1.5 }, { dropParams: true })).not.toHaveProperty('temperature')
  })

  it('is refused where the model has none, save for its default', () => {
    expect(refusal({ temperature: 0.5, top_k: 2 }, { model: OPUS_47 }).message).toMatch(/"temperature", "top_k"/)
    expect(on(OPUS_47, { temperature: 1, top_p: 1 })).toEqual(on(OPUS_47, {}))
  })

  it('is by one of two where the model takes one only, and a default asks for nothing', () => {
    const model = 'claude-sonnet-4-5-20250929'
    expect(on(model, { temperature: 0.2, top_p: 1 })).toEqual(on(model, { temperature: 0.2 }))
    expect(on(model, { temperature: 1, top_p: 0.9 })).toEqual(on(model, { top_p: 0.9 }))
    expect(on(model, { temperature: 1, top_p: 1 })).toEqual(on(model, {}))
    expect(refusal({ temperature: 0.2, top_p: 0.9 }, { model }).details.param).toBe('top_p')
    expect(on('claude-opus-4-1-20250805', { temperature: 0.2, top_p: 1 })).not.toHaveProperty('top_p')
  })

  it('keeps still beside a thought', () => {
    const thinking = { thinking: { type: 'enabled', budget_tokens: 2000 } }
    expect(refusal({ ...thinking, temperature: 0 }).details.param).toBe('temperature')
    expect(sent({ ...thinking, temperature: 1, top_p: 0.97 })).toMatchObject({ top_p: 0.97 })
    for (const field of ['top_k', 'top_p']) expect(refusal({ ...thinking, [field]: 0.5 }).details.param).toBe(field)
    expect(sent({ ...thinking, temperature: 1 })).not.toHaveProperty('temperature')
  })
})

describe('instructions', () => {
  const system = (text: string) => ({ role: 'system', content: text })
  const user = (text: string) => ({ role: 'user', content: text })
  const assistant = (text: string) => ({ role: 'assistant', content: text })
  const block = (text: string) => ({ type: 'text', text })

  it('before the first turn are the system, in parts and with their marks', () => {
    const marked = { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } }
    const body = conversation([system('a'), { role: 'developer', content: [marked] }, user('Hi')])
    expect([body.system, body.messages.length]).toEqual([[block('a'), marked], 1])
  })

  it('between turns join the system where the model knows no other way, and keep their place where it does', () => {
    const messages = [user('1'), assistant('2'), user('3'), system('be brief')]
    expect(conversation(messages).system).toEqual([block('be brief')])
    const later = conversation(messages, OPUS_5)
    expect([later.system, later.messages.at(-1)]).toEqual([undefined, { role: 'system', content: [block('be brief')] }])
  })

  it('join the system where their place is not one that the vendor allows', () => {
    for (const messages of [
      [user('1'), assistant('2'), system('s'), user('3')],
      [user('1'), system('s'), user('2')],
      [user('1'), assistant('2'), system('s'), assistant('3'), user('4')],
      [system('s'), user('1')],
    ])
      expect(conversation(messages, OPUS_5).system).toEqual([block('s')])
  })

  it('alone are no conversation', () => {
    expect(refusal({ messages: [system('a')] }).details.param).toBe('messages')
    expect(refusal({ messages: [] }).details.param).toBe('messages')
  })
})

describe('turns', () => {
  const call = (id: string, args: unknown = '{}') => ({
    id,
    type: 'function',
    function: { name: 'f', arguments: args },
  })

  it('of one role become one, results of tools first', () => {
    const body = conversation([
      { role: 'user', content: 'a' },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: null, tool_calls: [call('t1', '{"x":1}'), call('functions.f:1', '')] },
      { role: 'tool', tool_call_id: 't1', content: '4' },
      { role: 'user', content: 'and?' },
      { role: 'tool', tool_call_id: 'functions.f:1', content: [{ type: 'text', text: '5' }] },
    ])
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 't1', name: 'f', input: { x: 1 } },
          { type: 'tool_use', id: 'functions_f_1', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't1', content: '4' },
          { type: 'tool_result', tool_use_id: 'functions_f_1', content: [{ type: 'text', text: '5' }] },
          { type: 'text', text: 'and?' },
        ],
      },
    ])
  })

  it('declare the tools of their history, not to be called, where the request has none', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', tool_calls: [call('t1')] },
      { role: 'tool', tool_call_id: 't1', content: '4' },
    ]
    expect(sent({ messages })).toMatchObject({
      tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'none' },
    })
  })

  it('bring results with pictures, and errors as errors', () => {
    const content = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }]
    const body = conversation([
      { role: 'user', content: 'a' },
      { role: 'assistant', tool_calls: [call('t1')] },
      { role: 'tool', tool_call_id: 't1', content, is_error: true, cache_control: { type: 'ephemeral' } },
    ])
    expect(body.messages[2]?.content).toEqual([
      {
        type: 'tool_result',
        tool_use_id: 't1',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }],
        is_error: true,
        cache_control: { type: 'ephemeral' },
      },
    ])
  })

  it('keep signed thoughts byte for byte, before what was said, and leave out what nobody signed', () => {
    const thinking_blocks = [
      { type: 'thinking', thinking: ' a\n', signature: 'c2ln+/=' },
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
      { type: 'thinking', thinking: 'foreign', signature: '' },
      { type: 'thinking', thinking: 'foreign' },
    ]
    const body = conversation([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', reasoning_content: 'a', thinking_blocks },
      { role: 'user', content: 'c' },
    ])
    expect(body.messages[1]?.content).toEqual([...thinking_blocks.slice(0, 2), { type: 'text', text: 'b' }])
  })

  it('are the blocks they were made of, unless the caller has changed what they say', () => {
    const content_blocks = [
      { type: 'text', text: 'a' },
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'tool_use', id: 't1', name: 'f', input: {} },
    ]
    const said = {
      role: 'assistant',
      content: 'a',
      tool_calls: [call('t1')],
      provider_specific_fields: { content_blocks },
    }
    const blocks = (message: object) => conversation([{ role: 'user', content: 'a' }, message]).messages[1]?.content
    expect(blocks(said)).toEqual(content_blocks)
    expect(blocks({ ...said, content: 'b' })).toEqual([{ type: 'text', text: 'b' }, content_blocks[2]])
    expect(blocks({ ...said, tool_calls: [] })).toEqual([{ type: 'text', text: 'a' }])
  })

  it('at the end are continued by models that do so, and refused for others', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'The answer is (' },
    ]
    expect(conversation(messages).messages.at(-1)?.role).toBe('assistant')
    expect(refusal({ messages }, { model: OPUS_46, dropParams: true }).details.param).toBe('messages')
  })

  it('mark the last block for the cache where the message is marked', () => {
    const cache_control = { type: 'ephemeral' }
    const body = conversation([{ role: 'user', content: ['a', { type: 'text', text: 'b' }], cache_control }])
    expect(body.messages[0]?.content).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cache_control },
    ])
  })

  it.each([
    [[{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }], 'messages[0].content[0]'],
    [[{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }], 'messages[0].content[0].image_url'],
    [[{ role: 'user', content: [{ type: 'image_url', image_url: 'ftp://x' }] }], 'messages[0].content[0]'],
    [[{ role: 'user', content: [{ type: 'file', file: {} }] }], 'messages[0].content[0].file'],
    [[{ role: 'user', content: 5 }], 'messages[0].content'],
    [[{ role: 'function', content: 'x' }], 'messages[0].role'],
    [[{ role: 'tool', content: 'x' }], 'messages[0].tool_call_id'],
    [[{ role: 'assistant', function_call: { name: 'f' } }], 'messages[0].function_call'],
    [[{ role: 'assistant', tool_calls: [call('t', '{"a":')] }], 'messages[0].tool_calls[0].function.arguments'],
    [[{ role: 'assistant', tool_calls: [call('t', '[1]')] }], 'messages[0].tool_calls[0].function.arguments'],
  ])('refuse %j, naming the place', (messages, param) => {
    expect(refusal({ messages })).toMatchObject({ kind: 'invalid_request', details: { param } })
  })
})

describe('content', () => {
  const of = (part: object) => conversation([{ role: 'user', content: [part] }]).messages[0]?.content[0]
  const base64 = (media_type: string, data: string) => ({ type: 'base64', media_type, data })

  it.each([
    [
      { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    ],
    [
      { type: 'image_url', image_url: 'data:image/jpg;base64,AA==' },
      { type: 'image', source: base64('image/jpeg', 'AA==') },
    ],
    [
      { type: 'image_url', image_url: { url: 'data:application/pdf;base64,AA==' } },
      { type: 'document', source: base64('application/pdf', 'AA==') },
    ],
    [
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
      { type: 'document', source: base64('application/pdf', 'AA=='), title: 'a.pdf' },
    ],
    [
      { type: 'file', file: { file_data: 'JVBERi0=' } },
      { type: 'document', source: base64('application/pdf', 'JVBERi0=') },
    ],
    [
      { type: 'file', file: { file_data: 'data:text/plain;base64,R3LDvMOfZQ==' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' } },
    ],
    [
      { type: 'file', file: { file_data: 'data:,a%20b' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a b' } },
    ],
    [
      { type: 'file', file: { file_data: 'data:image/png;base64,AA==' } },
      { type: 'image', source: base64('image/png', 'AA==') },
    ],
    [
      { type: 'file', file: { file_id: 'https://x.test/a.pdf' } },
      { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } },
    ],
    [
      { type: 'file', file: { file_id: 'file_1' }, cache_control: { type: 'ephemeral' } },
      { type: 'document', source: { type: 'file', file_id: 'file_1' }, cache_control: { type: 'ephemeral' } },
    ],
    [
      { type: 'search_result', source: 'x', title: 't', content: [] },
      { type: 'search_result', source: 'x', title: 't', content: [] },
    ],
  ])('translates %j', (part, block) => {
    expect(of(part)).toEqual(block)
  })

  it('by id needs the Files API', () => {
    const messages = [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file_1' } }] }]
    expect(anthropic.chat({ ...request, messages }, target).headers['anthropic-beta']).toBe('files-api-2025-04-14')
  })
})

describe('tools', () => {
  const f = {
    type: 'function',
    function: { name: 'f', description: 'd', parameters: { type: 'object', properties: { a: {} } } },
  }
  const g = { type: 'function', function: { name: 'g' } }

  it('are declared, also without parameters, with marks and with what Anthropic alone knows', () => {
    const cache_control = { type: 'ephemeral', ttl: '1h' }
    expect(sent({ tools: [f, { ...g, cache_control, defer_loading: true }] }).tools).toEqual([
      { name: 'f', description: 'd', input_schema: { type: 'object', properties: { a: {} } } },
      { name: 'g', input_schema: { type: 'object', properties: {} }, cache_control, defer_loading: true },
    ])
  })

  it('may be strict where the model can hold to it', () => {
    const tools = [{ type: 'function', function: { name: 'f', strict: true } }]
    expect(sent({ tools }).tools).toMatchObject([{ name: 'f', strict: true }])
    expect(refusal({ tools }, { model: HAIKU_3 }).details.param).toBe('tools[0].function.strict')
    expect(on(HAIKU_3, { tools }, { dropParams: true }).tools).toEqual([
      { name: 'f', input_schema: { type: 'object', properties: {} } },
    ])
  })

  it('of the vendor go as they are, with the features they need', () => {
    const tools = [
      { type: 'computer_20250124', name: 'computer', display_width_px: 800 },
      { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
      { type: 'code_execution_20250825', name: 'code_execution' },
    ]
    expect(sent({ tools }).tools).toEqual(tools)
    expect(anthropic.chat({ ...request, tools }, target).headers['anthropic-beta']).toBe(
      'computer-use-2025-01-24,code-execution-2025-08-25',
    )
    const asLiteLLM = {
      type: 'computer_20250124',
      function: { name: 'computer', parameters: { display_width_px: 800 } },
    }
    expect(sent({ tools: [asLiteLLM] }).tools).toEqual([tools[0]])
  })

  it('of other vendors are refused by name, or dropped', () => {
    for (const tool of [{ type: 'file_search' }, { type: 'custom', custom: { name: 'c' } }, { type: 'function' }]) {
      expect(refusal({ tools: [f, tool] }).details.param).toBe('tools[1]')
      expect(sent({ tools: [f, tool] }, { dropParams: true }).tools).toHaveLength(1)
    }
  })

  const single = { disable_parallel_tool_use: true }
  it.each([
    ['auto', undefined, { type: 'auto' }],
    ['none', undefined, { type: 'none' }],
    ['required', undefined, { type: 'any' }],
    [{ type: 'function', function: { name: 'f' } }, undefined, { type: 'tool', name: 'f' }],
    [{ type: 'tool', name: 'f' }, undefined, { type: 'tool', name: 'f' }],
    [{ type: 'any' }, undefined, { type: 'any' }],
    [undefined, undefined, undefined],
    [undefined, true, undefined],
    [undefined, false, { type: 'auto', ...single }],
    ['auto', false, { type: 'auto', ...single }],
    ['required', false, { type: 'any', ...single }],
    ['none', false, { type: 'none' }],
    [{ type: 'function', function: { name: 'f' } }, false, { type: 'tool', name: 'f', ...single }],
  ])('are chosen by %j, parallel %j', (tool_choice, parallel_tool_calls, expected) => {
    expect(sent({ tools: [f, g], tool_choice, parallel_tool_calls }).tool_choice).toEqual(expected)
  })

  it('that are not allowed are not shown', () => {
    const tool_choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [g] } }
    expect(sent({ tools: [f, g], tool_choice })).toMatchObject({ tools: [{ name: 'g' }], tool_choice: { type: 'any' } })
  })

  it('are not forced on a model that thinks', () => {
    const asked = { tools: [f], tool_choice: { type: 'function', function: { name: 'f' } } }
    expect(refusal({ ...asked, reasoning_effort: 'low' }).details.param).toBe('tool_choice')
    expect(refusal(asked, { model: OPUS_55 }).details.param).toBe('tool_choice')
    expect(on(OPUS_55, asked, { dropParams: true }).tool_choice).toEqual({ type: 'auto' })
  })

  it('search the web where OpenAI’s option says so', () => {
    const web_search_options = {
      search_context_size: 'low',
      user_location: { type: 'approximate', approximate: { city: 'Zürich' } },
    }
    expect(sent({ web_search_options }).tools).toEqual([
      {
        type: 'web_search_20250305',
        name: 'web_search',
        max_uses: 1,
        user_location: { type: 'approximate', city: 'Zürich' },
      },
    ])
  })
})

describe('structured output', () => {
  const format = (schema: object) => ({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } })
  const point = {
    type: 'object',
    properties: { x: { type: 'integer', minimum: 1, description: 'how far' } },
    required: ['x'],
  }

  it('is a grammar where the model has them, bounds told in words', () => {
    expect(sent(format(point))).toMatchObject({
      output_config: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            properties: { x: { type: 'integer', description: 'how far (minimum: 1)' } },
            required: ['x'],
            additionalProperties: false,
          },
        },
      },
    })
    expect(sent(format(point))).not.toHaveProperty('tools')
  })

  it.each([
    ['free keys', { type: 'object', additionalProperties: { type: 'string' } }],
    ['a recursion', { type: 'object', properties: { next: { $ref: '#' } } }],
    [
      'a recursive definition',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/n' } },
        $defs: { n: { type: 'object', properties: { n: { $ref: '#/$defs/n' } } } },
      },
    ],
    ['a negation', { type: 'object', properties: { a: { not: { type: 'string' } } } }],
  ])('with %s is a forced tool with the schema as it is', (_, schema) => {
    expect(sent(format(schema))).toMatchObject({
      tools: [{ name: 'json_tool_call', input_schema: schema }],
      tool_choice: { type: 'tool', name: 'json_tool_call' },
    })
  })

  it('is a forced tool for older models, one among others where the caller has tools', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }]
    expect(on(HAIKU_3, format(point)).tool_choice).toEqual({ type: 'tool', name: 'json_tool_call' })
    const body = on(HAIKU_3, { ...format(point), tools })
    expect(body).toMatchObject({ tools: [{ name: 'f' }, { name: 'json_tool_call' }], tool_choice: { type: 'any' } })
    expect(sent({ response_format: { type: 'json_object' } }).tool_choice).toEqual({
      type: 'tool',
      name: 'json_tool_call',
    })
    expect(sent({ response_format: { type: 'text' } })).toEqual(sent({}))
  })

  it('is asked for in words where nothing can be forced', () => {
    const body = on(OPUS_55, { response_format: { type: 'json_object' } })
    expect(body).not.toHaveProperty('tools')
    expect(JSON.stringify(body.system)).toContain('one JSON object')
  })
})

describe('thinking', () => {
  const enabled = (budget_tokens: number) => ({ type: 'enabled', budget_tokens })
  const adaptive = { type: 'adaptive' }
  const shown = { type: 'adaptive', display: 'summarized' }
  const thinks = (model: string, asked: object, to: Partial<Target> = {}) => {
    const { thinking, output_config } = on(model, asked, to)
    return [thinking, output_config]
  }

  it.each([
    [target.model, 'low', enabled(1024), undefined],
    [target.model, 'high', enabled(4096), undefined],
    [target.model, 'minimal', enabled(1024), undefined],
    [target.model, 'none', undefined, undefined],
    [target.model, { effort: 'medium', summary: 'auto' }, enabled(2048), undefined],
    [OPUS_45, 'medium', enabled(2048), { effort: 'medium' }],
    [OPUS_46, 'high', adaptive, { effort: 'high' }],
    [OPUS_46, 'max', adaptive, { effort: 'max' }],
    [OPUS_47, 'xhigh', shown, { effort: 'xhigh' }],
    [OPUS_47, 'minimal', shown, { effort: 'low' }],
    [OPUS_47, 'none', undefined, undefined],
    [OPUS_5, 'none', { type: 'disabled' }, undefined],
    [SONNET_55, 'none', { type: 'between_tools' }, undefined],
  ])('of %s at effort %j', (model, reasoning_effort, thinking, output) => {
    expect(thinks(model, { reasoning_effort })).toEqual([thinking, output])
  })

  it.each([
    [HAIKU_3, 'low'],
    [OPUS_46, 'xhigh'],
    [OPUS_55, 'none'],
    [OPUS_46, 'some'],
  ])('of %s is refused at effort %s', (model, reasoning_effort) => {
    expect(refusal({ reasoning_effort }, { model }).details.param).toBe('reasoning_effort')
  })

  it('leaves room for the answer, or is refused', () => {
    expect(thinks(target.model, { reasoning_effort: 'high', max_tokens: 3000 })[0]).toEqual(enabled(2999))
    expect(refusal({ reasoning_effort: 'high', max_tokens: 1024 }).details.param).toBe('reasoning_effort')
    expect(
      thinks(target.model, { reasoning_effort: 'high', max_tokens: 1024 }, { dropParams: true })[0],
    ).toBeUndefined()
  })

  it.each([
    [target.model, enabled(3000), undefined, enabled(3000), undefined],
    [target.model, adaptive, undefined, enabled(4096), undefined],
    [OPUS_46, enabled(3000), undefined, enabled(3000), undefined],
    [OPUS_46, adaptive, { effort: 'low' }, adaptive, { effort: 'low' }],
    [
      OPUS_46,
      undefined,
      { effort: 'low', task_budget: { total: 9 } },
      undefined,
      { effort: 'low', task_budget: { total: 9 } },
    ],
    [OPUS_46, { type: 'disabled' }, undefined, undefined, undefined],
    [OPUS_5, { type: 'disabled' }, undefined, { type: 'disabled' }, undefined],
  ])('of %s in Anthropic’s words: %j, %j', (model, thinking, output_config, expected, output) => {
    expect(thinks(model, { thinking, output_config, reasoning_effort: 'max' })).toEqual([expected, output])
  })

  it('with a budget is refused, or as it sees fit, where the model knows no budgets', () => {
    const asked = { thinking: enabled(3000) }
    expect(refusal(asked, { model: OPUS_47 }).details.param).toBe('thinking.budget_tokens')
    expect(thinks(OPUS_47, asked, { dropParams: true })[0]).toEqual(adaptive)
  })

  it('is not asked for while results come back to calls made without it', () => {
    const called = { id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }
    const messages: ChatMessage[] = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [called] },
      { role: 'tool', tool_call_id: 't', content: '1' },
    ]
    expect(thinks(target.model, { messages, reasoning_effort: 'low' })[0]).toBeUndefined()
    expect(thinks(OPUS_46, { messages, reasoning_effort: 'low' })[0]).toEqual(adaptive)
    const thinking_blocks = [{ type: 'thinking', thinking: 'x', signature: 's' }]
    const thought = messages.map((one) => (one.role === 'assistant' ? { ...one, thinking_blocks } : one))
    expect(thinks(target.model, { messages: thought, reasoning_effort: 'low' })[0]).toEqual(enabled(1024))
  })
})

describe('features in beta', () => {
  const header = (asked: object, to: Partial<Target> = {}) =>
    anthropic.chat({ ...request, ...asked }, { ...target, ...to }).headers['anthropic-beta']

  it('pass by an allow-list, together with those needed and the operator’s own', () => {
    const anthropic_beta = 'context-1m-2025-08-07, fast-mode-2026-02-01,x-evil: 1,claude-code-20250219'
    const tools = [{ type: 'web_fetch_20250910', name: 'web_fetch' }]
    expect(header({ anthropic_beta, tools }, { extraHeaders: { 'Anthropic-Beta': 'fast-mode-2026-02-01' } })).toBe(
      'web-fetch-2025-09-10,context-1m-2025-08-07,claude-code-20250219,fast-mode-2026-02-01',
    )
    expect(header({})).toBeUndefined()
  })

  it('are told to whoever carries the body elsewhere', () => {
    const { body, betas } = claudeBody({ ...request, betas: ['context-1m-2025-08-07'] }, target, { schemas: false })
    expect(betas).toEqual(['context-1m-2025-08-07'])
    expect(body).not.toHaveProperty('model')
    expect(body).not.toHaveProperty('betas')
  })
})

describe('a body in the vendor’s own dialect', () => {
  const native = { model: 'smart', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], something_new: [1] }

  it('is passed on with our model, stream and key, and without words to the gateway', () => {
    const asked = { ...native, stream: false, tags: ['a'], anthropic_beta: ['context-1m-2025-08-07'] }
    const { url, headers, body } = anthropic.forward(asked, true, target)
    expect(JSON.parse(body)).toEqual({ ...native, model: target.model, stream: true })
    expect([url, headers['anthropic-beta']]).toEqual(['https://api.anthropic.com/v1/messages', 'context-1m-2025-08-07'])
  })

  it('is counted without what is about the answer', () => {
    const asked = { ...request, max_tokens: 5, temperature: 1, stop: ['x'], stream: true, user: 'u', system: 'S' }
    const { url, body } = anthropic.tokenCounter.count(asked, target)
    expect(url).toBe('https://api.anthropic.com/v1/messages/count_tokens')
    expect(Object.keys(JSON.parse(body)).sort()).toEqual(['messages', 'model', 'system'])
    expect(anthropic.tokenCounter.counted({ input_tokens: 7 })).toBe(7)
  })

  it('goes with a login where the key is one', () => {
    const { headers } = anthropic.forward(native, false, { ...target, apiKey: 'sk-ant-oat01-x' })
    expect(headers).toMatchObject({ authorization: 'Bearer sk-ant-oat01-x', 'anthropic-beta': 'oauth-2025-04-20' })
    expect(headers).not.toHaveProperty('x-api-key')
  })
})

describe('any request', () => {
  const text = fc.oneof(fc.string(), fc.constant(null), fc.jsonValue())
  const part = fc.oneof(
    fc.record({
      type: fc.constantFrom('text', 'image_url', 'file', 'refusal', 'x'),
      text,
      image_url: text,
      file: text,
    }),
    fc.jsonValue(),
  )
  const message: fc.Arbitrary<ChatMessage> = fc.record(
    {
      role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function'),
      content: fc.oneof(text, fc.array(part)),
      tool_calls: fc.oneof(
        fc.jsonValue(),
        fc.array(fc.record({ id: text, function: fc.record({ name: text, arguments: text }) })),
      ),
      tool_call_id: text,
      thinking_blocks: fc.jsonValue(),
      provider_specific_fields: fc.oneof(fc.jsonValue(), fc.record({ content_blocks: fc.jsonValue() })),
      cache_control: fc.jsonValue(),
    },
    { requiredKeys: ['role'] },
  )
  const asked = fc.record(
    {
      model: fc.constant('x'),
      messages: fc.array(message),
      tools: fc.oneof(
        fc.jsonValue(),
        fc.array(fc.record({ type: text, function: fc.oneof(text, fc.record({ name: text, parameters: text })) })),
      ),
      tool_choice: fc.oneof(text, fc.record({ type: text, function: text })),
      response_format: fc.oneof(
        text,
        fc.record({ type: fc.constantFrom('json_schema', 'json_object'), json_schema: fc.record({ schema: text }) }),
      ),
      stop: text,
      reasoning_effort: text,
      thinking: fc.oneof(text, fc.record({ type: text })),
      output_config: text,
      temperature: text,
      service_tier: text,
      web_search_options: text,
      anthropic_beta: text,
    },
    { requiredKeys: ['model', 'messages'] },
  ) as fc.Arbitrary<ChatRequest>

  it('is translated or refused, never a failure', () => {
    const model = fc.constantFrom(target.model, HAIKU_3, OPUS_46, OPUS_55, 'unknown')
    fc.assert(
      fc.property(asked, model, fc.boolean(), (one, name, dropParams) => {
        try {
          JSON.parse(anthropic.chat(one, { ...target, model: name, dropParams }).body)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
