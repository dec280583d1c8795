import type { EmbeddingRequest } from '../dialects/embeddings.ts'
import { type Fields, fields, list, number, present, text } from '../dialects/loose-json.ts'
import { embeddingParams, gathered, inBatches, textsOf } from './embedding-texts.ts'
import { geminiRequest, modelPath } from './gemini-address.ts'
import type { Target } from './provider.ts'
import type { EmbeddingTranslator } from './translator.ts'

/** `batchEmbedContents` takes a hundred contents. */
const MOST = 100

/** Gemini's embeddings by API key: a content for each text (ai.google.dev/api/embeddings). */
export const geminiEmbedding: EmbeddingTranslator = {
  embed(request, target) {
    const options = embedOptions(request, target)
    const model = modelPath(target.model)
    return inBatches(textsOf(request), MOST, (texts) =>
      geminiRequest(target, 'batchEmbedContents', {
        requests: texts.map((one) => ({ model, content: { parts: [{ text: one }] }, ...options })),
      }),
    )
  },
  embeddings(answers, request) {
    const vectors = answers.flatMap((answer) => list(fields(answer).embeddings).map((one) => fields(one).values))
    return gathered(request, request.model, vectors, answers.map(promptCount))
  },
}

/** What may stand beside a content: Google's own names, or LiteLLM's. */
export function embedOptions(request: EmbeddingRequest, target: Pick<Target, 'params'>): Fields {
  const given = embeddingParams(request, target)
  return present({
    taskType: text(given.taskType) ?? text(given.task_type),
    title: text(given.title),
    outputDimensionality: number(given.outputDimensionality) ?? number(given.dimensions),
    autoTruncate: typeof given.autoTruncate === 'boolean' ? given.autoTruncate : undefined,
  })
}

export function promptCount(answer: unknown): number | undefined {
  const { usageMetadata } = fields(answer)
  return number(fields(usageMetadata).promptTokenCount) ?? number(fields(usageMetadata).totalTokenCount)
}
