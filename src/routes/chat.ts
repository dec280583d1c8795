import * as z from 'zod'
import { serve } from '../gateway/serve.ts'
import { callerOf } from './others.ts'
import { type Route, route } from './route.ts'

/** What it must be is said by the dialect, which reads it; here it is an object that is passed on as it came. */
const body = z.looseObject({}).meta({
  description: "OpenAI's chat completion request. Parameters that the gateway does not know go to the provider.",
  properties: {
    model: { type: 'string' },
    messages: { type: 'array', items: { type: 'object' } },
    stream: { type: 'boolean' },
  },
  required: ['messages'],
})

const completions = route({
  method: 'POST',
  paths: [
    '/v1/chat/completions',
    '/chat/completions',
    '/engines/{model+}/chat/completions',
    '/openai/deployments/{model+}/chat/completions',
  ],
  access: 'key',
  tag: 'Models',
  summary: 'A chat completion, whole or as a stream of events.',
  body,
  async handle({ body, params, principal, request, requestId, receivedAtMs, deps }) {
    const { headers, signal } = request
    const named = params.model === undefined ? body : { ...body, model: params.model }
    const { defer } = deps.gateway
    const caller = await callerOf(principal, { headers, body }, deps.tenants, { nowMs: receivedAtMs, defer })
    return serve({ requestId, principal: caller, body: named, headers, signal, receivedAtMs }, deps.gateway)
  },
})

export const chatRoutes: readonly Route[] = [completions]
