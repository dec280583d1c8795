import type { NanoUsd } from '../money.ts'

type Fields = Readonly<Record<string, unknown>>

const NANO_PER_USD = 1e9
/** xAI's ticks: ten thousand million are a dollar. */
const TICKS_PER_NANO = 10

/**
 * What an answer's `usage` says that it costs, in the words of the vendors that say so, as nano-USD rounded up: OpenRouter
 * (`cost`, and what a vendor bills beside it to a key of one's own: openrouter.ai/docs/use-cases/usage-accounting),
 * Perplexity (`cost.total_cost`, its reference of chat completions), xAI (docs.x.ai/developers/cost-tracking). Undefined for
 * what is no amount. Whom to believe is not decided here.
 */
export function reportedNano(usage: Fields): number | undefined {
  const { cost, cost_in_usd_ticks: ticks, cost_details: details, is_byok: ownKey } = usage
  if (ticks !== undefined) return whole(ticks, 1 / TICKS_PER_NANO)
  if (isFields(cost)) return whole(cost.total_cost, NANO_PER_USD)
  const told = whole(cost, NANO_PER_USD)
  if (told === undefined || ownKey !== true) return told
  return told + (whole(isFields(details) ? details.upstream_inference_cost : undefined, NANO_PER_USD) ?? 0)
}

/** Rounded up in its decimal form: 0.0000042 dollars are 4200, not 4201. */
function whole(amount: unknown, scale: number): number | undefined {
  if (typeof amount !== 'number' || !(amount >= 0)) return undefined
  const nano = Math.ceil(Number((amount * scale).toPrecision(15)))
  return Number.isSafeInteger(nano) ? nano : undefined
}

/** Vendors whose documentation says that they report what they bill. A server of anyone's own may say anything. */
const BELIEVED: ReadonlySet<string> = new Set(['openrouter', 'perplexity', 'xai'])

/** So many times the list price, and never less than a dollar, is what a vendor can mean: beyond it somebody took another unit. */
const MOST_TIMES = 10n
const ONE_USD: NanoUsd = 1_000_000_000n

/** Whether a vendor's own amount is what is charged, rather than the list price. */
export function isBelieved(provider: string, reported: NanoUsd, listed: NanoUsd): boolean {
  if (!BELIEVED.has(provider) || reported < 0n) return false
  return reported <= MOST_TIMES * (listed > ONE_USD ? listed : ONE_USD)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
