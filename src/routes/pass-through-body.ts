import { type Fields, isFields, parsed, text } from '../dialects/loose-json.ts'
import { saysTwice } from '../dialects/says-twice.ts'
import { GatewayError } from '../errors.ts'
import type { PassCall } from '../gateway/passing.ts'
import { checkDepth, readBytes } from '../middleware/body.ts'

/** A body that goes on, and what it says, as far as somebody has to know. */
export interface ReadBody {
  readonly body: PassCall['body']
  readonly said: Fields
}

interface Reading {
  readonly maxBytes: number
  /** Nothing depends on what it says: it goes on while it arrives. */
  readonly unread: boolean
}

const NOTHING: Fields = {}
const RAW = /^(?:multipart\/|application\/octet-stream|audio\/|image\/|video\/|application\/(?:x-ndjson|jsonl|pdf|zip))/

/**
 * The body of a request that is passed on, byte for byte. JSON is read because it says what is asked; of a form only the
 * model matters. Whatever else it is goes on as it arrives.
 */
export async function readPassed(request: Request, { maxBytes, unread }: Reading): Promise<ReadBody> {
  if (request.body === null || request.method === 'GET' || request.method === 'HEAD')
    return { body: undefined, said: NOTHING }
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase()
  if (encoding && encoding !== 'identity')
    throw new GatewayError(
      'unsupported_media_type',
      'Send the body uncompressed: what it asks for has to be read here.',
    )
  const type = request.headers.get('content-type')?.toLowerCase() ?? ''
  const isForm = type.startsWith('multipart/form-data')
  if (RAW.test(type) && (unread || !isForm))
    return { body: request.body as ReadableStream<Uint8Array<ArrayBuffer>>, said: NOTHING }
  const body = await readBytes(request, maxBytes)
  return { body, said: isForm ? await formSaid(body, request.headers) : jsonSaid(body) }
}

function jsonSaid(bytes: Uint8Array): Fields {
  const json = new TextDecoder().decode(bytes)
  const said = parsed(json)
  if (!isFields(said)) return NOTHING
  checkDepth(said, 1)
  if (saysTwice(json, said))
    throw new GatewayError(
      'invalid_request',
      'The body names a field twice, and vendors differ in which of the two they read. Name each field once.',
      { retry: false },
    )
  return said
}

async function formSaid(bytes: Uint8Array<ArrayBuffer>, headers: Headers): Promise<Fields> {
  const type = headers.get('content-type') ?? ''
  try {
    const form = await new Response(bytes, { headers: { 'content-type': type } }).formData()
    const models = form.getAll('model').filter((one) => typeof one === 'string')
    if (models.length > 1)
      throw new GatewayError('invalid_request', 'model is given twice. Give it once.', { param: 'model' })
    const model = text(models[0])
    return model === undefined ? NOTHING : { model }
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('invalid_request', 'The form cannot be read. Send multipart/form-data with its boundary.')
  }
}
