import type { Deployment } from '../config/config.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import type { NanoUsd } from '../money.ts'
import { worstCase } from './chat.ts'

/** A shorter answer than this is not worth asking for. */
export const FEWEST_OUTPUT_TOKENS = 256

/** Whether the request says itself how long its answer may be. */
export function namesMaximum({ max_tokens, max_completion_tokens }: ChatRequest): boolean {
  return (max_tokens ?? max_completion_tokens ?? undefined) !== undefined
}

/** OpenAI's newer models know only the newer name, which servers that speak like it may not know yet. */
const NEWER_NAME: ReadonlySet<string> = new Set(['openai', 'azure'])

/** The request with its answer bounded to so many tokens, under the one name that its vendor surely honours. */
export function lowered(request: ChatRequest, { provider }: Pick<Deployment, 'provider'>, tokens: number): ChatRequest {
  const { max_tokens: _, max_completion_tokens: __, ...rest } = request
  const bounded: ChatRequest = { ...rest, model: request.model, messages: request.messages }
  return { ...bounded, [NEWER_NAME.has(provider) ? 'max_completion_tokens' : 'max_tokens']: tokens }
}

/** What the request costs at the most when its answer is as short as is worth asking for; undefined without a bound. */
export function leastCase(request: ChatRequest, deployment: Deployment): NanoUsd | undefined {
  return worstCase(lowered(request, deployment, FEWEST_OUTPUT_TOKENS), deployment).costNano
}

/** The longest answer whose worst case stays within an amount: found by halving, since the worst case grows with it. */
export function longestWithin(request: ChatRequest, deployment: Deployment, amountNano: NanoUsd): number {
  const fits = (tokens: number) => {
    const cost = worstCase(lowered(request, deployment, tokens), deployment).costNano
    return cost !== undefined && cost <= amountNano
  }
  let low = FEWEST_OUTPUT_TOKENS
  let high = Math.max(low, worstCase(request, deployment).maxOutputTokens ?? low)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return low
}
