import { fields, isFields, list, number, present } from '../dialects/loose-json.ts'
import { embeddingParams, gathered, textsOf } from './embedding-texts.ts'
import { ollamaRequest } from './ollama-address.ts'
import type { EmbeddingTranslator } from './translator.ts'

/** Ollama's own `/api/embed`, all texts at once (docs.ollama.com/api/embed). */
export const ollamaEmbedding: EmbeddingTranslator = {
  embed(request, target) {
    const { dimensions, truncate, keep_alive, options } = embeddingParams(request, target)
    const body = {
      model: target.model,
      input: textsOf(request),
      ...present({ dimensions, truncate, keep_alive, options: isFields(options) ? options : undefined }),
    }
    return [ollamaRequest(target, '/api/embed', body)]
  },
  embeddings([answer], request) {
    const { embeddings, prompt_eval_count } = fields(answer)
    return gathered(request, request.model, list(embeddings), [number(prompt_eval_count)])
  },
}
