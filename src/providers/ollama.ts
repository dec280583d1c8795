import { OLLAMA_ADDRESS, ollamaRequest } from './ollama-address.ts'
import { ollamaCompletion, ollamaReader, ollamaUsage } from './ollama-answer.ts'
import { ollamaEmbedding } from './ollama-embeddings.ts'
import { ollamaFailure } from './ollama-failure.ts'
import { ollamaBody } from './ollama-request.ts'
import type { Vendor } from './translator.ts'

const defaults = { apiBase: OLLAMA_ADDRESS, apiBaseEnv: 'OLLAMA_API_BASE', apiKeyEnv: 'OLLAMA_API_KEY' }

/** Ollama by its own `/api/chat`, under both of LiteLLM's names (`ollama`, `ollama_chat`). */
export const ollama = {
  framing: 'ndjson',
  inlinesMedia: true,
  defaults,
  chat: (request, target) => ollamaRequest(target, '/api/chat', ollamaBody(request, target)),
  completion: ollamaCompletion,
  reader: ollamaReader,
  forward: (body, stream, target) => ollamaRequest(target, '/api/chat', { ...body, model: target.model, stream }),
  usage: ollamaUsage,
  failure: ollamaFailure,
  embedding: ollamaEmbedding,
} satisfies Vendor
