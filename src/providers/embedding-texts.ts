import { type EmbeddingRequest, type Embeddings, inputsOf } from '../dialects/embeddings.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import type { Target, UpstreamRequest } from './provider.ts'

/** The inputs for a vendor that reads texts only: another's tokens cannot be turned back into text. */
export function textsOf(request: EmbeddingRequest): readonly string[] {
  return inputsOf(request).map((input) => {
    if (typeof input === 'string') return input
    throw new GatewayError(
      'invalid_request',
      "This model's provider reads texts, and no lists of tokens. Send input as a string or a list of strings.",
      { param: 'input' },
    )
  })
}

/** One request for so many inputs at a time, in their order. */
export function inBatches<T>(
  inputs: readonly T[],
  most: number,
  ask: (batch: readonly T[]) => UpstreamRequest,
): readonly [UpstreamRequest, ...UpstreamRequest[]] {
  const requests: UpstreamRequest[] = []
  for (let at = most; at < inputs.length; at += most) requests.push(ask(inputs.slice(at, at + most)))
  return [ask(inputs.slice(0, most)), ...requests]
}

/** What vendors with words of their own are asked with beside the texts: the request's own over the deployment's. */
export function embeddingParams(
  request: EmbeddingRequest,
  target: Pick<Target, 'params'>,
): { readonly [field: string]: unknown } {
  return { ...target.params, ...request }
}

/** One vector for each input, or the answer is a failure; the counts of all answers together, where each had one. */
export function gathered(
  request: EmbeddingRequest,
  model: string,
  vectors: readonly unknown[],
  counts: readonly (number | undefined)[],
): Embeddings {
  const read = vectors.filter(isVector)
  const inputs = inputsOf(request).length
  if (read.length !== inputs || vectors.length !== inputs)
    throw new GatewayError('upstream_failed', `The provider answered with ${read.length} vectors for ${inputs} inputs.`)
  const usage = usageOf(counts)
  return { model, vectors: read, ...(usage && { usage }) }
}

export function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number')
}

function usageOf(counts: readonly (number | undefined)[]): Usage | undefined {
  let inputTokens = 0
  for (const count of counts) {
    if (count === undefined) return undefined
    inputTokens += count
  }
  return { ...noUsage, inputTokens }
}
