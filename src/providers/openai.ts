import { openaiCompatible } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { isOpenai, openaiHome } from './openai-home.ts'
import { openaiResponses } from './openai-responses.ts'
import type { Vendor } from './translator.ts'

export const openai = {
  ...openaiCompatible(openaiHome),
  embedding: openaiEmbedding(openaiHome),
  responses: ({ apiBase }) => (isOpenai(apiBase) ? openaiResponses : undefined),
} satisfies Vendor
