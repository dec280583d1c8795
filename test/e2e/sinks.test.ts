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
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY, user_url_allowed_hosts: ['127.0.0.1'] }
`
/** Never to be seen by anyone who is told. */
const PLANTED = [
  'prompt-SECRET-1234',
  'sk-stand-in',
  'sk-lf-planted',
  'dd-planted-key',
  's3-planted-secret',
  'test-salt',
  'own-planted-secret',
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

/** What every caller was told beside the answers themselves, by which ids, and with which keys they asked. */
const emitted: string[] = []
const callIds: string[] = []
const keys: string[] = []

async function ask(key: string, model: string, headers: Record<string, string> = {}, more: object = {}) {
  keys.push(key)
  const response = await fetch(`${gateway().url()}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: 'prompt-SECRET-1234' }],
      max_tokens: 20,
      ...more,
    }),
  })
  const text = await response.text()
  emitted.push(JSON.stringify([...response.headers]), response.ok ? '' : text)
  callIds.push(response.headers.get('x-litellm-call-id') ?? 'none')
  return response.status
}

/** Milliseconds that requests one after the other took, the middle one. */
async function median(key: string, count: number): Promise<number> {
  const took: number[] = []
  for (let n = 0; n < count; n++) {
    const began = performance.now()
    expect(await ask(key, 'small')).toBe(200)
    took.push(performance.now() - began)
  }
  return took.sort((a, b) => a - b)[Math.floor(count / 2)]!
}

