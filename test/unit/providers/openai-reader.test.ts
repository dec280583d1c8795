import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatCompletion, ChatRequest } from '../../../src/dialects/chat.ts'
import { openaiCompletion, openaiReader } from '../../../src/providers/openai-reader.ts'
import type { Reading } from '../../../src/providers/translator.ts'
import { eventData } from '../../../src/streams/event.ts'
import { concat, frameSplitter } from '../../../src/streams/frames.ts'
import { folded } from '../dialects/folded.ts'

const request: ChatRequest = { model: 'fast', messages: [{ role: 'user', content: 'Hi' }] }
const reading: Reading = { id: 'ours', createdSeconds: 7, request }

const answer = (message: object, rest: object = {}, choice: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'vendor-1',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...choice }],
  ...rest,
})
const delta = (fields: object, choice: object = {}, rest: object = {}) =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'vendor-1',
    choices: [{ index: 0, delta: fields, finish_reason: null, ...choice }],
    ...rest,
  })

function read(events: readonly string[], of: Reading = reading) {
  const reader = openaiReader(of)
  const chunks = events.flatMap((data) => reader.read({ data }))
  return { reader, chunks, whole: folded(chunks) }
}
const said = (whole: ChatCompletion) => whole.choices[0]!

describe('a whole answer', () => {
  it.each([
    ['text', { content: 'Hello' }, { content: 'Hello' }],
    ['nothing', { content: null }, { content: null }],
    ['a refusal', { content: null, refusal: 'No.' }, { content: null, refusal: 'No.' }],
    ['DeepSeek', { content: 'a', reasoning_content: 'r' }, { content: 'a', reasoning_content: 'r' }],
    ['Groq and OpenRouter', { content: 'a', reasoning: 'r' }, { content: 'a', reasoning_content: 'r' }],
    [
      'Mistral, whose thoughts are parts of the content',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'r' }] },
          { type: 'text', text: 'a' },
        ],
      },
      { content: 'a', reasoning_content: 'r' },
    ],
    [
      'OpenRouter, signed and sealed',
      {
        content: 'a',
        reasoning_details: [
          { type: 'reasoning.text', text: 'r', signature: 's+/=' },
          { type: 'reasoning.encrypted', data: 'd+/=' },
        ],
      },
      {
        reasoning_content: 'r',
        thinking_blocks: [
          { type: 'thinking', thinking: 'r', signature: 's+/=' },
          { type: 'redacted_thinking', data: 'd+/=' },
        ],
      },
    ],
    [
      'sound',
      { content: null, audio: { id: 'a', data: 'UklG', expires_at: 9, transcript: 'Hi' } },
      { audio: { id: 'a', data: 'UklG', expires_at: 9, transcript: 'Hi' } },
    ],
    [
      'citations',
      { content: 'x', annotations: [{ type: 'url_citation', url_citation: { url: 'https://x.test', title: 'X' } }] },
      { annotations: [{ type: 'url_citation', url_citation: { url: 'https://x.test', title: 'X' } }] },
    ],
  ])('says %s', (_, message, expected) => {
    expect(said(openaiCompletion(answer(message), reading)).message).toMatchObject(expected)
  })

  it('ends as tool use whenever a tool is called, with arguments that are JSON', () => {
    const calls = [
      { id: 'c1', type: 'function', function: { name: 'now', arguments: '' } },
      { type: 'function', function: { name: 'add', arguments: { a: 1 } } },
      { id: 'c3', type: 'custom', custom: { name: 'sql', input: 'select 1' } },
    ]
    const choice = said(openaiCompletion(answer({ content: null, tool_calls: calls }), reading))
    expect(choice.finish_reason).toBe('tool_calls')
    expect(choice.message.tool_calls).toEqual([
      { id: 'c1', type: 'function', function: { name: 'now', arguments: '{}' } },
      { id: 'call_ours_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
      { id: 'c3', type: 'custom', function: { name: 'sql', arguments: 'select 1' } },
    ])
  })

  it.each([
    ['length', 'length'],
    ['model_length', 'length'],
    ['content_filter', 'content_filter'],
    ['eos', 'stop'],
    [null, 'stop'],
  ])('reads the finish %j as %s', (finish_reason, expected) => {
    expect(said(openaiCompletion(answer({ content: 'x' }, {}, { finish_reason }), reading)).finish_reason).toBe(
      expected,
    )
  })

  it('is no success when the vendor says that it broke off, or says nothing that can be read', () => {
    const broken = answer({ content: 'x' }, {}, { finish_reason: 'error' })
    for (const body of [broken, {}, null, 'text', { choices: 'x' }])
      expect(() => openaiCompletion(body, reading)).toThrow(expect.objectContaining({ kind: 'upstream_failed' }))
    const late = { error: { message: 'Slow down', code: 429 } }
    expect(() => openaiCompletion(late, reading)).toThrow(expect.objectContaining({ kind: 'rate_limited' }))
  })

  it('keeps tier, fingerprint, logprobs, the stop sequence and sources', () => {
    const logprobs = { content: [{ token: 'x', logprob: -0.1, bytes: [120], top_logprobs: [] }], refusal: null }
    const rest = { service_tier: 'flex', system_fingerprint: 'fp', citations: ['https://x.test'] }
    const whole = openaiCompletion(answer({ content: 'x' }, rest, { logprobs, stop_reason: 'END' }), reading)
    expect(whole).toMatchObject({
      id: 'chatcmpl-1',
      created: 1_700_000_000,
      model: 'vendor-1',
      service_tier: 'flex',
      system_fingerprint: 'fp',
      provider_specific_fields: { citations: ['https://x.test'] },
    })
    expect(said(whole)).toMatchObject({ logprobs, stop_sequence: 'END' })
  })
})

