import * as z from 'zod'
import { imageEdits, images, imageVariations } from '../operations/images.ts'
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

const FORM = z.looseObject({}).meta({
  description: "OpenAI's form: a picture, or several, and what is to become of them.",
  properties: { model: { type: 'string' }, prompt: { type: 'string' }, image: { type: 'string', format: 'binary' } },
  required: ['model', 'image'],
})

const edits = route({
  method: 'POST',
  paths: ['/v1/images/edits', '/images/edits', '/openai/deployments/{model+}/images/edits'],
  access: 'key',
  tag: 'Models',
  summary: 'Pictures from pictures and words.',
  form: true,
  body: FORM,
  handle: (asked) => servedTo(asked, imageEdits, asked.body),
})

const variations = route({
  method: 'POST',
  paths: ['/v1/images/variations', '/images/variations'],
  access: 'key',
  tag: 'Models',
  summary: 'Pictures like a picture.',
  form: true,
  body: FORM,
  handle: (asked) => servedTo(asked, imageVariations, asked.body),
})

export const imageRoutes: readonly Route[] = [generations, edits, variations]
