import * as z from 'zod'

const nano = z.string().regex(/^-?\d+$/)
const tokens = z.int().nonnegative()

/**
 * One finished attempt, wide: who, what, where it went, what it cost and out of what. This is what travels through the
 * queue, what a ledger keeps when the queue refuses, and what the record statement reads: plain JSON, money as decimal
 * strings of nano-USD, times as milliseconds since the epoch. Field names are LiteLLM's where LiteLLM has the field.
 * `v` grows when a field changes its meaning; fields may be added without.
 */
export const spendEvent = z.object({
  v: z.literal(1),
  /** The attempt: a UUIDv7 made by the gateway. Its day is the row's partition. */
  id: z.string(),
  /** Joins the attempts of one request; what `x-litellm-call-id` says. */
  request_id: z.string(),
  call_type: z.string(),
  status: z.enum(['success', 'failure', 'cancelled']),

  // The money: what the record statement moves.
  ledger: z.string().nullable(),
  grant_id: z.string().nullable(),
  /** One hold for one request. */
  single: z.boolean(),
  hold_nano: nano,
  cost_nano: nano,
  scopes: z.array(z.string()),
  windows: z.array(z.number()),
  covered: z.array(z.boolean()),
  /** The provider billed above its documented worst case. */
  overrun: z.boolean(),

  // Who.
  key_id: z.string(),
  api_key: z.string(),
  key_alias: z.string().nullable(),
  user: z.string().nullable(),
  team_id: z.string().nullable(),
  organization_id: z.string().nullable(),
  end_user: z.string().nullable(),

  // Where it went.
  model: z.string(),
  model_group: z.string(),
  model_id: z.string(),
  custom_llm_provider: z.string(),
  api_base: z.string(),
  dialect: z.string(),
  stream: z.boolean(),

  // What it used, in disjoint classes, and by which prices.
  usage: z.object({
    inputTokens: tokens,
    cacheReadTokens: tokens,
    cacheWriteTokens: tokens,
    cacheWrite1hTokens: tokens,
    inputAudioTokens: tokens,
    inputImageTokens: tokens,
    outputTokens: tokens,
    reasoningTokens: tokens,
    outputAudioTokens: tokens,
    outputImageTokens: tokens,
    cacheReadAudioTokens: tokens.exactOptional(),
    /** How the vendor said that it served it, where that may be billed otherwise than usual. */
    serviceTier: z.enum(['flex', 'priority']).exactOptional(),
  }),
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
  /** Counted by the gateway because the provider did not say. */
  usage_estimated: z.boolean(),
  price_version: z.string(),

  // When.
  start_ms: z.number(),
  /** When the first event with content went to the client; null for what is not streamed or never began. */
  first_token_ms: z.number().nullable(),
  end_ms: z.number(),

  // How it ended.
  cache_hit: z.boolean(),
  /** What the same answer cost whoever asked first: only of hits. */
  saved_nano: nano.optional(),
  http_status: z.int(),
  error_type: z.string().nullable(),
  error_message: z.string().nullable(),
  request_tags: z.array(z.string()),

  // What sinks tell beside it. Absent where there is nothing to tell, and in events of before it was recorded.
  /** When the request came; from then until `start_ms` lies what the gateway itself took, and all attempts before. */
  received_ms: z.number().optional(),
  /** What the caller asked for, where another group answers. */
  requested_model: z.string().optional(),
  /** How many attempts of this request came before: again in a group, and groups that were left. */
  retries: z.int().optional(),
  fallbacks: z.int().optional(),
  /** It failed, and its group had somebody left to ask, or a fallback. */
  elsewhere: z.boolean().optional(),
  team_alias: z.string().optional(),
  /** Of the list price, what the prompt was; the rest is the answer and what is paid per request. */
  input_cost_nano: nano.optional(),
  /** How the cost came about: `original − discount + margin`. Only where an operator takes off or puts on. */
  original_cost_nano: nano.optional(),
  discount_nano: nano.optional(),
  margin_nano: nano.optional(),
  /** What the vendor said that it bills, what the list price says, and which of the two the original cost is. */
  reported_cost_nano: nano.optional(),
  list_cost_nano: nano.optional(),
  cost_source: z.enum(['provider', 'list']).optional(),
  /** Nobody knew a price, so that nothing was charged. */
  unpriced: z.literal(true).optional(),
  /** W3C trace of the caller: `00-…-…-01`. */
  traceparent: z.string().optional(),
  session_id: z.string().optional(),
  /** What the request says for its log alone: LiteLLM's `metadata.spend_logs_metadata`. */
  spend_logs_metadata: z.record(z.string(), z.unknown()).optional(),
  trace_id: z.string().optional(),
  trace_name: z.string().optional(),
  generation_name: z.string().optional(),
  trace_user_id: z.string().optional(),
  /** The kept prompt that the request was written by: Langfuse's name and version. */
  prompt_name: z.string().optional(),
  prompt_version: z.int().optional(),
  /** What the vendor said is left of its limits after this attempt. */
  vendor_remaining_requests: z.number().optional(),
  vendor_remaining_tokens: z.number().optional(),
  /** What is left of the key's own limits for this model, where it has some. */
  key_remaining_requests: z.number().optional(),
  key_remaining_tokens: z.number().optional(),
  requester_ip_address: z.string().optional(),
  user_agent: z.string().optional(),
  /** Names of sinks that the caller or its key does not want told; `*` is all of them. */
  unlogged: z.array(z.string()).optional(),
})

export type SpendEvent = z.infer<typeof spendEvent>

const spendMessage = z.object({ v: z.literal(1), events: z.array(z.unknown()) })

/** The events of a queue message: several of one isolate, small enough for the queue's 128 KB. Undefined for what is none. */
export function eventsOf(message: unknown): readonly unknown[] | undefined {
  const { success, data } = spendMessage.safeParse(message)
  return success ? data.events : undefined
}

/** What a queue message says: isolates send it as text, ledgers as the value itself. */
export function messageIn(body: unknown): unknown {
  if (typeof body !== 'string') return body
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}
