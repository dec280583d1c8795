import { fields, list, number, present } from '../dialects/loose-json.ts'
import { gathered, inBatches, textsOf } from './embedding-texts.ts'
import { geminiHeaders } from './gemini-address.ts'
import { embedOptions, promptCount } from './gemini-embeddings.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import type { EmbeddingTranslator } from './translator.ts'
import { vertexAuth, vertexUrl } from './vertex-access.ts'

/** `predict` takes 250 texts, `gemini-embedding-001` one (cloud.google.com, "Get text embeddings"). */
const MOST = 250

/** Vertex AI's embeddings: `predict`, and `embedContent` for the models that know only that. */
export const vertexEmbedding: EmbeddingTranslator = {
  embed(request, target) {
    const { taskType, title, outputDimensionality, autoTruncate } = embedOptions(request, target)
    if (isContentModel(target.model))
      return inBatches(textsOf(request), 1, ([text = '']) =>
        asked(target, 'embedContent', {
          content: { parts: [{ text }] },
          ...present({ taskType, title, outputDimensionality, autoTruncate }),
        }),
      )
    return inBatches(textsOf(request), /gemini-embedding/.test(target.model) ? 1 : MOST, (texts) =>
      asked(target, 'predict', {
        instances: texts.map((content) => ({ content, ...present({ task_type: taskType, title }) })),
        parameters: present({ outputDimensionality, autoTruncate }),
      }),
    )
  },
  embeddings(answers, request) {
    const single = answers.every((answer) => fields(answer).embedding !== undefined)
    if (single) {
      const vectors = answers.map((answer) => fields(fields(answer).embedding).values)
      return gathered(request, request.model, vectors, answers.map(promptCount))
    }
    const predictions = answers.flatMap((answer) => list(fields(answer).predictions))
    const embedded = predictions.map((one) => fields(fields(one).embeddings))
    const counts = embedded.map(({ statistics }) => number(fields(statistics).token_count))
    return gathered(
      request,
      request.model,
      embedded.map(({ values }) => values),
      counts,
    )
  },
}

function isContentModel(model: string): boolean {
  return /gemini-embedding-(?!001)/.test(model)
}

function asked(target: Target, method: string, body: object): UpstreamRequest {
  return {
    url: vertexUrl(target, { publisher: 'google', model: target.model, version: 'v1', method }),
    method: 'POST',
    headers: geminiHeaders(target, vertexAuth(target)),
    body: JSON.stringify(body),
  }
}
