import type { SpendEvent } from '../spend/event.ts'
import { budgetGauges, counter, gauge, histogram, labelsOf, type Metric, type MetricOptions, told } from './metric.ts'
import { overheadMs, usdOf } from './payload.ts'

/** Upper bounds in seconds, LiteLLM's (litellm.md §7.6), without +Inf. */
export const BUCKETS: readonly number[] = [
  0.005, 0.00625, 0.0125, 0.025, 0.05, 0.1, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5,
  10, 15, 20, 25, 30, 60, 120, 180, 240, 300,
]

export type Labels = Readonly<Record<string, string>>

/** What a batch adds to one series: a sum for a counter, sum and buckets for a histogram, the last value for a gauge. */
export interface Delta {
  readonly metric: string
  readonly labels: Labels
  value: number
  /** Of a histogram: how many fell into each bucket, the last being beyond all bounds. Not cumulative. */
  counts?: number[]
}

const EU = 'end_user'
const WHO = ['hashed_api_key', 'api_key_alias', 'team', 'team_alias'] as const
const AT = ['litellm_model_name', 'model_id', 'api_base', 'api_provider'] as const
const PER_MODEL = [EU, ...WHO, 'user', 'model', 'model_id'] as const
const LATENCY = [EU, ...WHO, 'user', 'requested_model', 'model', 'model_id'] as const
const AT_GROUP = [
  'model_group',
  'api_provider',
  'api_base',
  'litellm_model_name',
  'hashed_api_key',
  'api_key_alias',
  'model_id',
] as const
const FALLBACK = [
  'requested_model',
  'fallback_model',
  ...WHO,
  'exception_status',
  'exception_class',
  'model_id',
] as const
const FAULT = ['exception_status', 'exception_class'] as const

const seconds = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs) / 1000
const isDone = ({ status }: SpendEvent): boolean => status !== 'failure'
/** The last attempt of its request, as far as one attempt can know. */
const isLast = (event: SpendEvent): boolean => event.elsewhere !== true
const hasFallenBack = ({ fallbacks = 0 }: SpendEvent): boolean => fallbacks > 0
const one = (counts: (event: SpendEvent) => boolean) => (event: SpendEvent) => (counts(event) ? 1 : undefined)
const some = (value: number): number | undefined => (value > 0 ? value : undefined)

/** Parts of the tokens in and out. What a provider read from or wrote to its cache has two names, as in LiteLLM. */
function tokenDetails(): Record<string, Metric> {
  const of = (help: string, tokens: (usage: SpendEvent['usage']) => number) =>
    counter(help, [...PER_MODEL, 'requested_model'], ({ usage, cache_hit }) =>
      cache_hit ? undefined : some(tokens(usage)),
    )
  const read = of('Tokens of prompts that providers read from their caches.', (usage) => usage.cacheReadTokens)
  const written = of(
    'Tokens of prompts that providers wrote to their caches.',
    (usage) => usage.cacheWriteTokens + usage.cacheWrite1hTokens,
  )
  return {
    litellm_input_cached_tokens_metric: read,
    litellm_provider_cache_read_input_tokens_metric: read,
    litellm_input_cache_creation_tokens_metric: written,
    litellm_provider_cache_creation_input_tokens_metric: written,
    litellm_input_audio_tokens_metric: of(
      'Tokens of sound in prompts.',
      (usage) => usage.inputAudioTokens + (usage.cacheReadAudioTokens ?? 0),
    ),
    litellm_output_reasoning_tokens_metric: of('Tokens of reasoning.', (usage) => usage.reasoningTokens),
    litellm_output_audio_tokens_metric: of('Tokens of sound in answers.', (usage) => usage.outputAudioTokens),
  }
}

