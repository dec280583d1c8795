import { JsonMetricsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import { expect, it } from 'vitest'
import { otel } from '../../../src/observe/otel.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const occasion = { nowMs: 0, id: 'd', version: 'v1', fetch }
const settings = { endpoint: 'https://otel.test/', headers: 'x-key=a%20b,y=2', service: 'gate', environment: 'test' }
const event = spendEventOf({
  id: '0192f0c0-0000-7000-8000-0000000000ab',
  request_id: '0192f0c0-0000-7000-8000-0000000000cd',
  cost_nano: '2500',
  input_cost_nano: '1500',
  first_token_ms: Date.UTC(2026, 10, 22, 12) + 300,
  stream: true,
  request_tags: ['a'],
})
const said = async (...events: (typeof event)[]) => {
  const [traces, metrics] = await otel.posts(events, settings, occasion)
  return {
    traces: traces!,
    metrics: metrics!,
    spans: JSON.parse(String(traces!.body)).resourceSpans[0].scopeSpans[0].spans,
  }
}
const decode = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes))

/** Paths of fields with the kind of value there; 64-bit numbers may be numbers or decimal texts, as OTLP has it. */
function shape(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => shape(one, `${path}[]`)))]
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => (/Value$/.test(key) ? [] : shape(inner, `${path}.${key}`)))
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
  return [`${path}: ${isNumber ? 'number' : typeof value}`]
}

it('writes spans with no field that the official serializer does not have', async () => {
  const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
  const official = decode(
    JsonTraceSerializer.serializeRequest([
      {
        name: 'chat',
        kind: 2,
        spanContext: () => context,
        parentSpanContext: { ...context, spanId: 'c'.repeat(16) },
        startTime: [1, 5],
        endTime: [2, 5],
        duration: [1, 0],
        ended: true,
        status: { code: 2, message: 'no' },
        attributes: { a: 'b' },
        links: [],
        events: [{ name: 'first', time: [1, 7], attributes: {} }],
        resource: { attributes: { 'service.name': 'x' }, merge: (one: unknown) => one, getRawAttributes: () => [] },
        instrumentationScope: { name: 's', version: 'v1' },
        droppedAttributesCount: 0,
        droppedEventsCount: 0,
        droppedLinksCount: 0,
      } as unknown as Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number],
    ]),
  )
  const parent = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
  const { traces } = await said({ ...event, ...parent, status: 'failure', error_message: 'no', error_type: 'x' })
  const known = shape(official)
  expect(shape(JSON.parse(String(traces.body))).filter((field) => !known.includes(field))).toEqual([])
})

it('writes histograms with no field that the official serializer does not have', async () => {
  const official = decode(
    JsonMetricsSerializer.serializeRequest({
      resource: { attributes: { 'service.name': 'x' }, merge: (one: unknown) => one, getRawAttributes: () => [] },
      scopeMetrics: [
        {
          scope: { name: 's', version: 'v1' },
          metrics: [
            {
              descriptor: { name: 'm', description: '', unit: 's', valueType: 1, type: 'HISTOGRAM', advice: {} },
              aggregationTemporality: 0,
              dataPointType: 0,
              dataPoints: [
                {
                  startTime: [1, 0],
                  endTime: [2, 0],
                  attributes: { a: 'b' },
                  value: { count: 1, sum: 2, min: 2, max: 2, buckets: { boundaries: [1, 3], counts: [0, 1, 0] } },
                },
              ],
            },
          ],
        },
      ],
    } as unknown as Parameters<typeof JsonMetricsSerializer.serializeRequest>[0]),
  )
  const { metrics } = await said(event)
  const known = shape(official)
  expect(shape(JSON.parse(String(metrics.body))).filter((field) => !known.includes(field))).toEqual([])
})

it("hangs an attempt below the caller's span, and gives the attempts of a request one trace", async () => {
  const { spans } = await said(event, { ...event, id: '0192f0c0-0000-7000-8000-0000000000ac' })
  expect(spans.map(({ traceId }: { traceId: string }) => traceId)).toEqual(
    Array(2).fill('0192f0c0000070008000' + '0000000000cd'),
  )
  expect(spans[0].spanId).toBe('80000000000000ab')
  expect(spans[0]).not.toHaveProperty('parentSpanId')
})

