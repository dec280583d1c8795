import type { PicoUsd, Price } from './price.ts'

const PICO_PER_THOUSANDTH_USD = 1_000_000_000

interface Fee {
  readonly provider: RegExp
  readonly model: RegExp
  /** In thousandths of a dollar, which is also the dollars for a thousand. */
  readonly each: number
}

/**
 * What vendors bill for each search that a model makes, where the price list is silent: Anthropic's web search (its
 * pricing page); OpenAI's by models that think, 10 USD for a thousand calls of `web_search` and of its preview alike
 * (developers.openai.com/api/docs/pricing, "Built-in tools"; for others it is 10 or, by the preview, 25, which an answer
 * does not tell); and Google's grounding, by search from Gemini 3 on and by grounded prompt before (both Gemini pricing
 * pages).
 */
const FEES: readonly Fee[] = [
  { provider: /^openai$/, model: /^(?:responses\/)?(?:gpt-[5-9]|o\d)(?!.*chat)/, each: 10 },
  { provider: /^(anthropic|azure_ai|vertex_ai(_beta)?)$/, model: /claude/, each: 10 },
  { provider: /^(gemini|vertex_ai(_beta)?)$/, model: /gemini-([3-9]|\d\d)/, each: 14 },
  { provider: /^(gemini|vertex_ai(_beta)?)$/, model: /gemini-[12]/, each: 35 },
]

interface Priced {
  readonly provider: string
  readonly model: string
  readonly price?: Price
}

/** What one search costs: the operator's price, else the vendor's published one; undefined where nobody knows. */
export function searchPrice({ provider, model, price }: Priced): PicoUsd | undefined {
  if (price?.search !== undefined) return price.search
  const fee = FEES.find((one) => one.provider.test(provider) && one.model.test(model))
  return fee && fee.each * PICO_PER_THOUSANDTH_USD
}

/** A deployment's price with what its vendor bills for searches. */
export function priceWithSearch(deployment: Priced): Price | undefined {
  const { price } = deployment
  const search = searchPrice(deployment)
  return price === undefined || search === undefined || price.search === search ? price : { ...price, search }
}
