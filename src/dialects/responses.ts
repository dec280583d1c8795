import type { GatewayError } from '../errors.ts'
import type { Dialect, Told } from './dialect.ts'
import { fields, text } from './loose-json.ts'
import { errorBody } from './openai.ts'
import { printResponse } from './responses-answer.ts'
import { type BegunResponse, responsesPrinter } from './responses-printer.ts'
import { parseResponses } from './responses-request.ts'

const encoder = new TextEncoder()

/** OpenAI's `/v1/responses`. */
export const responses: Dialect = {
  name: 'responses',
  parse: parseResponses,
  completion: printResponse,
  printer: responsesPrinter,
  resumed: (request, told) => {
    const place = placeOf(told)
    return place && responsesPrinter(request, place)
  },
  errorBody,
  errorEvent: (error, requestId) => encoder.encode(`event: error\ndata: ${JSON.stringify(told(error, requestId))}\n\n`),
}

/** Where a vendor's stream stands: in the middle of its only text, or nowhere that can be gone on from. */
function placeOf({ id, created, text: said, last }: Told): BegunResponse | undefined {
  if (last === undefined) return undefined
  const event = fields(JSON.parse(last))
  const { type, sequence_number, output_index, content_index } = event
  const itemId = text(event.item_id)
  if (type !== 'response.output_text.delta' || output_index !== 0 || content_index !== 0) return undefined
  if (typeof sequence_number !== 'number' || itemId === undefined) return undefined
  return { id, createdSeconds: created, itemId, text: said, sequence: sequence_number + 1 }
}

/** The event that OpenAI's SDKs raise. Its number in the sequence is not known where a stream breaks, and nobody counts on it. */
function told(error: GatewayError, requestId: string): object {
  const { message, param, code, type, ...rest } = errorBody(error, requestId).error
  return { type: 'error', sequence_number: 0, code, message, param, error: { type, code, message, param, ...rest } }
}
