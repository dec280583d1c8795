import * as z from 'zod'
import { anthropic } from '../dialects/anthropic.ts'
import { completions as completionsDialect } from '../dialects/completions.ts'
import type { Dialect, PathFields } from '../dialects/dialect.ts'
import { ARRAY_TYPE, gemini, geminiArray } from '../dialects/gemini.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { responses as responsesDialect } from '../dialects/responses.ts'
import { GatewayError } from '../errors.ts'
import { serve } from '../gateway/serve.ts'
import { chat as operation } from '../operations/chat-operation.ts'
import { namesInBody } from '../operations/kept-names.ts'
import { mayLookUp, withPassages } from './chat-passages.ts'
import { countGemini } from './count-tokens.ts'
import { embedGemini } from './embeddings.ts'
import { callerOf } from './others.ts'
import { mustBeOwn } from './owned-at-vendors.ts'
import { answerAndKeep } from './responses-stored.ts'
import { type Asked, type Route, route } from './route.ts'

/** What a body must be is said by the dialect, which reads it; here it is an object that is passed on as it came. */
const shape = (description: string, required: readonly string[]) =>
  z.looseObject({}).meta({
    description: `${description} Parameters that the gateway does not know go to the provider.`,
    properties: { model: { type: 'string' }, stream: { type: 'boolean' } },
    required: [...required],
  })

type Fields = Readonly<Record<string, unknown>>

/** One chat in one dialect: who it is for, then the story. */
async function chat(
  { principal, request, requestId, receivedAtMs, deps }: Asked<'key', unknown, unknown>,
  { dialect, body, path = {} }: { dialect: Dialect; body: Fields; path?: PathFields },
): Promise<Response> {
  const { headers, signal } = request
  await mustBeOwn(namesInBody(body), { principal, deps })
  const moment = { nowMs: receivedAtMs, defer: deps.gateway.defer }
  const caller = await callerOf(principal, { headers, body }, deps.tenants, moment)
  const call = { requestId, principal: caller, operation, dialect, path, body, headers, signal, receivedAtMs }
  return serve(call, deps.gateway)
}

const named = (body: Fields, model: string | undefined): Fields => (model === undefined ? body : { ...body, model })

const chatCompletions = route({
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
  body: shape("OpenAI's chat completion request.", ['messages']),
  handle: (asked) => {
    const body = named(asked.body, asked.params.model)
    return mayLookUp(body) ? lookedUp(asked, body) : chat(asked, { dialect: openaiChat, body })
  },
})

/** What stores of this gateway have to say goes into the chat before it is anybody's request. */
async function lookedUp(asked: Asked<'key', unknown, unknown>, body: Fields): Promise<Response> {
  const { principal, request, receivedAtMs, deps } = asked
  const moment = { nowMs: receivedAtMs, defer: deps.gateway.defer }
  const caller = await callerOf(principal, { headers: request.headers, body }, deps.tenants, moment)
  return chat(asked, { dialect: openaiChat, body: await withPassages(body, caller, asked) })
}

const completions = route({
  method: 'POST',
  paths: [
    '/v1/completions',
    '/completions',
    '/engines/{model+}/completions',
    '/openai/deployments/{model+}/completions',
  ],
  access: 'key',
  tag: 'Models',
  summary: 'A completion of a prompt, as OpenAI had it before chats.',
  body: shape("OpenAI's completion request.", ['prompt']),
  handle: (asked) => chat(asked, { dialect: completionsDialect, body: named(asked.body, asked.params.model) }),
})

const messages = route({
  method: 'POST',
  paths: ['/v1/messages'],
  access: 'key',
  tag: 'Models',
  summary: "A chat in Anthropic's shape, whole or as a stream of events.",
  dialect: anthropic,
  body: shape("Anthropic's Messages request.", ['model', 'messages', 'max_tokens']),
  handle(asked) {
    const beta = asked.request.headers.get('anthropic-beta')
    const betas = beta === null ? {} : { anthropic_beta: beta.split(',').map((one) => one.trim()) }
    return chat(asked, { dialect: anthropic, body: { ...betas, ...asked.body } })
  },
})

const responses = route({
  method: 'POST',
  paths: ['/v1/responses', '/responses', '/openai/v1/responses'],
  access: 'key',
  tag: 'Models',
  summary: "A chat in the shape of OpenAI's Responses, whole or as a stream of events.",
  body: shape("OpenAI's Responses request.", ['model', 'input']),
  handle: (asked) => answerAndKeep(asked, (body) => chat(asked, { dialect: responsesDialect, body })),
})

/** A stream without `alt=sse` is one JSON array. */
const geminiStream: Dialect = { ...geminiArray, streamType: ARRAY_TYPE }

const generateContent = route({
  method: 'POST',
  paths: ['/v1beta/models/{action+}', '/v1/models/{action+}', '/models/{action+}'],
  access: 'key',
  tag: 'Models',
  summary:
    "A chat in Gemini's shape: `{model}:generateContent` and `{model}:streamGenerateContent`; `{model}:countTokens` counts, `{model}:embedContent` and `{model}:batchEmbedContents` embed.",
  dialect: gemini,
  query: z.object({ alt: z.enum(['sse', 'json']).optional(), key: z.string().optional() }),
  body: shape("Gemini's generateContent request.", ['contents']),
  handle(asked) {
    const { action = '' } = asked.params
    const [, model, method] =
      /^(.+):(generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents)$/.exec(action) ?? []
    if (model === undefined) {
      throw new GatewayError(
        'not_found',
        `There is no method of this name: ${action}. Ask for MODEL:generateContent, MODEL:streamGenerateContent, MODEL:countTokens, MODEL:embedContent or MODEL:batchEmbedContents.`,
      )
    }
    if (method === 'countTokens') return countGemini(asked, model)
    if (method === 'embedContent' || method === 'batchEmbedContents') return embedGemini(asked, model, method)
    const stream = method === 'streamGenerateContent'
    const dialect = stream && asked.query.alt !== 'sse' ? geminiStream : gemini
    return chat(asked, { dialect, body: asked.body, path: { model, stream } })
  },
})

export const chatRoutes: readonly Route[] = [chatCompletions, completions, messages, responses, generateContent]
