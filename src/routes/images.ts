import * as z from 'zod'
import { images } from '../operations/images.ts'
import { type Route, route } from './route.ts'
import { servedTo } from './served-to.ts'

const generations = route({
  method: 'POST',
  paths: ['/v1/images/generations', '/images/generations', '/openai/deployments/{model+}/images/generations'],
  access: 'key',
  tag: 'Models',
  summary: 'Pictures from words.',
  body: z.looseObject({}).meta({
    description: "OpenAI's request for pictures. Parameters that the gateway does not know go to the provider.",
    properties: { model: { type: 'string' }, prompt: { type: 'string' }, n: { type: 'integer' } },
    required: ['model', 'prompt'],
  }),
  handle: (asked) => servedTo(asked, images, asked.body),
})

export const imageRoutes: readonly Route[] = [generations]
