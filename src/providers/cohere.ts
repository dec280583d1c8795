import { cohereEmbedding } from './cohere-embeddings.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { olderMaximum } from './openai-compatible-messages.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Target } from './provider.ts'

const defaults = {
  apiBase: 'https://api.cohere.ai/compatibility/v1',
  apiBaseEnv: 'COHERE_API_BASE',
  apiKeyEnv: 'COHERE_API_KEY',
}

/**
 * Cohere's chats by its compatible endpoint, which has a part of OpenAI's parameters (docs.cohere.com, compatibility
 * API).
 */
export const cohere = {
  ...openaiCompatible(defaults, {
    lacks: [
      ...['logit_bias', 'top_logprobs', 'n', 'modalities', 'prediction', 'audio', 'service_tier'],
      'parallel_tool_calls',
    ],
    ignores: ['store', 'metadata', 'user'],
    body: olderMaximum,
  }),
  embedding: cohereEmbedding((target) => ownUrl(target, 'embed')),
  reranking: rerankAt(defaults, { url: (target) => ownUrl(target, 'rerank') }),
}

/** Vectors and reranking are of Cohere's own API, beside the compatible one. */
function ownUrl({ apiBase = defaults.apiBase }: Pick<Target, 'apiBase'>, path: 'embed' | 'rerank'): string {
  const base = apiBase.replace(/\/+$/, '').replace(/(?:\/compatibility)?(?:\/v[12])?(?:\/(?:embed|rerank))?$/, '')
  return `${base}/v2/${path}`
}
