import * as z from 'zod'
import { anthropic, countTokensAnswer as anthropicAnswer } from '../dialects/anthropic.ts'
import { parseCountTokens as parseAnthropic } from '../dialects/anthropic-request.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import { countTokensAnswer as geminiAnswer } from '../dialects/gemini.ts'
import { parseCountTokens as parseGemini } from '../dialects/gemini-request.ts'
import { countTokens } from '../gateway/count.ts'
import { callerOf } from './others.ts'
import { type Asked, type Route, route } from './route.ts'

type Fields = Readonly<Record<string, unknown>>

/** One count: whose it is, then the number in the caller's words, and who counted. */
async function counted(
  { principal, request: { headers, signal }, receivedAtMs, deps }: Asked<'key', unknown, unknown>,
  { request, body, answer }: { request: ChatRequest; body: Fields; answer: (tokens: number) => Fields },
): Promise<Response> {
  const moment = { nowMs: receivedAtMs, defer: deps.gateway.defer }
  const caller = await callerOf(principal, { headers, body }, deps.tenants, moment)
  const { tokens, by } = await countTokens(request, { principal: caller, signal }, deps.gateway)
  return Response.json(answer(tokens), { headers: { 'x-tollgate-counted-by': by } })
}

/** `{model}:countTokens`, which shares its path with the other methods of a model. */
export function countGemini(asked: Asked<'key', unknown, Fields>, model: string): Promise<Response> {
  const { body } = asked
  return counted(asked, { request: parseGemini(body, { model }), body, answer: geminiAnswer })
}

const countMessages = route({
  method: 'POST',
  paths: ['/v1/messages/count_tokens'],
  access: 'key',
  tag: 'Models',
  summary: "How many tokens a request in Anthropic's shape has: counted by the provider where it can, else estimated.",
  dialect: anthropic,
  body: z.looseObject({}).meta({
    description: "Anthropic's count_tokens request: a Messages request without max_tokens. It is not answered.",
    properties: { model: { type: 'string' }, messages: { type: 'array', items: { type: 'object' } } },
    required: ['model', 'messages'],
  }),
  handle(asked) {
    const { body } = asked
    return counted(asked, { request: parseAnthropic(body), body, answer: anthropicAnswer })
  },
})

export const countRoutes: readonly Route[] = [countMessages]
