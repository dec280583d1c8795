import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { parseMetrics } from '../support/prometheus-parser.ts'
import { startReceiver } from '../support/receiver.ts'

const CONFIG = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY }
    model_info: { id: small-1 }
  - model_name: broken
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'http://127.0.0.1:9/v1' }
    model_info: { id: broken-1 }
litellm_settings:
  num_retries: 0
  callbacks: [generic_api, langfuse, otel, datadog, datadog_llm_observability, bigquery, s3_v2, prometheus]
  failure_callback: [slack, pagerduty, sentry]
  require_auth_for_metrics_endpoint: true
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
/** Never to be seen by anyone who is told. */
const PLANTED = [
  'prompt-SECRET-1234',
  'sk-stand-in',
  'sk-lf-planted',
  'dd-planted-key',
  's3-planted-secret',
  'test-salt',
]

const receiver = await startReceiver()
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const dir = mkdtempSync(join(tmpdir(), 'tollgate-sinks-'))
writeFileSync(join(dir, 'config.yaml'), CONFIG)
afterAll(async () => {
  await receiver.stop()
  rmSync(dir, { recursive: true, force: true })
})

const gateway = useGateway({
  configFile: join(dir, 'config.yaml'),
  vars: {
    GENERIC_LOGGER_ENDPOINT: `${receiver.url}/hook`,
    GENERIC_LOGGER_SECRET: 'hook-secret',
    LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
    LANGFUSE_SECRET_KEY: 'sk-lf-planted',
    LANGFUSE_HOST: receiver.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    DD_API_KEY: 'dd-planted-key',
    DD_BASE_URL: receiver.url,
    BIGQUERY_PROJECT_ID: 'p',
    BIGQUERY_DATASET: 'd',
    BIGQUERY_ENDPOINT: receiver.url,
    BIGQUERY_CREDENTIALS_JSON: JSON.stringify({
      type: 'service_account',
      client_email: 'a@b.c',
      private_key: privateKey,
      token_uri: `${receiver.url}/token`,
    }),
    S3_BUCKET_NAME: 'bucket',
    S3_ACCESS_KEY_ID: 'AKID',
    S3_SECRET_ACCESS_KEY: 's3-planted-secret',
    S3_ENDPOINT_URL: `${receiver.url}/s3`,
    SLACK_WEBHOOK_URL: `${receiver.url}/slack`,
    PAGERDUTY_API_KEY: 'routing-key',
    PAGERDUTY_EVENTS_URL: `${receiver.url}/pagerduty`,
    SENTRY_DSN: `${receiver.url.replace('//', '//publickey@')}/7`,
  },
})

const ask = (key: string, model: string, headers: Record<string, string> = {}, more: object = {}) =>
  gateway()
    .openai(key)
    .chat.completions.create(
      { model, messages: [{ role: 'user', content: 'prompt-SECRET-1234' }], max_tokens: 20, ...more },
      { headers },
    )
    .withResponse()

const rows = async () => {
  const { rows } = await gateway().db.query<{ id: string }>('select id from spend_log')
  return rows.map(({ id }) => id)
}