it('speaks the GenAI conventions', async () => {
  const { spans, traces } = await said(event)
  const values = Object.fromEntries(
    spans[0].attributes.map(({ key, value }: { key: string; value: object }) => [key, Object.values(value)[0]]),
  )
  expect(values).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'fast',
    'gen_ai.response.model': 'gpt-4o-mini',
    'gen_ai.usage.input_tokens': '10',
    'gen_ai.usage.output_tokens': '5',
    'gen_ai.cost.total_cost': 0.0000025,
  })
  expect(spans[0]).toMatchObject({ name: 'chat gpt-4o-mini', kind: 3, startTimeUnixNano: '1795348800000000000' })
  expect(traces.url).toBe('https://otel.test/v1/traces')
  expect(traces.headers).toMatchObject({ 'x-key': 'a b', y: '2' })
})

/** https://github.com/open-telemetry/semantic-conventions-genai, its registry and metrics, as far as attempts can tell. */
const CONVENTIONS = {
  string: ['operation.name', 'provider.name', 'request.model', 'response.model', 'response.id', 'conversation.id'],
  int: ['input_tokens', 'output_tokens']
    .map((of) => `usage.${of}`)
    .concat('usage.cache_read.input_tokens', 'usage.cache_creation.input_tokens', 'usage.reasoning.output_tokens')
    .concat('usage.audio.input_tokens', 'usage.audio.output_tokens', 'usage.image.input_tokens'),
  bool: ['request.stream'],
  double: ['response.time_to_first_chunk'],
}
/** LiteLLM's, which are in no convention, or no longer. */
const LITELLM = {
  string: ['system'],
  int: ['usage.total_tokens'],
  bool: [],
  double: ['cost.total_cost', 'cost.input_cost'],
}
const METRICS = ['gen_ai.client.operation.duration', 'gen_ai.client.token.usage']
const STREAM_METRICS = ['gen_ai.client.operation.time_to_first_chunk']
const LITELLM_METRICS = ['token.cost', 'response.time_to_first_token', 'response.time_per_output_token'].map(
  (name) => `gen_ai.client.${name}`,
)

it('has no name of the conventions that they do not have, each with its type, and all that it can tell', async () => {
  const usage = { ...event.usage, cacheReadTokens: 1, cacheWriteTokens: 2, reasoningTokens: 3, inputImageTokens: 4 }
  const audible = { ...usage, inputAudioTokens: 5, outputAudioTokens: 6 }
  const { spans, metrics } = await said({ ...event, cost_nano: '0', session_id: 's', usage: audible })
  const told = spans[0].attributes.flatMap(({ key, value }: { key: string; value: object }) =>
    key.startsWith('gen_ai.') ? [`${key} ${Object.keys(value)[0]}`] : [],
  )
  const known = Object.entries(CONVENTIONS).flatMap(([type, names]) =>
    [...names, ...LITELLM[type as keyof typeof LITELLM]].map((name) => `gen_ai.${name} ${type}Value`),
  )
  expect(told.sort()).toEqual(known.sort())
  const [{ metrics: all }] = JSON.parse(String(metrics.body)).resourceMetrics[0].scopeMetrics
  const names = all.map(({ name }: { name: string }) => name).sort()
  expect(names).toEqual([...METRICS, ...STREAM_METRICS, ...LITELLM_METRICS].sort())
  // Where it was asked has a port, as the conventions want beside an address.
  const [point] = all[0].histogram.dataPoints
  expect(point.attributes).toContainEqual({ key: 'server.port', value: { intValue: '443' } })
})

it('counts every value once in its bucket', async () => {
  const { metrics } = await said(event, { ...event, end_ms: event.start_ms + 90_000 })
  const [duration] = JSON.parse(String(metrics.body)).resourceMetrics[0].scopeMetrics[0].metrics
  const [point] = duration.histogram.dataPoints
  expect(duration.name).toBe('gen_ai.client.operation.duration')
  expect(point).toMatchObject({ count: '2', sum: 91, min: 1, max: 90 })
  expect(point.bucketCounts).toEqual(['0', '0', '0', '0', '0', '0', '0', '1', '0', '0', '0', '0', '0', '0', '1'])
})
