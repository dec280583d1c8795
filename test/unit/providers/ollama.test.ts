import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatRequest } from '../../../src/dialects/chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { ollama } from '../../../src/providers/ollama.ts'
import type { Target } from '../../../src/providers/provider.ts'
import type { Reading } from '../../../src/providers/translator.ts'
import { ndjsonSplitter } from '../../../src/streams/ndjson.ts'
import cases from '../../fixtures/ollama/errors.json' with { type: 'json' }
import streams from '../../fixtures/ollama/streams.json' with { type: 'json' }
import { folded } from '../dialects/folded.ts'
import { cutAt } from '../streams/through.ts'
import { canonical } from './canonical.ts'

const user = { role: 'user', content: 'Hi' }
const reading: Reading = { id: 'chatcmpl-1', createdSeconds: 1, request: { model: 'fast', messages: [user] } }
const target: Target = { model: 'qwen3', extraHeaders: {}, params: {} }
const asked = (request: Partial<ChatRequest>, to: Partial<Target> = {}) =>
  JSON.parse(ollama.chat({ model: 'fast', messages: [user], ...request }, { ...target, ...to }).body)
const CREATED = Date.UTC(2026, 10, 22, 10) / 1000

function read(pieces: readonly Uint8Array[]) {
  const splitter = ndjsonSplitter()
  const reader = ollama.reader(reading)
  const events = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()]
  const chunks: ChatChunk[] = events.flatMap((event) => [...reader.read(event)])
  return { chunks, reader }
}
const encoded = (lines: readonly unknown[]) =>
  new TextEncoder().encode(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))

describe('an answer of Ollama', () => {
  it.each(streams)('reads $name, whole and streamed, wherever it was cut', (stream) => {
    const { lines, whole, message, finish, usage } = stream
    const answer = ollama.completion(whole, reading)
    expect(answer).toEqual({
      id: 'chatcmpl-1',
      created: CREATED,
      model: whole.model,
      choices: [
        { index: 0, message, finish_reason: finish, ...('logprobs' in stream && { logprobs: stream.logprobs }) },
      ],
      usage: { ...noUsage, ...usage },
    })
    const bytes = encoded(lines)
    const { chunks } = read([bytes])
    expect(folded(chunks)).toEqual(answer)
    fc.assert(
      fc.property(fc.array(fc.nat(3000), { maxLength: 20 }), (cuts) => {
        const cut = read(cutAt(bytes, cuts))
        expect(cut.chunks).toEqual(chunks)
        expect([cut.reader.complete, cut.reader.error, cut.reader.malformed]).toEqual([true, undefined, 0])
      }),
      { numRuns: 30 },
    )
  })

  it('is no success when the stream just ends, or tells an error', () => {
    const half = { model: 'q', message: { role: 'assistant', content: 'Half' }, done: false }
    expect(read([encoded([half])]).reader.complete).toBe(false)
    const { reader, chunks } = read([encoded([half, { error: 'an error was encountered' }, { done: true }])])
    expect([reader.complete, reader.error]).toEqual([false, 'an error was encountered'])
    expect(folded(chunks).choices[0]?.message.content).toBe('Half')
  })

  it('counts a line it cannot read and goes on', () => {
    const { reader, chunks } = read([encoded(['{"mod', '7', { message: { content: 'x' } }, { done: true }])])
    expect([reader.malformed, reader.complete]).toEqual([2, true])
    expect(folded(chunks)).toMatchObject({ created: 1, model: 'fast', choices: [{ message: { content: 'x' } }] })
  })

  it('takes no foreign body for an answer', () => {
    for (const strange of [null, [], {}, { choices: [] }])
      expect(() => ollama.completion(strange, reading)).toThrow(/not an answer of Ollama/)
  })
})

