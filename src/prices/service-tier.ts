import type { Price, Rates } from './price.ts'

/** Ways of being served that cost something else than the usual one, by OpenAI's names. Google and AWS have them, too. */
const TIERS = ['flex', 'priority'] as const
export type ServiceTier = (typeof TIERS)[number]

/** Undefined for the usual way, and for tiers that are not paid by the token. */
export function serviceTierOf(said: unknown): ServiceTier | undefined {
  const name = typeof said === 'string' ? said.toLowerCase() : undefined
  return TIERS.find((tier) => tier === name)
}

/**
 * What is billed at a tier: its rates over those of the usual way, whose rates hold where nobody knows others. Lists have
 * tiers for short prompts alone: above a step a long prompt's rates hold, and for priority the dearer of both.
 */
export function servedRates(price: Price, usual: Rates, tier: ServiceTier | undefined): Rates {
  const own = tier && price.services?.[tier]
  if (own === undefined) return usual
  if (usual === price) return { ...usual, ...own }
  return tier === 'priority' ? dearer(usual, own) : usual
}

function dearer(usual: Rates, own: Partial<Rates>): Rates {
  const names = Object.keys(own) as (keyof Rates)[]
  const rates = names.map((name) => [name, Math.max(usual[name] ?? 0, own[name] ?? 0)])
  return { ...usual, ...Object.fromEntries(rates) }
}
