import * as z from 'zod'
import { embeddings as operation } from '../operations/embeddings-operation.ts'
import { type Route, route } from './route.ts'
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

export const embeddingRoutes: readonly Route[] = [embeddings]