describe('a stream', () => {
  it('is role, text, finish and usage', () => {
    const { reader, chunks } = read([
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo' }),
      delta({}, { finish_reason: 'stop' }),
      JSON.stringify({ id: 'chatcmpl-1', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }),
      '[DONE]',
    ])
    expect(chunks.map(({ choices }) => choices[0])).toEqual([
      { index: 0, delta: { role: 'assistant' } },
      { index: 0, delta: { content: 'Hel' } },
      { index: 0, delta: { content: 'lo' } },
      { index: 0, delta: {}, finish_reason: 'stop' },
      undefined,
    ])
    expect(chunks.at(-1)?.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 })
    expect([reader.complete, reader.error, reader.malformed]).toEqual([true, undefined, 0])
  })

  it('tells OpenRouter’s thoughts in pieces, and as the wholes that go back', () => {
    const piece = (detail: object) => delta({ reasoning_details: [detail] })
    const { whole } = read([
      piece({ type: 'reasoning.text', index: 0, text: 'lo', format: 'anthropic' }),
      piece({ type: 'reasoning.text', index: 0, text: 'ok', format: 'anthropic' }),
      piece({ type: 'reasoning.text', index: 0, text: null, signature: 's+/=' }),
      piece({ type: 'reasoning.encrypted', index: 1, data: 'd+/=' }),
      delta({ content: 'a' }, { finish_reason: 'stop' }),
    ])
    expect(said(whole).message).toEqual({
      role: 'assistant',
      content: 'a',
      reasoning_content: 'look',
      thinking_blocks: [
        { type: 'thinking', thinking: 'look', signature: 's+/=' },
        { type: 'redacted_thinking', data: 'd+/=' },
      ],
      provider_specific_fields: {
        reasoning_details: [
          { type: 'reasoning.text', index: 0, text: 'look', format: 'anthropic', signature: 's+/=' },
          { type: 'reasoning.encrypted', index: 1, data: 'd+/=' },
        ],
      },
    })
  })

  const call = (index: number | undefined, fields: object) =>
    delta({ tool_calls: [{ ...(index !== undefined && { index }), ...fields }] })
  const weather = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '' } }
  const clock = { id: 'c2', type: 'function', function: { name: 'clock', arguments: '' } }
  const finish = delta({}, { finish_reason: 'tool_calls' })
  const both = [
    { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"a":1}' } },
    { id: 'c2', type: 'function', function: { name: 'clock', arguments: '{"b":2}' } },
  ]

  it.each<[string, string[]]>([
    [
      'one after the other',
      [
        call(0, weather),
        call(0, { function: { arguments: '{"a"' } }),
        call(0, { function: { arguments: ':1}' } }),
        call(1, clock),
        call(1, { function: { arguments: '{"b":2}' } }),
      ],
    ],
    [
      'interleaved',
      [
        call(0, weather),
        call(1, clock),
        call(1, { function: { arguments: '{"b"' } }),
        call(0, { function: { arguments: '{"a":1}' } }),
        call(1, { function: { arguments: ':2}' } }),
      ],
    ],
    [
      'at once, both under index 0',
      [
        delta({
          tool_calls: [
            { index: 0, ...weather, function: { name: 'weather', arguments: '{"a":1}' } },
            { index: 0, ...clock, function: { name: 'clock', arguments: '{"b":2}' } },
          ],
        }),
      ],
    ],
    [
      'without an index',
      [
        call(undefined, weather),
        call(undefined, { function: { arguments: '{"a":1}' } }),
        call(undefined, clock),
        call(undefined, { function: { arguments: '{"b":2}' } }),
      ],
    ],
    [
      'without ids, both under index 0',
      [
        call(0, { function: { name: 'weather', arguments: '{"a":1}' } }),
        call(0, { function: { name: 'clock', arguments: '{"b":2}' } }),
      ],
    ],
    [
      'with id and name repeated',
      [
        call(1, { ...weather, function: { name: 'weather', arguments: '{"a":' } }),
        call(1, { ...weather, function: { name: 'weather', arguments: '1}' } }),
        call(2, { ...clock, function: { name: 'clock', arguments: '{"b":2}' } }),
      ],
    ],
  ])('calls two tools, %s', (_, events) => {
    const { whole } = read([...events, finish])
    const calls = said(whole).message.tool_calls ?? []
    const named = calls.map((one, at) => ({ ...one, id: one.id === `call_ours_0_${at}` ? `c${at + 1}` : one.id }))
    expect(named).toEqual(both)
    expect(said(whole).finish_reason).toBe('tool_calls')
  })

  it('calls a tool without arguments, as JSON, and ends as tool use although the vendor says stop', () => {
    const { whole } = read([call(0, weather), delta({}, { finish_reason: 'stop' })])
    expect(said(whole)).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { arguments: '{}' } }] },
    })
  })

  it('passes over what cannot be read, and counts it', () => {
    const { reader, whole } = read([
      delta({ content: 'a' }),
      '{"choices":[',
      '',
      '[1]',
      delta({ content: 'b' }, { finish_reason: 'stop' }),
    ])
    expect(said(whole).message.content).toBe('ab')
    expect([reader.malformed, reader.complete]).toEqual([2, true])
  })

  it.each([
    [
      'an error event',
      JSON.stringify({ error: { message: 'Boom sk-abcdefghijklmnop', type: 'server_error' } }),
      'Boom sk-***',
    ],
    ['vLLM’s', JSON.stringify({ object: 'error', message: 'Out of memory', code: 500 }), 'Out of memory'],
    [
      'a finish that is a failure',
      delta({}, { finish_reason: 'error' }),
      'The provider broke off in the middle of its answer.',
    ],
  ])('never takes %s for an end', (_, event, message) => {
    const { reader, chunks } = read([
      delta({ content: 'a' }),
      event,
      delta({ content: 'b' }, { finish_reason: 'stop' }),
      '[DONE]',
    ])
    expect([reader.error, reader.complete, chunks.length]).toEqual([message, false, 1])
  })

  it('is whole when every choice has finished, or with [DONE]; not before', () => {
    const two = { ...reading, request: { ...request, n: 2 } }
    const first = delta({ content: 'a' }, { finish_reason: 'stop' })
    const second = delta({ content: 'b' }, { index: 1, finish_reason: 'length' })
    expect(read([first], two).reader.complete).toBe(false)
    expect(read([first, second, second], two).whole.choices.map((one) => one.finish_reason)).toEqual(['stop', 'length'])
    expect(read([first, second], two).reader.complete).toBe(true)
    expect(read([first, '[DONE]'], two).reader.complete).toBe(true)
    expect(read(['[DONE]']).reader.complete).toBe(false)
  })

  it.each([
    ['its own chunk', { usage: { prompt_tokens: 9, completion_tokens: 1 } }],
    ['Groq’s place', { x_groq: { usage: { prompt_tokens: 9, completion_tokens: 1 } } }],
  ])('finds usage in %s', (_, rest) => {
    expect(read([delta({}, { finish_reason: 'stop' }, rest)]).whole.usage).toMatchObject({ inputTokens: 9 })
  })

  it('finds usage in a choice, where Moonshot has it', () => {
    const usage = { prompt_tokens: 9, completion_tokens: 1 }
    expect(read([delta({}, { finish_reason: 'stop', usage })]).whole.usage).toMatchObject({ inputTokens: 9 })
  })
})

