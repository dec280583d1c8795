import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { azure } from '../../../src/providers/azure.ts'
import { azureAi } from '../../../src/providers/azure-ai.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import { openaiResponses } from '../../../src/providers/openai-responses.ts'
import type { Vendor, VendorEvent } from '../../../src/providers/translator.ts'
import { vertexAnthropic, vertexGemini } from '../../../src/providers/vertex.ts'
import { folded } from '../dialects/folded.ts'
import '../../support/seed.ts'

const reading = { id: 'ours', createdSeconds: 7, request: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] } }
const named = (event: string, body: object): VendorEvent => ({ event, data: JSON.stringify(body) })
const typed = (body: { readonly type: string }): VendorEvent => named(body.type, body)
const bare = (body: object): VendorEvent => ({ data: JSON.stringify(body) })

const item = {
  type: 'message',
  id: 'i',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
}
const chunk = (delta: object | null, finish_reason: string | null = null) =>
  bare({ id: 'c', created: 7, model: 'x', choices: [{ index: 0, delta, finish_reason }] })
const openais = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'Hel' }),
  chunk({ content: 'lo' }),
  chunk({}, 'stop'),
  bare({
    id: 'c',
    created: 7,
    model: 'x',
    choices: [],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  }),
]

interface Stream {
  readonly vendor: Vendor
  readonly events: readonly VendorEvent[]
  /** What means nothing, or nothing yet. */
  readonly odd: readonly VendorEvent[]
}

const keepAlives = [
  { data: '' },
  { data: ' ' },
  named('keepalive', { type: 'keepalive' }),
  named('ping', { type: 'ping' }),
]
const azures = [
  bare({
    id: '',
    created: 0,
    model: '',
    object: '',
    choices: [],
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: null }],
  }),
  bare({
    id: 'c',
    choices: [
      { index: 0, finish_reason: null, content_filter_results: {}, content_filter_offsets: { check_offset: 1 } },
    ],
  }),
  bare({ id: 'c', created: 7, model: 'x', choices: null, usage: null }),
  bare({
    id: 'c',
    created: 7,
    model: 'x',
    choices: [{ index: 0, delta: null, finish_reason: null, logprobs: null }],
    error: null,
  }),
]

