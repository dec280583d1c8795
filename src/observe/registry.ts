import { bigquery } from './bigquery.ts'
import { datadog, datadogLlmObs } from './datadog.ts'
import { langfuse } from './langfuse.ts'
import { otel } from './otel.ts'
import { pagerduty } from './pagerduty.ts'
import { s3 } from './s3.ts'
import { sentry } from './sentry.ts'
import type { Sink } from './sink.ts'
import { slack } from './slack.ts'
import { webhook } from './webhook.ts'

/** Every sink that is sent to over HTTP, by the name that files call it. */
export const sinks: readonly Sink[] = [
  webhook,
  langfuse,
  otel,
  datadog,
  datadogLlmObs,
  slack,
  pagerduty,
  bigquery,
  s3,
  sentry,
]

export const sinkNamed = (name: string): Sink | undefined => sinks.find((sink) => sink.name === name)