describe('a stream as bytes', () => {
  const folder = new URL('../../fixtures/streams/', import.meta.url)
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))
  const blank = new TextEncoder().encode('\n\n')

  function readBytes(bytes: Uint8Array, cuts: readonly number[]) {
    const reader = openaiReader(reading)
    const frames = frameSplitter()
    const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
    const whole = places.slice(1).flatMap((end, i) => frames.push(bytes.slice(places[i], end)))
    const rest = frames.rest()
    const chunks = [...whole, ...(rest ? [concat([rest, blank])] : [])].flatMap((frame) => {
      const found = eventData(frame)
      if (!found) return []
      const data = new TextDecoder().decode(found.frame.subarray(found.start, found.end))
      return reader.read({ ...(found.isError && { event: 'error' }), data })
    })
    return { chunks, complete: reader.complete, error: reader.error, malformed: reader.malformed }
  }

  it.each(names)('says the same wherever it is cut: %s', (name) => {
    const bytes = readFileSync(new URL(name, folder))
    const uncut = readBytes(bytes, [])
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        expect(readBytes(bytes, cuts)).toEqual(uncut)
      }),
      { numRuns: 30 },
    )
  })

  it.each([
    ['tools.txt', true, false],
    ['double-finish.txt', true, false],
    ['no-done.txt', true, false],
    ['cut-short.txt', false, false],
    ['cut-in-an-event.txt', false, false],
    ['error-event.txt', false, true],
    ['error-named.txt', false, true],
    ['empty.txt', false, false],
    ['only-done.txt', false, false],
  ])('%s: whole %s, failed %s', (name, complete, failed) => {
    const end = readBytes(readFileSync(new URL(name, folder)), [])
    expect([end.complete, end.error !== undefined]).toEqual([complete, failed])
  })
})

