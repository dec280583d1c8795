import type { SpendEvent } from '../spend/event.ts'
import type { Sink } from './sink.ts'

/** Failed attempts as error events in one envelope each (https://develop.sentry.dev/sdk/data-model/envelopes/). */
export const sentry: Sink = {
  name: 'sentry',
  settings: {
    dsn: { variable: 'SENTRY_DSN' },
    environment: { variable: 'SENTRY_ENVIRONMENT', otherwise: 'production' },
  },
  posts(events, { dsn = '', environment = '' }, { version, nowMs }) {
    const at = addressOf(dsn)
    return events
      .filter(({ status }) => status === 'failure')
      .map((event) => {
        const eventId = event.id.replaceAll('-', '')
        const lines = [
          { event_id: eventId, sent_at: new Date(nowMs).toISOString() },
          { type: 'event', content_type: 'application/json' },
          errorEvent(event, eventId, environment, version),
        ]
        return {
          url: at.url,
          headers: {
            'content-type': 'application/x-sentry-envelope',
            'x-sentry-auth': `Sentry sentry_version=7, sentry_client=tollgate/1, sentry_key=${at.key}`,
          },
          body: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
        }
      })
  },
}

/** `https://KEY@HOST/PATH/PROJECT`. */
function addressOf(dsn: string): { readonly url: string; readonly key: string } {
  if (!URL.canParse(dsn)) throw new Error('SENTRY_DSN is no address')
  const { protocol, host, username, pathname } = new URL(dsn)
  const at = pathname.lastIndexOf('/')
  return { url: `${protocol}//${host}${pathname.slice(0, at)}/api${pathname.slice(at)}/envelope/`, key: username }
}

function errorEvent(event: SpendEvent, eventId: string, environment: string, release: string) {
  return {
    event_id: eventId,
    timestamp: event.end_ms / 1000,
    platform: 'javascript',
    level: event.http_status >= 500 ? 'error' : 'warning',
    logger: 'tollgate',
    environment,
    release,
    exception: { values: [{ type: event.error_type ?? 'failed', value: event.error_message ?? '' }] },
    fingerprint: [event.error_type ?? 'failed', event.model_id],
    ...(event.user !== null && { user: { id: event.user } }),
    tags: {
      model: event.model,
      model_group: event.model_group,
      model_id: event.model_id,
      provider: event.custom_llm_provider,
      http_status: String(event.http_status),
      ...(event.team_id !== null && { team_id: event.team_id }),
    },
    extra: { call_id: event.request_id, key_alias: event.key_alias, api_base: event.api_base },
  }
}
