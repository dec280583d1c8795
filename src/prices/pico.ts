import type { PicoUsd } from './price.ts'

/**
 * A decimal number of dollars times a power of ten, as whole pico-USD. It reads the number's shortest decimal form, which
 * is what the person or the vendor wrote, so nothing is lost to binary fractions; finer parts are rounded up.
 */
function picoFrom(usd: number, picoPerUsdExponent: number): PicoUsd {
  if (!Number.isFinite(usd) || usd < 0) throw new RangeError(`Not a price: ${usd}`)
  const [mantissa = '0', exponent = '0'] = usd.toExponential().split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  const shift = Number(exponent) + picoPerUsdExponent - fraction.length
  const digits = BigInt(whole + fraction)
  if (shift >= 0) return Number(digits * 10n ** BigInt(shift))
  const divisor = 10n ** BigInt(-shift)
  return Number((digits + divisor - 1n) / divisor)
}

/** `input_cost_per_token: 0.00000015` → 150000. */
export function picoFromUsdPerToken(usd: number): PicoUsd {
  return picoFrom(usd, 12)
}

/** `0.36` dollars per hour, for each second → 100000000; finer parts are rounded up. */
export function picoPerSecondFromUsdPerHour(usd: number): PicoUsd {
  return Math.ceil(picoFrom(usd, 12) / 3600)
}

/** `0.15` dollars per million tokens → 150000. */
export function picoFromUsdPerMillion(usd: number): PicoUsd {
  return picoFrom(usd, 6)
}
