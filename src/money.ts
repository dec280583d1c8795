/** Whole nano-USD: a thousand-millionth of a dollar. Money is never a float inside the gateway. */
export type NanoUsd = bigint

const NANO_PER_USD = 1_000_000_000

/** Dollars, as people and LiteLLM write them, to nano-USD; rounded up so that a limit is never lowered below a cost. */
export function nanoFromUsd(usd: number): NanoUsd {
  return BigInt(Math.ceil(Number((usd * NANO_PER_USD).toPrecision(15))))
}

/** For answers and headers only; arithmetic stays in nano-USD. */
export function usdFromNano(nano: NanoUsd): number {
  return Number(nano) / NANO_PER_USD
}

export function minNano(a: NanoUsd, b: NanoUsd): NanoUsd {
  return a < b ? a : b
}

export function maxNano(a: NanoUsd, b: NanoUsd): NanoUsd {
  return a > b ? a : b
}
