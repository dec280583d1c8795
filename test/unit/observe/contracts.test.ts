import fc from 'fast-check'
import { expect, it } from 'vitest'
import type * as z from 'zod'
import { post } from '../../../src/channels/post.ts'
import { bigquery } from '../../../src/observe/bigquery.ts'
import { datadog, datadogLlmObs } from '../../../src/observe/datadog.ts'
import { deliveryIdOf } from '../../../src/observe/delivery-id.ts'
import { langfuse } from '../../../src/observe/langfuse.ts'
import { pagerduty } from '../../../src/observe/pagerduty.ts'
import { s3 } from '../../../src/observe/s3.ts'
import type { Occasion, Settings, Sink } from '../../../src/observe/sink.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import {
  bigqueryInsert,
  datadogLogs,
  datadogSeries,
  datadogSpans,
  langfuseIngestion,
  pagerdutyEvent,
} from '../../support/sink-contracts.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const MOMENT = Date.UTC(2026, 10, 22, 12)
const { privateKey } = await crypto.subtle.generateKey(
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  true,
  ['sign', 'verify'],
)
const pem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')}\n-----END PRIVATE KEY-----\n`
const tokenGiven = async () => Response.json({ access_token: 't', expires_in: 3600 })
const occasion: Occasion = { nowMs: MOMENT, id: 'd', version: 'v1', fetch: tokenGiven as typeof fetch }

const text = fc.oneof(fc.string(), fc.constantFrom('a:b', 'Đội dữ liệu', '<!x>', 'a,b'))
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const tokens = fc.nat(100_000)

/** Attempts of every kind: answered, failed, left, streamed or not, with and without all that may be absent. */
const anyEvent: fc.Arbitrary<SpendEvent> = fc
  .record({
    id: fc.uuid({ version: 7 }),
    status: fc.constantFrom('success', 'failure', 'cancelled'),
    call_type: fc.constantFrom('acompletion', 'aembedding', 'aspeech'),
    took: fc.nat(600_000),
    first: fc.option(fc.nat(1_000)),
    usage: fc.record({
      inputTokens: tokens,
      cacheReadTokens: tokens,
      cacheWriteTokens: tokens,
      cacheWrite1hTokens: tokens,
    }),
    completion_tokens: tokens,
    cost: fc.nat(),
    input: maybe(fc.nat()),
    who: fc.record({
      key_alias: fc.option(text),
      user: fc.option(text),
      team_id: fc.option(text),
      team_alias: maybe(text),
      end_user: fc.option(text),
      session_id: maybe(text),
      trace_id: maybe(text),
      generation_name: maybe(text),
      prompt_name: maybe(text),
      prompt_version: maybe(fc.nat()),
      user_agent: maybe(text),
      request_tags: fc.array(text, { maxLength: 4 }),
    }),
    http_status: fc.constantFrom(200, 429, 503),
    received: maybe(fc.nat(5_000)),
  })
  .map(({ id, status, call_type, took, first, usage, completion_tokens, cost, input, who, http_status, received }) => {
    const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.cacheWrite1hTokens
    const present = Object.fromEntries(Object.entries(who).filter(([, value]) => value !== undefined))
    return spendEventOf({
      ...present,
      ...{ id, status, call_type, http_status, completion_tokens },
      start_ms: MOMENT,
      end_ms: MOMENT + took,
      first_token_ms: first === null ? null : MOMENT + first,
      usage: { ...noUsage, ...usage },
      prompt_tokens: prompt,
      total_tokens: prompt + completion_tokens,
      cost_nano: String(cost),
      error_type: status === 'failure' ? 'upstream' : null,
      error_message: status === 'failure' ? 'it was away' : null,
      ...(input === undefined ? {} : { input_cost_nano: String(input) }),
      ...(received === undefined ? {} : { received_ms: MOMENT - received }),
    })
  })

async function bodyOf(body: string | Uint8Array<ArrayBuffer>): Promise<unknown> {
  if (typeof body === 'string') return JSON.parse(body)
  return new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream('gzip'))).json()
}

const cases: readonly [string, Sink, Settings, readonly z.ZodType[]][] = [
  ['Langfuse', langfuse, { publicKey: 'pk', secretKey: 'sk', host: 'https://lf.test' }, [langfuseIngestion]],
  [
    'Datadog',
    datadog,
    { apiKey: 'k', site: 'datadoghq.com', env: 'e', service: 's', source: 'litellm' },
    [datadogLogs, datadogSeries],
  ],
  [
    'Datadog’s LLM observability',
    datadogLlmObs,
    { apiKey: 'k', site: 'datadoghq.com', env: 'e', service: 's', source: 'litellm', mlApp: 'litellm' },
    [datadogSpans],
  ],
  ['PagerDuty', pagerduty, { routingKey: 'r', url: 'https://pd.test' }, [pagerdutyEvent]],
  [
    'BigQuery',
    bigquery,
    {
      project: 'p',
      dataset: 'd',
      table: 't',
      endpoint: 'https://bq.test',
      credentials: JSON.stringify({ type: 'service_account', client_email: 'a@b.c', private_key: pem }),
    },
    [bigqueryInsert],
  ],
]

