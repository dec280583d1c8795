import type { SpendEvent } from '../spend/event.ts'
import type { About, Alert } from './alert.ts'

/** Refusals of what the caller sent are not the vendor's trouble. */
const CALLERS_FAULT: ReadonlySet<number> = new Set([400, 413, 422])

/**
 * What finished attempts have to say: those that were too slow, those that hung until they were given up, failures, and
 * what nobody knew a price for, each counted by what they have in common. The same batch says the same under the same
 * ids; a deployment without a price is told once a day, as in LiteLLM.
 */
export function requestAlerts(events: readonly SpendEvent[], slowMs: number): readonly Alert[] {
  const late = events.filter((event) => !event.cache_hit && tookMs(event) > slowMs)
  const failed = events.filter(({ status, http_status }) => status === 'failure' && !CALLERS_FAULT.has(http_status))
  return [
    ...grouped(
      late.filter(({ status }) => status === 'success'),
      ({ model_id }) => model_id,
    ).map((those) => slow(those, slowMs)),
    ...grouped(
      late.filter(({ status }) => status !== 'success'),
      ({ model_id }) => model_id,
    ).map((those) => hung(those, slowMs)),
    ...grouped(failed, ({ model_id, http_status, error_type }) => `${model_id}:${http_status}:${error_type}`).map(
      exception,
    ),
    ...grouped(
      events.filter((event) => event.unpriced === true),
      ({ model_id, end_ms }) => `${model_id}:${dayOf(end_ms)}`,
    ).map(unpriced),
  ]
}

type Some = readonly [SpendEvent, ...SpendEvent[]]

function slow(those: Some, thresholdMs: number): Alert {
  const worst = those.reduce((a, b) => (tookMs(b) > tookMs(a) ? b : a))
  return {
    id: `slow:${worst.id}`,
    type: 'llm_too_slow',
    facts: {
      kind: 'slow',
      ...aboutOf(worst),
      count: those.length,
      longestMs: tookMs(worst),
      thresholdMs,
      keyAlias: worst.key_alias,
      team: worst.team_alias ?? worst.team_id,
      requestId: worst.request_id,
    },
  }
}

function hung(those: Some, thresholdMs: number): Alert {
  const [first] = those
  return {
    id: `hung:${first.id}`,
    type: 'llm_requests_hanging',
    facts: { kind: 'hanging', ...aboutOf(first), count: those.length, thresholdMs },
  }
}

function exception(those: Some): Alert {
  const [first] = those
  return {
    id: `exception:${first.id}`,
    type: 'llm_exceptions',
    facts: {
      kind: 'exception',
      ...aboutOf(first),
      count: those.length,
      status: first.http_status,
      error: first.error_type ?? 'failed',
      requestId: first.request_id,
    },
  }
}

function unpriced(those: Some): Alert {
  const [first] = those
  return {
    id: `unpriced:${first.model_id}:${dayOf(first.end_ms)}`,
    type: 'failed_tracking_spend',
    facts: { kind: 'unpriced', ...aboutOf(first), count: those.length, requestId: first.request_id },
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

function grouped(events: readonly SpendEvent[], by: (event: SpendEvent) => string): readonly Some[] {
  return [...Map.groupBy(events, by).values()].filter(
    (those): those is [SpendEvent, ...SpendEvent[]] => those.length > 0,
  )
}

const tookMs = ({ start_ms, end_ms }: SpendEvent) => end_ms - start_ms

function aboutOf({ model_group, model_id, custom_llm_provider, model }: SpendEvent): About {
  return { group: model_group, deployment: model_id, provider: custom_llm_provider, model }
}
