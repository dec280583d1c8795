import type { Deployment } from '../config/config.ts'
import { maxNano } from '../money.ts'
import { costNano, everyRate } from '../prices/cost.ts'
import type { Price, Rates } from '../prices/price.ts'
import { askedTier, servedRates } from '../prices/service-tier.ts'
import { completionTokens, promptTokens, type Usage } from '../prices/usage.ts'
import type { WorstCase } from './chat.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * What the most that a request can use costs at the most: in the dearest tier that it can reach, and under whatever class
 * its vendor counts its tokens. Where it may be billed in several ways, that is each of `most`. `setting` names what an
 * operator sets where nobody knows a price, `asked` is what was asked for, where it may name a tier of service.
 */
export function boundedBy(
  deployment: Deployment,
  most: Usage | readonly [Usage, ...Usage[]],
  setting: string,
  ...asked: readonly Fields[]
): WorstCase {
  const usages = 'inputTokens' in most ? [most] : most
  const { price, group, provider, model } = deployment
  const outputTokens = Math.max(...usages.map(completionTokens))
  const prompt = Math.max(...usages.map(promptTokens))
  const known = { tokens: prompt + outputTokens, outputTokens, maxOutputTokens: outputTokens }
  if (price === undefined) {
    const unbounded = `${group} has no known price. The operator can set ${setting} for ${provider}/${model}.`
    return { ...known, costNano: undefined, unbounded }
  }
  const counts = isByToken(price) ? known : { tokens: 0, outputTokens: 0, maxOutputTokens: 0 }
  const { tiers = [], services: _, ...apart } = price
  const usual: readonly Rates[] = [price, ...tiers.filter(({ aboveTokens }) => prompt > aboveTokens)]
  const served = asked.flatMap((one) => usual.map((rates) => servedRates(price, rates, askedTier(one))))
  const costs = [...usual, ...served].flatMap((rates) => {
    const dearest = { ...apart, ...dearestRates(rates) }
    return usages.map((usage) => costNano(dearest, usage))
  })
  return { ...counts, costNano: costs.reduce(maxNano) }
}

/** Text may be told as cached or as thoughts, and a token of sound or of a picture as one of text. */
function dearestRates(rates: Rates): Rates {
  const every = everyRate(rates)
  const input = Math.max(every.input, every.cacheRead, every.cacheWrite, every.cacheWrite1h)
  const output = Math.max(every.output, every.reasoning)
  return {
    ...{ input, output },
    cacheRead: input,
    cacheReadAudio: Math.max(input, every.cacheReadAudio),
    cacheWrite: input,
    cacheWrite1h: input,
    reasoning: output,
    inputAudio: Math.max(input, every.inputAudio),
    outputAudio: Math.max(output, every.outputAudio),
    inputImage: Math.max(input, every.inputImage),
    outputImage: Math.max(output, every.outputImage),
  }
}

/** Who bills pictures, seconds or characters counts no tokens, and no limit of tokens is taken for them. */
export function isByToken({ units, ...rates }: Price): boolean {
  return units === undefined || Object.values(everyRate(rates)).some((rate) => rate > 0)
}
