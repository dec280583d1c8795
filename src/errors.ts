/**
 * Every way a request can be refused: its HTTP status, and the `type` and `code` that LiteLLM's and OpenAI's clients
 * read. `code` is the status as a string, as LiteLLM has it, unless OpenAI has a name of its own for the case.
 */
const KINDS = {
  invalid_request: { status: 400, type: 'invalid_request_error' },
  invalid_json: { status: 400, type: 'invalid_request_error', code: 'invalid_json' },
  model_not_found: { status: 400, type: 'invalid_request_error', code: 'model_not_found' },
  model_without_price: { status: 400, type: 'invalid_request_error', code: 'model_without_price' },
  context_window_exceeded: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  content_policy_violation: { status: 400, type: 'invalid_request_error', code: 'content_policy_violation' },
  expired_key: { status: 400, type: 'expired_key' },
  auth_error: { status: 401, type: 'auth_error' },
  token_not_found_in_db: { status: 401, type: 'token_not_found_in_db' },
  key_model_access_denied: { status: 401, type: 'key_model_access_denied' },
  team_model_access_denied: { status: 401, type: 'team_model_access_denied' },
  org_model_access_denied: { status: 401, type: 'org_model_access_denied' },
  user_model_access_denied: { status: 401, type: 'user_model_access_denied' },
  customer_model_access_denied: { status: 401, type: 'customer_model_access_denied' },
  forbidden: { status: 403, type: 'forbidden' },
  not_found: { status: 404, type: 'not_found_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  timeout: { status: 408, type: 'timeout_error' },
  conflict: { status: 409, type: 'bad_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error', code: 'body_too_large' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error' },
  budget_exceeded: { status: 429, type: 'budget_exceeded' },
  budget_held: { status: 429, type: 'budget_exceeded' },
  rate_limited: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  client_closed: { status: 499, type: 'client_closed_request' },
  internal: { status: 500, type: 'internal_server_error' },
  not_implemented: { status: 501, type: 'not_implemented', code: 'not_implemented' },
  upstream_failed: { status: 502, type: 'upstream_error' },
  ledger_unavailable: { status: 503, type: 'service_unavailable', code: 'ledger_unavailable' },
  database_unavailable: { status: 503, type: 'service_unavailable', code: 'database_unavailable' },
} as const satisfies Record<string, { status: number; type: string; code?: string }>

export type ErrorKind = keyof typeof KINDS

export interface ErrorDetails {
  /** The field of the request that is at fault. */
  readonly param?: string
  /** A vendor's own status, type or code, where the table's would say less. */
  readonly status?: number
  readonly type?: string
  readonly code?: string
  /** When asking again can help; becomes `retry-after` and `retry-after-ms`. */
  readonly retryAfterMs?: number
  /** False tells OpenAI's SDKs not to ask again (`x-should-retry`). */
  readonly retry?: boolean
  /** Facts for the client beside the message: which scope, which limit, how much is left. Never internals. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** The provider had begun to answer, so the attempt may be billed although it failed. */
  readonly billed?: boolean
  /** For the operator's log only. */
  readonly cause?: unknown
}

/** The one class that refuses a request. Its message is written for the client. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly kind: ErrorKind
  readonly details: ErrorDetails

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.kind = kind
    this.details = details
  }

  get status(): number {
    return this.details.status ?? KINDS[this.kind].status
  }

  get type(): string {
    return this.details.type ?? KINDS[this.kind].type
  }

  get code(): string {
    const entry: { status: number; code?: string } = KINDS[this.kind]
    return this.details.code ?? entry.code ?? String(this.status)
  }
}

/** Anything thrown, as something that may be shown: what is not ours becomes `internal`, and keeps its story for the log. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal', 'The gateway failed on this request. Quote the request id to the operator.', {
    cause: thrown,
  })
}

/** The headers a refusal carries in every dialect. */
export function errorHeaders(error: GatewayError): Record<string, string> {
  const { retryAfterMs, retry, headers } = error.details
  return {
    ...headers,
    ...(retryAfterMs === undefined
      ? {}
      : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)), 'retry-after-ms': String(Math.ceil(retryAfterMs)) }),
    ...(retry === undefined ? {} : { 'x-should-retry': String(retry) }),
  }
}
