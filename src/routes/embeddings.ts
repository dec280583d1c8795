import * as z from 'zod'
import { type EmbedMethod, openaiEmbeddingsBody, printEmbeddedContent } from '../dialects/gemini-embeddings.ts'
import { embeddings as operation } from '../operations/embeddings-operation.ts'
import { type Asked, type Route, route } from './route.ts'
import { servedTo } from './served-to.ts'

const embeddings = route({
  method: 'POST',
  paths: ['/v1/embeddings', '/embeddings', '/engines/{model+}/embeddings', '/openai/deployments/{model+}/embeddings'],
  access: 'key',
  tag: 'Models',
  summary: 'The vectors of texts.',
  body: z.looseObject({}).meta({
    description: "OpenAI's embeddings request. Parameters that the gateway does not know go to the provider.",
    properties: { model: { type: 'string' }, input: {} },
    required: ['model', 'input'],
  }),
  handle: (asked) => servedTo(asked, operation, asked.body),
})

/** Gemini's `{model}:embedContent` and `{model}:batchEmbedContents`, which share their path with the other methods of a model. */
export async function embedGemini(
  asked: Asked<'key', unknown, Readonly<Record<string, unknown>>>,
  model: string,
  method: EmbedMethod,
): Promise<Response> {
  const response = await servedTo({ ...asked, params: {} }, operation, openaiEmbeddingsBody(asked.body, method, model))
  const body = JSON.stringify(printEmbeddedContent(await response.json(), method))
  return new Response(body, { headers: response.headers })
}

export const embeddingRoutes: readonly Route[] = [embeddings]
