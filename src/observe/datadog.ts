import type { SpendEvent } from '../spend/event.ts'
import { msPerToken, standardPayload, usdOf } from './payload.ts'
import { gzip, type Sink } from './sink.ts'
import { spanIdOf } from './trace-ids.ts'

const settings = {
  apiKey: { variable: 'DD_API_KEY' },
  site: { variable: 'DD_SITE', otherwise: 'datadoghq.com' },
  /** A receiver of one's own, such as an agent. */
  baseUrl: { variable: 'DD_BASE_URL', optional: true },
  env: { variable: 'DD_ENV', otherwise: 'unknown' },
  service: { variable: 'DD_SERVICE', otherwise: 'litellm-server' },
  source: { variable: 'DD_SOURCE', otherwise: 'litellm' },
} as const

/**
 * Datadog's log intake (`POST /api/v2/logs`, at most 1000 entries and 5 MB) in LiteLLM's shape, and the metrics that
 * LiteLLM sends, as distributions (`POST /api/v1/distribution_points`): of points sent as counts or gauges Datadog keeps
 * the last of a second, and many batches tell of one. Metrics come last, because they would be counted twice.
 */
export const datadog: Sink = {
  name: 'datadog',
  settings,
  tellsBodies: true,
  async posts(events, given, { version, bodies }) {
    const { apiKey = '', site = '', service = '', source = '', baseUrl } = given
    const json = { 'content-type': 'application/json', 'dd-api-key': apiKey }
    const logs = events.map((event) => ({
      ddsource: source,
      ddtags: tagsOf(event, given, version).join(','),
      hostname: 'tollgate',
      service,
      status: event.status === 'failure' ? 'error' : event.status === 'cancelled' ? 'warning' : 'info',
      message: JSON.stringify(standardPayload(event, bodies)),
    }))
    return [
      {
        url: `${baseUrl ?? `https://http-intake.logs.${site}`}/api/v2/logs`,
        headers: { ...json, 'content-encoding': 'gzip' },
        body: await gzip(JSON.stringify(logs)),
      },
      {
        url: `${baseUrl ?? `https://api.${site}`}/api/v1/distribution_points`,
        headers: json,
        body: JSON.stringify({ series: series(events, given, version) }),
      },
    ]
  },
}

/** Datadog's LLM Observability (`POST /api/intake/llm-obs/v1/trace/spans`): a span of kind `llm` for each attempt. */
export const datadogLlmObs: Sink = {
  name: 'datadog_llm_observability',
  settings: { ...settings, mlApp: { variable: 'DD_LLMOBS_ML_APP', otherwise: 'litellm' } },
  posts(events, given, { version }) {
    const { apiKey = '', site = '', mlApp = '', baseUrl } = given
    const spans = events.map((event) => llmSpan(event, tagsOf(event, given, version)))
    return [
      {
        url: `${baseUrl ?? `https://api.${site}`}/api/intake/llm-obs/v1/trace/spans`,
        headers: { 'content-type': 'application/json', 'dd-api-key': apiKey },
        body: JSON.stringify({ data: { type: 'span', attributes: { ml_app: mlApp, tags: [], spans } } }),
      },
    ]
  },
}

function tagsOf(event: SpendEvent, { env, service }: Readonly<Record<string, string>>, version: string): string[] {
  const team = event.team_alias ?? event.team_id
  return [
    `env:${env}`,
    `service:${service}`,
    `version:${version}`,
    ...(team ? [`team:${team}`] : []),
    ...event.request_tags.map((tag) => `request_tag:${tag}`),
  ].map(oneTag)
}

/** A comma in what somebody named would begin another tag. Datadog cuts at 200 characters. */
const oneTag = (tag: string): string => tag.replaceAll(',', '_').slice(0, 200)

/** LiteLLM's metrics, by name: times in seconds. */
const METRICS: Readonly<Record<string, (event: SpendEvent) => number>> = {
  'litellm.request.total_latency': (event) => (event.end_ms - (event.received_ms ?? event.start_ms)) / 1000,
  'litellm.llm_api.latency': (event) => (event.end_ms - event.start_ms) / 1000,
  'litellm.llm_api.request_count': () => 1,
  'litellm.llm_api.cost': ({ cost_nano }) => usdOf(cost_nano),
}

/** The values of a second under the same tags stand together. */
function series(events: readonly SpendEvent[], given: Readonly<Record<string, string>>, version: string) {
  const places = Map.groupBy(events, (event) =>
    JSON.stringify([Math.floor(event.end_ms / 1000), placeTags(event, given, version)]),
  )
  return [...places].flatMap(([place, those]) => {
    const [timestamp, tags] = JSON.parse(place) as [number, string[]]
    return Object.entries(METRICS).map(([metric, value]) => ({
      metric,
      type: 'distribution',
      points: [[timestamp, those.map(value)]],
      tags,
    }))
  })
}

function placeTags(event: SpendEvent, given: Readonly<Record<string, string>>, version: string): string[] {
  return [
    ...tagsOf(event, given, version),
    `model_name:${event.model}`,
    `model_group:${event.model_group}`,
    `provider:${event.custom_llm_provider}`,
    `status_code:${event.http_status}`,
  ].map(oneTag)
}

function llmSpan(event: SpendEvent, tags: readonly string[]) {
  const firstTokenMs = event.first_token_ms
  const perTokenMs = msPerToken(event)
  return {
    parent_id: 'undefined',
    trace_id: event.trace_id ?? event.request_id,
    span_id: spanIdOf(event.id),
    name: event.generation_name ?? 'litellm_llm_call',
    ...(event.session_id !== undefined && { session_id: event.session_id }),
    start_ns: Math.round(event.start_ms) * 1_000_000,
    duration: Math.max(0, Math.round(event.end_ms - event.start_ms)) * 1_000_000,
    status: event.status === 'failure' ? 'error' : 'ok',
    tags,
    meta: {
      kind: event.call_type === 'aembedding' ? 'embedding' : 'llm',
      input: {},
      output: {},
      metadata: scalars({
        ...standardPayload(event).metadata,
        model_name: event.model,
        model_provider: event.custom_llm_provider,
      }),
      ...(event.error_type !== null && { error: { type: event.error_type, message: event.error_message ?? '' } }),
    },
    metrics: {
      input_tokens: event.prompt_tokens,
      output_tokens: event.completion_tokens,
      total_tokens: event.total_tokens,
      total_cost: usdOf(event.cost_nano),
      ...(firstTokenMs !== null && { time_to_first_token: (firstTokenMs - event.start_ms) / 1000 }),
      ...(perTokenMs !== undefined && { time_per_output_token: perTokenMs / 1000 }),
    },
  }
}

/** It takes numbers, texts and truths there, and nothing else. */
function scalars(values: Readonly<Record<string, unknown>>): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string | number | boolean] =>
        entry[1] !== null && ['string', 'number', 'boolean'].includes(typeof entry[1]),
    ),
  )
}
