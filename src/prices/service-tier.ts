import type { Price, Rates } from './price.ts'
import { noUsage, type Usage } from './usage.ts'

/** Ways of being served that cost something else than the usual one, by OpenAI's names. Google and AWS have them, too. */
const TIERS = ['flex', 'priority'] as const
export type ServiceTier = (typeof TIERS)[number]

/** What a vendor says of it: `default` for the usual way by any name, and for tiers that are not paid by the token. */
export type ServedTier = ServiceTier | 'default'

export type BilledUsage = Omit<Usage, 'serviceTier'> & { readonly serviceTier?: ServiceTier }

/** Undefined for the usual way, and for tiers that are not paid by the token. */
export function serviceTierOf(said: unknown): ServiceTier | undefined {
  const name = typeof said === 'string' ? said.toLowerCase() : undefined
  return TIERS.find((tier) => tier === name)
}

/** Undefined where a vendor says nothing. */
export function servedTierOf(said: unknown): ServedTier | undefined {
  return typeof said === 'string' && said !== '' ? (serviceTierOf(said) ?? 'default') : undefined
}

type Asked = Readonly<Record<string, unknown>>

/** What a request asks for, in OpenAI's words, in Google's, or in those of Bedrock. */
export function askedTier({ service_tier, serviceTier }: Asked): ServiceTier | undefined {
  const own = typeof serviceTier === 'object' && serviceTier !== null && 'type' in serviceTier && serviceTier.type
  return serviceTierOf(service_tier) ?? serviceTierOf(serviceTier) ?? serviceTierOf(own)
}

/**
 * A usage with the tier that is billed: the one that its vendor names. Of a vendor that names none nobody knows whether it
 * heard what it was asked for, so the dearer of both is meant.
 */
export function billedUsage(usage: Usage, ...asked: readonly Asked[]): BilledUsage {
  const { serviceTier: served, ...used } = usage
  if (served === 'flex' || served === 'priority') return { ...used, serviceTier: served }
  const isDearer = served === undefined && usage !== noUsage && asked.some((one) => askedTier(one) === 'priority')
  return isDearer ? { ...used, serviceTier: 'priority' } : used
}

const INPUTS = ['cacheRead', 'cacheReadAudio', 'cacheWrite', 'cacheWrite1h', 'inputAudio', 'inputImage'] as const
const OUTPUTS = ['reasoning', 'outputAudio', 'outputImage'] as const

/**
 * What is billed at a tier, over the usual rates, which hold where nobody knows others. What a list does not name for the
 * tier (classes of tokens, and prompts above a step) changes as much as the input or the answer does, as vendors have it.
 */
export function servedRates(price: Price, usual: Rates, tier: ServedTier | undefined): Rates {
  const own = tier === undefined || tier === 'default' ? undefined : price.services?.[tier]
  if (own === undefined) return usual
  const rate = (name: keyof Rates, main: 'input' | 'output'): number | undefined => {
    const [before, named] = [usual[name], own[name]]
    if (before === undefined || (usual === price && named !== undefined)) return named
    const by = named !== undefined && price[name] ? name : main
    const [from, to] = [price[by], own[by]]
    // Multiplied first: whole picos stay whole.
    return from && to !== undefined ? Math.ceil((before * to) / from) : before
  }
  const others = [
    ...INPUTS.map((name) => [name, rate(name, 'input')]),
    ...OUTPUTS.map((name) => [name, rate(name, 'output')]),
  ]
  return {
    input: rate('input', 'input') ?? usual.input,
    output: rate('output', 'output') ?? usual.output,
    ...Object.fromEntries(others.filter(([, value]) => value !== undefined)),
  }
}

/** Whether a price says what a tier costs: with the answer's rate alone nobody knows what its prompt costs. */
export function knowsTier({ services, input, output }: Price, tier: ServiceTier): boolean {
  const own = services?.[tier]
  return own !== undefined && (own.input !== undefined || input === 0) && (own.output !== undefined || output === 0)
}
