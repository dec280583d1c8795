import type { ServiceTier } from './service-tier.ts'
import type { Terms } from './terms.ts'

/** Pico-USD per token: whole numbers fine enough for every published price (1 USD per million tokens = 1,000,000). */
export type PicoUsd = number

/** What each class of tokens costs. A class without a rate of its own falls back as `cost.ts` documents. */
export interface Rates {
  readonly input: PicoUsd
  readonly output: PicoUsd
  readonly cacheRead?: PicoUsd
  readonly cacheReadAudio?: PicoUsd
  readonly cacheWrite?: PicoUsd
  readonly cacheWrite1h?: PicoUsd
  readonly reasoning?: PicoUsd
  readonly inputAudio?: PicoUsd
  readonly outputAudio?: PicoUsd
  readonly inputImage?: PicoUsd
  readonly outputImage?: PicoUsd
}

/** What vendors count in something else than tokens. Each rate is for one of them, in pico-USD. */
export interface UnitRates {
  /** A picture that was made, of a quality and size that `images` does not name. */
  readonly image?: PicoUsd
  /** The same by quality and size: `hd/1792x1024`. */
  readonly images?: Readonly<Record<string, PicoUsd>>
  /** A pixel of a picture that was made. */
  readonly pixel?: PicoUsd
  /** A second of sound that was listened to. */
  readonly second?: PicoUsd
  /** A character that was read aloud. */
  readonly character?: PicoUsd
  /** What rerankers call a search: a query over some documents. */
  readonly searchUnit?: PicoUsd
}

/** What holds for the whole of a request whose prompt is longer. */
export interface Tier extends Rates {
  readonly aboveTokens: number
}

/** A model's price: base rates, and other rates for a prompt of more than `aboveTokens`. */
export interface Price extends Rates {
  readonly tiers?: readonly Tier[]
  /** What is billed at another tier of service, where it has a price of its own. */
  readonly services?: Readonly<Partial<Record<ServiceTier, Partial<Rates>>>>
  /** What batches cost, where it is not half of what the same costs at once. */
  readonly batch?: Partial<Pick<Rates, 'input' | 'output'>>
  /** A fixed amount per request, in pico-USD. */
  readonly request?: PicoUsd
  /** For each search of the web that the vendor makes, in pico-USD. */
  readonly search?: PicoUsd
  /** Beside the tokens, which cost nothing where a model is only billed by these. */
  readonly units?: UnitRates
  /** What the operator takes off and puts on (`cost_discount_config`, `cost_margin_config`). */
  readonly terms?: Terms
}
