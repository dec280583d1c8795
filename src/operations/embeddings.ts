import type { Deployment } from '../config/config.ts'
import { type EmbeddingRequest, inputsOf } from '../dialects/embeddings.ts'
import { maxNano, type NanoUsd } from '../money.ts'
import { everyRate, nanoFromPico, pico } from '../prices/cost.ts'
import type { Price, Rates } from '../prices/price.ts'
import { payablePico } from '../prices/terms.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
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
  const { price, group, provider, model } = deployment
  if (price) return { costNano: dearest(price, tokens), tokens, outputTokens: 0, maxOutputTokens: 0 }
  return {
    costNano: undefined,
    tokens,
    outputTokens: 0,
    maxOutputTokens: 0,
    unbounded: `${group} has no known price. The operator can set input_cost_per_token for ${provider}/${model}.`,
  }
}

function sizeOf(input: string | readonly number[]): number {
  return typeof input === 'string' ? utf8Bytes(input) : input.length
}

/** Every tier that the bound reaches, since the bound is not what will be billed. */
function dearest(price: Price, tokens: number): NanoUsd {
  const reachable: Rates[] = [price, ...(price.tiers ?? []).filter(({ aboveTokens }) => tokens > aboveTokens)]
  return reachable
    .map((rates) => pico(tokens, everyRate(rates).input) + BigInt(price.request ?? 0))
    .map((amount) => nanoFromPico(payablePico(amount, price.terms)))
    .reduce(maxNano)
}

/** What embeddings probably used whose vendor never said. The caller marks it as estimated. */
export function estimateEmbeddingsUsage(request: EmbeddingRequest): Usage {
  const tokens = inputsOf(request).map((input) =>
    typeof input === 'string' ? Math.ceil(utf8Bytes(input) / 3) : input.length,
  )
  return { ...noUsage, inputTokens: tokens.reduce((sum, one) => sum + one, 0) }
}
