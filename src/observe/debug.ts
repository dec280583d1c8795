import type { SpendEvent } from '../spend/event.ts'
import { overheadMs, usdOf } from './payload.ts'

/** Keys whose every attempt has a line in the operator's log for a time, whatever its level is. */
export interface DebugKeys {
  /** From now on and until then; a time that is over ends it. */
  set(keyId: string, untilMs: number, by: string, nowMs: number): Promise<void>
  /** Those of these keys for which it holds now. */
  of(keyIds: readonly string[], nowMs: number): Promise<ReadonlySet<string>>
}

/** An attempt as a line: where it went, how it ended and how long each part took. No body, no prompt, no key. */
export function debugFacts(event: SpendEvent): Readonly<Record<string, unknown>> {
  return {
    key_id: event.key_id,
    key_alias: event.key_alias,
    request_id: event.request_id,
    attempt: event.id,
    call_type: event.call_type,
    dialect: event.dialect,
    stream: event.stream,
    requested_model: event.requested_model ?? event.model_group,
    model_group: event.model_group,
    model_id: event.model_id,
    provider: event.custom_llm_provider,
    model: event.model,
    status: event.status,
    http_status: event.http_status,
    error_type: event.error_type,
    retries: event.retries ?? 0,
    fallbacks: event.fallbacks ?? 0,
    cache_hit: event.cache_hit,
    overhead_ms: overheadMs(event) ?? null,
    first_token_ms: event.first_token_ms === null ? null : event.first_token_ms - event.start_ms,
    took_ms: event.end_ms - event.start_ms,
    prompt_tokens: event.prompt_tokens,
    completion_tokens: event.completion_tokens,
    cost_usd: usdOf(event.cost_nano),
  }
}
