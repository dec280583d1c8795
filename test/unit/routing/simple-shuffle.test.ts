import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simpleShuffle } from '../../../src/routing/simple-shuffle.ts'

/** Park–Miller: the same numbers on every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

interface Named {
  name: string
  weight?: number
  rpm?: number
  tpm?: number
}

function shares(candidates: Named[], rounds = 20_000): Record<string, number> {
  const random = seeded(7)
  const firsts: Record<string, number> = {}
  for (let i = 0; i < rounds; i++) {
    const name = simpleShuffle(candidates, random)[0]!.name
    firsts[name] = (firsts[name] ?? 0) + 1 / rounds
  }
  return firsts
}

describe('simple-shuffle', () => {
  it('follows weights', () => {
    const got = shares([
      { name: 'a', weight: 6 },
      { name: 'b', weight: 3 },
      { name: 'c', weight: 1 },
    ])
    expect(got.a).toBeCloseTo(0.6, 1)
    expect(got.b).toBeCloseTo(0.3, 1)
    expect(got.c).toBeCloseTo(0.1, 1)
  })

  it('falls back to rpm, then tpm, then alike', () => {
    expect(
      shares([
        { name: 'a', rpm: 300 },
        { name: 'b', rpm: 100 },
      ]).a,
    ).toBeCloseTo(0.75, 1)
    expect(
      shares([
        { name: 'a', tpm: 100 },
        { name: 'b', tpm: 300 },
      ]).a,
    ).toBeCloseTo(0.25, 1)
    expect(shares([{ name: 'a' }, { name: 'b' }]).a).toBeCloseTo(0.5, 1)
  })

  it('does not starve a candidate that lacks the field, wherever it stands', () => {
    expect(shares([{ name: 'a', weight: 2 }, { name: 'b' }]).b).toBeCloseTo(0.5, 1)
    expect(shares([{ name: 'b' }, { name: 'a', weight: 2 }]).b).toBeCloseTo(0.5, 1)
  })

  it('asks a candidate of weight zero only last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2147483646 }), (seed) => {
        const order = simpleShuffle([{ weight: 0 }, { weight: 1 }, { weight: 5 }], seeded(seed))
        expect(order[2]).toEqual({ weight: 0 })
      }),
    )
  })

  it('returns every candidate exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ weight: fc.nat(9) }, { requiredKeys: [] })),
        fc.integer({ min: 1, max: 2147483646 }),
        (candidates, seed) => {
          const order = simpleShuffle(candidates, seeded(seed))
          expect(order).toHaveLength(candidates.length)
          expect(new Set(order)).toEqual(new Set(candidates))
        },
      ),
    )
  })
})