describe('what survives on the way to Ollama', () => {
  const schema = { type: 'object', properties: {} }
  const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } }
  const weather = { type: 'function', function: { name: 'weather', parameters: schema } }

  it('asks the machine itself, or wherever the operator says, and says always whether it streams', () => {
    expect(ollama.chat({ model: 'fast', messages: [user] }, target)).toEqual({
      url: 'http://localhost:11434/api/chat',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'qwen3', messages: [user], stream: false }),
    })
    const there = { ...target, apiBase: 'https://ollama.com/api/', apiKey: 'k' }
    const { url, headers } = ollama.chat({ model: 'fast', messages: [user] }, there)
    expect([url, headers.authorization]).toEqual(['https://ollama.com/api/chat', 'Bearer k'])
  })

  it.each<[string, Partial<ChatRequest>, object]>([
    [
      'settings, by their names here, and those only Ollama knows',
      { max_completion_tokens: 5, temperature: 0, top_p: 0.5, stop: 'END', seed: 7, num_ctx: 8192, keep_alive: '5m' },
      {
        keep_alive: '5m',
        options: { num_predict: 5, temperature: 0, top_p: 0.5, stop: ['END'], seed: 7, num_ctx: 8192 },
      },
    ],
    [
      'images and system prompts',
      {
        messages: [
          { role: 'developer', content: 'Be brief' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What' },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0=' } },
              { type: 'text', text: 'is it?' },
            ],
          },
        ],
      },
      {
        messages: [
          { role: 'system', content: 'Be brief' },
          { role: 'user', content: 'What\nis it?', images: ['iVBORw0='] },
        ],
      },
    ],
    [
      'calls, thoughts and results',
      {
        messages: [
          user,
          { role: 'assistant', content: null, tool_calls: [call], reasoning_content: 'hm' },
          { role: 'tool', tool_call_id: 'c1', content: 'wet' },
        ],
        tools: [weather],
      },
      {
        messages: [
          user,
          {
            role: 'assistant',
            content: '',
            thinking: 'hm',
            tool_calls: [{ id: 'c1', function: { name: 'weather', arguments: { city: 'Köln' } } }],
          },
          { role: 'tool', content: 'wet', tool_name: 'weather', tool_call_id: 'c1' },
        ],
        tools: [weather],
      },
    ],
    ['any JSON', { response_format: { type: 'json_object' } }, { format: 'json' }],
    [
      'a schema for the answer',
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } },
      { format: schema },
    ],
    ['that it shall think', { reasoning_effort: 'low' }, { think: true }],
    ['that it shall not', { reasoning_effort: 'none' }, { think: false }],
    ['thinking as Anthropic says it', { thinking: { type: 'enabled', budget_tokens: 1024 } }, { think: true }],
    ['log probabilities', { logprobs: true, top_logprobs: 2 }, { logprobs: true, top_logprobs: 2 }],
  ])('%s', (_, request, body) => {
    expect(asked(request)).toMatchObject(body)
  })

  it('tells gpt-oss how much to think', () => {
    expect(asked({ reasoning_effort: 'high' }, { model: 'gpt-oss:20b' }).think).toBe('high')
  })

  it('offers no tools where none may be called', () => {
    expect(asked({ tools: [weather], tool_choice: 'none' })).not.toHaveProperty('tools')
  })

  it.each([
    ['n', { n: 2 }],
    ['logit_bias', { logit_bias: { 1: 2 } }],
    ['tool_choice', { tools: [weather], tool_choice: 'required' }],
    ['tools[0]', { tools: [{ type: 'web_search' }] }],
    [
      'messages[0].content[0].image_url',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] }] },
    ],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }],
  ] as [string, Partial<ChatRequest>][])('refuses by name what Ollama has no word for: %s', (param, request) => {
    expect(() => asked(request)).toThrow(expect.objectContaining({ details: expect.objectContaining({ param }) }))
  })

  it('leaves it out where the operator says so', () => {
    expect(asked({ n: 2, logit_bias: { 1: 2 } }, { dropParams: true })).toEqual({
      model: 'qwen3',
      messages: [user],
      stream: false,
    })
  })

  it('throws nothing but refusals, whatever is asked', () => {
    fc.assert(
      fc.property(canonical, fc.boolean(), (request, dropParams) => {
        try {
          JSON.parse(ollama.chat(request, { ...target, dropParams }).body)
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('failure', () => {
  it.each(
    cases as { name: string; status: number; headers?: Record<string, string>; body: string; failure: unknown }[],
  )('reads $name', ({ status, headers, body, failure }) => {
    expect(ollama.failure(status, new Headers(headers), body)).toEqual(failure)
  })
})
