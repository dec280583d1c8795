import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { completionTokens, promptTokens } from '../../../src/prices/usage.ts'
import { anthropic } from '../../../src/providers/anthropic.ts'
import { gemini } from '../../../src/providers/gemini.ts'
import { mistral } from '../../../src/providers/mistral.ts'
import { openai } from '../../../src/providers/openai.ts'
import { openaiResponses } from '../../../src/providers/openai-responses.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { customOpenai } from '../../../src/providers/vllm.ts'
import answer from '../../fixtures/openai/answer.json' with { type: 'json' }
import spoken from '../../fixtures/openai/answer-audio.json' with { type: 'json' }

const target: Target = { model: 'gpt-4o-mini', apiKey: 'sk-test', extraHeaders: {}, params: {} }
const request: ChatRequest = { model: 'fast', messages: [{ role: 'user', content: 'Hi' }] }
const sent = (asked: ChatRequest, to: Partial<Target> = {}) => JSON.parse(openai.chat(asked, { ...target, ...to }).body)

describe('chat', () => {
  it("asks the vendor's own address for the vendor's own model, with its key", () => {
    expect(openai.chat(request, { ...target, organization: 'org-1', extraHeaders: { 'X-Team': 'a' } })).toEqual({
      url: 'https://api.openai.com/v1/chat/completions',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer sk-test',
        'openai-organization': 'org-1',
        'x-team': 'a',
      },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: request.messages }),
    })
  })

  it.each([
    ['http://gpu:8000/v1/', 'http://gpu:8000/v1/chat/completions'],
    ['http://gpu:8000/v1/chat/completions', 'http://gpu:8000/v1/chat/completions'],
    ['https://x.test/v1?api-version=2', 'https://x.test/v1/chat/completions?api-version=2'],
  ])('finds the way from %s', (apiBase, url) => {
    expect(customOpenai.chat(request, { ...target, apiBase }).url).toBe(url)
  })

  it('says what is missing when there is no address', () => {
    expect(() => customOpenai.chat(request, target)).toThrow(/must set its api_base/)
  })

  it('sends no authorization where there is no key', () => {
    const { apiKey: _, ...keyless } = target
    expect(openai.chat(request, keyless).headers).toEqual({ 'content-type': 'application/json' })
  })

  it('lays the request over the params of the deployment', () => {
    const params = { temperature: 0, top_p: 0.5, extra_body: { top_k: 4, temperature: 2 } }
    expect(sent({ ...request, temperature: 1 }, { params })).toMatchObject({ temperature: 1, top_p: 0.5, top_k: 4 })
    expect(sent(request, { params })).not.toHaveProperty('extra_body')
  })

  it('leaves each name of the maximum as given, and never sends both for one wish', () => {
    expect(sent({ ...request, max_tokens: 5 })).toMatchObject({ max_tokens: 5 })
    const body = sent({ ...request, max_completion_tokens: 7 }, { params: { max_tokens: 100 } })
    expect([body.max_completion_tokens, body.max_tokens]).toEqual([7, undefined])
    expect(sent(request, { params: { max_tokens: 100 } })).toMatchObject({ max_tokens: 100 })
  })

  it('keeps what speaks to the gateway', () => {
    const spoken = {
      tags: ['a'],
      cache: { 'no-cache': true },
      fallbacks: ['b'],
      num_retries: 3,
      guardrails: ['c'],
      litellm_session_id: 'd',
      'no-log': true,
      metadata: { tags: ['e'] },
    }
    expect(sent({ ...request, ...spoken, user: 'u' })).toEqual({
      model: 'gpt-4o-mini',
      messages: request.messages,
      user: 'u',
    })
  })

  it('sends metadata with what OpenAI stores', () => {
    expect(sent({ ...request, store: true, metadata: { a: 'b' } })).toMatchObject({ store: true, metadata: { a: 'b' } })
    expect(sent({ ...request, metadata: { a: 'b' } })).not.toHaveProperty('metadata')
    expect(sent({ ...request, store: true, metadata: { a: 'b', tags: ['x'], spend: {} } }).metadata).toEqual({ a: 'b' })
    expect(sent({ ...request, store: true, metadata: { tags: ['x'] } })).not.toHaveProperty('metadata')
  })

  it('sends no metadata to who stores nothing, and none of the gateway’s to any vendor in its own tongue', () => {
    const stored = { ...request, store: true, metadata: { a: 'b' } }
    expect(JSON.parse(mistral.chat(stored, target).body)).not.toHaveProperty('metadata')
    const body = { input: 'Hi', store: true, metadata: { tags: ['x'], a: 'b' } }
    const forwarded = JSON.parse(openaiResponses.forward(body, false, target).body)
    expect(forwarded).toEqual({ model: 'gpt-4o-mini', input: 'Hi', store: false })
    const native = (metadata: object) => JSON.parse(anthropic.forward({ messages: [], metadata }, false, target).body)
    expect(native({ user_id: 'u', tags: ['x'] }).metadata).toEqual({ user_id: 'u' })
    expect(native({ tags: ['x'] })).not.toHaveProperty('metadata')
    expect(JSON.parse(gemini.forward({ contents: [], metadata: { a: 'b' } }, false, target).body)).toEqual({
      contents: [],
    })
  })

  it('always asks for the usage of a stream, and only of a stream', () => {
    expect(sent({ ...request, stream: true })).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    const asked = { ...request, stream: true, stream_options: { include_usage: false, include_obfuscation: false } }
    expect(sent(asked).stream_options).toEqual({ include_usage: true, include_obfuscation: false })
    expect(sent({ ...request, stream: false, stream_options: { include_usage: true } })).not.toHaveProperty('stream')
  })

  it('lets nothing in extra_body change the model, the messages or whether it streams', () => {
    const body = sent({ ...request, extra_body: { model: 'dear', messages: [], stream: true, top_k: 1 } })
    expect(body).toEqual({ model: 'gpt-4o-mini', messages: request.messages, top_k: 1 })
  })
})

describe('usage', () => {
  it('takes cached tokens out of the prompt and reasoning out of the completion', () => {
    const usage = openai.usage(answer)
    expect(usage).toMatchObject({ inputTokens: 93, cacheReadTokens: 1024, outputTokens: 14, reasoningTokens: 32 })
  })

  it('counts sound apart, on both sides', () => {
    expect(openai.usage(spoken)).toMatchObject({
      inputTokens: 30,
      inputAudioTokens: 120,
      outputTokens: 20,
      outputAudioTokens: 70,
    })
  })

  it('adds up to what was billed, also when the parts are larger than their whole', () => {
    const usage = openai.usage({
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 12, audio_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 9 },
      },
    })!
    expect([promptTokens(usage), completionTokens(usage)]).toEqual([10, 5])
  })

  it('reads usage without details, and knows when nothing was said', () => {
    expect(
      openai.usage({ usage: { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: null } }),
    ).toMatchObject({ inputTokens: 3, outputTokens: 4 })
    for (const silent of [
      {},
      { usage: null },
      { usage: {} },
      { usage: 'x' },
      null,
      'text',
      { usage: { prompt_tokens: 'x' } },
    ])
      expect(openai.usage(silent)).toBeUndefined()
  })
})
