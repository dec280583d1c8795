/** Pico-USD per token: whole numbers fine enough for every published price (1 USD per million tokens = 1,000,000). */
export type PicoUsd = number

/** What each class of tokens costs. A class without a rate of its own falls back as `cost.ts` documents. */
export interface Rates {
  readonly input: PicoUsd
  readonly output: PicoUsd
  readonly cacheRead?: PicoUsd
  readonly cacheWrite?: PicoUsd
  readonly cacheWrite1h?: PicoUsd
  readonly reasoning?: PicoUsd
  readonly inputAudio?: PicoUsd
  readonly outputAudio?: PicoUsd
  readonly inputImage?: PicoUsd
  readonly outputImage?: PicoUsd
}

/** A model's price: base rates, and other rates for a prompt of more than `aboveTokens`. */
export interface Price extends Rates {
  readonly tiers?: readonly (Rates & { readonly aboveTokens: number })[]
  /** A fixed amount per request, in pico-USD. */
  readonly request?: PicoUsd
  /** For each search of the web that the vendor makes, in pico-USD. */
  readonly search?: PicoUsd
}
