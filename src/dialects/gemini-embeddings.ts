import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import { fields, list } from './loose-json.ts'
import { refusedBody } from './openai.ts'

/** One content of Gemini's `embedContent`, and how it is to be embedded. */
const asked = z.object(
  {
    content: z.looseObject(
      { parts: z.array(z.looseObject({ text: z.string('must be a text') })).min(1, 'must not be empty') },
      'must be an object with parts',
    ),
    taskType: z.string('must be a string').nullish(),
    title: z.string('must be a string').nullish(),
    outputDimensionality: z.int('must be a whole number above 0').positive('must be a whole number above 0').nullish(),
  },
  'must be an object with a content',
)
const single = asked.loose()
const batch = z.looseObject({ requests: z.array(asked, 'must be a list').min(1, 'must not be empty') })

export type EmbedMethod = 'embedContent' | 'batchEmbedContents'

/**
 * Gemini's request for vectors as OpenAI's, which is what the gateway's embeddings are asked with. All contents of one
 * request are embedded in the same way.
 */
export function openaiEmbeddingsBody(body: unknown, method: EmbedMethod, model: string): Record<string, unknown> {
  const result = method === 'embedContent' ? single.safeParse(body) : batch.safeParse(body)
  if (!result.success) throw refusedBody(result.error.issues)
  const data = result.data
  const all = 'requests' in data ? (data.requests as z.infer<typeof asked>[]) : [data as z.infer<typeof asked>]
  const [first] = all.map(({ content: _, ...how }) => how)
  const options = ({ taskType, title, outputDimensionality }: z.infer<typeof asked>) =>
    JSON.stringify([taskType ?? null, title ?? null, outputDimensionality ?? null])
  const odd = all.findIndex((one) => options(one) !== options(all[0] ?? one))
  if (odd > 0)
    throw new GatewayError(
      'invalid_request',
      'All requests must have the same taskType, title and outputDimensionality. Send the others by themselves.',
      { param: `requests[${odd}]` },
    )
  return {
    model,
    input: all.map(({ content }) => content.parts.map(({ text }) => text).join('\n')),
    ...(first?.outputDimensionality && { dimensions: first.outputDimensionality }),
    ...(first?.taskType && { taskType: first.taskType }),
    ...(first?.title && { title: first.title }),
  }
}

/** OpenAI's vectors as Gemini's. */
export function printEmbeddedContent(answer: unknown, method: EmbedMethod): object {
  const embeddings = list(fields(answer).data).map((one) => ({ values: list(fields(one).embedding) }))
  return method === 'embedContent' ? { embedding: embeddings[0] } : { embeddings }
}
