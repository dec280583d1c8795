import type { GatewayError } from '../errors.ts'
import type { Dialect } from './dialect.ts'
import { printGenerate } from './gemini-answer.ts'
import { ARRAY, type GeminiFraming, generatePrinter, SSE } from './gemini-printer.ts'
import { parseGenerate } from './gemini-request.ts'
import type { Fields } from './loose-json.ts'

/** `/v1beta/models/{model}:generateContent` and its streams with `alt=sse`, as Google's SDKs speak them. */
export const gemini: Dialect = dialectWith(SSE)

/** The same, where a stream without `alt=sse` is one JSON array. */
export const geminiArray: Dialect = dialectWith(ARRAY)

export const SSE_TYPE = 'text/event-stream'
export const ARRAY_TYPE = 'application/json; charset=UTF-8'

/** The answer of `:countTokens`. */
export function countTokensAnswer(totalTokens: number): Fields {
  return { totalTokens }
}

function dialectWith(framing: GeminiFraming): Dialect {
  return {
    name: 'gemini',
    parse: parseGenerate,
    completion: printGenerate,
    printer: () => generatePrinter(framing),
    errorBody,
    errorEvent: (error, requestId) => {
      const event = JSON.stringify(errorBody(error, requestId))
      return encoder.encode(`${framing.between}${event}${framing.after}${framing.end}`)
    },
  }
}

const encoder = new TextEncoder()

const STATUS_OF: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  415: 'INVALID_ARGUMENT',
  422: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** A refusal as `google.rpc.Status`: the table's code as the reason, facts as texts beside it, and when to ask again. */
function errorBody(error: GatewayError, requestId: string): Fields {
  const { param, facts, retryAfterMs } = error.details
  const metadata = {
    request_id: requestId,
    kind: error.kind,
    ...Object.fromEntries(Object.entries(facts ?? {}).map(([name, fact]) => [name, plain(fact)])),
  }
  return {
    error: {
      code: error.status,
      message: error.message,
      status: STATUS_OF[error.status] ?? (error.status >= 500 ? 'INTERNAL' : 'FAILED_PRECONDITION'),
      details: [
        { '@type': `${RPC}.ErrorInfo`, reason: reasonOf(error), domain: 'tollgate', metadata },
        ...(param === undefined
          ? []
          : [{ '@type': `${RPC}.BadRequest`, fieldViolations: [{ field: param, description: error.message }] }]),
        ...(retryAfterMs === undefined
          ? []
          : [{ '@type': `${RPC}.RetryInfo`, retryDelay: `${Math.ceil(retryAfterMs) / 1000}s` }]),
      ],
    },
  }
}

const RPC = 'type.googleapis.com/google.rpc'

/** Google writes reasons in capitals; where ours is a mere number, the kind says more. */
function reasonOf({ code, kind }: GatewayError): string {
  return (/^\d+$/.test(code) ? kind : code).toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}

function plain(fact: unknown): string {
  return typeof fact === 'string' ? fact : (JSON.stringify(fact) ?? 'null')
}
