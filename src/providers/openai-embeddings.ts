import { type EmbeddingRequest, type Embeddings, inputsOf, vectorOfBase64 } from '../dialects/embeddings.ts'
import { type Fields, fields, isFields, list, number, place, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { textsOf } from './embedding-texts.ts'
import { headersFor, urlOf } from './openai-compatible.ts'
import { openaiUsage } from './openai-usage.ts'
import type { Provider, Target } from './provider.ts'
import { taskBody } from './task-request.ts'
import type { EmbeddingTranslator } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** How a vendor's embeddings differ from OpenAI's. */
export interface EmbeddingAccent {
  /** Fields that change what comes back and that it does not have. */
  readonly lacks?: readonly string[]
  /** Fields that it does not have and that nothing depends on: the encoding among them, which is ours to print. */
  readonly ignores?: readonly string[]
  /** It reads texts, and no lists of tokens. */
  readonly textOnly?: boolean
  readonly body?: (body: Fields, target: Target) => Fields
  readonly url?: (target: Target) => string
  readonly headers?: (target: Target) => Record<string, string>
}

/** Embeddings of a vendor that speaks OpenAI's: its address comes from the deployment, else from the vendor. */
export function openaiEmbedding(defaults: Provider['defaults'], accent: EmbeddingAccent = {}): EmbeddingTranslator {
  const { lacks = [], ignores = [], textOnly = false, headers = headersFor } = accent
  const url = accent.url ?? ((target) => urlOf(target.apiBase ?? defaults.apiBase, target.model, '/embeddings'))
  return {
    embed(request, target) {
      if (textOnly) textsOf(request)
      const body = openaiEmbeddingsBody(request, target)
      unsupported(
        lacks.filter((field) => body[field] !== undefined && body[field] !== null),
        target,
      )
      for (const field of [...lacks, ...ignores]) delete body[field]
      const sent = accent.body?.(body, target) ?? body
      return [{ url: url(target), method: 'POST', headers: headers(target), body: JSON.stringify(sent) }]
    },
    embeddings: ([answer], request) => readEmbeddings(answer, inputsOf(request).length),
  }
}

/** The request's own fields over the deployment's, without the gateway's: the rule that chats have too. */
export function openaiEmbeddingsBody(
  request: EmbeddingRequest,
  target: Pick<Target, 'model' | 'params'>,
): Record<string, unknown> {
  // What is embedded is what was reckoned with, whatever `extra_body` says.
  return { ...taskBody(request, target), input: request.input }
}

/** Vectors in the order of their inputs, floats or base64. An answer that has not one for each is a failure. */
export function readEmbeddings(answer: unknown, inputs: number): Embeddings {
  const { data, model } = fields(answer)
  const vectors: (readonly number[])[] = []
  for (const [at, one] of list(data).entries()) {
    const vector = vectorOf(fields(one).embedding)
    if (vector) vectors[place(fields(one).index) ?? at] = vector
  }
  if (vectors.length !== inputs || Object.keys(vectors).length !== inputs)
    throw new GatewayError(
      'upstream_failed',
      `The provider answered with ${Object.keys(vectors).length} vectors for ${inputs} inputs.`,
    )
  return { model: text(model) ?? '', vectors, ...present({ usage: embeddingsUsage(answer) }) }
}

function vectorOf(embedding: unknown): readonly number[] | undefined {
  if (typeof embedding === 'string') return vectorOfBase64(embedding)
  return Array.isArray(embedding) && embedding.every((value) => typeof value === 'number') ? embedding : undefined
}

/** Everything is input; some servers say the total only. */
export function embeddingsUsage(answer: unknown): Usage | undefined {
  const usage = fields(answer).usage
  if (!isFields(usage)) return undefined
  const { prompt_tokens, total_tokens, prompt_tokens_details } = usage
  const prompt = number(prompt_tokens) ?? number(total_tokens)
  return prompt === undefined ? undefined : openaiUsage({ usage: { prompt_tokens: prompt, prompt_tokens_details } })
}
