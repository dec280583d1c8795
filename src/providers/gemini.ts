import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, number } from '../dialects/loose-json.ts'
import { GATEWAY_FIELDS } from './chat-body.ts'
import { GEMINI_ADDRESS, geminiRequest, modelPath } from './gemini-address.ts'
import { geminiBody } from './gemini-body.ts'
import { geminiEmbedding } from './gemini-embeddings.ts'
import { geminiFailure } from './gemini-failure.ts'
import { geminiImages } from './gemini-images.ts'
import { ownContents } from './gemini-own-turns.ts'
import { geminiCompletion, geminiReader } from './gemini-reader.ts'
import { geminiSpeech } from './gemini-speech.ts'
import { geminiUsage } from './gemini-usage.ts'
import type { Target } from './provider.ts'
import type { Vendor } from './translator.ts'

/** Google AI Studio: Gemini by API key. */
export const gemini = {
  dialect: 'gemini',
  defaults: { apiBase: GEMINI_ADDRESS, apiBaseEnv: 'GEMINI_API_BASE', apiKeyEnv: 'GEMINI_API_KEY' },
  framing: 'sse',
  chat: (request: ChatRequest, target: Target) =>
    geminiRequest(target, methodFor(request.stream === true), geminiBody(request, target)),
  forward: (body: Fields, stream: boolean, target: Target) =>
    geminiRequest(target, methodFor(stream), nativeGemini(ownContents(body, target.model))),
  completion: geminiCompletion,
  reader: geminiReader,
  usage: geminiUsage,
  failure: geminiFailure,
  embedding: geminiEmbedding,
  images: { generations: geminiImages(geminiRequest) },
  speech: geminiSpeech(geminiRequest),
  // The same request as `countTokens` has it: everything that would be sent, under one name.
  tokenCounter: {
    count(request, target) {
      const body = geminiBody(request, target)
      return geminiRequest(target, 'countTokens', {
        generateContentRequest: { model: modelPath(target.model), ...body },
      })
    },
    counted: totalTokens,
  },
} satisfies Vendor

export function totalTokens(answer: unknown): number | undefined {
  return number(fields(answer).totalTokens)
}

/** A method of Google's, as the last part of an address. */
export function methodFor(stream: boolean): string {
  return stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
}

/** A caller's own body without what speaks to the gateway; the model is in the path. */
export function nativeGemini({ model: _, ...body }: Fields): Fields {
  return Object.fromEntries(
    Object.entries(body).filter(([field]) => field !== 'metadata' && !GATEWAY_FIELDS.has(field)),
  )
}
