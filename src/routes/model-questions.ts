import * as z from 'zod'
import { openaiChat } from '../dialects/openai-chat.ts'
import { GatewayError } from '../errors.ts'
import { countTokens } from '../gateway/count.ts'
import { groupFor } from '../gateway/groups.ts'
import { transformed } from '../gateway/transformed.ts'
import { supportedParams } from '../providers/supported-params.ts'
import { callerOf } from './others.ts'
import { type Route, route } from './route.ts'

const message = z.looseObject({ role: z.string() })

const tokenCounter = route({
  method: 'POST',
  paths: ['/utils/token_counter'],
  access: 'key',
  tag: 'Models',
  summary:
    'How many tokens a prompt or messages have for a model: counted by the provider where it can, else estimated.',
  query: z.object({ call_endpoint: z.string().optional() }),
  body: z.object({
    model: z.string().min(1),
    prompt: z.string().nullish(),
    messages: z.array(message).nullish(),
    contents: z.array(z.looseObject({ parts: z.array(z.looseObject({})).optional() })).nullish(),
    tools: z.array(z.looseObject({})).nullish(),
    system: z.unknown().optional(),
  }),
  async handle({ body, principal, request: { headers, signal }, receivedAtMs, deps }) {
    const moment = { nowMs: receivedAtMs, defer: deps.gateway.defer }
    const caller = await callerOf(principal, { headers, body }, deps.tenants, moment)
    const messages = messagesIn(body)
    const asked = { model: body.model, messages, ...(body.tools && { tools: body.tools }) }
    const request = openaiChat.parse(asked, {})
    const { tokens, by } = await countTokens(request, { principal: caller, signal }, deps.gateway)
    const [candidate] = groupFor(request.model, caller, deps.gateway).candidates
    return {
      total_tokens: tokens,
      request_model: body.model,
      model_used: candidate?.deployment.model ?? body.model,
      tokenizer_type: by === 'provider' ? `${candidate?.deployment.provider}_api` : 'estimate',
    }
  },
})

interface Countable {
  readonly prompt?: string | null | undefined
  readonly messages?: readonly Readonly<Record<string, unknown>>[] | null | undefined
  readonly contents?: readonly Readonly<Record<string, unknown>>[] | null | undefined
  readonly system?: unknown
}

function messagesIn({ prompt, messages, contents, system }: Countable): unknown[] {
  const first = typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : []
  if (messages) return [...first, ...messages]
  if (typeof prompt === 'string') return [...first, { role: 'user', content: prompt }]
  if (contents)
    return [...first, ...contents.map(({ parts }) => ({ role: 'user', content: JSON.stringify(parts ?? []) }))]
  throw new GatewayError('invalid_request', 'Say what to count: messages, prompt or contents.', { param: 'messages' })
}

const supported = route({
  method: 'GET',
  paths: ['/utils/supported_openai_params'],
  access: 'key',
  tag: 'Models',
  summary: "Which of OpenAI's parameters a model takes.",
  query: z.object({ model: z.string().min(1) }),
  handle({ query, principal, deps }) {
    const [candidate] = groupFor(query.model, principal, deps.gateway).candidates
    if (!candidate) throw new GatewayError('not_found', `Nobody serves ${query.model} now.`, { param: 'model' })
    return { supported_openai_params: supportedParams(candidate.provider, candidate.target) }
  },
})

const transform = route({
  method: 'POST',
  paths: ['/utils/transform_request'],
  access: 'admin',
  tag: 'Models',
  summary: 'What a provider would be sent for a chat, without its keys. Nobody is asked.',
  body: z.object({
    call_type: z.enum(['completion', 'acompletion']),
    request_body: z.looseObject({ model: z.string().min(1) }),
  }),
  handle: ({ body, principal, deps }) => transformed(body.request_body, principal, deps.gateway),
})

export const modelQuestionRoutes: readonly Route[] = [tokenCounter, supported, transform]
