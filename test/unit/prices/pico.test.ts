import fc from 'fast-check'
import { expect, it } from 'vitest'
import { picoFromUsdPerMillion, picoFromUsdPerToken } from '../../../src/prices/pico.ts'

it('reads prices as people write them', () => {
  expect(picoFromUsdPerToken(0.00000015)).toBe(150_000)
  expect(picoFromUsdPerToken(1.5e-7)).toBe(150_000)
  expect(picoFromUsdPerToken(0)).toBe(0)
  expect(picoFromUsdPerMillion(0.075)).toBe(75_000)
  expect(picoFromUsdPerMillion(600)).toBe(600_000_000)
  expect(picoFromUsdPerMillion(0.3)).toBe(300_000)
})

it('rounds what is finer than a pico up, so that nothing is ever free by accident', () => {
  expect(picoFromUsdPerToken(1e-15)).toBe(1)
  expect(picoFromUsdPerToken(1.0000001e-6)).toBe(1_000_001)
})

it('is exact for every price of up to six decimals per million tokens', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), (pico) => {
      const written = `${Math.floor(pico / 1e6)}.${String(pico % 1e6).padStart(6, '0')}`
      expect(picoFromUsdPerMillion(Number(written))).toBe(pico)
    }),
  )
})

it('refuses what is no price', () => {
  expect(() => picoFromUsdPerToken(-1)).toThrow(RangeError)
  expect(() => picoFromUsdPerToken(Number.NaN)).toThrow(RangeError)
})
