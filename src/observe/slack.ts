import { slackPost, slackText } from '../channels/slack.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { Sink } from './sink.ts'

const MOST_LINES = 10

/** One message for each batch: how many requests of which model failed, and how. Successes are not told. */
export const slack: Sink = {
  name: 'slack',
  settings: { url: { variable: 'SLACK_WEBHOOK_URL' } },
  posts(events, { url = '' }) {
    const failures = events.filter(({ status }) => status === 'failure')
    return failures.length === 0 ? [] : [slackPost(url, textOf(failures))]
  },
}

function textOf(failures: readonly SpendEvent[]): string {
  const lines = new Map<string, { count: number; last: SpendEvent }>()
  for (const event of failures) {
    const line = `${event.model_group} (${event.custom_llm_provider}): ${event.http_status} ${event.error_type ?? 'failed'}`
    lines.set(line, { count: (lines.get(line)?.count ?? 0) + 1, last: event })
  }
  const shown = [...lines].slice(0, MOST_LINES).map(([line, { count, last }]) => {
    return `• ${count} × ${slackText(line)} — last call id \`${slackText(last.request_id)}\``
  })
  const more = lines.size > MOST_LINES ? [`… and ${lines.size - MOST_LINES} other kinds`] : []
  return [`*LLM API calls failed: ${failures.length}*`, ...shown, ...more].join('\n')
}
