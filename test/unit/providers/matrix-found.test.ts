import { describe, expect, it } from 'vitest'
import { type Fields, fields } from '../../../src/dialects/loose-json.ts'
import { reasoningItem, thoughtIn } from '../../../src/dialects/responses-thoughts.ts'
import { anthropic } from '../../../src/providers/anthropic.ts'
import { cerebras } from '../../../src/providers/cerebras.ts'
import { deepseek } from '../../../src/providers/deepseek.ts'
import { huggingface } from '../../../src/providers/huggingface.ts'
import { openai } from '../../../src/providers/openai.ts'
import { openaiResponses } from '../../../src/providers/openai-responses.ts'
import { plainChat } from '../../../src/providers/openai-translator.ts'
import { openrouter } from '../../../src/providers/openrouter.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { hostedVllm } from '../../../src/providers/vllm.ts'

// What the matrix of test/e2e/matrix found, each where it was mended.

const target = (model: string, more: Partial<Target> = {}): Target => ({
  model,
  apiKey: 'sk',
  extraHeaders: {},
  params: {},
  ...more,
})
const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }
const turns = (assistant: object, result: object = {}) => [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: null, tool_calls: [call], ...assistant },
  { role: 'tool', tool_call_id: 'call_1', content: 'done', ...result },
]
const bodyOf = ({ body }: { readonly body: string }): Fields => JSON.parse(body)

describe('vLLM', () => {
  const at = target('Qwen/Qwen3-8B', { apiBase: 'http://vllm/v1' })

  it('gets the thoughts of a turn that uses tools, by both of its names', () => {
    const thinking_blocks = [{ type: 'thinking', thinking: 'hm' }]
    const messages = turns({ reasoning_content: 'hm', thinking_blocks })
    const sent = bodyOf(hostedVllm.chat({ model: 'm', messages }, at))
    expect(sent.messages).toEqual(turns({ reasoning_content: 'hm', reasoning: 'hm' }))
  })

  it('keeps fields of its own, and has no developer', () => {
    const messages = [{ role: 'developer', content: 'be brief' }]
    const own = { chat_template_kwargs: { enable_thinking: false }, guided_regex: 'a+', top_k: 3 }
    expect(bodyOf(hostedVllm.chat({ model: 'm', messages, ...own }, at))).toEqual({
      ...own,
      model: 'Qwen/Qwen3-8B',
      messages: [{ role: 'system', content: 'be brief' }],
    })
  })
})

describe('DeepSeek', () => {
  const sent = (model: string, messages: ReturnType<typeof turns>) =>
    bodyOf(deepseek.chat({ model: 'm', messages }, target(model))).messages

  it('goes on with a call that another vendor made: a blank stands for the thought that it must have', () => {
    expect(sent('deepseek-reasoner', turns({}))).toEqual(turns({ content: '', reasoning_content: ' ' }))
    expect(sent('deepseek-chat', turns({}))).toEqual(turns({}))
  })

  it('has the thoughts of its calls back, also when the user has spoken again', () => {
    const messages = [...turns({ reasoning_content: 'hm' }), { role: 'user', content: 'And?' }]
    expect(sent('deepseek-reasoner', messages)).toEqual([
      ...turns({ content: '', reasoning_content: 'hm' }),
      { role: 'user', content: 'And?' },
    ])
  })
})

it('Cerebras tells its thoughts under the name that callers know', () => {
  const message = { role: 'assistant', content: 'Hi', reasoning: 'hm' }
  const answer = { id: 'a', created: 1, model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] }
  const reading = { id: 'x', createdSeconds: 1, request: { model: 'm', messages: [] } }
  expect(cerebras.plain).toBeDefined()
  expect(cerebras.completion(answer, reading).choices[0]?.message.reasoning_content).toBe('hm')
})

it('OpenRouter gets no marks of calls and tools that only one vendor knows', () => {
  const signed = { ...call, provider_specific_fields: { thought_signature: 'c2ln' } }
  const tools = [{ ...tool, eager_input_streaming: true, cache_control: { type: 'ephemeral' } }]
  const messages = turns({ tool_calls: [signed] })
  expect(bodyOf(openrouter.chat({ model: 'm', messages, tools }, target('openai/gpt-oss-20b')))).toMatchObject({
    messages: turns({}),
    tools: [{ ...tool, cache_control: { type: 'ephemeral' } }],
  })
  expect(JSON.stringify(bodyOf(openrouter.chat({ model: 'm', messages, tools }, target('x'))))).not.toMatch(
    /eager|thought_signature/,
  )
})

it('Text Generation Inference has no developer', () => {
  const messages = [{ role: 'developer', content: 'be brief' }]
  const sent = bodyOf(huggingface.chat({ model: 'm', messages }, target('tgi', { apiBase: 'http://tgi' })))
  expect(sent.messages).toEqual([{ role: 'system', content: 'be brief' }])
})

describe('OpenAI', () => {
  it('gets no marks on tools that only others know', () => {
    const marked = { ...tool, eager_input_streaming: true, cache_control: { type: 'ephemeral' } }
    const messages = [{ role: 'user', content: 'Hi' }]
    expect(plainChat({ model: 'm', messages, tools: [marked] }, { model: 'm' }).tools).toEqual([tool])
  })

  it('gets a conversation that others began without what they hung on it; another server gets it whole', () => {
    const signed = { ...call, provider_specific_fields: { thought_signature: 's' } }
    const began = turns({ tool_calls: [signed], reasoning_content: 'hm', thinking_blocks: [{ type: 'thinking' }] })
    const sent = bodyOf(openai.chat({ model: 'm', messages: began }, target('gpt-5')))
    expect(sent.messages).toEqual(turns({}))
    const elsewhere = target('gpt-5', { apiBase: 'https://llm.example/v1' })
    expect(bodyOf(openai.chat({ model: 'm', messages: began }, elsewhere)).messages).toEqual(began)
  })

  it('by Responses takes a result that repeats the name of its call', () => {
    const sent = bodyOf(openaiResponses.chat({ model: 'm', messages: turns({}, { name: 'f' }) }, target('gpt-5')))
    expect((sent.input as Fields[]).at(-1)).toEqual({ type: 'function_call_output', call_id: 'call_1', output: 'done' })
  })
})

it('Claude is not asked to think on while calls are answered whose thought the client lost', () => {
  const at = target('claude-sonnet-4-5-20250929')
  const thinking = { type: 'enabled', budget_tokens: 2000 }
  const ask = (assistant: object) =>
    fields(
      bodyOf(anthropic.chat({ model: 'm', max_tokens: 4000, thinking, tools: [tool], messages: turns(assistant) }, at)),
    ).thinking
  expect(ask({})).toBeUndefined()
  const thinking_blocks = [{ type: 'thinking', thinking: 'hm', signature: 'sealed' }]
  expect(ask({ thinking_blocks })).toEqual(thinking)
})

it('a thought that nobody signed comes back by Responses, where SDKs return only what is sealed', () => {
  const item = reasoningItem({ type: 'thinking', thinking: 'hm' }, 'rs_1')
  expect(item.encrypted_content).toBeTypeOf('string')
  expect(thoughtIn(item)).toEqual({ block: { type: 'thinking', thinking: 'hm' } })
  expect(thoughtIn({ ...item, summary: [] })).toBeUndefined()
})
