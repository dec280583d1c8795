import { type Fields, fields, isFields, list, number, parsed, text } from '../dialects/loose-json.ts'
import type { ErrorKind } from '../errors.ts'
import { maskSecrets } from './mask.ts'
import type { Failure } from './provider.ts'
import { retryAfterMs, waitIn } from './retry-after.ts'

const CONTEXT_WINDOW = [
  /exceeds the maximum number of tokens/,
  /input token count.*exceeds/,
  /request payload size exceeds/,
  /input context is too long/,
  /prompt is too long/,
  /unable to submit request because.*input token/,
]
const CONTENT_POLICY = [
  /response was blocked/,
  /prompt was blocked/,
  /prohibited.content/,
  /usage guidelines/,
  /responsible ai practices/,
  /safety (filters?|policies)/,
]
const KEY_REFUSED = new Set(['API_KEY_INVALID', 'API_KEY_EXPIRED', 'ACCESS_TOKEN_EXPIRED', 'CREDENTIALS_MISSING'])
const KEY_WORDS = /api key (not valid|expired|not found)|missing a valid api key/

const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid_request',
  401: 'auth_error',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  413: 'context_window_exceeded',
  429: 'rate_limited',
  504: 'timeout',
}

const HTTP_OF_RPC: Readonly<Record<string, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  UNAUTHENTICATED: 401,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
}

/** A refusal as Google's APIs write it (`google.rpc.Status`), alone or in a list; also one that comes behind a 200. */
export function geminiFailure(status: number, headers: Headers, body: string): Failure {
  const error = errorIn(parsed(body)) ?? {}
  const rpc = text(error.status)
  const answered = status >= 400 ? status : (statusIn(error) ?? (rpc === undefined ? 502 : (HTTP_OF_RPC[rpc] ?? 502)))
  const details = list(error.details).filter(isFields)
  const reason = text(detail(details, 'ErrorInfo')?.reason)
  const message = text(error.message) ?? plain(body) ?? `The provider answered ${answered} without an explanation.`
  const kind = kindOf(answered, message.toLowerCase(), reason)
  const field = text(fields(list(detail(details, 'BadRequest')?.fieldViolations)[0]).field)
  const wait = durationMs(detail(details, 'RetryInfo')?.retryDelay) ?? retryAfterMs(headers) ?? waitIn(message)
  const code = NAMED.has(kind) ? undefined : (reason ?? rpc)
  return {
    kind,
    status: statusFor(kind, answered),
    message: maskSecrets(message),
    ...(code !== undefined && { code }),
    ...(field !== undefined && { param: field }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  }
}

/** The error that a body is, if it is one: `{error}`, `[{error}]`, or an event of a stream. */
export function errorIn(body: unknown): Fields | undefined {
  const { error } = fields(Array.isArray(body) ? body.find((one) => isFields(one) && isFields(one.error)) : body)
  if (typeof error === 'string') return { message: error }
  return isFields(error) ? error : undefined
}

/** Kinds that OpenAI has a code of its own for, which clients look at. */
const NAMED = new Set<ErrorKind>([
  'context_window_exceeded',
  'content_policy_violation',
  'rate_limited',
  'model_not_found',
])

/** What the reason and the words say comes before what the status says: Google answers 400 to a wrong key. */
function kindOf(status: number, words: string, reason: string | undefined): ErrorKind {
  const says = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(words))
  if ((reason !== undefined && KEY_REFUSED.has(reason)) || (status === 400 && KEY_WORDS.test(words)))
    return 'auth_error'
  if (status < 500 && says(CONTEXT_WINDOW)) return 'context_window_exceeded'
  if (status < 500 && status !== 403 && says(CONTENT_POLICY)) return 'content_policy_violation'
  if (status === 404 && /\bmodels?\b/.test(words)) return 'model_not_found'
  return KIND_OF_STATUS[status] ?? (status < 499 ? 'invalid_request' : 'upstream_failed')
}

function statusFor(kind: ErrorKind, status: number): number {
  if (kind === 'auth_error') return 401
  if (kind === 'context_window_exceeded' || kind === 'content_policy_violation') return 400
  return status === 499 ? 502 : status
}

function statusIn({ code }: Fields): number | undefined {
  const status = number(code)
  return status !== undefined && status >= 400 && status < 600 ? status : undefined
}

function detail(details: readonly Fields[], name: string): Fields | undefined {
  return details.find((one) => text(one['@type'])?.endsWith(`google.rpc.${name}`))
}

/** A protobuf duration in JSON: `34.074824224s`. */
function durationMs(value: unknown): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text(value) ?? '')?.[1]
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}

function plain(body: string): string | undefined {
  const words = body.trim()
  return words === '' || /^[<{[]/.test(words) ? undefined : words.slice(0, 500)
}