describe('stream and whole', () => {
  const words = fc.string({ minLength: 1, maxLength: 12 })
  const cut = (text: string, at: readonly number[]) => {
    const places = [0, ...at.map((one) => one % (text.length + 1)), text.length].toSorted((a, b) => a - b)
    return places.slice(1).map((end, i) => text.slice(places[i], end))
  }

  it('say the same, wherever the vendor cuts', () => {
    fc.assert(
      fc.property(
        fc.record({
          content: words,
          reasoning: fc.option(words, { nil: undefined }),
          args: fc.array(fc.dictionary(words, words), { maxLength: 3 }),
        }),
        fc.array(fc.nat(), { maxLength: 4 }),
        ({ content, reasoning, args }, at) => {
          const calls = args.map((one, i) => ({
            id: `c${i}`,
            type: 'function',
            function: { name: `f${i}`, arguments: JSON.stringify(one) },
          }))
          const message = { content, ...(reasoning && { reasoning }), ...(calls.length > 0 && { tool_calls: calls }) }
          const events = [
            ...cut(reasoning ?? '', at).map((piece) => delta({ reasoning: piece })),
            ...cut(content, at).map((piece) => delta({ content: piece })),
            ...calls.flatMap(({ function: { name, arguments: written }, ...head }, index) => [
              call(index, { ...head, function: { name, arguments: '' } }),
              ...cut(written, at).map((piece) => call(index, { function: { arguments: piece } })),
            ]),
            delta({}, { finish_reason: 'stop' }),
          ]
          expect(read(events).whole).toEqual(openaiCompletion(answer(message), reading))
        },
      ),
    )
  })

  const call = (index: number, fields: object) => delta({ tool_calls: [{ index, ...fields }] })

  it('survive anything a vendor may send', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), fc.string())), (events) => {
        const { chunks } = read(events)
        expect(chunks.every((chunk: ChatChunk) => Array.isArray(chunk.choices))).toBe(true)
      }),
    )
  })
})
