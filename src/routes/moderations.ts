import * as z from 'zod'
import { DEFAULT_MODERATION_MODEL } from '../dialects/moderations.ts'
import { moderation } from '../operations/moderation.ts'
import { type Route, route } from './route.ts'
import { servedTo } from './served-to.ts'

const moderations = route({
  method: 'POST',
  paths: ['/v1/moderations', '/moderations'],
  access: 'key',
  tag: 'Models',
  summary: 'Whether texts and pictures may be said and shown.',
  body: z.looseObject({}).meta({
    description: `OpenAI's moderation request. Where it names no model, ${DEFAULT_MODERATION_MODEL} is asked.`,
    properties: { model: { type: 'string' }, input: {} },
    required: ['input'],
  }),
  handle: (asked) => servedTo(asked, moderation, asked.body),
})

export const moderationRoutes: readonly Route[] = [moderations]
