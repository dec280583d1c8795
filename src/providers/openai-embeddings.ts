import { type EmbeddingRequest, type Embeddings, vectorOfBase64 } from '../dialects/embeddings.ts'
import { fields, isFields, list, number, place, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { chatBody } from './chat-body.ts'
import { headersFor, urlOf } from './openai-compatible.ts'
import { openaiUsage } from './openai-usage.ts'
import type { Target, UpstreamRequest } from './provider.ts'

/** Embeddings of a vendor that speaks OpenAI's: its address comes from the deployment, else from the vendor. */
export function openaiEmbeddings(request: EmbeddingRequest, target: Target, defaultBase?: string): UpstreamRequest {
  return {
    url: urlOf(target.apiBase ?? defaultBase, target.model, '/embeddings'),
    method: 'POST',
    headers: headersFor(target),
    body: JSON.stringify(openaiEmbeddingsBody(request, target)),
  }
}

/** The request's own fields over the deployment's, without the gateway's: the rule that chats have too. */
export function openaiEmbeddingsBody(
  request: EmbeddingRequest,
  target: Pick<Target, 'model' | 'params'>,
): Record<string, unknown> {
  const { messages: _, ...body } = chatBody({ ...request, messages: [] }, target)
  return body
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
