import { GatewayError } from '../errors.ts'

/** Deeper JSON than any real request, shallow enough for every recursive reader behind us. */
const MAX_DEPTH = 64
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/

/**
 * A request's JSON object. Whatever is wrong with it is said in a 400, 413 or 415; the size is counted as it arrives,
 * whatever the headers claim.
 */
export async function readJsonObject(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  checkHeaders(request.headers)
  const bytes = await readBytes(request, maxBytes)
  if (bytes.length === 0) throw invalid('The body is empty. Send a JSON object.')
  const value = parse(decode(bytes))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(
      `The body must be a JSON object, not ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`}.`,
    )
  }
  checkDepth(value, 1)
  return value as Record<string, unknown>
}

const invalid = (message: string) => new GatewayError('invalid_json', message)

function checkHeaders(headers: Headers): void {
  const type = headers.get('content-type')
  if (type !== null && type !== 'application/json' && type.trim() !== '') checkType(type)
  const encoding = headers.get('content-encoding')?.trim().toLowerCase()
  if (encoding && encoding !== 'identity') {
    throw unsupported(`content-encoding is ${shown(encoding)}; send the body uncompressed.`)
  }
}

function checkType(type: string): void {
  const [name = '', ...parameters] = type
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '')
  if (!JSON_TYPE.test(name)) throw unsupported(`content-type is ${shown(type)}; send application/json.`)
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw unsupported(`charset is ${shown(charset)}; send UTF-8.`)
  }
}

const unsupported = (message: string) => new GatewayError('unsupported_media_type', message)
const shown = (text: string) => JSON.stringify(text.slice(0, 80))

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('body_too_large', `The body is larger than ${maxBytes} bytes, the most this gateway takes.`)
}

/** A request's body, counted as it arrives. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get('content-length')
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes)
  // Asking for the stream makes one, which a body of known length does not need.
  if (length === null) return request.body === null ? new Uint8Array() : readPieces(request.body, maxBytes)
  // The runtime reads no further than the length that was announced.
  const bytes = new Uint8Array(await request.arrayBuffer().catch(brokeOff))
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  return bytes
}

const brokeOff = (cause: unknown): never => {
  throw new GatewayError('invalid_request', 'The body ended before it was complete. Send it again.', { cause })
}

async function readPieces(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read().catch(brokeOff)
    if (done) break
    size += value.length
    if (size > maxBytes) {
      reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    chunks.push(value)
  }
  const [only] = chunks
  return only && chunks.length === 1 ? only : joined(chunks, size)
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw invalid('The body begins with a byte order mark. Send UTF-8 without one.')
  }
  try {
    return decoder.decode(bytes)
  } catch {
    throw invalid('The body is not valid UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The engine quotes the text around the fault, which may be a prompt: only the place is told.
    const [, position] = /position (\d+)/.exec(error instanceof Error ? error.message : '') ?? []
    throw invalid(`The body is not valid JSON${position === undefined ? '' : ` (at character ${position})`}.`)
  }
}

export function checkDepth(value: object, depth: number): void {
  if (depth > MAX_DEPTH) throw invalid(`The body is nested more than ${MAX_DEPTH} levels deep.`)
  if (Array.isArray(value)) {
    for (const inner of value) if (typeof inner === 'object' && inner !== null) checkDepth(inner, depth + 1)
    return
  }
  const fields = value as Readonly<Record<string, unknown>>
  for (const name in fields) {
    const inner = fields[name]
    if (typeof inner === 'object' && inner !== null) checkDepth(inner, depth + 1)
  }
}
