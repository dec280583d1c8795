import type { Usage } from '../prices/usage.ts'

/**
 * Canonical chat: OpenAI's chat completion with LiteLLM's extensions, loosely typed. Only what the gateway itself reads is
 * named; everything else is kept as it came. A dialect turns its caller's shape into this and back, a provider turns this
 * into its vendor's and back: N + M translations, never pairs.
 */
export interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly stream?: boolean | null
  readonly stream_options?: { readonly include_usage?: boolean | null } | null
  readonly max_tokens?: number | null
  readonly max_completion_tokens?: number | null
  readonly n?: number | null
  readonly user?: string | null
  readonly metadata?: Readonly<Record<string, unknown>> | null
  readonly [field: string]: unknown
}

export interface ChatMessage {
  readonly role: string
  readonly content?: unknown
  readonly [field: string]: unknown
}

/** A thought as its vendor signed it. Text and signature are kept byte for byte, or the vendor refuses the next turn. */
export type ThinkingBlock =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature?: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }

export interface ToolCall {
  readonly id: string
  readonly type: 'function' | (string & {})
  readonly function: { readonly name: string; readonly arguments: string }
  /** Gemini's thought signatures and the like: goes back to the vendor it came from, untouched. */
  readonly provider_specific_fields?: Readonly<Record<string, unknown>>
}

/** What an assistant says, in OpenAI's words and LiteLLM's. */
export interface AssistantMessage {
  readonly role: 'assistant'
  readonly content: string | null
  readonly refusal?: string | null
  readonly tool_calls?: readonly ToolCall[]
  readonly reasoning_content?: string
  readonly thinking_blocks?: readonly ThinkingBlock[]
  /** Citations, as OpenAI's `url_citation` and its siblings. */
  readonly annotations?: readonly unknown[]
  readonly audio?: unknown
  readonly images?: readonly unknown[]
  readonly provider_specific_fields?: Readonly<Record<string, unknown>>
}

/** OpenAI's finish reasons; a tool call always ends as `tool_calls`. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

export interface ChatChoice {
  readonly index: number
  readonly message: AssistantMessage
  readonly finish_reason: FinishReason
  readonly logprobs?: unknown
  /** Which of the stop sequences ended it, where the vendor says. */
  readonly stop_sequence?: string
}

/** A whole answer. `usage` is in disjoint classes; a dialect prints it in its caller's way of counting. */
export interface ChatCompletion {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly choices: readonly ChatChoice[]
  readonly usage?: Usage
  readonly service_tier?: string
  readonly system_fingerprint?: string
  readonly provider_specific_fields?: Readonly<Record<string, unknown>>
}

/** What one event of a stream adds to one choice. */
export interface ChatDelta {
  readonly role?: 'assistant'
  readonly content?: string
  readonly refusal?: string
  readonly tool_calls?: readonly {
    readonly index: number
    readonly id?: string
    readonly type?: string
    readonly function?: { readonly name?: string; readonly arguments?: string }
    readonly provider_specific_fields?: Readonly<Record<string, unknown>>
  }[]
  readonly reasoning_content?: string
  /** Parts of blocks in their order: text and signature of one block may come in several deltas. */
  readonly thinking_blocks?: readonly ThinkingBlock[]
  readonly annotations?: readonly unknown[]
  readonly audio?: unknown
  readonly images?: readonly unknown[]
  readonly provider_specific_fields?: Readonly<Record<string, unknown>>
}

export interface ChatChunk {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly choices: readonly {
    readonly index: number
    readonly delta: ChatDelta
    readonly finish_reason?: FinishReason | null
    readonly logprobs?: unknown
    readonly stop_sequence?: string
  }[]
  /** Totals so far; the last one counts. */
  readonly usage?: Usage
  readonly service_tier?: string
}
