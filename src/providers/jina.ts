import { openaiCompatible } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Vendor } from './translator.ts'

const defaults = { apiBase: 'https://api.jina.ai/v1', apiBaseEnv: 'JINA_AI_API_BASE', apiKeyEnv: 'JINA_AI_API_KEY' }

/** Jina: embeddings in OpenAI's shape and rerank in Cohere's (jina.ai/embeddings, jina.ai/reranker). */
export const jina = {
  ...openaiCompatible(defaults),
  chatless: true,
  embedding: openaiEmbedding(defaults, { textOnly: true, ignores: ['encoding_format', 'user'] }),
  reranking: rerankAt(defaults),
} satisfies Vendor