const rows = async () => {
  const { rows } = await gateway().db.query<{ id: string; request_id: string }>('select id, request_id from spend_log')
  return rows
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

/** Requests that no sink is told of, and those of which langfuse is not. */
const untold = { all: new Set<string>(), langfuse: new Set<string>() }

const allTold = async () => {
  const all = await rows()
  const missing = Object.entries(told).flatMap(([sink, of]) => {
    const seen = new Set(of())
    return all
      .filter(
        ({ request_id }) => !untold.all.has(request_id) && !(sink === 'langfuse' && untold.langfuse.has(request_id)),
      )
      .filter(({ id }) => !seen.has(sink === 'otel' ? id.replaceAll('-', '').slice(-16) : id))
      .map(({ id }) => `${sink} ${id}`)
  })
  return { all, missing }
}

const aliasOf = (body: string) =>
  (JSON.parse(body) as { metadata: { user_api_key_alias: string } }[]).map(
    ({ metadata }) => metadata.user_api_key_alias,
  )

it('answers as fast while every sink hangs or refuses, and Postgres waits for none of them', async () => {
  const { key } = await gateway().key({ key_alias: 'later' })
  await median(key, 3)
  const wellMs = await median(key, 40)
  receiver.is('hangs')
  try {
    expect(await ask(key, 'small')).toBe(200)
    await eventually(
      async () => receiver.hanging(),
      (count) => count > 0,
      9_000,
    )
    const hangingMs = await median(key, 40)
    await eventually(rows, (all) => all.length === callIds.length, 9_000)
    // Nobody has let go of what hung before: all of it was answered and recorded beside it.
    expect(receiver.hanging()).toBeGreaterThan(0)
    receiver.is('refuses')
    expect(await ask(key, 'small')).toBe(200)
    await eventually(rows, (all) => all.length === callIds.length, 9_000)
    const ratio = Number((hangingMs / wellMs).toFixed(2))
    process.stdout.write(`${JSON.stringify({ sinks: 'hanging', hangingMs, wellMs, ratio })}\n`)
  } finally {
    receiver.is('none')
  }
})

it('tells every sink who asked, for which session and trace, and signs', async () => {
  const { key, token } = await gateway().key({ key_alias: 'busy', max_budget: 5 })
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  await ask(key, 'small', {
    traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    'x-litellm-session-id': 'session-9',
    'user-agent': 'agent/1',
  })
  await ask(key, 'small', { 'x-litellm-tags': 'a,b' })
  expect(await ask(key, 'broken')).toBeGreaterThanOrEqual(500)
  const hooks = () => receiver.at('/hook').filter(({ body }) => aliasOf(body).includes('busy'))
  const payloads = () => hooks().flatMap(({ body }) => JSON.parse(body) as Record<string, unknown>[])
  await eventually(
    async () =>
      payloads().filter(({ metadata }) => (metadata as Record<string, unknown>).user_api_key_alias === 'busy'),
    (mine) => mine.length === 3,
    20_000,
  )
  for (const { headers, body } of hooks()) {
    const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(headers['x-tollgate-signature']!)!
    expect(mac).toBe(createHmac('sha256', 'hook-secret').update(`${seconds}.${body}`).digest('hex'))
  }
  expect(
    payloads().find(({ metadata }) => (metadata as { session_id: string }).session_id === 'session-9'),
  ).toMatchObject({
    status: 'success',
    model_group: 'small',
    user_agent: 'agent/1',
    metadata: { user_api_key_hash: token, user_api_key_alias: 'busy' },
    messages: null,
  })
  await eventually(
    async () =>
      receiver
        .at('/v1/traces')
        .some(
          ({ body }) => body.includes(`"traceId":"${trace}"`) && body.includes('"parentSpanId":"00f067aa0ba902b7"'),
        ),
    (seen) => seen,
    20_000,
  )
  await eventually(
    async () =>
      ['/slack', '/pagerduty', '/api/7/envelope/', '/api/intake/llm-obs'].filter(
        (path) => receiver.at(path).length === 0,
      ),
    (silent) => silent.length === 0,
    20_000,
  )
  expect(
    receiver
      .at('/slack')
      .map(({ body }) => body)
      .join(),
  ).toContain('LLM API calls failed: 1')
})

it('does not tell what a caller wants kept, and tells a team’s own sink of that team alone', async () => {
  const { key } = await gateway().key({ key_alias: 'quiet' })
  await ask(key, 'small', { 'x-litellm-disable-callbacks': 'langfuse' })
  untold.langfuse.add(callIds.at(-1)!)
  await ask(key, 'small', {}, { 'no-log': true })
  untold.all.add(callIds.at(-1)!)
  await gateway().admin('POST', '/team/new', { team_id: 'own' })
  await gateway().admin('POST', '/team/own/callback', {
    callback_name: 'generic_api',
    callback_vars: {
      generic_logger_endpoint: `${receiver.url}/team-hook`,
      generic_logger_headers: 'x-own=own-planted-secret',
    },
  })
  const { key: ours } = await gateway().key({ key_alias: 'ours', team_id: 'own' })
  await ask(ours, 'small')
  const quiet = () => receiver.at('/hook').filter(({ body }) => aliasOf(body).includes('quiet'))
  await eventually(
    async () => [quiet().length, receiver.at('/team-hook').length],
    ([told = 0, team = 0]) => told === 1 && team === 1,
    20_000,
  )
  const [team] = receiver.at('/team-hook')
  expect([aliasOf(team!.body), team!.headers['x-own']]).toEqual([['ours'], 'own-planted-secret'])
  expect(receiver.at('/api/public/ingestion').some(({ body }) => body.includes('quiet'))).toBe(false)
})

it('has every request in Postgres exactly once, with its money, and in each sink at least once', async () => {
  const { all } = await eventually(
    allTold,
    ({ all, missing }) => all.length === callIds.length && missing.length === 0,
    45_000,
  )
  expect(all.map(({ request_id }) => request_id).sort()).toEqual([...callIds].sort())
  expect(new Set(callIds).size).toBe(callIds.length)
  const { rows: money } = await gateway().db.query<{ log: string; moved: string }>(
    `select (select sum(cost_nano) from spend_log)::text as log,
      (select sum(spent) from budget_window where scope like 'key:%@life')::text as moved`,
  )
  expect(money[0]!.moved).toBe(money[0]!.log)
})

it('counts for Prometheus in both of its formats, for the operator alone', async () => {
  const scrape = (accept: string, key?: string) =>
    fetch(`${gateway().url()}/metrics`, { headers: { accept, ...(key ? { authorization: `Bearer ${key}` } : {}) } })
  expect((await scrape('*/*')).status).toBe(401)
  const { key } = await gateway().key()
  expect((await scrape('*/*', key)).status).toBe(401)
  const told = callIds.length - untold.all.size
  const text = await eventually(
    async () => parseMetrics(await (await scrape('text/plain', MASTER_KEY)).text(), 'text'),
    (families) => sum(families.get('litellm_requests_metric_total')?.samples) === told,
  )
  expect(sum(text.get('litellm_deployment_failure_responses_total')?.samples)).toBe(1)
  await gateway().runner.cron()
  const open = await scrape('application/openmetrics-text; version=1.0.0', MASTER_KEY)
  expect(open.headers.get('content-type')).toContain('application/openmetrics-text')
  const openText = await open.text()
  emitted.push(openText)
  const families = parseMetrics(openText, 'openmetrics')
  expect(sum(families.get('litellm_requests_metric')?.samples)).toBe(told)
  expect(families.get('litellm_llm_api_latency_metric')?.type).toBe('histogram')
  const [limit] = families.get('litellm_api_key_max_budget_metric')?.samples ?? []
  expect(limit).toMatchObject({ value: 5, labels: { api_key_alias: 'busy' } })
  expect(families.get('litellm_callback_logging_failures_metric')?.samples.length).toBeGreaterThan(0)
  expect(sum(families.get('litellm_teams_count')?.samples)).toBe(1)
  const { deployments } = await gateway().admin<{ deployments: Record<string, unknown>[] }>('GET', '/router/state')
  expect(families.get('tollgate_deployment_circuit')?.samples).toHaveLength(deployments.length)
  expect(families.get('litellm_deployment_state')?.samples).toHaveLength(deployments.length)
  expect(sum(families.get('tollgate_deployment_minute_requests')?.samples)).toBeGreaterThan(0)
})

it('lets no secret, key or prompt into any sink, row, header, error, metric or line of the log', async () => {
  const tables = ['spend_log', 'audit_log', 'dead_letter', 'alert', 'team', 'virtual_key', 'health_check']
  const { rows: there } = await gateway().db.query<{ name: string }>(
    'select table_name as name from information_schema.tables where table_name = any($1)',
    [tables],
  )
  const dumps = await Promise.all(
    there.map(({ name }) => gateway().db.query<{ row: string }>(`select t::text as row from ${name} t`)),
  )
  const stored = dumps.flatMap(({ rows }) => rows.map(({ row }) => row))
  const log = readFileSync(gateway().runner.logFile, 'utf8')
  const told = receiver.received.map(({ path, body }) => `${path} ${body}`)
  expect([stored.length > callIds.length, told.length > 10, log.length > 0]).toEqual([true, true, true])
  const secrets = [...PLANTED, ...new Set(keys), MASTER_KEY, privateKey.slice(60, 120)]
  for (const text of [...stored, ...told, ...emitted, log])
    for (const secret of secrets) expect(text).not.toContain(secret)
  // What a sink logs in with goes to that sink alone; nobody's headers have anything else of it.
  const own = ['sk-lf-planted', 'dd-planted-key', 's3-planted-secret', 'own-planted-secret']
  for (const { headers } of receiver.received)
    for (const secret of secrets.filter((one) => !own.includes(one)))
      expect(JSON.stringify(headers)).not.toContain(secret)
})

const sum = (samples: readonly { readonly value: number }[] = []) =>
  samples.reduce((total, { value }) => total + value, 0)
