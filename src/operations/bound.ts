import type { Deployment } from '../config/config.ts'
import { maxNano } from '../money.ts'
import { costNano } from '../prices/cost.ts'
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
  const reachable = [
    base,
    ...tiers.filter(({ aboveTokens }) => prompt > aboveTokens).map((tier) => ({ ...base, ...tier })),
  ]
  return { ...known, costNano: reachable.map((rates) => costNano(rates, most)).reduce(maxNano) }
}
