import { expect, it } from 'vitest'
import { bigquery } from '../../../src/observe/bigquery.ts'
import { datadog, datadogLlmObs } from '../../../src/observe/datadog.ts'
import { langfuse } from '../../../src/observe/langfuse.ts'
import { pagerduty } from '../../../src/observe/pagerduty.ts'
import { sentry } from '../../../src/observe/sentry.ts'
import { slack } from '../../../src/observe/slack.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const occasion = { nowMs: Date.UTC(2026, 10, 22, 12), id: 'd', version: 'v1', fetch }
const id = '0192f0c0-0000-7000-8000-0000000000ab'
const failure = spendEventOf({
  id,
  status: 'failure',
  http_status: 503,
  error_type: 'upstream',
  error_message: '<b> & down',
})
const json = (body: unknown) => JSON.parse(String(body))

it('Langfuse: a trace for the request, a generation for the attempt, input without what was cached', async () => {
  const event = spendEventOf({
    id,
    usage: { ...noUsage, inputTokens: 4, cacheReadTokens: 6, outputTokens: 5 },
    cost_nano: '3000',
    input_cost_nano: '1000',
    trace_id: 'trace-1',
    session_id: 's',
    trace_user_id: 'u',
    generation_name: 'g',
    prompt_name: 'greeting',
    prompt_version: 3,
    request_tags: ['t'],
  })
  const settings = { publicKey: 'pk', secretKey: 'sk', host: 'https://lf.test/' }
  const [sent] = await langfuse.posts([event], settings, occasion)
  expect(sent!.url).toBe('https://lf.test/api/public/ingestion')
  expect(sent!.headers.authorization).toBe(`Basic ${btoa('pk:sk')}`)
  const [trace, generation] = json(sent!.body).batch
  expect(trace).toMatchObject({
    type: 'trace-create',
    body: { id: 'trace-1', sessionId: 's', userId: 'u', tags: ['t'] },
  })
  expect(generation).toMatchObject({
    type: 'generation-create',
    body: {
      id,
      traceId: 'trace-1',
      name: 'g',
      promptName: 'greeting',
      promptVersion: 3,
      usageDetails: { input: 4, cache_read_input_tokens: 6, output: 5, total: 15 },
      level: 'DEFAULT',
    },
  })
  expect(generation.body.costDetails.total).toBeCloseTo(3e-6, 12)
  expect(generation.body.costDetails.output).toBeCloseTo(2e-6, 12)
  for (const one of [trace, generation]) expect(Object.keys(one).sort()).toEqual(['body', 'id', 'timestamp', 'type'])
})

it('Langfuse: a 207 that refuses some is a failure, and its words are not repeated', () => {
  const text = JSON.stringify({ successes: [], errors: [{ id: 'x', status: 400, message: 'secret words' }] })
  expect(langfuse.refusedIn!({ status: 207, text })).toBe('Langfuse refused 1 of a batch (400)')
  expect(langfuse.refusedIn!({ status: 207, text: '{"successes":[{}],"errors":[]}' })).toBeUndefined()
})

it('Datadog: LiteLLM logs by status, metrics with points, and a span for LLM observability', async () => {
  const settings = { apiKey: 'k', site: 'datadoghq.eu', env: 'e', service: 's', source: 'litellm', mlApp: 'm' }
  const [logs, series] = await datadog.posts([failure], settings, occasion)
  expect([logs!.url, series!.url]).toEqual([
    'https://http-intake.logs.datadoghq.eu/api/v2/logs',
    'https://api.datadoghq.eu/api/v1/distribution_points',
  ])
  const stream = new Blob([logs!.body as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'))
  const [entry] = (await new Response(stream).json()) as Record<string, string>[]
  expect(entry).toMatchObject({
    ddsource: 'litellm',
    status: 'error',
    service: 's',
    ddtags: 'env:e,service:s,version:v1',
  })
  expect(json(entry!.message)).toMatchObject({ id, status: 'failure', error_information: { error_code: '503' } })
  expect(json(series!.body).series[0]).toMatchObject({
    metric: 'litellm.request.total_latency',
    type: 'distribution',
    points: [[failure.end_ms / 1000, [1]]],
  })
  const [span] = await datadogLlmObs.posts([failure], settings, occasion)
  expect(json(span!.body).data.attributes).toMatchObject({
    ml_app: 'm',
    spans: [
      { parent_id: 'undefined', duration: 1e9, status: 'error', meta: { kind: 'llm', error: { type: 'upstream' } } },
    ],
  })
})

it('PagerDuty: one event for each deployment, of the shape that Events v2 takes', async () => {
  const [sent, ...others] = await pagerduty.posts(
    [failure, failure],
    { routingKey: 'r', url: 'https://pd.test' },
    occasion,
  )
  expect(others).toEqual([])
  expect(json(sent!.body)).toMatchObject({
    routing_key: 'r',
    event_action: 'trigger',
    dedup_key: expect.stringMatching(/^tollgate:deployment-1:\d+$/),
    payload: { source: 'tollgate', severity: 'error', custom_details: { failures: 2 } },
  })
})

it('Slack: one message for a batch, with what others wrote escaped', async () => {
  const event = spendEventOf({ id, status: 'failure', model_group: '<!channel>', http_status: 500 })
  const [sent] = await slack.posts([event, event, failure], { url: 'https://hooks.test' }, occasion)
  expect(json(sent!.body).text).toContain('failed: 3')
  expect(json(sent!.body).text).toContain('2 × &lt;!channel&gt;')
  expect(await slack.posts([spendEventOf({ id })], { url: 'https://hooks.test' }, occasion)).toEqual([])
})

it('Sentry: an envelope at the address of the project', async () => {
  const [sent] = await sentry.posts([failure], { dsn: 'https://pub@o1.ingest.test/sub/42', environment: 'e' }, occasion)
  expect(sent!.url).toBe('https://o1.ingest.test/sub/api/42/envelope/')
  const [head, item, event] = String(sent!.body).trim().split('\n').map(json)
  expect([head.event_id, item.type, event.level]).toEqual([id.replaceAll('-', ''), 'event', 'error'])
})

it('BigQuery: refused rows are a failure though the answer is 200', () => {
  const text = JSON.stringify({ insertErrors: [{ index: 0 }, { index: 1 }] })
  expect(bigquery.refusedIn!({ status: 200, text })).toBe('BigQuery refused 2 rows of a batch')
  expect(bigquery.refusedIn!({ status: 200, text: '{"kind":"x"}' })).toBeUndefined()
})