/** LiteLLM's metrics that a finished attempt tells of, by their names there. */
export const metrics: Readonly<Record<string, Metric>> = {
  litellm_proxy_total_requests_metric: counter(
    'Requests that asked a deployment, by how the last attempt ended.',
    [EU, ...WHO, 'requested_model', 'user', 'status_code', 'model_id'],
    one(isLast),
  ),
  litellm_proxy_failed_requests_metric: counter(
    'Requests whose last attempt failed.',
    [EU, ...WHO, 'requested_model', 'user', ...FAULT, 'model_id'],
    one((event) => isLast(event) && !isDone(event)),
  ),
  litellm_requests_metric: counter('Attempts.', PER_MODEL, () => 1),
  litellm_spend_metric: counter('What was spent, in US dollars.', PER_MODEL, ({ cost_nano }) => some(usdOf(cost_nano))),
  tollgate_unpriced_requests: counter(
    'Attempts that were recorded at nothing because nobody knows a price.',
    ['requested_model', ...AT],
    one(({ unpriced }) => unpriced === true),
  ),
  tollgate_reported_cost_difference_usd: counter(
    'How far what providers say that they bill is from the list price, in US dollars, either way.',
    ['requested_model', ...AT],
    ({ reported_cost_nano: reported, list_cost_nano: list }) =>
      reported === undefined || list === undefined ? undefined : some(Math.abs(usdOf(reported) - usdOf(list))),
  ),
  litellm_total_tokens_metric: counter('Tokens in and out.', [...PER_MODEL, 'requested_model'], (event) =>
    some(event.total_tokens),
  ),
  litellm_input_tokens_metric: counter('Tokens of prompts.', [...PER_MODEL, 'requested_model'], (event) =>
    some(event.prompt_tokens),
  ),
  litellm_output_tokens_metric: counter('Tokens of answers.', [...PER_MODEL, 'requested_model'], (event) =>
    some(event.completion_tokens),
  ),
  ...tokenDetails(),
  litellm_cached_tokens_metric: counter(
    'Tokens of answers that came from the cache here.',
    PER_MODEL,
    ({ cache_hit, total_tokens }) => (cache_hit ? some(total_tokens) : undefined),
  ),
  litellm_cache_hits_metric: counter(
    'Requests answered from the cache.',
    PER_MODEL,
    one(({ cache_hit }) => cache_hit),
  ),
  litellm_remaining_requests_metric: gauge(
    'Requests that the vendor said are left of its limit.',
    AT_GROUP,
    ({ vendor_remaining_requests }) => vendor_remaining_requests,
  ),
  litellm_remaining_tokens_metric: gauge(
    'Tokens that the vendor said are left of its limit.',
    AT_GROUP,
    ({ vendor_remaining_tokens }) => vendor_remaining_tokens,
  ),
  litellm_cache_misses_metric: counter('Requests that the cache had no answer for.', PER_MODEL, (event, { caches }) =>
    caches && isLast(event) && !event.cache_hit ? 1 : undefined,
  ),
  litellm_deployment_successful_fallbacks: counter(
    'Requests that a fallback answered.',
    FALLBACK,
    one((event) => hasFallenBack(event) && isDone(event)),
  ),
  litellm_deployment_failed_fallbacks: counter(
    'Attempts at fallbacks that failed.',
    FALLBACK,
    one((event) => hasFallenBack(event) && !isDone(event)),
  ),
  litellm_llm_api_failed_requests_metric: counter(
    'Attempts that failed.',
    PER_MODEL,
    one((event) => !isDone(event)),
  ),
  litellm_callback_logging_failures_metric: told('counter', 'Deliveries that a sink did not take.', ['callback_name']),
  ...budgetGauges('team', 'a team', ['team', 'team_alias']),
  ...budgetGauges('api_key', 'a key', ['hashed_api_key', 'api_key_alias']),
  ...budgetGauges('user', 'a user', ['user']),
  ...budgetGauges('org', 'an organization', ['org_id', 'org_alias']),
  ...budgetGauges('customer', 'a customer', [EU]),
  litellm_total_users: told('gauge', 'People whom the gateway knows.', []),
  litellm_teams_count: told('gauge', 'Teams.', []),
  litellm_remaining_api_key_requests_for_model: gauge(
    "Requests that are left of a key's own limit for a model.",
    ['hashed_api_key', 'api_key_alias', 'model', 'model_id'],
    ({ key_remaining_requests }) => key_remaining_requests,
  ),
  litellm_remaining_api_key_tokens_for_model: gauge(
    "Tokens that are left of a key's own limit for a model.",
    ['hashed_api_key', 'api_key_alias', 'model', 'model_id'],
    ({ key_remaining_tokens }) => key_remaining_tokens,
  ),
  litellm_provider_remaining_budget_metric: told('gauge', "US dollars left of a provider's budget.", ['api_provider']),
  litellm_request_total_latency_metric: histogram(
    'Seconds from the request to its end.',
    LATENCY,
    ({ received_ms, start_ms, end_ms }) => seconds(received_ms ?? start_ms, end_ms),
  ),
  litellm_llm_api_latency_metric: histogram('Seconds that the provider took.', LATENCY, ({ start_ms, end_ms }) =>
    seconds(start_ms, end_ms),
  ),
  litellm_llm_api_time_to_first_token_metric: histogram(
    'Seconds until the first token of a stream.',
    LATENCY,
    ({ start_ms, first_token_ms }) => (first_token_ms === null ? undefined : seconds(start_ms, first_token_ms)),
  ),
  litellm_overhead_latency_metric: histogram(
    'Seconds that the gateway itself took before it asked.',
    AT_GROUP,
    (event) => {
      const ms = overheadMs(event)
      return ms === undefined ? undefined : ms / 1000
    },
  ),
  litellm_deployment_latency_per_output_token: histogram(
    'Seconds for each token of an answer.',
    [...AT, ...WHO],
    (event) =>
      isDone(event) && event.completion_tokens > 0
        ? seconds(event.start_ms, event.end_ms) / event.completion_tokens
        : undefined,
  ),
  litellm_deployment_total_requests: counter('Attempts.', ['requested_model', ...AT, ...WHO], () => 1),
  litellm_deployment_success_responses: counter(
    'Attempts that were answered.',
    ['requested_model', ...AT, ...WHO],
    one(isDone),
  ),
  litellm_deployment_failure_responses: counter(
    'Attempts that failed.',
    ['requested_model', ...AT, ...WHO, ...FAULT],
    one((event) => !isDone(event)),
  ),
}

/** What a batch adds, each series once. */
export function deltasOf(events: readonly SpendEvent[], options: MetricOptions): readonly Delta[] {
  const deltas = new Map<string, Delta>()
  for (const event of events) {
    const all = labelsOf(event, options)
    for (const [name, metric] of Object.entries(metrics)) {
      const value = metric.value(event, options)
      if (value === undefined || !Number.isFinite(value)) continue
      const labels = Object.fromEntries(metric.labels.map((label) => [label, all[label]]))
      const key = seriesKey(name, labels)
      const delta = deltas.get(key) ?? { metric: name, labels, value: 0 }
      deltas.set(key, delta)
      delta.value = metric.kind === 'gauge' ? value : delta.value + value
      if (metric.kind === 'histogram') count(delta, value)
    }
  }
  return [...deltas.values()]
}

export function seriesKey(metric: string, labels: Labels): string {
  return JSON.stringify([metric, ...Object.entries(labels).flat()])
}

function count(delta: Delta, value: number): void {
  delta.counts ??= new Array<number>(BUCKETS.length + 1).fill(0)
  const at = BUCKETS.findIndex((bound) => value <= bound)
  const bucket = at < 0 ? BUCKETS.length : at
  delta.counts[bucket] = (delta.counts[bucket] ?? 0) + 1
}
