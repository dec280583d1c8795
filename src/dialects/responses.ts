import type { GatewayError } from '../errors.ts'
import type { Dialect } from './dialect.ts'
import { errorBody } from './openai.ts'
import { printResponse } from './responses-answer.ts'
import { responsesPrinter } from './responses-printer.ts'
import { parseResponses } from './responses-request.ts'

const encoder = new TextEncoder()

/** OpenAI's `/v1/responses`. */
export const responses: Dialect = {
  name: 'responses',
  parse: parseResponses,
  completion: printResponse,
  printer: responsesPrinter,
  errorBody,
  errorEvent: (error, requestId) => encoder.encode(`event: error\ndata: ${JSON.stringify(told(error, requestId))}\n\n`),
}

/** The event that OpenAI's SDKs raise. Its number in the sequence is not known where a stream breaks, and nobody counts on it. */
function told(error: GatewayError, requestId: string): object {
  const { message, param, code, type, ...rest } = errorBody(error, requestId).error
  return { type: 'error', sequence_number: 0, code, message, param, error: { type, code, message, param, ...rest } }
}
