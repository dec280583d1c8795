import type { Deployment } from '../config/config.ts'
import { type EmbeddingRequest, inputsOf } from '../dialects/embeddings.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { boundedBy } from './bound.ts'
import type { WorstCase } from './chat.ts'
import { utf8Bytes } from './text-size.ts'

/** Marks around a text, and the instruction that some models put before it. */
const TOKENS_PER_INPUT = 64

/**
 * An upper bound of what embeddings can cost: a token of text covers at least one byte, and tokens count themselves.
 * Nothing comes out that is billed.
 */
export function worstCaseEmbeddings(request: EmbeddingRequest, deployment: Deployment): WorstCase {
  const tokens = inputsOf(request).reduce((sum, input) => sum + sizeOf(input) + TOKENS_PER_INPUT, 0)
  return boundedBy(deployment, { ...noUsage, inputTokens: tokens }, 'input_cost_per_token', deployment.params, request)
}

function sizeOf(input: string | readonly number[]): number {
  return typeof input === 'string' ? utf8Bytes(input) : input.length
}

/** What embeddings probably used whose vendor never said. The caller marks it as estimated. */
export function estimateEmbeddingsUsage(request: EmbeddingRequest): Usage {
  const tokens = inputsOf(request).map((input) =>
    typeof input === 'string' ? Math.ceil(utf8Bytes(input) / 3) : input.length,
  )
  return { ...noUsage, inputTokens: tokens.reduce((sum, one) => sum + one, 0) }
}
