/**
 * Canonical chat: OpenAI's chat completion, loosely typed. Only what the gateway itself reads is named; everything else
 * is kept as it came. A dialect turns its caller's shape into this, a provider turns this into its vendor's.
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
