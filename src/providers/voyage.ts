import { present } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Vendor } from './translator.ts'

const defaults = { apiBase: 'https://api.voyageai.com/v1', apiBaseEnv: 'VOYAGE_API_BASE', apiKeyEnv: 'VOYAGE_API_KEY' }

/** Voyage: embeddings nearly in OpenAI's shape, and rerank with `top_k` (docs.voyageai.com/reference). */
export const voyage = {
  ...openaiCompatible(defaults),
  chatless: true,
  embedding: openaiEmbedding(defaults, {
    textOnly: true,
    ignores: ['encoding_format', 'user'],
    body: ({ dimensions, ...body }) => ({ ...body, ...present({ output_dimension: dimensions }) }),
  }),
  reranking: rerankAt(defaults, { most: 'top_k' }),
} satisfies Vendor
