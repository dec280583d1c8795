import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import type { PathFields } from './dialect.ts'
import { type Fields, isFields } from './loose-json.ts'
import { refusedBody } from './openai.ts'

/** OpenAI's request for pictures: made from words, from pictures and words, or like a picture. */
export interface ImagesRequest {
  readonly model: string
  readonly prompt?: string | undefined
  readonly n?: number | null | undefined
  readonly size?: string | null | undefined
  readonly quality?: string | null | undefined
  readonly response_format?: string | null | undefined
  readonly stream?: boolean | null | undefined
  readonly partial_images?: number | null | undefined
  /** The pictures to begin from, and what of the first may change. */
  readonly image?: Blob | readonly Blob[] | undefined
  readonly mask?: Blob | undefined
  readonly user?: string | null | undefined
  readonly [field: string]: unknown
}

/** A vendor's pictures in OpenAI's shape. */
export interface Images {
  readonly answer: Fields
  readonly usage?: Usage
}

const MOST_PICTURES = 10
const count = `must be a whole number from 1 to ${MOST_PICTURES}`
const file = z.instanceof(Blob, { error: 'must be a file' })
/** What a form says is text. */
const number = z.preprocess(
  (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
  z.int(count).min(1, count).max(MOST_PICTURES, count).nullish(),
)
const text = z.string('must be a string').nullish()
const shared = {
  model: z.string('must be a string').min(1, 'must not be empty'),
  n: number,
  /** Laid over the rest on its way, so that it may ask for no more pictures. */
  extra_body: z.looseObject({ n: number }, 'must be an object').nullish(),
  size: text,
  quality: text,
  response_format: text,
  user: text,
}
/** What a form says is text. */
const flag = z.preprocess(
  (value) => (value === 'true' || value === 'false' ? value === 'true' : value),
  z.boolean('must be true or false').nullish(),
)
const partials = 'must be a whole number from 0 to 3'
const streamed = {
  stream: flag,
  partial_images: z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.int(partials).min(0, partials).max(3, partials).nullish(),
  ),
}
const whole = { stream: z.literal(false, 'must be false: variations are not streamed').nullish() }
const prompt = z.string('must be a string').min(1, 'must not be empty')
const OBJECT = 'The body must be a JSON object'
const pictures = z.union([file, z.array(file).min(1)], 'must be a file, or several as image[]')

const shapes = {
  generations: z.looseObject({ ...shared, ...streamed, prompt }, OBJECT),
  edits: z.looseObject(
    { ...shared, ...streamed, prompt, image: pictures, mask: file.optional() },
    'The body must be a form',
  ),
  variations: z.looseObject({ ...shared, ...whole, image: file }, 'The body must be a form'),
}

export type ImagesAction = keyof typeof shapes

/** The body of `/v1/images/…`. Throws `invalid_request` naming the first field at fault. */
export function parseImages(action: ImagesAction, given: unknown, path: PathFields = {}): ImagesRequest {
  const named = path.model === undefined || !isFields(given) ? given : { ...given, model: path.model }
  const result = shapes[action].safeParse(named)
  if (!result.success) throw refusedBody(result.error.issues)
  const { stream, n, extra_body: laidOver } = result.data
  if (stream === true && Math.max(n ?? 1, laidOver?.n ?? 1) > 1)
    throw new GatewayError('invalid_request', 'One picture is streamed at a time: leave n out.', { param: 'n' })
  return result.data
}
