import type { Json } from '../config/config.ts'
import type { ChatRequest } from '../dialects/chat.ts'

/** LiteLLM's fields that speak to a gateway. No vendor gets them. */
export const GATEWAY_FIELDS: ReadonlySet<string> = new Set([
  'tags',
  'cache',
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'disable_fallbacks',
  'num_retries',
  'max_retries',
  'timeout',
  'stream_timeout',
  'request_timeout',
  'mock_response',
  'mock_testing_fallbacks',
  'mock_testing_context_fallbacks',
  'mock_testing_content_policy_fallbacks',
  'mock_testing_rate_limit_error',
  'guardrails',
  'policies',
  'litellm_session_id',
  'litellm_trace_id',
  'litellm_metadata',
  'no-log',
  'drop_params',
  'merge_reasoning_content_in_choices',
  'additional_drop_params',
  'allowed_openai_params',
  'prompt_id',
  'prompt_variables',
  'user_config',
  'priority',
  'caching_groups',
  'callbacks',
  'success_callback',
  'failure_callback',
  'base_model',
  'extra_body',
  'headers',
  'extra_headers',
  'provider_specific_header',
  'stream',
  'stream_options',
  'api_key',
  'api_base',
  'base_url',
])

export type ChatBody = Record<string, unknown> & { readonly messages: ChatRequest['messages'] }

/**
 * What goes to an OpenAI-compatible vendor: the deployment's params underneath, the request's own fields over them, the
 * gateway's fields left out, and the usage of a stream always asked for. The worst case is measured on this same body.
 */
export function chatBody(
  request: ChatRequest,
  target: { readonly model: string; readonly params: { readonly [key: string]: Json } },
): ChatBody {
  const own: Record<string, unknown> = { ...request, ...record(request.extra_body) }
  const under: Record<string, unknown> = { ...target.params, ...record(target.params.extra_body) }
  if (own.max_tokens != null || own.max_completion_tokens != null) {
    delete under.max_tokens
    delete under.max_completion_tokens
  }
  const fields = Object.entries({ ...under, ...own }).filter(
    ([field, value]) => value !== undefined && field !== 'metadata' && !GATEWAY_FIELDS.has(field),
  )
  const metadata = (own.store ?? under.store) === true ? storedMetadata(own.metadata ?? under.metadata) : undefined
  const streams = request.stream === true
  return {
    ...Object.fromEntries(fields),
    ...(metadata && { metadata }),
    model: target.model,
    messages: request.messages,
    ...(streams && { stream: true, stream_options: { ...request.stream_options, include_usage: true } }),
  }
}

/**
 * OpenAI knows `metadata` of chats only where it stores them, and of texts alone (its API reference, "Metadata"): lists
 * and objects in it are the gateway's, as all of it is where nothing is stored.
 */
function storedMetadata(given: unknown): Record<string, unknown> | undefined {
  const texts = Object.entries(record(given)).filter(([, value]) => typeof value === 'string')
  return texts.length === 0 ? undefined : Object.fromEntries(texts)
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
