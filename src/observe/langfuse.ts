import type { SpendEvent } from '../spend/event.ts'
import { overheadMs, usdOf } from './payload.ts'
import type { Occasion, Sink } from './sink.ts'

/**
 * Langfuse's ingestion API (https://api.reference.langfuse.com, `POST /api/public/ingestion`): a trace for each request
 * and a generation for each attempt, in LiteLLM's names. Traces and generations have ids of ours, so what arrives twice
 * is one. It answers 207 with a list of what it has refused.
 */
export const langfuse: Sink = {
  name: 'langfuse',
  tellsBodies: true,
  settings: {
    publicKey: { variable: 'LANGFUSE_PUBLIC_KEY' },
    secretKey: { variable: 'LANGFUSE_SECRET_KEY' },
    host: { variable: 'LANGFUSE_HOST', otherwise: 'https://cloud.langfuse.com' },
  },
  posts(events, { publicKey = '', secretKey = '', host = '' }, { version, bodies }) {
    const batch = events.flatMap((event) => [trace(event, version, bodies), generation(event, bodies)])
    return [
      {
        url: `${host.replace(/\/+$/, '')}/api/public/ingestion`,
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`,
          'x-langfuse-sdk-name': 'tollgate',
        },
        body: JSON.stringify({ batch, metadata: { sdk_name: 'tollgate', batch_size: batch.length } }),
      },
    ]
  },
  refusedIn({ text }) {
    const errors = errorsIn(text)
    return errors.length === 0 ? undefined : `Langfuse refused ${errors.length} of a batch (${errors.join(', ')})`
  },
}

const iso = (ms: number): string => new Date(ms).toISOString()

function trace(event: SpendEvent, version: string, bodies: Occasion['bodies']) {
  const said = bodies?.get(event.request_id)
  return {
    id: `${event.id}-t`,
    type: 'trace-create',
    timestamp: iso(event.end_ms),
    body: {
      id: event.trace_id ?? event.request_id,
      timestamp: iso(event.received_ms ?? event.start_ms),
      name: event.trace_name ?? `litellm-${event.call_type}`,
      sessionId: event.session_id,
      userId: event.trace_user_id ?? event.end_user ?? event.user ?? undefined,
      release: version,
      tags: event.request_tags,
      input: said?.messages,
      output: said?.response,
      metadata: who(event),
    },
  }
}

function generation(event: SpendEvent, bodies: Occasion['bodies']) {
  const said = bodies?.get(event.request_id)
  const { usage } = event
  const total = usdOf(event.cost_nano)
  const input = event.input_cost_nano === undefined ? undefined : usdOf(event.input_cost_nano)
  return {
    id: `${event.id}-g`,
    type: 'generation-create',
    timestamp: iso(event.end_ms),
    body: {
      id: event.id,
      traceId: event.trace_id ?? event.request_id,
      name: event.generation_name ?? (event.key_alias ? `litellm:${event.key_alias}` : `litellm-${event.call_type}`),
      startTime: iso(event.start_ms),
      endTime: iso(event.end_ms),
      completionStartTime: event.first_token_ms === null ? undefined : iso(event.first_token_ms),
      model: event.model,
      promptName: event.prompt_name,
      promptVersion: event.prompt_version,
      input: said?.messages,
      output: said?.response,
      usageDetails: {
        input: event.prompt_tokens - usage.cacheReadTokens - usage.cacheWriteTokens - usage.cacheWrite1hTokens,
        output: event.completion_tokens,
        total: event.total_tokens,
        cache_read_input_tokens: usage.cacheReadTokens,
        cache_creation_input_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
      },
      costDetails: { total, ...(input !== undefined && { input, output: Math.max(0, total - input) }) },
      level: event.status === 'failure' ? 'ERROR' : event.status === 'cancelled' ? 'WARNING' : 'DEFAULT',
      statusMessage: event.error_message ?? undefined,
      metadata: {
        ...who(event),
        model_group: event.model_group,
        model_id: event.model_id,
        custom_llm_provider: event.custom_llm_provider,
        api_base: event.api_base,
        http_status: event.http_status,
        cache_hit: event.cache_hit,
        retries: event.retries ?? 0,
        fallbacks: event.fallbacks ?? 0,
        litellm_overhead_time_ms: overheadMs(event),
      },
    },
  }
}

function who(event: SpendEvent) {
  return {
    litellm_call_id: event.request_id,
    user_api_key_hash: event.api_key,
    user_api_key_alias: event.key_alias,
    user_api_key_user_id: event.user,
    user_api_key_team_id: event.team_id,
    user_api_key_team_alias: event.team_alias,
    user_api_key_org_id: event.organization_id,
    user_agent: event.user_agent,
    requester_ip_address: event.requester_ip_address,
  }
}

/** Statuses of what was refused; a receiver's words may hold what we sent, so they are not repeated. */
function errorsIn(text: string): readonly number[] {
  try {
    const { errors } = JSON.parse(text) as { errors?: readonly { status?: number }[] }
    return (errors ?? []).map(({ status }) => status ?? 0)
  } catch {
    return []
  }
}