it.each(cases)('%s takes whatever it is told, by its own schema', async (_, sink, settings, schemas) => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 4 }), async (events) => {
      const posts = await sink.posts(events, settings, occasion)
      for (const [index, { body }] of posts.entries()) {
        const schema = schemas[index % schemas.length]!
        expect(schema.safeParse(await bodyOf(body)).error?.issues ?? []).toEqual([])
      }
    }),
    { numRuns: sink === bigquery ? 10 : 50 },
  )
})

it('Datadog: every request has its value, those of one second and the same tags together', async () => {
  const of = (id: string, tookMs: number, more: Partial<SpendEvent> = {}) =>
    spendEventOf({ id, start_ms: MOMENT - tookMs, end_ms: MOMENT, cost_nano: '1000000000', ...more })
  const events = [
    of('a', 1_000),
    of('b', 3_000),
    of('c', 5, { model: 'other' }),
    of('d', 1, { end_ms: MOMENT + 1_000 }),
  ]
  const [, sent] = await datadog.posts(events, {}, occasion)
  type Series = { metric: string; points: [[number, number[]]] }[]
  const { series } = (await bodyOf(sent!.body)) as { series: Series }
  const values = (metric: string) => series.filter((one) => one.metric === metric).map(({ points: [[, all]] }) => all)
  expect(values('litellm.llm_api.request_count')).toEqual([[1, 1], [1], [1]])
  expect(values('litellm.llm_api.cost')).toEqual([[1, 1], [1], [1]])
  expect(values('litellm.llm_api.latency')).toEqual([[1, 3], [0.005], [1.001]])
})

it('a delivery that comes again is known again: Langfuse, BigQuery and PagerDuty by ids, spans by theirs', async () => {
  const events = [spendEventOf({ id: 'a', status: 'failure' }), spendEventOf({ id: 'b', status: 'failure' })]
  const later = { ...occasion, nowMs: MOMENT + 3_600_000 }
  const idsOf = {
    Langfuse: (body: unknown) => (body as { batch: { id: string }[] }).batch.map(({ id }) => id),
    BigQuery: (body: unknown) => (body as { rows: { insertId: string }[] }).rows.map(({ insertId }) => insertId),
    PagerDuty: (body: unknown) => [(body as { dedup_key: string }).dedup_key],
    'Datadog’s LLM observability': (body: unknown) =>
      (body as { data: { attributes: { spans: { span_id: string }[] } } }).data.attributes.spans.map(
        ({ span_id }) => span_id,
      ),
  }
  for (const [name, sink, settings] of cases) {
    if (!(name in idsOf)) continue
    const ids = idsOf[name as keyof typeof idsOf]
    const [first] = await sink.posts(events, settings, occasion)
    const [again] = await sink.posts(events, settings, later)
    const before = ids(await bodyOf(first!.body))
    expect(before.length).toBeGreaterThan(0)
    expect([name, ids(await bodyOf(again!.body))]).toEqual([name, before])
  }
})

it('S3: a delivery that comes again, on whichever day and in whichever order, is the same object with the same lines', async () => {
  const events = ['a', 'b', 'c'].map((id) => spendEventOf({ id }))
  const settings = { bucket: 'b', accessKeyId: 'k', secretAccessKey: 's', endpoint: 'https://s3.test', prefix: 'p' }
  const put = async (told: readonly SpendEvent[], nowMs: number) => {
    const [one] = await s3.posts(told, settings, { ...occasion, nowMs, id: await deliveryIdOf(told) })
    const unpacked = new Blob([one!.body]).stream().pipeThrough(new DecompressionStream('gzip'))
    return { url: one!.url, lines: (await new Response(unpacked).text()).trim().split('\n').sort() }
  }
  const first = await put(events, MOMENT + 5_000)
  expect(first.url).toMatch(/^https:\/\/s3\.test\/b\/p\/2026-11-22\/a-[0-9a-f]{16}\.jsonl\.gz$/)
  expect(first.lines).toHaveLength(3)
  expect(await put(events.toReversed(), MOMENT + 2 * 86_400_000)).toEqual(first)
  expect((await put(events.slice(0, 2), MOMENT + 5_000)).url).not.toBe(first.url)
})

it('nothing is followed, and what is refused says no more than a host', async () => {
  const refuses = (async () => new Response('sk-secret', { status: 302 })) as typeof fetch
  const one = { url: 'https://lf.test/secret', headers: { authorization: 'sk-secret' }, body: 'sk-secret' }
  await expect(post(refuses, one)).rejects.toThrow(/^lf\.test answered 302$/)
})
