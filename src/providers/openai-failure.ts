import type { ErrorKind } from '../errors.ts'
import { maskSecrets } from './mask.ts'
import type { Failure } from './provider.ts'
import { retryAfterMs, waitIn } from './retry-after.ts'

interface VendorError {
  readonly message?: string
  readonly type?: string
  readonly code?: string
  readonly param?: string
  /** Text Generation Inference writes the status into an error behind a 200. */
  readonly status?: number
}

const CONTEXT_WINDOW = [
  "this model's maximum context length is",
  "model's maximum context limit",
  "is longer than the model's context length",
  'input tokens exceed the configured limit',
  'exceed context limit',
  'exceeds the context window',
  'exceeds the maximum number of tokens allowed',
  'string too long',
  'maximum model length',
]
const CONTENT_POLICY = ['violating our usage policy', 'content management policy', 'safety system', 'content_filter']
const RATE_LIMIT = /\brate[ _-]?limit|too many requests|service tier capacity exceeded|request too large/
const NO_MONEY = new Set(['insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active'])
const NO_MODEL = /\bmodel\b.{0,200}(?:does not exist|not found)|^invalid model/
const TIMED_OUT = /request timed out|timed out generating response|read operation timed out/

const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid_request',
  401: 'auth_error',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  413: 'invalid_request',
  415: 'invalid_request',
  422: 'invalid_request',
  429: 'rate_limited',
  504: 'timeout',
}

/** A refusal in OpenAI's words, or in the dialects of it that servers like vLLM speak; also an error event behind a 200. */
export function openaiFailure(status: number, headers: Headers, body: string): Failure {
  const error = vendorError(body)
  const answered = status >= 400 ? status : statusOf(error)
  const kind = kindOf(answered, error)
  const mayWait = kind === 'rate_limited' || kind === 'upstream_failed'
  const wait = retryAfterMs(headers) ?? (mayWait ? waitIn(error.message ?? '') : undefined)
  return {
    kind,
    status: statusFor(kind, answered),
    message: maskSecrets(error.message?.trim() || `The provider answered ${answered} without an explanation.`),
    ...(error.type !== undefined && { type: error.type }),
    ...(error.code !== undefined && { code: error.code }),
    ...(error.param !== undefined && { param: error.param }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  }
}

/** What the words say comes before what the status says: vendors reuse 400 and 429 for everything. */
function kindOf(status: number, error: VendorError): ErrorKind {
  const words = (error.message ?? '').toLowerCase()
  const says = (phrases: readonly string[]) => phrases.some((phrase) => words.includes(phrase))
  if (error.code === 'context_length_exceeded' || says(CONTEXT_WINDOW)) return 'context_window_exceeded'
  if (error.code === 'content_policy_violation' || error.code === 'content_filter' || says(CONTENT_POLICY))
    return 'content_policy_violation'
  if (error.code === 'model_not_found') return 'model_not_found'
  if (error.code === 'rate_limit_exceeded' || NO_MONEY.has(error.code ?? '') || RATE_LIMIT.test(words))
    return 'rate_limited'
  if ((status === 404 || status === 400) && NO_MODEL.test(words)) return 'model_not_found'
  if (TIMED_OUT.test(words)) return 'timeout'
  return KIND_OF_STATUS[status] ?? (status < 500 ? 'invalid_request' : 'upstream_failed')
}

function statusFor(kind: ErrorKind, status: number): number {
  if (kind === 'context_window_exceeded' || kind === 'content_policy_violation') return 400
  if (kind === 'model_not_found') return 404
  if (kind === 'rate_limited') return 429
  if (kind === 'timeout') return status === 504 ? 504 : 408
  return status === 422 ? 400 : status
}

/** An error event has no status of its own; vLLM writes one into `code`, OpenAI only names the type. */
function statusOf({ code, type, status }: VendorError): number {
  const written = status ?? Number(code)
  if (written >= 400 && written < 600) return written
  if (type === 'invalid_request_error' || type === 'BadRequestError') return 400
  if (type === 'rate_limit_error' || type === 'tokens' || type === 'requests') return 429
  return type === 'server_error' ? 500 : 502
}

function vendorError(body: string): VendorError {
  const parsed = parse(body)
  if (parsed === undefined) return plain(body)
  const error = parsed.error ?? parsed
  if (typeof error === 'string') return { message: error }
  const { message, type, code, param, detail, http_status_code: status } = record(error)
  const said = text(message) ?? details(detail)
  return {
    ...(said !== undefined && { message: said }),
    ...(text(type) !== undefined && { type: String(type) }),
    ...(text(code) !== undefined && { code: String(code) }),
    ...(text(param) !== undefined && { param: String(param) }),
    ...(typeof status === 'number' && { status }),
  }
}

/** FastAPI's `detail`: a sentence, or a list of what is wrong where. */
function details(detail: unknown): string | undefined {
  if (!Array.isArray(detail)) return text(detail)
  const lines = detail.map(record).map(({ loc, msg }) => `${Array.isArray(loc) ? loc.join('.') : 'body'}: ${text(msg)}`)
  return lines.length === 0 ? undefined : lines.join('; ')
}

function plain(body: string): VendorError {
  const words = body.trim()
  if (words === '' || words.startsWith('<')) return {}
  return { message: words.slice(0, 500) }
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? record(value) : { error: text(value) }
  } catch {
    return undefined
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
