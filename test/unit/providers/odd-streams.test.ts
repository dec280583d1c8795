import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { anthropicReader } from '../../../src/providers/anthropic-reader.ts'
import { geminiReader } from '../../../src/providers/gemini-reader.ts'
import { openaiReader } from '../../../src/providers/openai-reader.ts'
import type { ChunkReader, Reading } from '../../../src/providers/translator.ts'
import { sseSplitter } from '../../../src/streams/sse.ts'
import { folded } from '../dialects/folded.ts'

const request: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }
const reading: Reading = { id: 'ours', createdSeconds: 7, request }

/** A stream of these data lines, cut at these places, in these line ends: what a client understands of it. */
function understood(
  reader: ChunkReader,
  events: readonly string[],
  { end = '\n', cuts = [] as readonly number[] } = {},
) {
  const bytes = new TextEncoder().encode(
    events.map((data) => `: keep-alive${end}${end}data: ${data}${end}${end}`).join(''),
  )
  const splitter = sseSplitter()
  const places = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length]
  const framed = places.slice(1).flatMap((to, at) => splitter.push(bytes.subarray(places[at], to)))
  const chunks = [...framed, ...splitter.end()].flatMap((event) => reader.read(event))
  const ends = chunks.flatMap(({ choices }) => choices.filter(({ finish_reason }) => finish_reason))
  return {
    ...folded(chunks),
    ends: ends.length,
    complete: reader.complete,
    error: reader.error,
    malformed: reader.malformed,
  }
}

const openai = (delta: object | null, choice: object = {}, rest: object = {}) =>
  JSON.stringify({
    id: 'c',
    created: 1,
    model: 'v',
    choices: [{ index: 0, delta, finish_reason: null, ...choice }],
    ...rest,
  })
const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }

describe("odd streams of OpenAI's kind", () => {
  const read = (...events: string[]) => understood(openaiReader(reading), events)

  it.each([[''], [null], [undefined]])(
    'a call ends as one, also where the reason is %j until [DONE]',
    (finish_reason) => {
      const { choices, ends, complete } = read(
        openai({ tool_calls: [call] }),
        openai({}, { finish_reason }),
        openai(null, {}, { usage: null }),
        '[DONE]',
      )
      expect([choices[0]?.finish_reason, ends, complete]).toEqual(['tool_calls', 1, true])
    },
  )

  it.each(['eos', 'end_turn', 'stop', 'EOS'])('%s ends a text and a call', (finish_reason) => {
    expect(read(openai({ content: 'a' }), openai({}, { finish_reason })).choices[0]?.finish_reason).toBe('stop')
    expect(read(openai({ tool_calls: [call] }), openai({}, { finish_reason })).choices[0]?.finish_reason).toBe(
      'tool_calls',
    )
  })

  it('says once how it ended, whatever is repeated, and takes usage behind the end', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
    const whole = read(
      openai({ content: 'a' }, { finish_reason: 'stop' }),
      openai({}, { finish_reason: 'stop' }),
      JSON.stringify({ id: 'c', choices: [], usage }),
      '[DONE]',
      '[DONE]',
    )
    expect([whole.ends, whole.complete, whole.usage?.inputTokens]).toEqual([1, true, 3])
  })

  it.each([
    ['reasoning', { reasoning: 'so' }],
    ['reasoning_content', { reasoning_content: 'so' }],
    ['thinking', { thinking: 'so' }],
  ])('thoughts are read under the name %s', (_, delta) => {
    expect(read(openai(delta), openai({}, { finish_reason: 'stop' })).choices[0]?.message.reasoning_content).toBe('so')
  })

  it('calls are read without ids, without places, alone, and with arguments as objects', () => {
    const bare = (name: string, args: unknown) => ({ function: { name, arguments: args } })
    const whole = read(
      openai({ tool_calls: [bare('f', '{"a":')] }),
      openai({ tool_calls: [{ function: { arguments: '1}' } }] }),
      openai({ tool_calls: bare('g', { b: 2 }) }),
      openai({}, { finish_reason: 'stop' }),
    )
    const calls = whole.choices[0]?.message.tool_calls ?? []
    expect(calls.map(({ function: written }) => written)).toEqual([
      { name: 'f', arguments: '{"a":1}' },
      { name: 'g', arguments: '{"b":2}' },
    ])
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls')
  })

  it('what nobody can read is counted, and the rest is delivered', () => {
    const whole = read(
      openai({ content: 'a' }),
      '{broken',
      'null',
      JSON.stringify({ type: 'ping' }),
      openai({ content: 'b' }, { finish_reason: 'stop' }),
    )
    expect([whole.choices[0]?.message.content, whole.malformed, whole.complete]).toEqual(['ab', 2, true])
  })

  it('an error behind the beginning is an error, and nothing after it counts', () => {
    const whole = read(
      openai({ content: 'a' }),
      JSON.stringify({ error: { message: 'Overloaded' } }),
      openai({ content: 'b' }, { finish_reason: 'stop' }),
    )
    expect([whole.error, whole.complete]).toEqual([expect.stringContaining('Overloaded'), false])
  })
})

describe("odd streams of Anthropic's", () => {
  const start = {
    type: 'message_start',
    message: { id: 'msg_1', model: 'v', content: [], usage: { input_tokens: 3, output_tokens: 1 } },
  }
  const tool = {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
  }
  const read = (...events: object[]) =>
    understood(
      anthropicReader(reading),
      events.map((event) => JSON.stringify(event)),
    )

  it.each([
    [{ type: 'message_delta', delta: { stop_reason: null }, usage: null }],
    [{ type: 'brand_new_event', x: 1 }],
  ])('a call without a reason for its end ends as one: %j', (odd) => {
    const { choices, ends, complete } = read(start, tool, odd, { type: 'message_stop' })
    expect([choices[0]?.finish_reason, ends, complete]).toEqual(['tool_calls', 1, true])
    expect(choices[0]?.message.tool_calls?.[0]?.function).toEqual({ name: 'f', arguments: '{}' })
  })

  it('a call that ends as a turn is one', () => {
    const ended = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } }
    const { choices, ends } = read(start, tool, { type: 'content_block_stop', index: 0 }, ended, ended, {
      type: 'message_stop',
    })
    expect([choices[0]?.finish_reason, ends]).toEqual(['tool_calls', 1])
  })
})

describe('any cut of any stream, in any line ends', () => {
  const thought = { reasoning_content: 'überlegt 🤔' }
  const streams: readonly (readonly [string, () => ChunkReader, readonly string[]])[] = [
    [
      'openai',
      () => openaiReader(reading),
      [
        openai(thought),
        openai({ content: 'Grüße 🚀' }),
        openai({ tool_calls: [call] }),
        openai({}, { finish_reason: 'stop' }),
        '[DONE]',
      ],
    ],
    [
      'gemini',
      () => geminiReader(reading),
      [
        JSON.stringify({ candidates: [{ content: { parts: [{ text: 'Grüße 🚀' }] } }] }),
        JSON.stringify({
          candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] }, finishReason: 'STOP' }],
          usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
        }),
      ],
    ],
  ]

  it.each(streams)('%s says the same', (_, reader, events) => {
    const whole = understood(reader(), events)
    expect([whole.complete, whole.choices[0]?.finish_reason]).toEqual([true, 'tool_calls'])
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.constantFrom('\n', '\r\n', '\r'), (cuts, end) => {
        expect(understood(reader(), events, { cuts, end })).toEqual(whole)
      }),
    )
  })
})
