import { describe, expect, it } from 'vitest'
import { paceAt, paced, sliceWant, standing, surplusOf } from '../../../src/budget/slice.ts'

describe('the size of a slice', () => {
  const need = { shortNano: 10n, holdNano: 10n, freeNano: 0n, nanoPerMs: 1, aheadMs: 5_000, market: undefined }
  const market = (roomNano: bigint, othersNano = 0n) => ({ roomNano, othersNano })

  it('is what is missing while nothing is known of what is left', () => {
    expect(sliceWant(need)).toBe(10n)
  })

  it('looks some seconds ahead', () => {
    expect(sliceWant({ ...need, market: market(1_000_000n) })).toBe(5_010n)
  })

  it('has a few holds ahead for a caller who spends slowly', () => {
    expect(sliceWant({ ...need, nanoPerMs: 0, market: market(1_000_000n) })).toBe(50n)
  })

  it('is never more than a quarter of what is left, an eighth where others draw on it', () => {
    expect(sliceWant({ ...need, market: market(800n) })).toBe(210n)
    expect(sliceWant({ ...need, market: market(800n, 1n) })).toBe(110n)
  })

  it('takes nothing ahead where few requests still fit', () => {
    expect(sliceWant({ ...need, market: market(79n) })).toBe(10n)
    expect(sliceWant({ ...need, market: market(-500n) })).toBe(10n)
  })
})

it('a pace rises with what is spent and fades within seconds', () => {
  let pace = standing
  for (let ms = 0; ms < 60_000; ms += 100) pace = paced(pace, 1_000n, ms)
  expect(paceAt(pace, 60_000)).toBeGreaterThan(9)
  expect(paceAt(pace, 60_000)).toBeLessThan(11)
  expect(paceAt(pace, 120_000)).toBeLessThan(0.1)
})

describe('surplus', () => {
  const of = (freeNano: bigint, nanoPerMs: number, holdNano = 10n) =>
    surplusOf({ freeNano, holdNano, nanoPerMs, aheadMs: 5_000 })

  it('is what is free beyond twice the spending ahead, or twice the holds kept ready', () => {
    expect([of(1_000n, 0), of(80n, 0), of(79n, 0)]).toEqual([920n, 0n, 0n])
    expect([of(100_000n, 1), of(10_000n, 1), of(0n, 1)]).toEqual([90_000n, 0n, 0n])
  })
})
