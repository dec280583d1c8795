import type { NanoUsd } from '../money.ts'
import type { PicoUsd, Price, Rates, UnitRates } from './price.ts'
import { servedRates } from './service-tier.ts'
import { payablePico } from './terms.ts'
import { promptTokens, type Usage } from './usage.ts'

const PICO_PER_NANO = 1000n

/**
 * What an answer costs, under the price's terms: whole picos, added exactly and rounded up once. A price has one tier per
 * request, by the size of the whole prompt, cached parts included, as the vendors bill it.
 */
export function costNano(price: Price, usage: Usage): NanoUsd {
  return nanoFromPico(payablePico(costPico(price, usage), price.terms))
}

/** The same before any discount and margin, not rounded. */
export function costPico(price: Price, usage: Usage): bigint {
  const rates = everyRate(billedRates(price, usage))
  return (
    inputPico(rates, usage) +
    pico(usage.outputTokens, rates.output) +
    pico(usage.reasoningTokens, rates.reasoning) +
    pico(usage.outputAudioTokens, rates.outputAudio) +
    pico(usage.outputImageTokens, rates.outputImage) +
    pico(usage.webSearches ?? 0, price.search ?? 0) +
    BigInt(price.request ?? 0) +
    (price.units ? unitPico(price.units, usage) : 0n)
  )
}

/** What is billed by something else than tokens: every class that has a rate. */
function unitPico(units: UnitRates, usage: Usage): bigint {
  const { images = 0, imageKind, pixels = 0, inputAudioMs = 0, inputCharacters = 0, searchUnits = 0 } = usage
  return (
    pico(images, imageRate(units, imageKind)) +
    pico(pixels, units.pixel ?? 0) +
    (pico(inputAudioMs, units.second ?? 0) + 999n) / 1000n +
    pico(inputCharacters, units.character ?? 0) +
    pico(searchUnits, units.searchUnit ?? 0)
  )
}

/** The rate of a quality and size, else the plain one, else the dearest that there is. */
function imageRate({ image, images }: UnitRates, kind: string | undefined): PicoUsd {
  const named = kind === undefined ? undefined : images?.[kind]
  return named ?? image ?? Math.max(0, ...Object.values(images ?? {}))
}

/** What the prompt of an answer costs, its cached parts included, before any discount and margin. */
export function inputCostNano(price: Price, usage: Usage): NanoUsd {
  return nanoFromPico(inputPico(everyRate(billedRates(price, usage)), usage))
}

function inputPico(rates: Required<Rates>, usage: Usage): bigint {
  return (
    pico(usage.inputTokens, rates.input) +
    pico(usage.cacheReadTokens, rates.cacheRead) +
    pico(usage.cacheWriteTokens, rates.cacheWrite) +
    pico(usage.cacheWrite1hTokens, rates.cacheWrite1h) +
    pico(usage.inputAudioTokens, rates.inputAudio) +
    pico(usage.inputImageTokens, rates.inputImage) +
    pico(usage.cacheReadAudioTokens ?? 0, rates.cacheReadAudio)
  )
}

function billedRates(price: Price, usage: Usage): Rates {
  return servedRates(price, ratesFor(price, promptTokens(usage)), usage.serviceTier)
}

/** The base rates, or those of the highest tier that the prompt is above. */
export function ratesFor(price: Price, prompt: number): Rates {
  let found: Rates & { readonly aboveTokens?: number } = price
  for (const tier of price.tiers ?? [])
    if (prompt > tier.aboveTokens && tier.aboveTokens > (found.aboveTokens ?? -1)) found = tier
  return found
}

/**
 * The fall-backs of classes without a rate of their own: cache reads, cache writes, sound and pictures cost what plain
 * input costs, cached sound what sound costs, an hour's cache write what five minutes' costs, and reasoning, sound and pictures in the answer what plain
 * output costs. A tier stands for itself: what it does not name falls back inside the tier, never to the base.
 */
export function everyRate(rates: Rates): Required<Rates> {
  const { input, output } = rates
  const cacheWrite = rates.cacheWrite ?? input
  return {
    input,
    output,
    cacheRead: rates.cacheRead ?? input,
    cacheReadAudio: rates.cacheReadAudio ?? rates.inputAudio ?? input,
    cacheWrite,
    cacheWrite1h: rates.cacheWrite1h ?? cacheWrite,
    reasoning: rates.reasoning ?? output,
    inputAudio: rates.inputAudio ?? input,
    outputAudio: rates.outputAudio ?? output,
    inputImage: rates.inputImage ?? input,
    outputImage: rates.outputImage ?? output,
  }
}

export function pico(tokens: number, rate: number): bigint {
  return tokens === 0 ? 0n : BigInt(tokens) * BigInt(rate)
}

export function nanoFromPico(amount: bigint): NanoUsd {
  return (amount + PICO_PER_NANO - 1n) / PICO_PER_NANO
}
