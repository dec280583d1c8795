import { picoFromUsdPerToken } from './pico.ts'

/** A part of one, in thousand-millionths: fine enough for whatever a file writes. */
type PerBillion = number
const BILLION = 1_000_000_000n

/** What becomes of a price on its way to whoever pays: less by the discount, then more by the margin. */
export interface Terms {
  readonly discount: PerBillion
  readonly margin: PerBillion
  /** Added to every request that costs anything to ask, in pico-USD. */
  readonly fixedPico: number
}

/** `cost_margin_config`: a part of one, an amount in USD for each request, or both. */
export type Margin = number | { readonly percentage?: number | undefined; readonly fixed_amount?: number | undefined }

/** As the file has them, by vendor; a margin named `global` is for every vendor without one of its own. */
export interface CostTerms {
  readonly discounts: Readonly<Record<string, number>>
  readonly margins: Readonly<Record<string, Margin>>
}

/** A vendor's terms; undefined where a price is what it is. */
export function termsFor({ discounts, margins }: CostTerms, provider: string): Terms | undefined {
  const margin = named(margins, provider) ?? named(margins, 'global') ?? 0
  const { percentage = 0, fixed_amount: fixedUsd = 0 } = typeof margin === 'number' ? { percentage: margin } : margin
  const terms = {
    discount: Math.floor(perBillion(Math.min(1, named(discounts, provider) ?? 0))),
    margin: Math.ceil(perBillion(percentage)),
    fixedPico: picoFromUsdPerToken(fixedUsd),
  }
  return terms.discount === 0 && terms.margin === 0 && terms.fixedPico === 0 ? undefined : terms
}

function named<V>(table: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** In its decimal form, so that 0.07 is 70,000,000 and no binary fraction more. */
const perBillion = (part: number): PerBillion => Number((part * 1e9).toPrecision(15))

/** Rounded so that what is paid is never below what the terms say. */
export function discountedPico(pico: bigint, { discount }: Terms): bigint {
  return pico - (pico * BigInt(discount)) / BILLION
}

/**
 * What an amount becomes under terms. It never falls as the amount grows, so the worst case under terms is a bound of
 * whatever is settled under the same terms.
 */
export function payablePico(pico: bigint, terms: Terms | undefined): bigint {
  if (terms === undefined) return pico
  const discounted = discountedPico(pico, terms)
  return discounted + (discounted * BigInt(terms.margin) + BILLION - 1n) / BILLION + BigInt(terms.fixedPico)
}
