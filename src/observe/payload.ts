import type { SpendEvent } from '../spend/event.ts'
import type { Occasion } from './sink.ts'

export const usdOf = (nano: string): number => Number(nano) / 1e9

/** Seconds since the epoch, as LiteLLM writes times. */
const seconds = (ms: number): number => ms / 1000

/**
 * An event as LiteLLM's `StandardLoggingPayload` (litellm.md §7.7), which its users' receivers read already. Messages
 * and answers are null unless the operator has them logged.
 */
export function standardPayload(event: SpendEvent, bodies?: Occasion['bodies']) {
  const said = bodies?.get(event.request_id)
  const total = usdOf(event.cost_nano)
  const input = usdOf(event.input_cost_nano ?? '0')
  const original = BigInt(event.original_cost_nano ?? event.cost_nano)
  const isSuccess = event.status === 'success'
  return {
    id: event.id,
    trace_id: event.trace_id ?? event.request_id,
    litellm_call_id: event.request_id,
    call_type: event.call_type,
    stream: event.stream,
    response_cost: total,
    cost_breakdown: {
      input_cost: input,
      output_cost: Math.max(0, usdOf(String(original - BigInt(event.input_cost_nano ?? '0')))),
      tool_usage_cost: 0,
      total_cost: total,
      ...(event.original_cost_nano !== undefined && {
        original_cost: usdOf(event.original_cost_nano),
        discount_amount: usdOf(event.discount_nano ?? '0'),
        margin_total_amount: usdOf(event.margin_nano ?? '0'),
      }),
    },
    status: isSuccess ? 'success' : 'failure',
    status_fields: { llm_api_status: isSuccess ? 'success' : 'failure', guardrail_status: 'not_run' },
    /** What LiteLLM does not have: a client that left is neither. */
    tollgate_status: event.status,
    total_tokens: event.total_tokens,
    prompt_tokens: event.prompt_tokens,
    completion_tokens: event.completion_tokens,
    startTime: seconds(event.start_ms),
    endTime: seconds(event.end_ms),
    completionStartTime: seconds(event.first_token_ms ?? event.end_ms),
    response_time: seconds((event.first_token_ms ?? event.end_ms) - event.start_ms),
    model: event.model,
    model_id: event.model_id,
    model_group: event.model_group,
    requested_model: event.requested_model ?? event.model_group,
    custom_llm_provider: event.custom_llm_provider,
    api_base: event.api_base,
    metadata: {
      user_api_key_hash: event.api_key,
      user_api_key_alias: event.key_alias,
      user_api_key_org_id: event.organization_id,
      user_api_key_team_id: event.team_id,
      user_api_key_team_alias: event.team_alias ?? null,
      user_api_key_user_id: event.user,
      user_api_key_end_user_id: event.end_user,
      requester_ip_address: event.requester_ip_address ?? null,
      session_id: event.session_id ?? null,
      spend_logs_metadata: event.spend_logs_metadata ?? null,
      usage_object: event.usage,
    },
    cache_hit: event.cache_hit,
    request_tags: event.request_tags,
    end_user: event.end_user ?? '',
    requester_ip_address: event.requester_ip_address ?? null,
    user_agent: event.user_agent ?? null,
    messages: said?.messages ?? null,
    response: said?.response ?? null,
    error_str: event.error_message,
    error_information:
      event.error_type === null
        ? null
        : {
            error_code: String(event.http_status),
            error_class: event.error_type,
            llm_provider: event.custom_llm_provider,
            error_message: event.error_message ?? '',
          },
    hidden_params: {
      model_id: event.model_id,
      api_base: event.api_base,
      response_cost: total,
      litellm_overhead_time_ms: overheadMs(event) ?? null,
      litellm_model_name: event.model,
    },
    retries: event.retries ?? 0,
    fallbacks: event.fallbacks ?? 0,
    price_version: event.price_version,
    usage_estimated: event.usage_estimated,
  }
}

/** What the gateway itself took before it asked; undefined where attempts before this one took time, too. */
export function overheadMs(event: SpendEvent): number | undefined {
  if (event.received_ms === undefined || (event.retries ?? 0) + (event.fallbacks ?? 0) > 0) return undefined
  return Math.max(0, event.start_ms - event.received_ms)
}

/** How long each token after the first took; undefined where nothing was streamed. */
export function msPerToken({ first_token_ms, end_ms, completion_tokens }: SpendEvent): number | undefined {
  return first_token_ms === null || completion_tokens < 2
    ? undefined
    : (end_ms - first_token_ms) / (completion_tokens - 1)
}

/** `redact_user_api_key_info`: who asked by hash, alias, user and team is taken out, and by address. */
export function withoutKeyInfo(event: SpendEvent): SpendEvent {
  const { requester_ip_address: _, team_alias: __, ...rest } = event
  return {
    ...rest,
    key_id: '',
    api_key: '',
    key_alias: null,
    user: null,
    team_id: null,
    organization_id: null,
    scopes: [],
    windows: [],
    covered: [],
    ledger: null,
    grant_id: null,
  }
}
