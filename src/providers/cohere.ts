import { openaiCompatible } from './openai-compatible.ts'
import { olderMaximum } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Target } from './provider.ts'

const defaults = {
  apiBase: 'https://api.cohere.ai/compatibility/v1',
  apiBaseEnv: 'COHERE_API_BASE',
  apiKeyEnv: 'COHERE_API_KEY',
}

/**
 * Cohere by its compatible endpoint, which has a part of OpenAI's parameters (docs.cohere.com, compatibility API). Its
 * embeddings read texts, at the length that their model has.
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
  embedding: openaiEmbedding(defaults, { textOnly: true, lacks: ['dimensions'], ignores: ['user'] }),
  reranking: rerankAt(defaults, { url: rerankUrl }),
}

/** Reranking is only in Cohere's own API, beside the compatible one. */
function rerankUrl({ apiBase = defaults.apiBase }: Pick<Target, 'apiBase'>): string {
  const base = apiBase.replace(/\/+$/, '').replace(/(?:\/compatibility)?(?:\/v[12])?(?:\/rerank)?$/, '')
  return `${base}/v2/rerank`
}
