import * as z from 'zod'
import { openaiChat } from '../dialects/openai-chat.ts'
import { serve } from '../gateway/serve.ts'
import { embeddings as operation } from '../operations/embeddings-operation.ts'
import { callerOf } from './others.ts'
import { type Route, route } from './route.ts'

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
  async handle({ principal, request, requestId, receivedAtMs, body, params: { model }, deps }) {
    const { headers, signal } = request
    const moment = { nowMs: receivedAtMs, defer: deps.gateway.defer }
    const caller = await callerOf(principal, { headers, body }, deps.tenants, moment)
    const path = model === undefined ? {} : { model }
    return serve(
      { requestId, principal: caller, operation, dialect: openaiChat, path, body, headers, signal, receivedAtMs },
      deps.gateway,
    )
  },
})

export const embeddingRoutes: readonly Route[] = [embeddings]
