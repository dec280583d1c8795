import { EventStreamCodec } from '@smithy/eventstream-codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatRequest } from '../../../src/dialects/chat.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import type { Reading } from '../../../src/providers/translator.ts'
import { awsEventSplitter } from '../../../src/streams/aws-event-stream.ts'
import cases from '../../fixtures/bedrock/errors.json' with { type: 'json' }
import streams from '../../fixtures/bedrock/streams.json' with { type: 'json' }
import { folded } from '../dialects/folded.ts'
import { cutAt } from '../streams/through.ts'

const request: ChatRequest = { model: 'claude', messages: [{ role: 'user', content: 'Hi' }] }
const reading: Reading = { id: 'chatcmpl-1', createdSeconds: 1_700_000_000, request }

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => new TextEncoder().encode(text),
)
function encoded(events: readonly (readonly [string, unknown])[]): Uint8Array {
  return new Uint8Array(
    events.flatMap(([name, payload]) => {
      const kind = name.endsWith('Exception') ? 'exception' : 'event'
      const headers = {
        ':message-type': { type: 'string' as const, value: kind },
        [`:${kind}-type`]: { type: 'string' as const, value: name },
      }
      return [...codec.encode({ headers, body: new TextEncoder().encode(JSON.stringify(payload)) })]
    }),
  )
}
function read(pieces: readonly Uint8Array[], as: Reading = reading) {
  const splitter = awsEventSplitter()
  const reader = bedrock.reader(as)
  const chunks: ChatChunk[] = pieces
    .flatMap((piece) => splitter.push(piece))
    .flatMap((event) => [...reader.read(event)])
  splitter.end()
  return { chunks, reader, broken: splitter.broken }
}
const fixtures = streams.map((stream) => ({ ...stream, events: stream.events as unknown as [string, unknown][] }))

describe('an answer of Converse', () => {
  it.each(fixtures)('reads $name, whole', ({ whole, message, finish, usage, ...more }) => {
    expect(bedrock.completion(whole, reading)).toEqual({
      id: 'chatcmpl-1',
      created: 1_700_000_000,
      model: 'claude',
      choices: [
        {
          index: 0,
          message,
          finish_reason: finish,
          ...('stop_sequence' in more && { stop_sequence: more.stop_sequence }),
        },
      ],
      usage: { ...noUsage, ...usage, ...('tier' in more && { serviceTier: more.tier }) },
      ...('tier' in more && { service_tier: more.tier }),
    })
  })

  it.each(fixtures)('reads $name the same from a stream, wherever it was cut', ({ events, whole }) => {
    const bytes = encoded(events)
    const { chunks } = read([bytes])
    expect(folded(chunks)).toEqual(bedrock.completion(whole, reading))
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { maxLength: 20 }), (cuts) => {
        const cut = read(cutAt(bytes, cuts))
        expect(cut.chunks).toEqual(chunks)
        expect([cut.reader.complete, cut.reader.error, cut.reader.malformed]).toEqual([true, undefined, 0])
      }),
      { numRuns: 30 },
    )
  })

  it("gives a caller's own tool of the answer tool's name to the caller", () => {
    const tools = [{ type: 'function', function: { name: 'json_tool_call' } }]
    const own = { ...reading, request: { ...request, tools } }
    const { whole } = fixtures.at(-1)!
    expect(bedrock.completion(whole, own).choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { arguments: '{"a":1}' } }] },
    })
  })

  it.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['content_filtered', 'content_filter'],
    ['something_new', 'stop'],
  ])('calls %s %s', (stopReason, finish) => {
    const whole = { output: { message: { role: 'assistant', content: [{ text: 'x' }] } }, stopReason }
    expect(bedrock.completion(whole, reading).choices[0]?.finish_reason).toBe(finish)
  })

  it('ends a turn with a call as a call, whatever the vendor says', () => {
    const content = [{ toolUse: { toolUseId: 't', name: 'f', input: {} } }]
    const whole = { output: { message: { role: 'assistant', content } }, stopReason: 'end_turn' }
    expect(bedrock.completion(whole, reading).choices[0]?.finish_reason).toBe('tool_calls')
  })

  it('takes no malformed output and no foreign body for an answer', () => {
    const whole = { output: { message: { role: 'assistant', content: [] } }, stopReason: 'malformed_tool_use' }
    expect(() => bedrock.completion(whole, reading)).toThrow(/could not read/)
    for (const strange of [null, [], 'x', {}, { Output: { __type: 'UnknownOperationException' } }])
      expect(() => bedrock.completion(strange, reading)).toThrow(/not an answer of Converse/)
  })
})

describe('a stream that goes wrong', () => {
  const start: [string, unknown][] = [
    ['messageStart', { role: 'assistant' }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Half' } }],
  ]

  it.each([
    ['throttlingException', { message: 'Slow down.' }, 'throttlingException: Slow down.'],
    ['modelStreamErrorException', { message: 'Broke.', originalStatusCode: 500 }, 'modelStreamErrorException: Broke.'],
    ['validationException', { message: 'Input is too long.' }, 'validationException: Input is too long.'],
    ['internalServerException', {}, /^internalServerException: .* without an explanation/],
  ])('tells %s, and is not complete', (name, payload, words) => {
    const { chunks, reader } = read([encoded([...start, [name, payload], ['messageStop', { stopReason: 'end_turn' }]])])
    expect(reader.error).toMatch(words)
    expect(reader.complete).toBe(false)
    expect(folded(chunks).choices[0]?.message.content).toBe('Half')
  })

  it('is not complete when it just ends, or when a frame is damaged', () => {
    expect(read([encoded(start)]).reader.complete).toBe(false)
    const bytes = encoded([...start, ['messageStop', { stopReason: 'end_turn' }]])
    bytes[bytes.length - 20]! ^= 1
    const damaged = read([bytes])
    expect([damaged.reader.complete, damaged.broken]).toEqual([false, 'a frame of its event stream is damaged'])
  })

  it('ends a malformed output as a failure', () => {
    const { reader } = read([encoded([...start, ['messageStop', { stopReason: 'malformed_model_output' }]])])
    expect([reader.complete, reader.error]).toEqual([false, expect.stringMatching(/could not read/)])
  })

  it('counts what it cannot read and goes on; words it does not know mean nothing', () => {
    const reader = bedrock.reader(reading)
    reader.read({ event: 'contentBlockDelta', data: '{"delta":' })
    reader.read({ event: 'contentBlockDelta', data: '7' })
    expect(reader.read({ event: 'somethingNew', data: '{}' })).toEqual([])
    expect(reader.malformed).toBe(2)
    expect(reader.read({ event: 'contentBlockDelta', data: '{"delta":{"text":"x"}}' })).toHaveLength(1)
  })

  it('throws at nothing', () => {
    const names = [
      'messageStart',
      'contentBlockStart',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]
    const event = fc.record({ event: fc.constantFrom(...names), data: fc.json() })
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const reader = bedrock.reader(reading)
        for (const one of events) reader.read(one)
      }),
    )
  })
})

describe('failure', () => {
  it.each(
    cases as { name: string; status: number; headers?: Record<string, string>; body: string; failure: unknown }[],
  )('reads $name', ({ status, headers, body, failure }) => {
    expect(bedrock.failure(status, new Headers(headers), body)).toEqual(failure)
  })
})
