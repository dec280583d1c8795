import type { ChatRequest } from '../dialects/chat.ts'
import type { Fields } from '../dialects/loose-json.ts'
import { GATEWAY_FIELDS } from './chat-body.ts'
import { geminiBody } from './gemini-body.ts'
import { geminiFailure } from './gemini-failure.ts'
import { geminiCompletion, geminiReader } from './gemini-reader.ts'
import { geminiUsage } from './gemini-usage.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import type { Vendor } from './translator.ts'

const ADDRESS = 'https://generativelanguage.googleapis.com/v1beta'

/** Google AI Studio: Gemini by API key. */
export const gemini = {
  dialect: 'gemini',
  defaults: { apiBase: ADDRESS, apiBaseEnv: 'GEMINI_API_BASE', apiKeyEnv: 'GEMINI_API_KEY' },
  framing: 'sse',
  chat: (request: ChatRequest, target: Target) =>
    asked(target, methodFor(request.stream === true), geminiBody(request, target)),
  forward: (body: Fields, stream: boolean, target: Target) => asked(target, methodFor(stream), nativeGemini(body)),
  completion: geminiCompletion,
  reader: geminiReader,
  usage: geminiUsage,
  failure: geminiFailure,
} satisfies Vendor

/** The same request as `countTokens` has it: everything that would be sent, under one name. */
export function countTokens(request: ChatRequest, target: Target): UpstreamRequest {
  const body = geminiBody(request, target)
  return asked(target, 'countTokens', { generateContentRequest: { model: modelPath(target.model), ...body } })
}

/** A method of Google's, as the last part of an address. */
export function methodFor(stream: boolean): string {
  return stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
}

/** A caller's own body without what speaks to the gateway; the model is in the path. */
export function nativeGemini({ model: _, ...body }: Fields): Fields {
  return Object.fromEntries(Object.entries(body).filter(([field]) => !GATEWAY_FIELDS.has(field)))
}

function asked(target: Target, method: string, body: Fields): UpstreamRequest {
  return {
    url: `${baseOf(target.apiBase)}/${modelPath(target.model)}:${method}`,
    method: 'POST',
    headers: geminiHeaders(target, target.apiKey === undefined ? {} : { 'x-goog-api-key': target.apiKey }),
    body: JSON.stringify(body),
  }
}

/** The operator's own headers over ours, all in lower case. */
export function geminiHeaders(
  { extraHeaders }: Target,
  auth: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json', ...auth }
  for (const [name, value] of Object.entries(extraHeaders)) headers[name.toLowerCase()] = value
  return headers
}

/** An address without a version gets the one in which everything here is known. */
function baseOf(apiBase: string | undefined): string {
  const base = (apiBase ?? ADDRESS).replace(/\/+$/, '')
  return /\/v\d+\w*$/.test(base) || !/^https?:\/\/[^/]+$/.test(base) ? base : `${base}/v1beta`
}

function modelPath(model: string): string {
  const path = /^(models|tunedModels)\//.test(model) ? model : `models/${model}`
  return path.split('/').map(encodeURIComponent).join('/')
}
