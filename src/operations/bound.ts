import type { Deployment } from '../config/config.ts'
import { maxNano } from '../money.ts'
import { costNano, everyRate } from '../prices/cost.ts'
import type { Price } from '../prices/price.ts'
import { completionTokens, promptTokens, type Usage } from '../prices/usage.ts'
import type { WorstCase } from './chat.ts'

/**
 * What the most that a request can use costs at the most, in the dearest tier that it can reach. `setting` names what an
 * operator sets where nobody knows a price.
 */
export function boundedBy(deployment: Deployment, most: Usage, setting: string): WorstCase {
  const { price, group, provider, model } = deployment
  const outputTokens = completionTokens(most)
  const prompt = promptTokens(most)
  const known = { tokens: prompt + outputTokens, outputTokens, maxOutputTokens: outputTokens }
  if (price === undefined) {
    const unbounded = `${group} has no known price. The operator can set ${setting} for ${provider}/${model}.`
    return { ...known, costNano: undefined, unbounded }
  }
  const { tiers = [], ...base } = price
  const counts = isByToken(price) ? known : { tokens: 0, outputTokens: 0, maxOutputTokens: 0 }
  const reachable = [
    base,
    ...tiers.filter(({ aboveTokens }) => prompt > aboveTokens).map((tier) => ({ ...base, ...tier })),
  ]
  return { ...counts, costNano: reachable.map((rates) => costNano(rates, most)).reduce(maxNano) }
}

/** Who bills pictures, seconds or characters counts no tokens, and no limit of tokens is taken for them. */
export function isByToken({ units, ...rates }: Price): boolean {
  return units === undefined || Object.values(everyRate(rates)).some((rate) => rate > 0)
}
