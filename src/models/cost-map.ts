import * as z from 'zod'
import { listedAs, listedVendor } from '../config/known-models.ts'
import { picoFromUsdPerToken } from '../prices/pico.ts'
import type { Price, Rates } from '../prices/price.ts'
import { providers } from '../providers/registry.ts'
import type { ListedModel, PriceList } from './price-lists.ts'
import { type RateKeys, rateKeys } from './row/model-list.ts'
import { type OwnRates, priceOver, tiersOf, unitRates } from './row/pricing.ts'

/** Ten thousand dollars for a million tokens: beyond it somebody wrote the price of a million as that of one. */
const MOST_USD_PER_TOKEN = 0.01
const MOST_USD_PER_UNIT = 1_000

const usd = z.number('a price in USD').min(0, 'a price of zero or more')
const rate = usd.nullish()

/** LiteLLM's `model_prices_and_context_window.json`: of each model what prices are made from; anything else goes by. */
const entry = z.looseObject({
  mode: z.string().max(100).nullish(),
  search_context_cost_per_query: z.record(z.string(), usd).nullish(),
  ...(Object.fromEntries(rateKeys.map((key) => [key, rate])) as Record<RateKeys, typeof rate>),
})
type Entry = z.infer<typeof entry>
const provided = z.looseObject({ litellm_provider: z.string() })

/** A map's example, which is no model. */
const EXAMPLE = 'sample_spec'
const LONGEST_NAME = 300

export type Read =
  | {
      readonly ok: true
      readonly prices: PriceList
      /** Models left out because what they say can only be a slip. */
      readonly skipped: readonly string[]
    }
  | { readonly ok: false; readonly why: string }

/**
 * A map as a list of what the vendors that are built here charge; or why it is none. One of their prices that is no price
 * makes all of it wrong; one that is beyond reason leaves out its model, since the published map has had such for months.
 */
export function readCostMap(map: unknown): Read {
  const whole = z.record(z.string(), z.unknown()).safeParse(map)
  if (!whole.success) return { ok: false, why: 'it is not a mapping of models' }
  const prices: Record<string, ListedModel> = Object.create(null)
  const skipped: string[] = []
  for (const [key, value] of Object.entries(whole.data)) {
    const name = nameOf(key, value)
    if (name === undefined) continue
    const { success, data, error } = entry.safeParse(value)
    if (!success) {
      const [issue] = error.issues
      return { ok: false, why: `${key}.${issue?.path.join('.') ?? ''}: expected ${issue?.message ?? 'something else'}` }
    }
    const own = ratesIn(data)
    const searches = Object.values(data.search_context_cost_per_query ?? {})
    if (Object.entries(own).some(([rateKey, usd = 0]) => usd > mostUsd(rateKey)) || searches.some(isBeyond)) {
      skipped.push(key)
      continue
    }
    const model = modelOf(data, own)
    if (model?.price && hasSlip(model.price)) {
      skipped.push(key)
      continue
    }
    if (model) prices[name] ??= model
  }
  return { ok: true, prices: { ...prices }, skipped }
}

/** What costs so many times less is no discount, but a slip. */
export const NO_DISCOUNT = 50

/** Whether a long prompt, a tier of service or a batch is nearly free where the model itself is not. */
function hasSlip({ input, output, tiers = [], services = {}, batch = {} }: Price): boolean {
  return [...tiers, ...Object.values(services), batch].some(
    (part) =>
      (part.input !== undefined && part.input * NO_DISCOUNT < input) ||
      (part.output !== undefined && part.output * NO_DISCOUNT < output),
  )
}

const isBeyond = (usd: number): boolean => usd > MOST_USD_PER_UNIT
const mostUsd = (key: string): number => (/token/.test(key) ? MOST_USD_PER_TOKEN : MOST_USD_PER_UNIT)

/** Undefined for a vendor that is not built, and for names that say a size or a step beside the model. */
function nameOf(key: string, value: unknown): string | undefined {
  const said = provided.safeParse(value)
  if (!said.success || key === EXAMPLE || key.length > LONGEST_NAME) return undefined
  const { litellm_provider: provider } = said.data
  const vendor = listedVendor(provider)
  if (!Object.hasOwn(providers, vendor)) return undefined
  const prefix = [provider, vendor].find((one) => key.startsWith(`${one}/`))
  const model = prefix === undefined ? key : key.slice(prefix.length + 1)
  return /(?:^|\/)\d+-x-\d+\/|-steps\//.test(model) ? undefined : listedAs(vendor, model)
}

/** Where tokens have a price, pictures and seconds beside it say the same in other words: one of the two is billed. */
function ratesIn(said: Entry): OwnRates & Readonly<Record<string, number>> {
  const all = rateKeys.flatMap((key) => (typeof said[key] === 'number' ? [[key, said[key]] as const] : []))
  const byToken = all.some(([key, usd]) => usd > 0 && /token/.test(key))
  return Object.fromEntries(all.filter(([key]) => !(byToken && Object.hasOwn(unitRates, key))))
}

/** Undefined where it says no price that the gateway bills by. */
function modelOf(said: Entry, own: OwnRates): ListedModel | undefined {
  const known = said.mode === 'embedding' ? { output_cost_per_token: 0, ...own } : own
  const base = priceOver(undefined, known, said.search_context_cost_per_query)
  if (base === undefined) return undefined
  const price = withTiers(base, said)
  const [maxInputTokens, maxOutputTokens] = [count(said.max_input_tokens), count(said.max_output_tokens)]
  return {
    price,
    mode: said.mode ?? 'chat',
    ...(maxInputTokens !== undefined && { maxInputTokens }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  }
}

/** `input_cost_per_token_above_272k_tokens`: the published map has steps that no row of a file needs. */
const STEP = /^(.+)_above_(\d{1,6})k_tokens$/
const STEPPED: Readonly<Record<string, keyof Rates>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
}

/** A step says what it changes: everything else is as in the step below it. */
function withTiers(price: Price, said: Entry): Price {
  const { tiers: _, units: __, search: ___, request: ____, batch: _____, services: ______, ...rates } = price
  const steps = new Map<number, Partial<Rates>>()
  for (const [key, usd] of Object.entries(said)) {
    const [, name = '', thousands] = STEP.exec(key) ?? []
    const rate = Object.hasOwn(STEPPED, name) ? STEPPED[name] : undefined
    if (rate === undefined || typeof usd !== 'number' || usd < 0 || usd > MOST_USD_PER_TOKEN) continue
    const aboveTokens = Number(thousands) * 1000
    steps.set(aboveTokens, { ...steps.get(aboveTokens), [rate]: picoFromUsdPerToken(usd) })
  }
  return steps.size === 0 ? price : { ...price, tiers: tiersOf(rates, [...steps]) }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/** How many models a list has that another has not, or has at another price. */
export function differences(before: PriceList, after: PriceList): number {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => sorted(before[name]) !== sorted(after[name])).length
}

/** Postgres keeps the fields of a value in an order of its own. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
