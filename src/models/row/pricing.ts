import { picoFromUsdPerToken } from '../../prices/pico.ts'
import type { Price, Rates, Tier, UnitRates } from '../../prices/price.ts'
import type { ServiceTier } from '../../prices/service-tier.ts'
import type { RateKeys } from './model-list.ts'

/** A deployment's own prices, in USD per token, as the file has them. */
export type OwnRates = { readonly [Key in RateKeys]?: number | undefined }

const inputRates = {
  cache_read_input_token_cost: 'cacheRead',
  cache_read_input_audio_token_cost: 'cacheReadAudio',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  input_cost_per_audio_token: 'inputAudio',
  input_cost_per_image_token: 'inputImage',
} as const satisfies Partial<Record<RateKeys, keyof Rates>>

const outputRates = {
  output_cost_per_reasoning_token: 'reasoning',
  output_cost_per_audio_token: 'outputAudio',
  output_cost_per_image_token: 'outputImage',
} as const satisfies Partial<Record<RateKeys, keyof Rates>>

const batchRates = {
  input_cost_per_token_batches: 'input',
  output_cost_per_token_batches: 'output',
} as const satisfies Partial<Record<RateKeys, keyof Rates>>

const serviceRates = {
  flex: {
    input_cost_per_token_flex: 'input',
    output_cost_per_token_flex: 'output',
    cache_read_input_token_cost_flex: 'cacheRead',
  },
  priority: {
    input_cost_per_token_priority: 'input',
    output_cost_per_token_priority: 'output',
    cache_read_input_token_cost_priority: 'cacheRead',
  },
} as const satisfies Record<ServiceTier, Partial<Record<RateKeys, keyof Rates>>>

const tierRates = [
  {
    aboveTokens: 128_000,
    keys: {
      input_cost_per_token_above_128k_tokens: 'input',
      output_cost_per_token_above_128k_tokens: 'output',
    },
  },
  {
    aboveTokens: 200_000,
    keys: {
      input_cost_per_token_above_200k_tokens: 'input',
      output_cost_per_token_above_200k_tokens: 'output',
      cache_read_input_token_cost_above_200k_tokens: 'cacheRead',
      cache_creation_input_token_cost_above_200k_tokens: 'cacheWrite',
    },
  },
] as const satisfies readonly { aboveTokens: number; keys: Partial<Record<RateKeys, keyof Rates>> }[]

/** LiteLLM's names for what is not billed in tokens. */
export const unitRates = {
  input_cost_per_second: 'second',
  input_cost_per_audio_per_second: 'second',
  output_cost_per_image: 'image',
  input_cost_per_pixel: 'pixel',
  output_cost_per_pixel: 'pixel',
  input_cost_per_character: 'character',
  input_cost_per_query: 'searchUnit',
} as const satisfies Partial<Record<RateKeys, keyof UnitRates>>

/**
 * The file's own prices over the list price. A price for input replaces everything the list says about input (a list
 * price for cached tokens could otherwise exceed it), a price for output the same, and either the list's tiers. Of
 * prices by the size of a search's context the dearest holds, since answers do not say which it was.
 */
