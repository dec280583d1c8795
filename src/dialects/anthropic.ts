import type { GatewayError } from '../errors.ts'
import { printMessage } from './anthropic-message.ts'
import { messagePrinter, namedEvent } from './anthropic-printer.ts'
import { parseMessages } from './anthropic-request.ts'
import type { Dialect } from './dialect.ts'
import type { Fields } from './loose-json.ts'

/** `/v1/messages`, as Anthropic's SDKs and Claude Code speak it. */
export const anthropic: Dialect = {
  name: 'anthropic',
  parse: parseMessages,
  completion: printMessage,
  printer: messagePrinter,
  errorBody,
  errorEvent: (error, requestId) => encoder.encode(namedEvent('error', errorBody(error, requestId))),
}

const encoder = new TextEncoder()

/** The answer of `/v1/messages/count_tokens`. */
export function countTokensAnswer(inputTokens: number): Fields {
  return { input_tokens: inputTokens }
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

/** A refusal as Anthropic's clients read it; `code` and `facts` are ours, for programs that act on them. */
function errorBody(error: GatewayError, requestId: string): Fields {
  const { facts, param } = error.details
  return {
    type: 'error',
    error: {
      type: typeOf(error),
      message: error.message,
      code: error.code,
      ...(param !== undefined && { param }),
      ...(facts && { facts }),
    },
    request_id: requestId,
  }
}

/** The kind where it says more than the status: our own 401 for a model is Anthropic's missing permission. */
function typeOf({ kind, status }: GatewayError): string {
  if (kind.endsWith('_model_access_denied')) return 'permission_error'
  if (kind === 'expired_key') return 'authentication_error'
  if (kind === 'model_not_found') return 'not_found_error'
  const known = TYPE_OF_STATUS[status]
  if (known !== undefined) return known
  return status >= 500 ? 'api_error' : 'invalid_request_error'
}
