import type { ChatRequest } from '../dialects/chat.ts'
import type { Dialect, PathFields } from '../dialects/dialect.ts'
import type { AnyRequest, Operation } from '../operations/operation.ts'
import type { Principal } from '../tenants/principal.ts'

/** One request of a caller, as the front door hands it to the story. */
export interface Call<R extends AnyRequest = ChatRequest> {
  /** Ours, a UUIDv7; `x-litellm-call-id` says it and every attempt's row joins on it. */
  readonly requestId: string
  readonly principal: Principal
  readonly operation: Operation<R>
  /** The shape in which the caller asks and is answered. */
  readonly dialect: Dialect
  /** What the path said beside the body. */
  readonly path: PathFields
  /** The parsed JSON body. */
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly receivedAtMs: number
}
