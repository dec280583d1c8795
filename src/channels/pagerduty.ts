import type { Post } from './post.ts'

export interface Incident {
  readonly routingKey: string
  readonly action: 'trigger' | 'acknowledge' | 'resolve'
  /** The same key is the same incident: a second trigger adds to it. At most 255 characters. */
  readonly dedupKey: string
  /** At most 1024 characters. */
  readonly summary: string
  readonly source: string
  readonly severity: 'critical' | 'error' | 'warning' | 'info'
  readonly atMs: number
  readonly component?: string
  readonly details?: Readonly<Record<string, unknown>>
}

export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

/** An event of PagerDuty's Events API v2 (https://developer.pagerduty.com/docs/events-api-v2). */
export function pagerdutyPost(incident: Incident, url = PAGERDUTY_URL): Post {
  const { routingKey, action, dedupKey, summary, source, severity, atMs, component, details } = incident
  const body = {
    routing_key: routingKey,
    event_action: action,
    dedup_key: dedupKey.slice(0, 255),
    ...(action === 'trigger' && {
      payload: {
        summary: summary.slice(0, 1024),
        source,
        severity,
        timestamp: new Date(atMs).toISOString(),
        ...(component !== undefined && { component }),
        ...(details !== undefined && { custom_details: details }),
      },
      client: 'Tollgate',
    }),
  }
  return { url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
