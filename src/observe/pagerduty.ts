import { PAGERDUTY_URL, pagerdutyPost } from '../channels/pagerduty.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { Sink } from './sink.ts'

const HOUR_MS = 3_600_000

/** One event for each deployment that failed in a batch; within an hour all of a deployment's are one incident. */
export const pagerduty: Sink = {
  name: 'pagerduty',
  settings: {
    routingKey: { variable: 'PAGERDUTY_API_KEY' },
    url: { variable: 'PAGERDUTY_EVENTS_URL', otherwise: PAGERDUTY_URL },
  },
  posts(events, { routingKey = '', url = '' }) {
    const failures = Map.groupBy(
      events.filter(({ status }) => status === 'failure'),
      ({ model_id, end_ms }) => `tollgate:${model_id}:${Math.floor(end_ms / HOUR_MS)}`,
    )
    return [...failures].flatMap(([dedupKey, mine]) => {
      const last = mine.at(-1)
      return last
        ? [pagerdutyPost({ routingKey, dedupKey, action: 'trigger', ...incidentOf(last, mine.length) }, url)]
        : []
    })
  },
}

function incidentOf(last: SpendEvent, count: number) {
  const { model_group, custom_llm_provider, model_id, http_status, error_type, request_id, end_ms } = last
  return {
    summary: `LLM API failure: ${model_group} at ${custom_llm_provider}, ${http_status} ${error_type ?? ''}`.trim(),
    source: 'tollgate',
    severity: http_status >= 500 ? ('error' as const) : ('warning' as const),
    atMs: end_ms,
    component: model_group,
    details: { failures: count, model_id, call_id: request_id, error: last.error_message },
  }
}
