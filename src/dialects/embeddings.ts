import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import { promptTokens, type Usage } from '../prices/usage.ts'
import type { PathFields } from './dialect.ts'
import { isFields } from './loose-json.ts'
import { refusedBody } from './openai.ts'

/** Canonical embeddings: OpenAI's request, where one text is written in any of its four ways. */
export interface EmbeddingRequest {
  readonly model: string
  readonly input: string | readonly string[] | readonly number[] | readonly (readonly number[])[]
  readonly encoding_format?: 'float' | 'base64' | null
  readonly dimensions?: number | null
  readonly user?: string | null
  readonly [field: string]: unknown
}

/** The vectors in the order of the inputs. */
export interface Embeddings {
  readonly model: string
  readonly vectors: readonly (readonly number[])[]
  readonly usage?: Usage
}

const MOST_INPUTS = 2048

const body = z.looseObject(
  {
    model: z.string('must be a string').min(1, 'must not be empty'),
    input: z.unknown(),
    encoding_format: z.enum(['float', 'base64'], 'must be float or base64').nullish(),
    dimensions: z.int('must be a whole number above 0').positive('must be a whole number above 0').nullish(),
    user: z.string('must be a string').nullish(),
  },
  'The body must be a JSON object',
)

/** The body of `/v1/embeddings`. Throws `invalid_request` naming the first field at fault. */
export function parseEmbeddings(given: unknown, path: PathFields = {}): EmbeddingRequest {
  const named = path.model === undefined || !isFields(given) ? given : { ...given, model: path.model }
  const result = body.safeParse(named)
  if (!result.success) throw refusedBody(result.error.issues)
  const { input, encoding_format, dimensions, user, ...rest } = result.data
  checkInput(input)
  return {
    ...rest,
    input,
    ...(encoding_format != null && { encoding_format }),
    ...(dimensions != null && { dimensions }),
    ...(user != null && { user }),
  }
}

function checkInput(input: unknown): asserts input is EmbeddingRequest['input'] {
  if (typeof input === 'string') {
    if (input === '') throw refused('input', 'must not be empty')
    return
  }
  if (!Array.isArray(input)) throw refused('input', 'must be a string, a list of strings, or tokens')
  if (input.length === 0) throw refused('input', 'must not be empty')
  if (isTokens(input)) return
  if (input.length > MOST_INPUTS) throw refused('input', `has ${input.length} texts; the most is ${MOST_INPUTS}`)
  const texts = typeof input[0] === 'string'
  for (const [at, one] of input.entries()) {
    const path = `input[${at}]`
    if (texts ? typeof one !== 'string' : !isTokens(one))
      throw refused(path, texts ? 'must be a string, as the first is' : 'must be a string or a list of tokens')
    if (one.length === 0) throw refused(path, 'must not be empty')
  }
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((token) => Number.isInteger(token) && token >= 0)
}

function refused(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}

/** Each thing that gets a vector of its own: a text, or the tokens of one. */
export function inputsOf({ input }: Pick<EmbeddingRequest, 'input'>): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input]
  return isTokens(input) && input.length > 0 ? [input] : (input as readonly (string | readonly number[])[])
}

/** An answer as OpenAI's clients read it, in the encoding that was asked for. */
export function printEmbeddings({ vectors, usage }: Embeddings, request: EmbeddingRequest): object {
  const inBase64 = request.encoding_format === 'base64'
  const tokens = usage ? promptTokens(usage) : 0
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: inBase64 ? base64OfVector(vector) : vector,
    })),
    model: request.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

const BYTES = 4

/** 32-bit floats, the least byte first: OpenAI's encoding. */
export function base64OfVector(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * BYTES))
  for (const [at, value] of vector.entries()) view.setFloat32(at * BYTES, value, true)
  let binary = ''
  for (let at = 0; at < view.byteLength; at++) binary += String.fromCharCode(view.getUint8(at))
  return btoa(binary)
}

/** Undefined when the text is no such vector. */
export function vectorOfBase64(text: string): number[] | undefined {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    return undefined
  }
  if (binary.length % BYTES !== 0) return undefined
  const view = new DataView(new ArrayBuffer(binary.length))
  for (let at = 0; at < binary.length; at++) view.setUint8(at, binary.charCodeAt(at))
  return Array.from({ length: binary.length / BYTES }, (_, at) => view.getFloat32(at * BYTES, true))
}