export function priceOver(list: Price | undefined, own: OwnRates, ownSearch?: unknown): Price | undefined {
  const input = own.input_cost_per_token ?? undefined
  const output = own.output_cost_per_token ?? undefined
  const base: Partial<Rates> = {
    ...(input === undefined
      ? pick(list, ['input', ...Object.values(inputRates)])
      : { input: picoFromUsdPerToken(input) }),
    ...(output === undefined
      ? pick(list, ['output', ...Object.values(outputRates)])
      : { output: picoFromUsdPerToken(output) }),
    ...ratesOf(own, inputRates),
    ...ratesOf(own, outputRates),
  }
  const units = unitsOver(list, own)
  // Who prices pictures or seconds has priced the model: its tokens cost nothing unless somebody says so.
  const tokenless = units === undefined ? undefined : 0
  const [read, written] = [base.input ?? tokenless, base.output ?? tokenless]
  if (read === undefined || written === undefined) return undefined
  const rates = { ...base, input: read, output: written }
  const request =
    own.input_cost_per_request === undefined ? list?.request : picoFromUsdPerToken(own.input_cost_per_request)
  const search = searchRate(ownSearch) ?? list?.search
  // Another price at once makes the list's price of batches another, too.
  const batch = {
    ...(input === undefined && output === undefined ? list?.batch : undefined),
    ...ratesOf(own, batchRates),
  }
  const services = servicesOver(input === undefined && output === undefined ? list?.services : undefined, own)
  const steps = tierRates.flatMap(({ aboveTokens, keys }) => {
    const above = ratesOf(own, keys)
    return Object.keys(above).length === 0 ? [] : [[aboveTokens, above] as const]
  })
  const ownTiers = tiersOf(rates, steps)
  const listTiers = input === undefined && output === undefined ? (list?.tiers ?? []) : []
  const tiers = ownTiers.length > 0 ? ownTiers : listTiers
  return {
    ...rates,
    ...(request === undefined ? {} : { request }),
    ...(Object.keys(batch).length === 0 ? {} : { batch }),
    ...(services === undefined ? {} : { services }),
    ...(search === undefined ? {} : { search }),
    ...(units === undefined ? {} : { units }),
    ...(tiers.length === 0 ? {} : { tiers }),
  }
}

function servicesOver(list: Price['services'], own: OwnRates): Price['services'] {
  const flex = { ...list?.flex, ...ratesOf(own, serviceRates.flex) }
  const priority = { ...list?.priority, ...ratesOf(own, serviceRates.priority) }
  const named = Object.entries({ flex, priority }).filter(([, rates]) => Object.keys(rates).length > 0)
  return named.length === 0 ? undefined : Object.fromEntries(named)
}

/** Tiers from what each step changes, whatever their order: what it does not name is as in the step below it. */
export function tiersOf(rates: Rates, steps: readonly (readonly [number, Partial<Rates>])[]): readonly Tier[] {
  let below = rates
  return [...steps]
    .sort(([a], [b]) => a - b)
    .map(([aboveTokens, above]) => {
      below = { ...below, ...above }
      return { ...below, aboveTokens }
    })
}

/** A picture's own price replaces the list's table by quality and size. */
function unitsOver(list: Price | undefined, own: OwnRates): UnitRates | undefined {
  const named = Object.entries(unitRates) as [keyof typeof unitRates, keyof typeof said][]
  const said: { -readonly [K in Exclude<keyof UnitRates, 'images'>]?: number } = {}
  for (const [key, rate] of named) {
    const usd = own[key]
    if (usd !== undefined) said[rate] = Math.max(said[rate] ?? 0, picoFromUsdPerToken(usd))
  }
  if (Object.keys(said).length === 0) return list?.units
  const { images, ...others } = list?.units ?? {}
  const kept = said.image === undefined && said.pixel === undefined && images ? { images } : {}
  return { ...others, ...kept, ...said }
}

/** `search_context_cost_per_query`: USD for a search, by `search_context_size_low`, `…_medium` and `…_high`. */
function searchRate(given: unknown): number | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const sizes = Object.values(given).filter((usd): usd is number => typeof usd === 'number' && usd >= 0)
  return sizes.length === 0 ? undefined : picoFromUsdPerToken(Math.max(...sizes))
}

function ratesOf(own: OwnRates, keys: Partial<Record<RateKeys, keyof Rates>>): Partial<Rates> {
  const named = Object.entries(keys) as [RateKeys, keyof Rates][]
  return Object.fromEntries(
    named.flatMap(([key, rate]) => {
      const usd = own[key]
      return usd === undefined ? [] : [[rate, picoFromUsdPerToken(usd)]]
    }),
  )
}

function pick(price: Price | undefined, names: readonly (keyof Rates)[]): Partial<Rates> {
  return Object.fromEntries(names.flatMap((name) => (price?.[name] === undefined ? [] : [[name, price[name]]])))
}
