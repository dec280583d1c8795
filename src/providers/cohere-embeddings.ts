import { fields, list, number, present } from '../dialects/loose-json.ts'
import { embeddingParams, gathered, inBatches, textsOf } from './embedding-texts.ts'
import { headersFor } from './openai-compatible.ts'
import type { Target } from './provider.ts'
import type { EmbeddingTranslator } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** Texts of one request. */
const MOST = 96

/** Cohere's own embed, which wants to know what the texts are for (docs.cohere.com/reference/embed); version 4 has dimensions. */
export function cohereEmbedding(url: (target: Target) => string): EmbeddingTranslator {
  return {
    embed(request, target) {
      const { input_type, truncate, max_tokens, dimensions } = embeddingParams(request, target)
      if (dimensions !== undefined && dimensions !== null && !/embed-v4/.test(target.model))
        unsupported(['dimensions'], target)
      const own = present({ truncate, max_tokens, output_dimension: dimensions })
      return inBatches(textsOf(request), MOST, (texts) => ({
        url: url(target),
        method: 'POST',
        headers: headersFor(target),
        body: JSON.stringify({
          model: target.model,
          texts,
          input_type: input_type ?? 'search_document',
          embedding_types: ['float'],
          ...own,
        }),
      }))
    },
    embeddings(answers, request) {
      const vectors = answers.flatMap((answer) => list(fields(fields(answer).embeddings).float))
      return gathered(request, request.model, vectors, answers.map(billed))
    },
  }
}

function billed(answer: unknown): number | undefined {
  return number(fields(fields(fields(answer).meta).billed_units).input_tokens)
}
