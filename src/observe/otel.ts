import type { SpendEvent } from '../spend/event.ts'
import { attributes, double, nanos, type Values } from './otlp-value.ts'
import { msPerToken, usdOf } from './payload.ts'
import { headersIn, type Sink } from './sink.ts'
import { spanIdOf, traceIdOf } from './trace-ids.ts'

/**
 * OpenTelemetry over OTLP/HTTP in JSON (https://opentelemetry.io/docs/specs/otlp/): a client span for each attempt and
 * the metrics of its time, tokens and cost, by the GenAI semantic conventions. A caller's `traceparent` is the parent;
 * without one all attempts of a request share a trace, whose id is the request's own.
 */
export const otel: Sink = {
  name: 'otel',
  settings: {
    endpoint: { variable: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
    headers: { variable: 'OTEL_EXPORTER_OTLP_HEADERS', optional: true },
    service: { variable: 'OTEL_SERVICE_NAME', otherwise: 'litellm' },
    environment: { variable: 'OTEL_ENVIRONMENT_NAME', otherwise: 'production' },
  },
  posts(events, { endpoint = '', headers, service = '', environment = '' }, { version }) {
    const base = endpoint.replace(/\/+$/, '').replace(/\/v1\/(traces|metrics)$/, '')
    const resource = {
      attributes: attributes({
        'service.name': service,
        'service.version': version,
        'deployment.environment.name': environment,
      }),
    }
    const scope = { name: 'tollgate', version }
    const post = (path: string, body: unknown) => ({
      url: `${base}/v1/${path}`,
      headers: { ...headersIn(headers), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return [
      post('traces', { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: events.map(span) }] }] }),
      post('metrics', { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: metrics(events) }] }] }),
    ]
  },
}

const CLIENT = 3
const OK = 1
const ERROR = 2

/** Its old name, which LiteLLM has, and with it dashboards. */
const OLD_PROVIDER = 'gen_ai.system'

/** Vendors by the name that the conventions have for them. */
const SYSTEMS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  azure_ai: 'azure.ai.inference',
  bedrock: 'aws.bedrock',
  vertex_ai: 'gcp.vertex_ai',
  gemini: 'gcp.gemini',
  cohere_chat: 'cohere',
  mistral: 'mistral_ai',
  moonshot: 'moonshot_ai',
  watsonx: 'ibm.watsonx.ai',
  xai: 'x_ai',
}

const OPERATIONS: Readonly<Record<string, string>> = { aembedding: 'embeddings', acompletion: 'chat' }

function common(event: SpendEvent): Values {
  const at = URL.canParse(event.api_base) ? new URL(event.api_base) : undefined
  return {
    'gen_ai.operation.name': OPERATIONS[event.call_type] ?? event.call_type,
    'gen_ai.provider.name': SYSTEMS[event.custom_llm_provider] ?? event.custom_llm_provider,
    [OLD_PROVIDER]: SYSTEMS[event.custom_llm_provider] ?? event.custom_llm_provider,
    'gen_ai.request.model': event.requested_model ?? event.model_group,
    'gen_ai.response.model': event.model,
    'server.address': at?.hostname,
    'server.port': at && Number(at.port || (at.protocol === 'http:' ? 80 : 443)),
    'error.type': event.error_type,
  }
}

function span(event: SpendEvent) {
  const [, trace, parent] = event.traceparent?.split('-') ?? []
  const values = common(event)
  const failed = event.status === 'failure'
  const { usage } = event
  const reported = (tokens: number) => (tokens > 0 ? tokens : undefined)
  return {
    traceId: trace ?? traceIdOf(event.request_id),
    spanId: spanIdOf(event.id),
    ...(parent !== undefined && { parentSpanId: parent }),
    name: `${String(values['gen_ai.operation.name'])} ${event.model}`,
    kind: CLIENT,
    startTimeUnixNano: nanos(event.start_ms),
    endTimeUnixNano: nanos(Math.max(event.start_ms, event.end_ms)),
    attributes: attributes({
      ...values,
      'gen_ai.request.stream': event.stream,
      'gen_ai.response.id': event.request_id,
      'gen_ai.response.time_to_first_chunk': double(secondsToFirst(event)),
      'gen_ai.usage.input_tokens': event.prompt_tokens,
      'gen_ai.usage.output_tokens': event.completion_tokens,
      'gen_ai.usage.total_tokens': event.total_tokens,
      'gen_ai.usage.cache_read.input_tokens': usage.cacheReadTokens,
      'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens + usage.cacheWrite1hTokens,
      'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
      'gen_ai.usage.audio.input_tokens': reported(usage.inputAudioTokens + (usage.cacheReadAudioTokens ?? 0)),
      'gen_ai.usage.audio.output_tokens': reported(usage.outputAudioTokens),
      'gen_ai.usage.image.input_tokens': reported(usage.inputImageTokens),
      'gen_ai.cost.total_cost': double(usdOf(event.cost_nano)),
      'gen_ai.cost.input_cost': double(event.input_cost_nano === undefined ? undefined : usdOf(event.input_cost_nano)),
      'gen_ai.conversation.id': event.session_id,
      'http.response.status_code': event.http_status,
      'llm.request.type': event.call_type,
      'llm.is_streaming': event.stream,
      'llm.user': event.end_user,
      'user_agent.original': event.user_agent,
      'client.address': event.requester_ip_address,
      'metadata.user_api_key_hash': event.api_key,
      'metadata.user_api_key_alias': event.key_alias,
      'metadata.user_api_key_user_id': event.user,
      'metadata.user_api_key_team_id': event.team_id,
      'metadata.user_api_key_team_alias': event.team_alias,
      'metadata.user_api_key_org_id': event.organization_id,
      'metadata.tags': event.request_tags.length === 0 ? undefined : event.request_tags,
      'tollgate.model_id': event.model_id,
      'tollgate.model_group': event.model_group,
      'tollgate.call_id': event.request_id,
      'tollgate.cache_hit': event.cache_hit,
      'tollgate.retries': event.retries ?? 0,
      'tollgate.fallbacks': event.fallbacks ?? 0,
      'tollgate.status': event.status,
    }),
    events:
      event.first_token_ms === null
        ? []
        : [{ name: 'gen_ai.first_token', timeUnixNano: nanos(event.first_token_ms), attributes: [] }],
    status: failed ? { code: ERROR, message: event.error_message ?? '' } : { code: OK },
  }
}

