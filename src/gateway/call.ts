import type { Principal } from '../tenants/principal.ts'

/** One request of a caller, as the front door hands it to the story. */
export interface Call {
  /** Ours, a UUIDv7; `x-litellm-call-id` says it and every attempt's row joins on it. */
  readonly requestId: string
  readonly principal: Principal
  /** The parsed JSON body. */
  readonly body: unknown
  readonly headers: Headers
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly receivedAtMs: number
}
