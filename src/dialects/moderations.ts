import * as z from 'zod'
import type { Usage } from '../prices/usage.ts'
import type { PathFields } from './dialect.ts'
import { isFields } from './loose-json.ts'
import { refusedBody } from './openai.ts'

/** OpenAI's moderation request: texts, or parts of texts and pictures. */
export interface ModerationRequest {
  readonly model: string
  readonly input: string | readonly unknown[]
  readonly user?: string | null | undefined
  readonly [field: string]: unknown
}

/** A vendor's findings in OpenAI's shape. Most vendors count nothing for them. */
export interface Moderation {
  readonly answer: Readonly<Record<string, unknown>>
  readonly usage?: Usage
}

/** What OpenAI uses where a request names none. */
export const DEFAULT_MODERATION_MODEL = 'omni-moderation-latest'

const body = z.looseObject(
  {
    model: z.string('must be a string').min(1, 'must not be empty').nullish(),
    input: z.union(
      [z.string().min(1), z.array(z.unknown()).min(1)],
      'must be a text, or a list of texts or parts, with something in it',
    ),
    user: z.string('must be a string').nullish(),
  },
  'The body must be a JSON object',
)

/** The body of `/v1/moderations`. Throws `invalid_request` naming the first field at fault. */
export function parseModeration(given: unknown, path: PathFields = {}): ModerationRequest {
  const named = path.model === undefined || !isFields(given) ? given : { ...given, model: path.model }
  const result = body.safeParse(named)
  if (!result.success) throw refusedBody(result.error.issues)
  return { ...result.data, model: result.data.model ?? DEFAULT_MODERATION_MODEL }
}
