import { fields, parsed, text } from '../dialects/loose-json.ts'
import type { ErrorKind } from '../errors.ts'
import { maskSecrets } from './mask.ts'
import type { Failure } from './provider.ts'
import { retryAfterMs } from './retry-after.ts'

const KINDS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid_request',
  401: 'auth_error',
  402: 'rate_limited',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  413: 'invalid_request',
  429: 'rate_limited',
  504: 'timeout',
}
const NO_MODEL = /model .*not found|no such model|try pulling it first/i
const TOO_LONG =
  /exceeds? (?:the )?(?:maximum )?(?:available )?context|context (?:length|window|size)|input length exceeds/i
const BUSY = /server busy|maximum pending requests|too many (?:concurrent )?requests|usage limit/i

/** Ollama says what is wrong in one sentence, as `{"error": …}`. */
export function ollamaFailure(status: number, headers: Headers, body: string): Failure {
  const { error } = fields(parsed(body))
  const words = body.trim()
  const said = text(error) ?? text(fields(error).message) ?? (/^[<{]|^$/.test(words) ? undefined : words.slice(0, 500))
  const message = said ?? `The provider answered ${status} without an explanation.`
  const wait = retryAfterMs(headers)
  return {
    ...classified(status, message),
    message: maskSecrets(message),
    ...(wait !== undefined && { retryAfterMs: wait }),
  }
}

function classified(status: number, message: string): Pick<Failure, 'kind' | 'status'> {
  if (TOO_LONG.test(message)) return { kind: 'context_window_exceeded', status: 400 }
  if (NO_MODEL.test(message)) return { kind: 'model_not_found', status: 404 }
  if (BUSY.test(message) && status >= 500) return { kind: 'upstream_failed', status: 503 }
  const kind = KINDS[status] ?? (status >= 400 && status < 500 ? 'invalid_request' : 'upstream_failed')
  if (kind === 'rate_limited') return { kind, status: 429 }
  return { kind, status: status >= 400 ? status : 502 }
}
