import type { Deployment } from '../config/config.ts'
import type { NanoUsd } from '../money.ts'
import { costPico, nanoFromPico } from '../prices/cost.ts'
import type { Price } from '../prices/price.ts'
import { isBelieved } from '../prices/reported.ts'
import { priceWithSearch } from '../prices/search.ts'
import { discountedPico, payablePico, type Terms } from '../prices/terms.ts'
import type { Usage } from '../prices/usage.ts'
import type { SpendEvent } from '../spend/event.ts'

/** What an answer is charged, and how that came about. */
export interface Charge {
  readonly costNano: NanoUsd
  /** `original − discount + margin` is the cost, to the nano-dollar. Absent where nothing is taken off or put on. */
  readonly terms?: {
    readonly applied: Terms
    readonly originalNano: NanoUsd
    readonly discountNano: NanoUsd
    readonly marginNano: NanoUsd
  }
  /** Only where the vendor said itself what it bills. */
  readonly reported?: {
    readonly reportedNano: NanoUsd
    /** By the list price, where there is one. */
    readonly listedNano?: NanoUsd
    /** Whether it is charged; else it was beyond what can be meant. */
    readonly believed: boolean
  }
  /** Nothing is charged because nobody knows a price. */
  readonly unpriced?: true
}

const UNPRICED: Charge = { costNano: 0n, unpriced: true }
const PICO_PER_NANO = 1000n

/**
 * What a usage is charged at a deployment: what the vendor says that it bills, if it is one to be believed, else the list
 * price; under the operator's terms either way. Nothing where nobody knows.
 */
export function chargeOf(deployment: Deployment, usage: Usage): Charge {
  const price = usage.webSearches === undefined ? deployment.price : priceWithSearch(deployment)
  const said = usage.reportedNano
  if (said === undefined) return price ? chargeAt(price, usage) : UNPRICED
  return asSaid(BigInt(said), usage, { ...deployment, price })
}

function asSaid(
  reportedNano: NanoUsd,
  usage: Usage,
  { price, provider, terms }: Pick<Deployment, 'provider' | 'terms'> & { readonly price: Price | undefined },
): Charge {
  const listedPico = price && costPico(price, usage)
  const listedNano = listedPico === undefined ? undefined : nanoFromPico(listedPico)
  const believed = isBelieved(provider, reportedNano, listedNano ?? 0n)
  const pico = believed ? reportedNano * PICO_PER_NANO : listedPico
  const reported = { reportedNano, believed, ...(listedNano !== undefined && { listedNano }) }
  return { ...(pico === undefined ? UNPRICED : under(pico, price ? price.terms : terms)), reported }
}

/** What a usage is charged at a price, whatever its vendor says. */
export function chargeAt(price: Price, usage: Usage): Charge {
  return under(costPico(price, usage), price.terms)
}

function under(pico: bigint, applied: Terms | undefined): Charge {
  if (applied === undefined) return { costNano: nanoFromPico(pico) }
  const originalNano = nanoFromPico(pico)
  const discounted = nanoFromPico(discountedPico(pico, applied))
  const costNano = nanoFromPico(payablePico(pico, applied))
  return {
    costNano,
    terms: { applied, originalNano, discountNano: originalNano - discounted, marginNano: costNano - discounted },
  }
}

type Told = Pick<
  SpendEvent,
  | 'original_cost_nano'
  | 'discount_nano'
  | 'margin_nano'
  | 'reported_cost_nano'
  | 'list_cost_nano'
  | 'cost_source'
  | 'unpriced'
>

/** Of many answers at once: what is taken off and put on adds up, and the row says so where any of them had terms. */
export function together(charges: readonly Charge[]): Charge {
  const costNano = charges.reduce((sum, charge) => sum + charge.costNano, 0n)
  const applied = charges.find(({ terms }) => terms)?.terms?.applied
  const unpriced = charges.some((charge) => charge.unpriced) && { unpriced: true as const }
  if (!applied) return { costNano, ...unpriced }
  const summed = (of: (terms: NonNullable<Charge['terms']>) => NanoUsd) =>
    charges.reduce((sum, { terms }) => sum + (terms ? of(terms) : 0n), 0n)
  const discountNano = summed((terms) => terms.discountNano)
  const marginNano = summed((terms) => terms.marginNano)
  const terms = { applied, originalNano: costNano + discountNano - marginNano, discountNano, marginNano }
  return { costNano, terms, ...unpriced }
}

/** What a row tells of it beside the cost. */
export function toldOfCharge({ terms, reported, unpriced }: Charge): Partial<Told> {
  return {
    ...(terms && {
      original_cost_nano: String(terms.originalNano),
      discount_nano: String(terms.discountNano),
      margin_nano: String(terms.marginNano),
    }),
    ...(reported && {
      reported_cost_nano: String(reported.reportedNano),
      cost_source: reported.believed ? ('provider' as const) : ('list' as const),
    }),
    ...(unpriced && { unpriced }),
    ...(reported?.listedNano !== undefined && { list_cost_nano: String(reported.listedNano) }),
  }
}