/** The buckets that the conventions advise. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
const USD = [0.0001, 0.001, 0.01, 0.1, 1, 10]
/** Each batch tells what it adds. */
const DELTA = 1

interface Observation {
  readonly labels: Values
  readonly value: number
  readonly atMs: number
}

function metrics(events: readonly SpendEvent[]) {
  const of = (value: (event: SpendEvent) => number | undefined, more: Values = {}): Observation[] =>
    events.flatMap((event) => {
      const found = value(event)
      return found === undefined ? [] : [{ labels: { ...common(event), ...more }, value: found, atMs: event.end_ms }]
    })
  const perToken = (event: SpendEvent) => {
    const ms = msPerToken(event)
    return ms === undefined ? undefined : ms / 1000
  }
  const tokens = [
    ...of((event) => event.prompt_tokens || undefined, { 'gen_ai.token.type': 'input' }),
    ...of((event) => event.completion_tokens || undefined, { 'gen_ai.token.type': 'output' }),
  ]
  return [
    histogram(
      'gen_ai.client.operation.duration',
      's',
      SECONDS,
      of(({ start_ms, end_ms }) => (end_ms - start_ms) / 1000),
    ),
    histogram('gen_ai.client.token.usage', '{token}', TOKENS, tokens),
    histogram(
      'gen_ai.client.token.cost',
      'USD',
      USD,
      of(({ cost_nano }) => usdOf(cost_nano)),
    ),
    histogram('gen_ai.client.operation.time_to_first_chunk', 's', SECONDS, of(secondsToFirst)),
    // LiteLLM's names, which the conventions do not have.
    histogram('gen_ai.client.response.time_to_first_token', 's', SECONDS, of(secondsToFirst)),
    histogram('gen_ai.client.response.time_per_output_token', 's', SECONDS, of(perToken)),
  ].filter(({ histogram: { dataPoints } }) => dataPoints.length > 0)
}

function secondsToFirst({ first_token_ms, start_ms }: SpendEvent): number | undefined {
  return first_token_ms === null ? undefined : (first_token_ms - start_ms) / 1000
}

function histogram(name: string, unit: string, bounds: readonly number[], observations: readonly Observation[]) {
  const series = new Map<string, Observation[]>()
  for (const one of observations) {
    const key = JSON.stringify(one.labels)
    series.set(key, [...(series.get(key) ?? []), one])
  }
  return {
    name,
    unit,
    histogram: {
      aggregationTemporality: DELTA,
      dataPoints: [...series.values()].map((mine) => {
        const values = mine.map(({ value }) => value)
        const times = mine.map(({ atMs }) => atMs)
        return {
          attributes: attributes(mine[0]?.labels ?? {}),
          startTimeUnixNano: nanos(Math.min(...times)),
          timeUnixNano: nanos(Math.max(...times)),
          count: String(values.length),
          sum: values.reduce((total, value) => total + value, 0),
          min: Math.min(...values),
          max: Math.max(...values),
          explicitBounds: bounds,
          bucketCounts: bucketCounts(values, bounds),
        }
      }),
    },
  }
}

/** A value on a bound belongs below it. */
function bucketCounts(values: readonly number[], bounds: readonly number[]): readonly string[] {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  for (const value of values) {
    const at = bounds.findIndex((bound) => value <= bound)
    const bucket = at < 0 ? bounds.length : at
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }
  return counts.map(String)
}
