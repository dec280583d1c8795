import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, text } from '../dialects/loose-json.ts'
import { countable, inputTokens, nativeBody } from './anthropic.ts'
import { anthropicCompletion } from './anthropic-answer.ts'
import { claudeBody } from './anthropic-body.ts'
import { anthropicFailure } from './anthropic-failure.ts'
import { ownTurns } from './anthropic-own-turns.ts'
import { anthropicReader } from './anthropic-reader.ts'
import { anthropicUsage } from './anthropic-usage.ts'
import { methodFor, nativeGemini, totalTokens } from './gemini.ts'
import { geminiHeaders } from './gemini-address.ts'
import { geminiBody } from './gemini-body.ts'
import { errorIn, geminiFailure } from './gemini-failure.ts'
import { geminiImages } from './gemini-images.ts'
import { ownContents } from './gemini-own-turns.ts'
import { geminiCompletion, geminiReader } from './gemini-reader.ts'
import { geminiSpeech } from './gemini-speech.ts'
import { geminiUsage } from './gemini-usage.ts'
import type { Failure, Target, UpstreamRequest } from './provider.ts'
import type { Vendor } from './translator.ts'
import { type Publisher, vertexAuth, vertexUrl } from './vertex-access.ts'
import { vertexEmbedding } from './vertex-embeddings.ts'
import { vertexReranking } from './vertex-rerank.ts'

/** Gemini on Vertex AI: the same bodies as in AI Studio, at a project's address. */
export const vertexGemini = {
  dialect: 'gemini',
  defaults: { apiBaseEnv: 'VERTEXAI_API_BASE' },
  framing: 'sse',
  chat: (request: ChatRequest, target: Target) => {
    const { serviceTier, ...body } = geminiBody(request, target)
    return gemini(target, methodFor(request.stream === true), body, tierHeader(serviceTier))
  },
  forward: (body: Fields, stream: boolean, target: Target) => {
    const { serviceTier, ...native } = nativeGemini(ownContents(body, target.model))
    return gemini(target, methodFor(stream), native, tierHeader(text(serviceTier)?.toLowerCase()))
  },
  completion: geminiCompletion,
  reader: geminiReader,
  usage: geminiUsage,
  failure: geminiFailure,
  embedding: vertexEmbedding,
  reranking: vertexReranking,
  images: { generations: geminiImages((target, method, body) => gemini(target, method, body)) },
  speech: geminiSpeech((target, method, body) => gemini(target, method, body)),
  tokenCounter: { count: vertexCountTokens, counted: totalTokens },
} satisfies Vendor

/** Claude on Vertex AI: Anthropic's bodies, with the version in the body and the model in the address. */
export const vertexAnthropic = {
  dialect: 'anthropic',
  defaults: { apiBaseEnv: 'VERTEXAI_API_BASE' },
  framing: 'sse',
  chat: (request: ChatRequest, target: Target) => {
    const { body, betas } = claudeBody(request, withoutVertexParams(target), CLAUDE_HERE)
    return claude(target, body, { betas, stream: request.stream === true })
  },
  forward: (body: Fields, stream: boolean, target: Target) => {
    const { native, betas } = nativeBody(ownTurns(body))
    return claude(target, native, { betas, stream })
  },
  completion: anthropicCompletion,
  reader: anthropicReader,
  usage: anthropicUsage,
  failure: claudeFailure,
  tokenCounter: { count: vertexClaudeCountTokens, counted: inputTokens },
} satisfies Vendor

/** Models are named as LiteLLM names them: Claude's by their own name, everything else is asked as Gemini is. */
export function vertexPublisher(model: string): Publisher {
  return /^claude-|publishers\/anthropic\//.test(model) ? 'anthropic' : 'google'
}

/** What the Claude of this cloud is not documented to have. */
const CLAUDE_HERE = { laterInstructions: false, schemas: false }
const VERSION = 'vertex-2023-10-16'

/** `countTokens` of a canonical request, for a Gemini. */
export function vertexCountTokens(request: ChatRequest, target: Target): UpstreamRequest {
  const { contents, systemInstruction, tools, generationConfig } = geminiBody(request, target)
  const body = { contents, systemInstruction, tools, generationConfig }
  return gemini(target, 'countTokens', body)
}

/** Anthropic's count of tokens, which is a model of its own here. */
export function vertexClaudeCountTokens(request: ChatRequest, target: Target): UpstreamRequest {
  const { body, betas } = claudeBody(request, withoutVertexParams(target), CLAUDE_HERE)
  const counted = { ...countable(body), model: target.model }
  return rawPredict({ ...target, model: 'count-tokens' }, counted, betas, 'rawPredict')
}

function gemini(target: Target, method: string, body: Fields, headers: Record<string, string> = {}): UpstreamRequest {
  const address = { publisher: 'google', model: googleModel(target.model), version: 'v1beta1', method } as const
  return {
    url: vertexUrl(target, address),
    method: 'POST',
    headers: geminiHeaders(target, { ...vertexAuth(target), ...headers }),
    body: JSON.stringify(body),
  }
}

/** LiteLLM writes tuned models as `gemini/1234567890`. */
function googleModel(model: string): string {
  return model.replace(/^(gemini|models)\//, '')
}

/** Flex and priority are a header here, and a field of the body in AI Studio. */
function tierHeader(tier: unknown): Record<string, string> {
  return tier === 'flex' || tier === 'priority' ? { 'x-vertex-ai-llm-shared-request-type': tier } : {}
}

interface Asking {
  readonly betas: readonly string[]
  readonly stream: boolean
}

function claude(target: Target, body: Fields, { betas, stream }: Asking): UpstreamRequest {
  const { model: _, stream: __, ...rest } = body
  return rawPredict(
    target,
    { anthropic_version: VERSION, ...rest, ...(stream && { stream }) },
    betas,
    stream ? 'streamRawPredict' : 'rawPredict',
  )
}

function rawPredict(target: Target, body: Fields, betas: readonly string[], method: string): UpstreamRequest {
  const { 'anthropic-beta': ordered, ...headers } = geminiHeaders(target, vertexAuth(target))
  const all = [...new Set([...betas, ...(ordered?.split(/\s*,\s*/) ?? [])])]
  return {
    url: vertexUrl(target, { publisher: 'anthropic', model: target.model, version: 'v1', method }),
    method: 'POST',
    headers: { ...headers, ...(all.length > 0 && { 'anthropic-beta': all.join(',') }) },
    body: JSON.stringify(body.anthropic_version === undefined ? { anthropic_version: VERSION, ...body } : body),
  }
}

/** Claude's words pass through Google, but who may ask, and how often, Google says itself. */
function claudeFailure(status: number, headers: Headers, body: string): Failure {
  return isGoogles(body) ? geminiFailure(status, headers, body) : anthropicFailure(status, headers, body)
}

function isGoogles(body: string): boolean {
  try {
    const error = errorIn(JSON.parse(body))
    return typeof error?.status === 'string' || typeof error?.code === 'number'
  } catch {
    return false
  }
}

/** The fields that locate a project, which Claude's body would take for words of Anthropic's. */
function withoutVertexParams(target: Target): Target {
  const params = Object.entries(target.params).filter(([name]) => !name.startsWith('vertex_'))
  return { ...target, params: Object.fromEntries(params) }
}
