import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { anthropicCompletion } from '../../../src/providers/anthropic-answer.ts'
import { anthropicReader } from '../../../src/providers/anthropic-reader.ts'
import { anthropicUsage } from '../../../src/providers/anthropic-usage.ts'
import type { Reading } from '../../../src/providers/translator.ts'
import { cutAt } from '../streams/through.ts'
import { answerOf, assembled, eventsOf, readAll, reading, request, streamOf } from './anthropic-world.ts'

const schema = { type: 'object', properties: { answer: { type: 'integer', minimum: 3 } } }
const wantsJson: Reading = {
  ...reading,
  request: { ...request, response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } },
}
const readingOf = (name: string) => (name === 'structured' ? wantsJson : reading)
const whole = (name: string) => anthropicCompletion(answerOf(name), readingOf(name))

const PAIRS = ['text', 'tools', 'thinking', 'search', 'refusal', 'paused', 'interleaved', 'structured', 'compacted']
const STREAMS = [...PAIRS, 'overloaded', 'malformed', 'cut']

describe('a whole answer', () => {
  it('has the vendor’s words, name and id, and the moment it was read', () => {
    expect(whole('text')).toEqual({
      id: 'msg_text',
      created: 1_700_000_000,
      model: 'claude-sonnet-4-5-20250929',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Grüße aus Zürich 🙂' }, finish_reason: 'stop' }],
      usage: { ...noUsage, inputTokens: 14, outputTokens: 9 },
      service_tier: 'default',
    })
  })

  it('has parallel calls, also one without arguments', () => {
    expect(whole('tools').choices[0]).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: 'I look it up.',
        tool_calls: [
          { id: 'toolu_01', type: 'function', function: { name: 'get_weather', arguments: '{"city":"São Paulo"}' } },
          { id: 'toolu_02', type: 'function', function: { name: 'now', arguments: '{}' } },
        ],
      },
      finish_reason: 'tool_calls',
    })
  })

  it('keeps thoughts and their signatures, also sealed ones, and says which sequence stopped it', () => {
    const { choices, usage, service_tier } = whole('thinking')
    expect(choices[0]).toMatchObject({
      message: {
        content: 'It is 12',
        reasoning_content: 'Twelve is three fours.',
        thinking_blocks: [
          { type: 'thinking', thinking: 'Twelve is three fours.', signature: 'EqQBCkgIARABGAIiQL+/x9==/+aZ' },
          { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3p+/==' },
        ],
      },
      finish_reason: 'stop',
      stop_sequence: 'END',
    })
    expect(usage).toEqual({
      ...noUsage,
      inputTokens: 10,
      cacheReadTokens: 7000,
      cacheWriteTokens: 1000,
      cacheWrite1hTokens: 2000,
      outputTokens: 12,
      reasoningTokens: 38,
    })
    expect(service_tier).toBe('priority')
  })

  it('turns citations into annotations that know their place, and keeps the vendor’s own blocks', () => {
    const { choices, usage } = whole('search')
    const message = choices[0]!.message
    expect(message.content).toBe('I search.High at noon, low at six.')
    const places = [
      {
        type: 'url_citation',
        url_citation: { url: 'https://tides.test/today', title: 'Tides', start_index: 9, end_index: 21 },
      },
      { type: 'file_citation', file_citation: { filename: 'Almanac', index: 0, start_index: 21, end_index: 34 } },
    ]
    expect(message.annotations).toMatchObject(places)
    expect(message.provider_specific_fields?.content_blocks).toEqual(answerOf('search').content)
    expect(usage).toEqual({ ...noUsage, inputTokens: 10682, outputTokens: 510, webSearches: 2 })
  })

  it.each([
    ['refusal', 'content_filter'],
    ['paused', 'stop'],
    ['interleaved', 'tool_calls'],
    ['compacted', 'length'],
    ['structured', 'stop'],
  ])('ends %s as %s', (name, finish) => {
    expect(whole(name).choices[0]?.finish_reason).toBe(finish)
  })

  it.each([
    ['end_turn', 'stop', 'tool_calls'],
    ['stop_sequence', 'stop', 'tool_calls'],
    ['pause_turn', 'stop', 'tool_calls'],
    ['tool_use', 'stop', 'tool_calls'],
    ['max_tokens', 'length', 'length'],
    ['model_context_window_exceeded', 'length', 'length'],
    ['refusal', 'content_filter', 'content_filter'],
    ['a_new_reason', 'stop', 'tool_calls'],
    [null, 'stop', 'tool_calls'],
  ])('reads %s without and with a call', (stop_reason, alone, withCall) => {
    const ends = (content: unknown[]) =>
      anthropicCompletion({ content, stop_reason }, reading).choices[0]?.finish_reason
    expect(ends([{ type: 'text', text: 'a' }])).toBe(alone)
    expect(ends([{ type: 'tool_use', id: 'a', name: 'f', input: {} }])).toBe(withCall)
  })

  it('explains a refusal where the vendor does', () => {
    expect(whole('refusal').choices[0]?.message).toMatchObject({ content: 'Well', refusal: 'I cannot help with that.' })
  })

  it('gives the input of the answer tool as content, unless the caller has such a tool', () => {
    expect(whole('structured').choices[0]?.message).toEqual({ role: 'assistant', content: '{"answer":42}' })
    const tools = [{ type: 'function', function: { name: 'json_tool_call' } }]
    const own = { ...wantsJson, request: { ...wantsJson.request, tools } }
    expect(anthropicCompletion(answerOf('structured'), own).choices[0]?.message.tool_calls).toHaveLength(1)
  })

  it('bills compaction, which the totals leave out', () => {
    expect(whole('compacted').usage).toEqual({ ...noUsage, inputTokens: 1033, outputTokens: 220 })
  })

  it.each([
    [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'upstream_failed', 529],
    [{ type: 'message' }, 'upstream_failed', 502],
    [null, 'upstream_failed', 502],
    ['text', 'upstream_failed', 502],
  ])('refuses %j', (body, kind, status) => {
    try {
      anthropicCompletion(body, reading)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError)
      expect(error).toMatchObject({ kind, status })
    }
  })
})

