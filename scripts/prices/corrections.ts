import type { Rates } from '../../src/prices/price.ts'

/**
 * Rates that the vendors publish and the price data lacks, in pico-USD per token. Without them sound would be billed at
 * the price of text.
 */
const corrections: readonly { readonly vendor: string; readonly match: RegExp; readonly rates: Partial<Rates> }[] = [
  {
    vendor: 'openai',
    match: /^gpt-4o-mini-audio-preview/,
    rates: { inputAudio: 10_000_000, outputAudio: 20_000_000 },
  },
  {
    vendor: 'openai',
    match: /^gpt-4o-audio-preview/,
    rates: { inputAudio: 40_000_000, outputAudio: 80_000_000 },
  },
]

export function correctionOf(vendor: string, model: string): Partial<Rates> {
  return corrections.find((row) => row.vendor === vendor && row.match.test(model))?.rates ?? {}
}
