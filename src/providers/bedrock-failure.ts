import { type Fields, fields, parsed, text } from '../dialects/loose-json.ts'
import type { ErrorKind } from '../errors.ts'
import { maskSecrets } from './mask.ts'
import type { Failure } from './provider.ts'
import { retryAfterMs } from './retry-after.ts'

interface Exception {
  readonly kind: ErrorKind
  readonly status: number
}

/** By the name that AWS gives them, without `Exception`. */
const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  validation: { kind: 'invalid_request', status: 400 },
  serialization: { kind: 'invalid_request', status: 400 },
  accessdenied: { kind: 'forbidden', status: 403 },
  unrecognizedclient: { kind: 'auth_error', status: 401 },
  invalidsignature: { kind: 'auth_error', status: 401 },
  incompletesignature: { kind: 'auth_error', status: 401 },
  missingauthenticationtoken: { kind: 'auth_error', status: 401 },
  expiredtoken: { kind: 'auth_error', status: 401 },
  invalidclienttokenid: { kind: 'auth_error', status: 401 },
  resourcenotfound: { kind: 'not_found', status: 404 },
  conflict: { kind: 'conflict', status: 409 },
  throttling: { kind: 'rate_limited', status: 429 },
  toomanyrequests: { kind: 'rate_limited', status: 429 },
  servicequotaexceeded: { kind: 'rate_limited', status: 429 },
  modelnotready: { kind: 'upstream_failed', status: 503 },
  modeltimeout: { kind: 'timeout', status: 408 },
  modelerror: { kind: 'upstream_failed', status: 502 },
  modelstreamerror: { kind: 'upstream_failed', status: 502 },
  internalserver: { kind: 'upstream_failed', status: 503 },
  internalfailure: { kind: 'upstream_failed', status: 503 },
  serviceunavailable: { kind: 'upstream_failed', status: 503 },
}
const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'validation',
  401: 'unrecognizedclient',
  403: 'accessdenied',
  404: 'resourcenotfound',
  408: 'modeltimeout',
  409: 'conflict',
  413: 'validation',
  422: 'validation',
  424: 'modelerror',
  429: 'throttling',
  500: 'internalserver',
  503: 'serviceunavailable',
  504: 'modeltimeout',
}
const TOO_LONG =
  /too many (?:input )?tokens|input is too long|prompt is too long|input length and `?max_tokens`? exceed|maximum context length|context (?:window|length)|exceeds the maximum number of (?:input )?tokens|input tokens? (?:count )?exceed|too many total text bytes/i
const TOKENS_PER_TIME = /tokens per (?:day|minute)|please wait before trying again/i
const POLICY = /content filter(?:ing)? policy|blocked by (?:the )?guardrail|content policy/i
const BAD_KEY =
  /security token|unable to locate credentials|signature we calculated|signature expired|api key (?:is )?(?:not valid|invalid|expired)|authentication failed|invalid api key|bearer token has expired/i
const NO_SUCH_MODEL =
  /model identifier is invalid|could not resolve the foundation model|model .* (?:not found|does not exist)/i

/** A refusal of AWS: its name stands in a header, in the body, or is the exception of a stream. */
export function bedrockFailure(status: number, headers: Headers, body: string): Failure {
  const said = fields(parsed(body))
  const named = text(headers.get('x-amzn-errortype')) ?? text(said.__type) ?? text(said.code)
  const name = named?.split(':')[0]?.split('#').at(-1)
  const words = text(said.message) ?? text(said.Message) ?? plain(body)
  const message = words ?? `The provider answered ${status} without an explanation.`
  const wait = retryAfterMs(headers)
  return {
    ...classified(status, name, message),
    message: maskSecrets(message),
    ...(name !== undefined && { type: name }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  }
}

/** An exception inside a stream, as a sentence that names it. */
export function bedrockStreamError(event: string, data: string): string {
  const { type, message } = bedrockFailure(200, new Headers({ 'x-amzn-errortype': event }), data)
  return type === undefined || type === 'error' ? message : `${type}: ${message}`
}

/** A refusal where an answer was due, or in a frame that has lost its name. */
export function isFailure(said: Fields): boolean {
  return text(said.message) !== undefined || text(said.Message) !== undefined || text(said.__type) !== undefined
}

/** The words come first where AWS gives one name to many things: validation, access, throttling. */
function classified(status: number, name: string | undefined, message: string): Exception {
  const known = name?.toLowerCase().replace(/(?:exception|error)$/, '')
  const found =
    EXCEPTIONS[known ?? ''] ??
    EXCEPTIONS[`${known}error`] ??
    EXCEPTIONS[BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'validation' : 'serviceunavailable')]
  const { kind } = found ?? { kind: 'upstream_failed' }
  if (kind === 'rate_limited' || TOKENS_PER_TIME.test(message)) return { kind: 'rate_limited', status: 429 }
  if (kind === 'invalid_request' || kind === 'upstream_failed') {
    if (TOO_LONG.test(message)) return { kind: 'context_window_exceeded', status: 400 }
    if (POLICY.test(message)) return { kind: 'content_policy_violation', status: 400 }
  }
  if (kind === 'invalid_request' && NO_SUCH_MODEL.test(message)) return { kind: 'model_not_found', status: 404 }
  if ((kind !== 'upstream_failed' || status < 400) && BAD_KEY.test(message)) return { kind: 'auth_error', status: 401 }
  if (kind === 'invalid_request') return { kind, status: status === 413 ? 413 : 400 }
  return found ?? { kind: 'upstream_failed', status: 502 }
}

function plain(body: string): string | undefined {
  const words = body.trim()
  return words === '' || words.startsWith('<') || words.startsWith('{') ? undefined : words.slice(0, 500)
}
