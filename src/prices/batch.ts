import type { Price, Rates } from './price.ts'

const HALF = 2

/**
 * What a batch costs: half the list price for every token, at OpenAI, Azure OpenAI and Anthropic (their pages on batches).
 * What is paid by the request or the search is not made cheaper, and what is said of batches themselves holds. They have one tier.
 */
export function batchPrice({ request, search, tiers, batch, services: _, ...rates }: Price): Price {
  return {
    ...halved(rates),
    ...batch,
    ...(tiers && { tiers: tiers.map(({ aboveTokens, ...tier }) => ({ ...halved(tier), aboveTokens })) }),
    ...(request !== undefined && { request }),
    ...(search !== undefined && { search }),
  }
}

/** Rounded up, so that an estimate stays a bound. */
function halved<R extends Rates>(rates: R): R {
  const entries = Object.entries(rates).map(([name, rate]: [string, unknown]) => [
    name,
    typeof rate === 'number' ? Math.ceil(rate / HALF) : rate,
  ])
  // The same fields with the same kinds of values.
  return Object.fromEntries(entries) as R
}
