import type { Fields } from '../dialects/loose-json.ts'
import { anthropic } from './anthropic.ts'
import { azure } from './azure.ts'
import { lowerNames } from './lower-names.ts'
import { openaiCompatible, urlOf } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Target } from './provider.ts'
import type { Vendor } from './translator.ts'

const API_VERSION = '2024-05-01-preview'

/** Models of other makers in Azure AI Foundry, and servers of one's own on Azure: OpenAI's chat at their addresses. */
const chat = openaiCompatible(
  { apiBaseEnv: 'AZURE_AI_API_BASE', apiKeyEnv: 'AZURE_AI_API_KEY' },
  {
    // What a model knows beyond OpenAI's fields is the model's to say.
    knows: ['top_k', 'min_p', 'repetition_penalty', 'reasoning_content'],
    url: (target) => foundryUrl(target, '/chat/completions'),
    headers: foundryHeaders,
  },
)

export const azureAi = {
  ...chat,
  failure: azure.failure,
  embedding: openaiEmbedding(chat.defaults, {
    url: (target) => foundryUrl(target, '/embeddings'),
    headers: foundryHeaders,
  }),
  reranking: rerankAt(chat.defaults, { url: rerankUrl, headers: foundryHeaders }),
} satisfies Vendor

/** Claude in Foundry: Anthropic's Messages below `/anthropic`. */
export const azureAiClaude = {
  ...anthropic,
  defaults: chat.defaults,
  chat: (request, target) => anthropic.chat(request, claudeHere(target)),
  forward: (body: Fields, stream: boolean, target: Target) => anthropic.forward(body, stream, claudeHere(target)),
} satisfies Vendor

/** Foundry's resources keep their models below `/models`; every other address is OpenAI's `/v1`, or says its path itself. */
function foundryUrl({ apiBase, apiVersion, model }: Target, path: '/chat/completions' | '/embeddings'): string {
  if (apiBase === undefined) return urlOf(apiBase, model, path)
  const url = new URL(apiBase)
  const given = url.pathname.replace(/\/+$/, '')
  if (given === '') url.pathname = isFoundry(url) ? '/models' : '/v1'
  const version = apiVersion ?? url.searchParams.get('api-version') ?? undefined
  if (/\/models(?:\/|$)/.test(url.pathname)) url.searchParams.set('api-version', version ?? API_VERSION)
  else if (apiVersion !== undefined) url.searchParams.set('api-version', apiVersion)
  return urlOf(url.toString(), model, path)
}

/** Cohere's rerank, at its deployment's own address or below the resource (learn.microsoft.com, Cohere Rerank). */
function rerankUrl({ apiBase, model }: Target): string {
  const base = urlOf(apiBase, model, '/rerank')
  const url = new URL(base)
  if (url.pathname === '/rerank') url.pathname = isFoundry(url) ? '/providers/cohere/v2/rerank' : '/v1/rerank'
  return url.toString()
}

function foundryHeaders({ apiBase, apiKey, azureAdToken, extraHeaders }: Target): Record<string, string> {
  const token = azureAdToken ?? (apiBase !== undefined && isFoundry(new URL(apiBase)) ? undefined : apiKey)
  return {
    'content-type': 'application/json',
    ...(token === undefined ? apiKey !== undefined && { 'api-key': apiKey } : { authorization: `Bearer ${token}` }),
    ...lowerNames(extraHeaders),
  }
}

function isFoundry({ hostname }: URL): boolean {
  return /\.(?:services\.ai|openai|cognitiveservices)\.azure\.com$/.test(hostname)
}

function claudeHere(target: Target): Target {
  const { apiBase, azureAdToken, apiKey, ...rest } = target
  if (apiBase === undefined) return target
  const url = new URL(apiBase)
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1(?:\/messages)?$/, '')
  url.pathname = path.endsWith('/anthropic') ? path : `${path}/anthropic`
  return {
    ...rest,
    apiBase: url.toString(),
    ...(apiKey !== undefined && { apiKey }),
    ...(azureAdToken !== undefined &&
      apiKey === undefined && {
        extraHeaders: { authorization: `Bearer ${azureAdToken}`, ...rest.extraHeaders },
      }),
  }
}