describe('a stream', () => {
  it.each(PAIRS)('of %s agrees with the whole answer', (name) => {
    const reader = anthropicReader(readingOf(name))
    const streamed = assembled(readAll(reader, [streamOf(name)]))
    const answer = whole(name)
    const { provider_specific_fields: aside, ...message } = answer.choices[0]!.message
    const { content_blocks: _, ...kept } = { ...aside }
    expect(streamed.message).toEqual({
      ...message,
      ...(Object.keys(kept).length > 0 && { provider_specific_fields: kept }),
    })
    const { choices, ...rest } = answer
    const { finish_reason, stop_sequence } = choices[0]!
    expect(streamed.rest).toEqual({ ...rest, finish_reason, ...(stop_sequence !== undefined && { stop_sequence }) })
    expect([reader.complete, reader.error, reader.malformed]).toEqual([true, undefined, 0])
  })

  it('begins with the role and what went in, and says no word twice', () => {
    const chunks = readAll(anthropicReader(reading), [streamOf('text')])
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'Grüße ' },
      { content: 'aus ' },
      { content: 'Zürich 🙂' },
      {},
    ])
    expect(chunks[0]?.usage).toMatchObject({ inputTokens: 14, outputTokens: 1 })
  })

  it('gives the vendor’s own blocks when they are whole', () => {
    const chunks = readAll(anthropicReader(reading), [streamOf('search')])
    const blocks = chunks.flatMap(({ choices }) => choices[0]?.delta.provider_specific_fields?.content_blocks ?? [])
    const content = answerOf('search').content
    expect(blocks).toEqual(Array.isArray(content) ? content.slice(1, 3) : [])
  })

  it('is the same however it is cut', () => {
    for (const name of STREAMS) {
      const bytes = streamOf(name)
      const expected = readAll(anthropicReader(readingOf(name)), [bytes])
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 12 }), (offsets) => {
          expect(readAll(anthropicReader(readingOf(name)), cutAt(bytes, offsets))).toEqual(expected)
        }),
        { numRuns: 20 },
      )
    }
  })

  it('that fails says so, and is not whole', () => {
    const reader = anthropicReader(reading)
    expect(assembled(readAll(reader, [streamOf('overloaded')])).message.content).toBe('Half an')
    expect([reader.complete, reader.error]).toEqual([false, 'Overloaded'])
  })

  it('that is cut is not whole, wherever it is cut before its end', () => {
    for (const name of ['text', 'tools', 'thinking', 'search']) {
      const events = eventsOf([streamOf(name)])
      const last = events.findIndex(({ event }) => event === 'message_delta')
      for (let count = 0; count <= last; count++) {
        const reader = anthropicReader(reading)
        for (const event of events.slice(0, count)) reader.read(event)
        expect(reader.complete).toBe(false)
      }
    }
  })

  it('counts a malformed event, ignores what it does not know, and delivers the rest', () => {
    const reader = anthropicReader(reading)
    expect(assembled(readAll(reader, [streamOf('malformed')])).message.content).toBe('Good day')
    expect([reader.complete, reader.malformed]).toEqual([true, 1])
  })

  it('delivers words whose beginning was lost, and counts what cannot be understood without it', () => {
    const reader = anthropicReader(reading)
    const delta = (said: object) => ({ data: JSON.stringify({ type: 'content_block_delta', index: 3, delta: said }) })
    const words = [delta({ type: 'text_delta', text: 'a' }), delta({ type: 'text_delta', text: 'b' })]
    expect(assembled(words.flatMap((event) => reader.read(event))).message.content).toBe('ab')
    const lost = anthropicReader(reading)
    expect(lost.read(delta({ type: 'input_json_delta', partial_json: '{' }))).toEqual([])
    expect([reader.malformed, lost.malformed]).toEqual([0, 1])
  })

  it('says totals, which never shrink though its end leaves them out or writes nothing', () => {
    const start = {
      type: 'message_start',
      message: { usage: { input_tokens: 9, cache_read_input_tokens: 5, output_tokens: 1 } },
    }
    const usage = { input_tokens: 0, cache_read_input_tokens: null, output_tokens: 4 }
    const end = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage }
    const reader = anthropicReader(reading)
    const chunks = [start, end].flatMap((event) => reader.read({ data: JSON.stringify(event) }))
    expect(chunks.at(-1)?.usage).toEqual({ ...noUsage, inputTokens: 9, cacheReadTokens: 5, outputTokens: 4 })
  })

  it('that finishes twice is finished once', () => {
    const reader = anthropicReader(reading)
    const finish = {
      event: 'message_delta',
      data: '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}',
    }
    const finishes = [...reader.read(finish), ...reader.read(finish)].filter(({ choices }) => choices[0]?.finish_reason)
    expect(finishes).toHaveLength(1)
  })

  it('never throws, whatever the events say', () => {
    const type = fc.constantFrom(
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
      'error',
      'other',
    )
    const block = fc.oneof(
      fc.jsonValue(),
      fc.record({
        type: fc.constantFrom(
          'text',
          'thinking',
          'redacted_thinking',
          'tool_use',
          'server_tool_use',
          'text_delta',
          'thinking_delta',
          'signature_delta',
          'citations_delta',
          'input_json_delta',
        ),
        text: fc.jsonValue(),
        thinking: fc.jsonValue(),
        signature: fc.jsonValue(),
        partial_json: fc.jsonValue(),
        input: fc.jsonValue(),
        citations: fc.jsonValue(),
        citation: fc.jsonValue(),
      }),
    )
    const event = fc.record({
      type,
      index: fc.nat(2),
      delta: block,
      content_block: block,
      message: fc.jsonValue(),
      usage: fc.jsonValue(),
    })
    fc.assert(
      fc.property(fc.array(fc.oneof(event, fc.jsonValue())), (events) => {
        const reader = anthropicReader(reading)
        for (const one of events) reader.read({ data: JSON.stringify(one) })
      }),
    )
  })
})

describe('usage', () => {
  it('is read where it stands: an answer, the start of a stream, its end', () => {
    expect(anthropicUsage(answerOf('text'))).toMatchObject({ inputTokens: 14, outputTokens: 9 })
    const [start] = eventsOf([streamOf('text')])
    expect(anthropicUsage(JSON.parse(start!.data))).toMatchObject({ inputTokens: 14, outputTokens: 1 })
    expect(anthropicUsage({ type: 'message_delta', usage: { output_tokens: 9 } })).toMatchObject({ outputTokens: 9 })
    for (const silent of [null, {}, { usage: null }, { usage: {} }, { usage: { input_tokens: 'x' } }])
      expect(anthropicUsage(silent)).toBeUndefined()
  })

  it('takes cache writes for five minutes where nobody says how long', () => {
    expect(anthropicUsage({ usage: { input_tokens: 1, cache_creation_input_tokens: 50 } })).toMatchObject({
      cacheWriteTokens: 50,
      cacheWrite1hTokens: 0,
    })
  })
})
