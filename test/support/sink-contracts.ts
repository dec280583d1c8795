import * as z from 'zod'

/**
 * What receivers of sinks publish about what they take, as strict as they say it: a field that they do not name is a
 * fault, since they drop it in silence or refuse the whole batch.
 */

const isoTime = z.iso.datetime()

/** https://api.reference.langfuse.com, Ingestion: envelopes with an id of their own around bodies with the object's. */
const envelope = { id: z.string().min(1), timestamp: isoTime, metadata: z.unknown().optional() }
const traceBody = z.strictObject({
  id: z.string().optional(),
  timestamp: isoTime.optional(),
  name: z.string().optional(),
  userId: z.string().optional(),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  sessionId: z.string().optional(),
  release: z.string().optional(),
  version: z.string().optional(),
  metadata: z.unknown().optional(),
  tags: z.array(z.string()).optional(),
  environment: z.string().optional(),
  public: z.boolean().optional(),
})
const generationBody = z.strictObject({
  id: z.string().optional(),
  traceId: z.string().optional(),
  name: z.string().optional(),
  startTime: isoTime.optional(),
  endTime: isoTime.optional(),
  completionStartTime: isoTime.optional(),
  metadata: z.unknown().optional(),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  level: z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']).optional(),
  statusMessage: z.string().optional(),
  parentObservationId: z.string().optional(),
  version: z.string().optional(),
  environment: z.string().optional(),
  model: z.string().optional(),
  modelParameters: z.record(z.string(), z.unknown()).optional(),
  usageDetails: z.record(z.string(), z.int().min(0)).optional(),
  costDetails: z.record(z.string(), z.number().min(0)).optional(),
  promptName: z.string().optional(),
  promptVersion: z.int().optional(),
})
export const langfuseIngestion = z.strictObject({
  batch: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ ...envelope, type: z.literal('trace-create'), body: traceBody }),
      z.strictObject({ ...envelope, type: z.literal('generation-create'), body: generationBody }),
    ]),
  ),
  metadata: z.unknown().optional(),
})

/** https://docs.datadoghq.com/api/latest/logs/#send-logs: texts, of which `message` must be there. */
export const datadogLogs = z
  .array(
    z.strictObject({
      message: z.string().min(1).max(1_000_000),
      ddsource: z.string().optional(),
      ddtags: z
        .string()
        .regex(/^([^,:]+:[^,]*)(,[^,:]+:[^,]*)*$/)
        .optional(),
      hostname: z.string().optional(),
      service: z.string().optional(),
      status: z.enum(['debug', 'info', 'warning', 'error']).optional(),
    }),
  )
  .max(1_000)

/** https://docs.datadoghq.com/api/latest/metrics/#submit-distribution-points: a point is a second and its values. */
export const datadogSeries = z.strictObject({
  series: z.array(
    z.strictObject({
      metric: z.string().regex(/^[a-zA-Z][\w.]{0,199}$/),
      type: z.literal('distribution'),
      points: z.array(z.tuple([z.int().max(1e10), z.array(z.number()).min(1)])).min(1),
      tags: z.array(z.string().max(200)).optional(),
      host: z.string().optional(),
    }),
  ),
})

/** https://docs.datadoghq.com/llm_observability/instrumentation/api; times in nanoseconds, metadata without objects. */
const io = z.strictObject({ value: z.string().optional(), messages: z.array(z.unknown()).optional() })
export const datadogSpans = z.strictObject({
  data: z.strictObject({
    type: z.literal('span'),
    attributes: z.strictObject({
      ml_app: z.string().regex(/^(?!.*__)[\p{Ll}\p{N}_\-:./]{1,193}(?<!_)$/u),
      tags: z.array(z.string()).optional(),
      session_id: z.string().optional(),
      spans: z.array(
        z.strictObject({
          name: z.string(),
          span_id: z.string(),
          trace_id: z.string(),
          parent_id: z.string(),
          start_ns: z.number().refine((ns) => Number.isInteger(ns) && ns > 1e18, 'nanoseconds since the epoch'),
          duration: z.number().min(0),
          status: z.enum(['ok', 'error']).optional(),
          session_id: z.string().optional(),
          tags: z.array(z.string()).optional(),
          metrics: z
            .strictObject({
              input_tokens: z.number(),
              output_tokens: z.number(),
              total_tokens: z.number(),
              time_to_first_token: z.number(),
              time_per_output_token: z.number(),
              /** LiteLLM's, which Datadog reads as a metric of the span. */
              total_cost: z.number(),
            })
            .partial()
            .optional(),
          meta: z.strictObject({
            kind: z.enum(['agent', 'workflow', 'llm', 'tool', 'task', 'embedding', 'retrieval']),
            error: z.strictObject({ message: z.string(), stack: z.string(), type: z.string() }).partial().optional(),
            input: io.optional(),
            output: io.optional(),
            metadata: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).optional(),
          }),
        }),
      ),
    }),
  }),
})

/** https://developer.pagerduty.com/docs/send-alert-event. */
export const pagerdutyEvent = z.strictObject({
  routing_key: z.string(),
  event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedup_key: z.string().max(255).optional(),
  client: z.string().optional(),
  payload: z.strictObject({
    summary: z.string().min(1).max(1024),
    source: z.string().min(1),
    severity: z.enum(['critical', 'warning', 'error', 'info']),
    timestamp: isoTime.optional(),
    component: z.string().optional(),
    group: z.string().optional(),
    class: z.string().optional(),
    custom_details: z.record(z.string(), z.unknown()).optional(),
  }),
})

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll; an `insertId` has at most 128 characters. */
export const bigqueryInsert = z.strictObject({
  skipInvalidRows: z.boolean().optional(),
  ignoreUnknownValues: z.boolean().optional(),
  rows: z.array(z.strictObject({ insertId: z.string().max(128), json: z.record(z.string(), z.unknown()) })),
})
