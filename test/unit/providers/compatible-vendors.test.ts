import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { knownVendors } from '../../../src/models/row/vendors.ts'
import { compatibleVendors } from '../../../src/providers/compatible-vendors.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { providers } from '../../../src/providers/registry.ts'

const target = (fields: Partial<Target> = {}): Target => ({
  ...{ model: 'some/model', apiKey: 'k', extraHeaders: {}, params: {} },
  ...fields,
})
const request: ChatRequest = {
  model: 'group',
  max_completion_tokens: 20,
  messages: [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: 'Hello' },
  ],
}
const reading = { id: 'chatcmpl-1', createdSeconds: 1, request }
const bodyOf = (vendor: keyof typeof providers, asked: ChatRequest = request, fields: Partial<Target> = {}) =>
  JSON.parse(providers[vendor].chat(asked, target(fields)).body) as Record<string, unknown>

const all = Object.keys(compatibleVendors) as (keyof typeof compatibleVendors)[]

describe('vendors of a line', () => {
  it.each(all)('%s is asked at its address, with its key, in words that it knows', (name) => {
    const { defaults } = compatibleVendors[name]
    const apiBase = 'apiBase' in defaults && defaults.apiBase ? defaults.apiBase : 'https://own.example/v1'
    const { url, headers, body } = compatibleVendors[name].chat(request, target({ apiBase }))
    expect(url).toBe(`${apiBase}/chat/completions`)
    expect(headers.authorization ?? headers.Authorization).toBe('Bearer k')
    const sent = JSON.parse(body) as ChatRequest
    expect(sent.model).toBe('some/model')
    expect(sent.max_tokens ?? sent.max_completion_tokens).toBe(20)
    expect(sent.messages.map(({ content }) => content)).toEqual(['Be brief.', 'Hello'])
    expect(defaults.apiKeyEnv).toMatch(/^[A-Z0-9_]+_(API_KEY|TOKEN)$/)
  })

  it.each(all)('%s has an address that a key may be sent to, and a name that LiteLLM knows', (name) => {
    const { apiBase } = compatibleVendors[name].defaults
    if (apiBase !== undefined) expect(new URL(apiBase).protocol).toBe('https:')
    expect(knownVendors).toContain(name)
  })

  it.each(all)('%s streams as OpenAI does', (name) => {
    const reader = providers[name].reader(reading)
    const said = [
      { choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 } },
    ].flatMap((event) => reader.read({ data: JSON.stringify({ id: 'x', object: 'chat.completion.chunk', ...event }) }))
    expect(said.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hi')
    expect(reader.complete).toBe(true)
    expect(said.at(-1)?.usage).toMatchObject({ inputTokens: 4, outputTokens: 2 })
  })
})

describe('what they do not have is refused by name, or left out where that is allowed', () => {
  it.each([
    ['sambanova', { logprobs: true }, 'logprobs'],
    ['sambanova', { n: 2 }, 'n'],
    ['zai', { seed: 7 }, 'seed'],
    ['zai', { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } } }, 'response_format'],
    ['moonshot', { logit_bias: { 1: 2 } }, 'logit_bias'],
    ['dashscope', { logit_bias: { 1: 2 } }, 'logit_bias'],
    ['inception', { logprobs: true }, 'logprobs'],
    ['inception', { top_p: 0.5 }, 'top_p'],
    ['inception', { diffusing: true }, 'diffusing'],
    ['cohere', { parallel_tool_calls: false }, 'parallel_tool_calls'],
    ['cohere_chat', { n: 3 }, 'n'],
  ] as const)('%s: %o', (name, fields, param) => {
    expect(() => bodyOf(name, { ...request, ...fields })).toThrow(param)
    expect(bodyOf(name, { ...request, ...fields }, { dropParams: true })).not.toHaveProperty(param)
  })
})

describe('what they say in words of their own', () => {
  it('Moonshot: a stream’s usage in its last choice, cached tokens beside the others', () => {
    const reader = providers.moonshot.reader(reading)
    const usage = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12, cached_tokens: 6 }
    const said = [
      { index: 0, delta: { content: 'Hi' } },
      { index: 0, delta: {}, finish_reason: 'stop', usage },
    ].flatMap((choice) => reader.read({ data: JSON.stringify({ id: 'x', choices: [choice] }) }))
    expect(said.at(-1)?.usage).toMatchObject({ inputTokens: 4, cacheReadTokens: 6, outputTokens: 2 })
  })

  it('Databricks: an answer in parts, of which some are thoughts, below the workspace’s serving endpoints', () => {
    const { databricks } = providers
    const apiBase = 'https://me.cloud.databricks.com'
    const whole = `${apiBase}/serving-endpoints/chat/completions`
    expect(databricks.chat(request, target({ apiBase })).url).toBe(whole)
    expect(databricks.chat(request, target({ apiBase: `${apiBase}/serving-endpoints/` })).url).toBe(whole)
    const content = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { type: 'text', text: 'Hello.' },
    ]
    const answer = { id: 'x', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] }
    expect(databricks.completion(answer, reading).choices[0]?.message).toMatchObject({
      content: 'Hello.',
      reasoning_content: 'Hm.',
    })
  })

  it('Workers AI: by its address of accounts, in either form', () => {
    const account = 'https://api.cloudflare.com/client/v4/accounts/abc/ai'
    for (const form of ['run', 'run/', 'v1'])
      expect(providers.cloudflare.chat(request, target({ apiBase: `${account}/${form}` })).url).toBe(
        `${account}/v1/chat/completions`,
      )
  })

  it('Z.ai and Volcengine: thinking is theirs to switch', () => {
    const thinking = { type: 'disabled' }
    expect(bodyOf('zai', { ...request, thinking })).toMatchObject({ thinking })
    expect(bodyOf('volcengine', { ...request, thinking })).toMatchObject({ thinking })
  })

  it.each([
    ['none', 'instant'],
    ['minimal', 'instant'],
    ['instant', 'instant'],
    ['low', 'low'],
    ['xhigh', 'high'],
  ])('Inception: an effort of %s is its %s, beside its own switches', (asked, sent) => {
    const own = { reasoning_summary: true, realtime: true }
    const body = bodyOf('inception', { ...request, ...own, reasoning_effort: asked })
    expect(body).toMatchObject({ ...own, reasoning_effort: sent, max_tokens: 20 })
  })

  it('Cohere: texts alone are embedded, at their model’s length', () => {
    const { embedding } = providers.cohere
    const asked = { model: 'm', input: ['a', 'b'] }
    expect(embedding.embed(asked, target())[0]?.url).toBe('https://api.cohere.ai/v2/embed')
    expect(() => embedding.embed({ ...asked, dimensions: 256 }, target())).toThrow('dimensions')
  })
})
