import { type Fields, fields, isFields, parsed, text } from '../dialects/loose-json.ts'
import type { ErrorKind } from '../errors.ts'
import { maskSecrets } from './mask.ts'
import type { Failure } from './provider.ts'
import { retryAfterMs } from './retry-after.ts'

const KIND_OF_TYPE: Readonly<Record<string, { readonly kind: ErrorKind; readonly status: number }>> = {
  invalid_request_error: { kind: 'invalid_request', status: 400 },
  authentication_error: { kind: 'auth_error', status: 401 },
  billing_error: { kind: 'forbidden', status: 402 },
  permission_error: { kind: 'forbidden', status: 403 },
  not_found_error: { kind: 'not_found', status: 404 },
  conflict_error: { kind: 'conflict', status: 409 },
  request_too_large: { kind: 'invalid_request', status: 413 },
  rate_limit_error: { kind: 'rate_limited', status: 429 },
  api_error: { kind: 'upstream_failed', status: 500 },
  timeout_error: { kind: 'timeout', status: 504 },
  overloaded_error: { kind: 'upstream_failed', status: 529 },
}

const TYPE_OF_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const CONTEXT_WINDOW =
  /prompt is too long|prompt: length|exceeds? (?:the )?(?:model'?s? )?(?:maximum )?context (?:limit|window|length)|input is too long/
const CONTENT_POLICY = /content filtering policy|usage policy|usage policies/
const OUT_OF_CREDIT = /credit balance is too low/
const SPEND_LIMIT = /(?:specified|reached your|monthly) .*(?:api )?usage limits?|spend limit/

/** A refusal of the Messages API, or of an error event behind a 200. */
export function anthropicFailure(status: number, headers: Headers, body: string): Failure {
  const answer = parsed(body)
  const { error: written, message: alone } = fields(answer)
  const error: Fields = isFields(written) ? written : { message: typeof written === 'string' ? written : alone }
  const message = text(error.message) ?? (isFields(answer) ? undefined : plain(body))
  const named = text(error.type)
  const { kind, status: shown } = classify(status, named, (message ?? '').toLowerCase())
  const wait = retryAfterMs(headers)
  const param = paramIn(message)
  return {
    kind,
    status: shown,
    message: maskSecrets(message ?? `The provider answered ${shown} without an explanation.`),
    ...(named !== undefined && { type: named }),
    ...(kind === 'invalid_request' && param !== undefined && { param }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  }
}

/** The words first: 400 is the vendor's answer to much that is no fault of the request. */
function classify(status: number, type: string | undefined, words: string): { kind: ErrorKind; status: number } {
  if (CONTEXT_WINDOW.test(words)) return { kind: 'context_window_exceeded', status: 400 }
  if (CONTENT_POLICY.test(words)) return { kind: 'content_policy_violation', status: 400 }
  if (OUT_OF_CREDIT.test(words)) return { kind: 'forbidden', status: 402 }
  if (status < 500 && SPEND_LIMIT.test(words)) return { kind: 'rate_limited', status: 429 }
  const found = KIND_OF_TYPE[type ?? ''] ?? KIND_OF_TYPE[TYPE_OF_STATUS[status] ?? '']
  if (found?.kind === 'not_found' && words.includes('model')) return { kind: 'model_not_found', status: 404 }
  const known = status >= 400 ? status : (found?.status ?? 502)
  if (found) return { kind: found.kind, status: known }
  return { kind: known < 500 ? 'invalid_request' : 'upstream_failed', status: known }
}

/** `messages.0.content: …` names the field before it says what is wrong. */
function paramIn(message: string | undefined): string | undefined {
  return /^([a-z_]+(?:\.[\w]+)*): /.exec(message ?? '')?.[1]
}

function plain(body: string): string | undefined {
  const words = body.trim()
  return words === '' || words.startsWith('<') ? undefined : words.slice(0, 500)
}
