import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costNano } from '../../../src/prices/cost.ts'
import type { Price, Rates } from '../../../src/prices/price.ts'
import { noUsage, type Usage } from '../../../src/prices/usage.ts'

const price: Price = { input: 150_000, output: 600_000, cacheRead: 75_000 }

describe('costNano', () => {
  it('charges each class at its own rate', () => {
    // 100 × 0.15 + 1000 × 0.075 + 10 × 0.60 dollars per million = 15,000 + 75,000 + 6,000 nano.
    expect(costNano(price, { ...noUsage, inputTokens: 100, cacheReadTokens: 1000, outputTokens: 10 })).toBe(96_000n)
  })

  it('rounds up once for the whole request, never per class', () => {
    const odd: Price = { input: 1_500, output: 1_500 }
    expect(costNano(odd, { ...noUsage, inputTokens: 1, outputTokens: 1 })).toBe(3n)
    expect(costNano(odd, { ...noUsage, inputTokens: 1 })).toBe(2n)
    expect(costNano({ input: 1, output: 1 }, { ...noUsage, inputTokens: 1 })).toBe(1n)
  })

  it('charges nothing for nothing, and a fixed fee even then', () => {
    expect(costNano(price, noUsage)).toBe(0n)
    expect(costNano({ ...price, request: 12_000_000_000 }, noUsage)).toBe(12_000_000n)
  })

  it('takes the tier of the whole prompt, cached tokens included, strictly above its threshold', () => {
    const tiered: Price = { input: 1_000, output: 10_000, tiers: [{ aboveTokens: 200, input: 2_000, output: 15_000 }] }
    expect(costNano(tiered, { ...noUsage, inputTokens: 200, outputTokens: 1 })).toBe(210n)
    expect(costNano(tiered, { ...noUsage, inputTokens: 200, cacheReadTokens: 1, outputTokens: 1 })).toBe(417n)
  })

  it('takes the rates of the tier of service, where that has a price; above a step in the same proportion to the long prompt’s', () => {
    const served: Price = {
      ...{ input: 1_000, output: 10_000, cacheRead: 500 },
      services: { flex: { input: 400, output: 5_000 }, priority: { input: 2_000, output: 14_000, cacheRead: 900 } },
      tiers: [{ aboveTokens: 100, input: 3_000, output: 12_000 }],
    }
    const used = { ...noUsage, inputTokens: 10, cacheReadTokens: 10, outputTokens: 10 }
    expect(costNano(served, used)).toBe(115n)
    expect(costNano(served, { ...used, serviceTier: 'flex' })).toBe(4n + 2n + 50n)
    expect(costNano(served, { ...used, serviceTier: 'priority' })).toBe(20n + 9n + 140n)
    expect(costNano({ ...price, services: {} }, { ...used, serviceTier: 'priority' })).toBe(costNano(price, used))
    const long = { ...noUsage, inputTokens: 101, outputTokens: 10 }
    expect(costNano(served, { ...long, serviceTier: 'flex' })).toBe(122n + 60n)
    expect(costNano(served, { ...long, serviceTier: 'priority' })).toBe(606n + 168n)
  })

  it('takes the highest tier reached, in whatever order the tiers stand', () => {
    const tiered: Price = {
      input: 1_000,
      output: 0,
      tiers: [
        { aboveTokens: 20, input: 3_000, output: 0 },
        { aboveTokens: 10, input: 2_000, output: 0 },
      ],
    }
    expect(costNano(tiered, { ...noUsage, inputTokens: 10 })).toBe(10n)
    expect(costNano(tiered, { ...noUsage, inputTokens: 11 })).toBe(22n)
    expect(costNano(tiered, { ...noUsage, inputTokens: 21 })).toBe(63n)
  })

  it('stays exact where a float would not', () => {
    const usage = { ...noUsage, inputTokens: 900_719_925, outputTokens: 1 }
    expect(costNano({ input: 600_000_001, output: 1 }, usage)).toBe((900_719_925n * 600_000_001n + 1n + 999n) / 1000n)
  })

  it('agrees with an independent calculation for all rates, tiers and usages', () => {
    fc.assert(
      fc.property(anyPrice, anyUsage, (some, usage) => {
        expect(costNano(some, usage)).toBe(independently(some, usage))
      }),
      { numRuns: 500 },
    )
  })

  it('never falls when more is used', () => {
    fc.assert(
      fc.property(anyRates, anyUsage, fc.constantFrom(...classes), (some, usage, name) => {
        expect(costNano(some, { ...usage, [name]: (usage[name] ?? 0) + 1 })).toBeGreaterThanOrEqual(
          costNano(some, usage),
        )
      }),
    )
  })
})

const classes = Object.keys(noUsage) as Exclude<keyof Usage, 'imageKind' | 'serviceTier'>[]
const rate = fc.integer({ min: 0, max: 600_000_000 })
const rates = {
  input: rate,
  output: rate,
  cacheRead: rate,
  cacheWrite: rate,
  cacheWrite1h: rate,
  reasoning: rate,
  inputAudio: rate,
  outputAudio: rate,
  inputImage: rate,
  outputImage: rate,
}
const anyRates: fc.Arbitrary<Rates> = fc.record(rates, { requiredKeys: ['input', 'output'] })
const anyPrice: fc.Arbitrary<Price> = fc
  .tuple(
    anyRates,
    fc.uniqueArray(
      fc.record(
        { aboveTokens: fc.integer({ min: 0, max: 3_000_000 }), ...rates },
        { requiredKeys: ['aboveTokens', 'input', 'output'] },
      ),
      { maxLength: 3, selector: (tier) => tier.aboveTokens },
    ),
    fc.integer({ min: 0, max: 20_000_000_000 }),
  )
  .map(([base, tiers, request]) => ({ ...base, tiers, request }))
const anyUsage: fc.Arbitrary<Usage> = fc.record(
  Object.fromEntries(classes.map((name) => [name, fc.integer({ min: 0, max: 1_000_000 })])) as Record<
    (typeof classes)[number],
    fc.Arbitrary<number>
  >,
)

/** The same sum written the long way round: a table of fall-backs, thousandths counted apart. */
function independently(price: Price, usage: Usage): bigint {
  const prompt =
    usage.inputTokens +
    usage.cacheReadTokens +
    usage.cacheWriteTokens +
    usage.cacheWrite1hTokens +
    usage.inputAudioTokens +
    usage.inputImageTokens
  const tier = [...(price.tiers ?? [])]
    .sort((a, b) => b.aboveTokens - a.aboveTokens)
    .find((t) => t.aboveTokens < prompt)
  const used: Rates = tier ?? price
  const chain: [keyof Usage, (keyof Rates)[]][] = [
    ['inputTokens', ['input']],
    ['cacheReadTokens', ['cacheRead', 'input']],
    ['cacheWriteTokens', ['cacheWrite', 'input']],
    ['cacheWrite1hTokens', ['cacheWrite1h', 'cacheWrite', 'input']],
    ['inputAudioTokens', ['inputAudio', 'input']],
    ['inputImageTokens', ['inputImage', 'input']],
    ['outputTokens', ['output']],
    ['reasoningTokens', ['reasoning', 'output']],
    ['outputAudioTokens', ['outputAudio', 'output']],
    ['outputImageTokens', ['outputImage', 'output']],
  ]
  let total = BigInt(price.request ?? 0)
  for (const [name, names] of chain) {
    const applies = names.map((key) => used[key]).find((value) => value !== undefined)!
    total += BigInt(usage[name] ?? 0) * BigInt(applies)
  }
  return total % 1000n === 0n ? total / 1000n : total / 1000n + 1n
}