const streams: Readonly<Record<string, Stream>> = {
  azure: { vendor: azure, events: openais, odd: [...keepAlives, ...azures] },
  azure_ai: { vendor: azureAi, events: openais, odd: [...keepAlives, ...azures] },
  bedrock: {
    vendor: bedrock,
    events: [
      named('messageStart', { role: 'assistant', p: 'abc' }),
      named('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hel' } }),
      named('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'lo' } }),
      named('contentBlockStop', { contentBlockIndex: 0 }),
      named('messageStop', { stopReason: 'end_turn', additionalModelResponseFields: null }),
      named('metadata', {
        usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
        metrics: { latencyMs: 1 },
        trace: null,
      }),
    ],
    odd: [
      named('initial-response', {}),
      named('somethingNew', { of: 'tomorrow', message: null }),
      named('contentBlockDelta', { contentBlockIndex: 9, delta: null }),
      named('contentBlockDelta', { contentBlockIndex: 9, delta: { SDK_UNKNOWN_MEMBER: { name: 'x' } } }),
      named('contentBlockStop', { contentBlockIndex: 9 }),
      named('metadata', { usage: null, metrics: null }),
      named('metadata', {}),
      { data: '' },
      { data: '{"p":"abc"}' },
    ],
  },
  vertex_gemini: {
    vendor: vertexGemini,
    events: [
      bare({ candidates: [{ content: { role: 'model', parts: [{ text: 'Hel' }] } }], responseId: 'r' }),
      bare({ candidates: [{ content: { role: 'model', parts: [{ text: 'lo' }] } }], responseId: 'r' }),
      bare({
        candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
        responseId: 'r',
      }),
    ],
    odd: [
      { data: '' },
      bare({ candidates: [{ content: { role: 'model' } }], responseId: 'r' }),
      bare({
        candidates: [{ content: { role: 'model', parts: [] }, safetyRatings: null }],
        usageMetadata: null,
        responseId: 'r',
      }),
      bare({ candidates: null, usageMetadata: { trafficType: 'ON_DEMAND' }, responseId: 'r' }),
      bare({ somethingNew: { of: 'tomorrow' }, responseId: 'r' }),
    ],
  },
  vertex_claude: {
    vendor: vertexAnthropic,
    events: [
      typed({
        type: 'message_start',
        message: { id: 'm', role: 'assistant', content: [], model: 'x', usage: { input_tokens: 3, output_tokens: 1 } },
      } as never),
      typed({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never),
      typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } } as never),
      typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } } as never),
      typed({ type: 'content_block_stop', index: 0 } as never),
      typed({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } } as never),
      typed({ type: 'message_stop' }),
    ],
    odd: [
      ...keepAlives,
      named('vertex_event', { type: 'vertex_event', foo: null }),
      named('content_block_delta', { type: 'content_block_delta', index: 9, delta: { type: 'new_delta' } }),
    ],
  },
  responses: {
    vendor: openaiResponses,
    events: [
      typed({
        type: 'response.created',
        response: { id: 'r', created_at: 7, model: 'x', status: 'in_progress', output: [] },
      } as never),
      typed({ type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } } as never),
      typed({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hel' } as never),
      typed({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'lo' } as never),
      typed({ type: 'response.output_item.done', output_index: 0, item } as never),
      typed({
        type: 'response.completed',
        response: {
          id: 'r',
          status: 'completed',
          output: [item],
          usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
        },
      } as never),
    ],
    odd: [
      ...keepAlives,
      named('response.something.new', { type: 'response.something.new', response: null, error: null }),
      named('response.in_progress', { type: 'response.in_progress', response: { id: 'r', usage: null, error: null } }),
      named('response.output_text.delta', {
        type: 'response.output_text.delta',
        output_index: 0,
        content_index: 0,
        delta: null,
      }),
      named('response.output_text.annotation.added', {
        type: 'response.output_text.annotation.added',
        output_index: 0,
        content_index: 0,
        annotation: null,
      }),
      { data: '{"type":"keepalive","sequence_number":3}' },
    ],
  },
}

describe.each(Object.entries(streams))('%s', (_, { vendor, events, odd }) => {
  const read = (given: readonly VendorEvent[]) => {
    const reader = vendor.reader(reading)
    const chunks = given.flatMap((event) => reader.read(event))
    return { reader, answer: folded(chunks) }
  }
  const said = (given: readonly VendorEvent[]) => {
    const { reader, answer } = read(given)
    const [choice] = answer.choices
    return [
      choice?.message.content,
      choice?.finish_reason,
      answer.usage?.inputTokens,
      answer.usage?.outputTokens,
      reader.complete,
      reader.error,
    ]
  }

  it('says what it says', () => {
    expect(said(events)).toEqual(['Hello', 'stop', 3, 2, true, undefined])
  })

  it('says the same with events between that nobody knows, empty ones and nulls', () => {
    const inserted = fc.array(fc.tuple(fc.nat({ max: events.length - 1 }), fc.constantFrom(...odd)), { maxLength: 6 })
    fc.assert(
      fc.property(inserted, (extra) => {
        const mixed = events.flatMap((event, at) => [
          ...extra.filter(([place]) => place === at).map(([, one]) => one),
          event,
        ])
        expect(said(mixed)).toEqual(['Hello', 'stop', 3, 2, true, undefined])
      }),
    )
  })

  it('never throws, whatever comes', () => {
    const names = [undefined, ...events.map(({ event }) => event), 'x']
    const any = fc.record({ event: fc.constantFrom(...names), data: fc.oneof(fc.string(), fc.json()) })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), (given) => {
        read(given.map(({ event, data }) => ({ ...(event !== undefined && { event }), data })))
      }),
    )
  })
})

describe('a frame of Bedrock that has lost its name', () => {
  it('is an error when it says so, and else is left out', () => {
    const reader = bedrock.reader(reading)
    reader.read({ data: '{"p":"abc"}' })
    expect([reader.error, reader.malformed]).toEqual([undefined, 1])
    reader.read({ data: '{"message":"Too many requests"}' })
    expect(reader.error).toContain('Too many requests')
  })
})
