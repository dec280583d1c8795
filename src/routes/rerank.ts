import * as z from 'zod'
import { rerank as operation } from '../operations/rerank.ts'
import { type Route, route } from './route.ts'
import { servedTo } from './served-to.ts'

const rerank = route({
  method: 'POST',
  paths: ['/v1/rerank', '/rerank', '/v2/rerank'],
  access: 'key',
  tag: 'Models',
  summary: 'Documents in the order of what they say to a question.',
  body: z.looseObject({}).meta({
    description:
      "Cohere's rerank request, whoever the vendor is. Documents come back with their places unless return_documents is false.",
    properties: {
      model: { type: 'string' },
      query: { type: 'string' },
      documents: { type: 'array', items: {} },
      top_n: { type: 'integer' },
    },
    required: ['model', 'query', 'documents'],
  }),
  handle: (asked) => servedTo(asked, operation, asked.body),
})

export const rerankRoutes: readonly Route[] = [rerank]