/** Where each sink says the id of an attempt. */
const told = {
  webhook: () => receiver.at('/hook').flatMap(({ body }) => (JSON.parse(body) as { id: string }[]).map(({ id }) => id)),
  langfuse: () =>
    receiver
      .at('/api/public/ingestion')
      .flatMap(({ body }) =>
        (JSON.parse(body) as { batch: { type: string; body: { id: string } }[] }).batch
          .filter(({ type }) => type === 'generation-create')
          .map((one) => one.body.id),
      ),
  otel: () =>
    receiver
      .at('/v1/traces')
      .flatMap(({ body }) => [...body.matchAll(/"spanId":"([0-9a-f]{16})"/g)].map(([, id]) => id!)),
  datadog: () =>
    receiver
      .at('/api/v2/logs')
      .flatMap(({ body }) => [...body.matchAll(/\{\\"id\\":\\"([0-9a-f-]{36})/g)].map(([, id]) => id!)),
  bigquery: () =>
    receiver
      .at('/bigquery')
      .flatMap(({ body }) =>
        (JSON.parse(body) as { rows: { insertId: string }[] }).rows.map(({ insertId }) => insertId),
      ),
  s3: () =>
    receiver.at('/s3').flatMap(({ body }) =>
      body
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id),
    ),
}

const allTold = async () => {
  const ids = await rows()
  const missing = Object.entries(told).flatMap(([sink, of]) => {
    const seen = new Set(of())
    return ids
      .filter((id) => !seen.has(sink === 'otel' ? id.replaceAll('-', '').slice(-16) : id))
      .map((id) => `${sink} ${id}`)
  })
  return { ids, missing }
}

it('tells every sink of every attempt, once it is in Postgres', async () => {
  const { key, token } = await gateway().key({ key_alias: 'busy', max_budget: 5 })
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  await ask(key, 'small', {
    traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    'x-litellm-session-id': 'session-9',
    'user-agent': 'agent/1',
  })
  await ask(key, 'small', { 'x-litellm-tags': 'a,b' })
  await expect(ask(key, 'broken')).rejects.toThrow()
  const { ids } = await eventually(allTold, ({ ids, missing }) => ids.length === 3 && missing.length === 0, 20_000)
  expect(ids).toHaveLength(3)

  const hooks = receiver.at('/hook')
  for (const { headers, body } of hooks) {
    const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(headers['x-tollgate-signature']!)!
    expect(mac).toBe(createHmac('sha256', 'hook-secret').update(`${seconds}.${body}`).digest('hex'))
  }
  const payloads = hooks.flatMap(({ body }) => JSON.parse(body) as Record<string, unknown>[])
  expect(
    payloads.find(({ metadata }) => (metadata as { session_id: string }).session_id === 'session-9'),
  ).toMatchObject({
    status: 'success',
    model_group: 'small',
    user_agent: 'agent/1',
    metadata: { user_api_key_hash: token, user_api_key_alias: 'busy' },
    messages: null,
  })
  expect(
    receiver
      .at('/v1/traces')
      .some(({ body }) => body.includes(`"traceId":"${trace}"`) && body.includes('"parentSpanId":"00f067aa0ba902b7"')),
  ).toBe(true)
  await eventually(
    async () =>
      ['/slack', '/pagerduty', '/api/7/envelope/', '/api/intake/llm-obs'].filter(
        (path) => receiver.at(path).length === 0,
      ),
    (silent) => silent.length === 0,
  )
  expect(
    receiver
      .at('/slack')
      .map(({ body }) => body)
      .join(),
  ).toContain('LLM API calls failed: 1')
})

it('counts for Prometheus in both of its formats, for the operator alone', async () => {
  const scrape = (accept: string, key?: string) =>
    fetch(`${gateway().url()}/metrics`, { headers: { accept, ...(key ? { authorization: `Bearer ${key}` } : {}) } })
  expect((await scrape('*/*')).status).toBe(401)
  const { key } = await gateway().key()
  expect((await scrape('*/*', key)).status).toBe(401)
  const text = await eventually(
    async () => parseMetrics(await (await scrape('text/plain', MASTER_KEY)).text(), 'text'),
    (families) => sum(families.get('litellm_requests_metric_total')?.samples) === 3,
  )
  expect(sum(text.get('litellm_deployment_failure_responses_total')?.samples)).toBe(1)
  const open = await scrape('application/openmetrics-text; version=1.0.0', MASTER_KEY)
  expect(open.headers.get('content-type')).toContain('application/openmetrics-text')
  const families = parseMetrics(await open.text(), 'openmetrics')
  expect(sum(families.get('litellm_requests_metric')?.samples)).toBe(3)
  expect(families.get('litellm_llm_api_latency_metric')?.type).toBe('histogram')
  const { deployments } = await gateway().admin<{ deployments: Record<string, unknown>[] }>('GET', '/router/state')
  const circuits = families.get('tollgate_deployment_circuit')?.samples ?? []
  expect(circuits).toHaveLength(deployments.length)
  expect(sum(families.get('tollgate_deployment_minute_failures')?.samples)).toBeGreaterThan(0)
})

it('does not tell what a caller wants kept', async () => {
  const { key } = await gateway().key({ key_alias: 'quiet' })
  await ask(key, 'small', { 'x-litellm-disable-callbacks': 'langfuse' })
  await ask(key, 'small', {}, { 'no-log': true })
  await eventually(rows, (ids) => ids.length === 5, 10_000)
  const quiet = () =>
    receiver
      .at('/hook')
      .flatMap(({ body }) => JSON.parse(body) as { metadata: { user_api_key_alias: string } }[])
      .filter(({ metadata }) => metadata.user_api_key_alias === 'quiet')
  await eventually(
    async () => quiet().length,
    (count) => count === 1,
    10_000,
  )
  expect(receiver.at('/api/public/ingestion').some(({ body }) => body.includes('quiet'))).toBe(false)
})

it('answers all the same while every sink hangs or refuses, and tells them afterwards', async () => {
  const { key } = await gateway().key({ key_alias: 'later' })
  const before = (await rows()).length
  receiver.is('hangs')
  const began = Date.now()
  for (let n = 0; n < 5; n++) await ask(key, 'small')
  // Not one of them waited for a sink, which takes ten seconds to be given up.
  expect(Date.now() - began).toBeLessThan(9_000)
  // Postgres does not wait either.
  await eventually(rows, (ids) => ids.length === before + 5, 9_000)
  receiver.is('refuses')
  await ask(key, 'small')
  await eventually(rows, (ids) => ids.length === before + 6, 9_000)
  receiver.is('none')
  const later = async () => {
    const { rows } = await gateway().db.query<{ id: string }>("select id from spend_log where key_alias = 'later'")
    const seen = Object.entries(told).map(([sink, of]) => [sink, new Set(of())] as const)
    return rows.flatMap(({ id }) =>
      seen.filter(([sink, ids]) => !ids.has(sink === 'otel' ? id.replaceAll('-', '').slice(-16) : id)),
    )
  }
  await eventually(later, (missing) => missing.length === 0, 45_000)
})

it('tells nobody a secret, a key or a prompt, nor the log of the operator', () => {
  const log = readFileSync(gateway().runner.logFile, 'utf8')
  for (const secret of PLANTED) expect(log).not.toContain(secret)
  expect(receiver.received.length).toBeGreaterThan(10)
  for (const { body, path } of receiver.received)
    for (const secret of [...PLANTED, MASTER_KEY, privateKey.slice(60, 120)])
      expect(`${path} ${body}`).not.toContain(secret)
})

const sum = (samples: readonly { readonly value: number }[] = []) =>
  samples.reduce((total, { value }) => total + value, 0)
