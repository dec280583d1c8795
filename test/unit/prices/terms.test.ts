import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Config, Deployment } from '../../../src/config/config.ts'
import { withCostTerms } from '../../../src/config/cost-terms.ts'
import { chargeOf } from '../../../src/gateway/charge.ts'
import { priceOver } from '../../../src/models/row/pricing.ts'
import { worstCase } from '../../../src/operations/chat.ts'
import { worstCaseEmbeddings } from '../../../src/operations/embeddings.ts'
import { batchPrice } from '../../../src/prices/batch.ts'
import { costNano } from '../../../src/prices/cost.ts'
import type { Price } from '../../../src/prices/price.ts'
import { type CostTerms, type Margin, termsFor } from '../../../src/prices/terms.ts'
import { noUsage } from '../../../src/prices/usage.ts'

const price: Price = { input: 150_000, output: 600_000 }
/** 15,000 + 60,000 nano-dollars. */
const usage = { ...noUsage, inputTokens: 100, outputTokens: 100 }
const deployment = (terms: CostTerms, listed: Price | undefined = price): Deployment => {
  const one: Deployment = {
    ...{ id: 'd', group: 'g', provider: 'openai', model: 'm', params: {}, mode: 'chat' },
    ...(listed && { price: listed }),
    ...{ maxInputTokens: 100_000, maxOutputTokens: 4_000 },
  }
  const config = { deployments: [one], litellm: { costTerms: terms } } as unknown as Config
  return withCostTerms(config).deployments[0]!
}
const terms = (discounts: CostTerms['discounts'], margins: CostTerms['margins'] = {}) => ({ discounts, margins })

describe('discounts and margins', () => {
  it('take off first and put on then, and the parts add up to the cost', () => {
    const charge = chargeOf(
      deployment(terms({ openai: 0.1 }, { openai: { percentage: 0.2, fixed_amount: 0.001 } })),
      usage,
    )
    expect(charge).toMatchObject({
      costNano: 1_081_000n,
      terms: { originalNano: 75_000n, discountNano: 7_500n, marginNano: 1_013_500n },
    })
  })

  it("a vendor's own margin goes before the global one, and nobody else's counts", () => {
    const of = (table: Readonly<Record<string, Margin>>) => chargeOf(deployment(terms({}, table)), usage).costNano
    expect(of({ global: 0.5, openai: 0.1 })).toBe(82_500n)
    expect(of({ global: 0.5 })).toBe(112_500n)
    expect(of({ anthropic: 0.5 })).toBe(75_000n)
    expect(chargeOf(deployment(terms({ anthropic: 0.5 })), usage)).toEqual({ costNano: 75_000n })
    expect(termsFor(terms({}, {}), 'constructor')).toBeUndefined()
  })

  it('a price laid over again has the new terms alone', () => {
    const once = deployment(terms({ openai: 0.5 }))
    const config = { deployments: [once], litellm: { costTerms: terms({}, {}) } } as unknown as Config
    expect(withCostTerms(config).deployments[0]?.price).toEqual(price)
  })

  it('agree with an independent calculation, to the nano-dollar', () => {
    fc.assert(
      fc.property(anyPart, anyPart, anyFixed, anyTokens, anyTokens, (discount, margin, fixed, input, output) => {
        const one = deployment(
          terms({ openai: discount / 1e4 }, { openai: { percentage: margin / 1e4, fixed_amount: fixed / 1e6 } }),
        )
        const pico = BigInt(input) * 150_000n + BigInt(output) * 600_000n
        // In ten-thousandths of ten-thousandths of a pico nothing is rounded.
        const exact =
          pico * BigInt(10_000 - discount) * BigInt(10_000 + margin) + BigInt(fixed) * 1_000_000n * 10n ** 8n
        const { costNano: cost } = chargeOf(one, { ...noUsage, inputTokens: input, outputTokens: output })
        const least = (exact + 10n ** 11n - 1n) / 10n ** 11n
        // Each of the two roundings may add a pico, which may be the one that begins the next nano-dollar.
        expect([least, least + 1n]).toContain(cost)
        expect(cost * 10n ** 11n - exact).toBeLessThan(10n ** 11n + 3n * 10n ** 8n)
      }),
    )
  })

  it('the hold covers what is settled, whatever the terms, the price and the usage within the bound', () => {
    fc.assert(
      fc.property(anyTerms, anyTokens, fc.nat(3_000), fc.nat(1_000_000), (some, rate, used, request) => {
        const tiers = [{ aboveTokens: 250, input: rate * 2, output: rate }]
        const one = deployment(some, { input: rate, output: rate * 3, cacheRead: rate, request, tiers })
        const asked = { model: 'g', messages: [{ role: 'user' as const, content: 'x'.repeat(300) }], max_tokens: 3_000 }
        const worst = worstCase(asked, one).costNano!
        const spent = { ...noUsage, inputTokens: Math.min(used, 300), outputTokens: used }
        expect(chargeOf(one, spent).costNano).toBeLessThanOrEqual(worst)
        const texts = { model: 'g', input: 'x'.repeat(300) }
        const embedded = { ...noUsage, inputTokens: Math.min(used, 300) }
        expect(chargeOf(one, embedded).costNano).toBeLessThanOrEqual(worstCaseEmbeddings(texts, one).costNano!)
        const batched = batchPrice(one.price!)
        const inBatch = worstCase(asked, { ...one, price: batched }).costNano!
        expect(costNano(batched, spent)).toBeLessThanOrEqual(inBatch)
        expect(chargeOf(one, spent)).toMatchObject({ costNano: sumOf(chargeOf(one, spent)) })
      }),
    )
  })

  it('never fall when more is used', () => {
    fc.assert(
      fc.property(anyTerms, anyTokens, (some, used) => {
        const one = deployment(some)
        const of = (outputTokens: number) => chargeOf(one, { ...noUsage, outputTokens }).costNano
        expect(of(used + 1)).toBeGreaterThanOrEqual(of(used))
      }),
    )
  })
})

describe('what a vendor says that it bills', () => {
  const at = (provider: string, listed: Price | undefined = price): Deployment => {
    const { price: _, ...unpriced } = deployment(terms({}), price)
    return { ...unpriced, provider, ...(listed && { price: listed }) }
  }
  const saying = (reportedNano: number) => ({ ...usage, reportedNano })

  it('is charged where its documentation says so, and what the list says is told beside it', () => {
    expect(chargeOf(at('openrouter'), saying(90_000))).toEqual({
      costNano: 90_000n,
      reported: { reportedNano: 90_000n, listedNano: 75_000n, believed: true },
    })
    expect(chargeOf(at('openrouter'), saying(0)).costNano).toBe(0n)
    expect(chargeOf(at('custom_openai'), saying(0)).costNano).toBe(75_000n)
  })

  it('is charged without a list price too, up to what can be meant', () => {
    const { price: _, ...unpriced } = at('xai')
    expect(chargeOf(unpriced, saying(5_000)).costNano).toBe(5_000n)
    expect(chargeOf(unpriced, saying(10_000_000_001))).toMatchObject({ costNano: 0n, reported: { believed: false } })
  })

  it('is not believed where it is beyond ten dollars and ten times the list price', () => {
    const dear = { ...noUsage, inputTokens: 20_000_000 }
    expect(chargeOf(at('xai'), { ...dear, reportedNano: 29_000_000_000 }).costNano).toBe(29_000_000_000n)
    expect(chargeOf(at('xai'), { ...dear, reportedNano: 31_000_000_000 }).costNano).toBe(3_000_000_000n)
    expect(chargeOf(at('xai'), saying(10_000_000_000)).costNano).toBe(10_000_000_000n)
    expect(chargeOf(at('xai'), saying(10_000_000_001)).costNano).toBe(75_000n)
  })

  it('is under the terms of the operator, also where only the vendor knows the price', () => {
    const { price: _, ...unpriced } = deployment(terms({}))
    const margins = terms({ xai: 0.5 }, { xai: 0.1 })
    const config = {
      deployments: [{ ...unpriced, provider: 'xai' }],
      litellm: { costTerms: margins },
    } as unknown as Config
    const [laid] = withCostTerms(config).deployments
    expect(chargeOf(laid!, saying(10_000)).costNano).toBe(5_500n)
  })
})

const anyPart = fc.integer({ min: 0, max: 10_000 })
const anyFixed = fc.integer({ min: 0, max: 1_000_000 })
const anyTokens = fc.integer({ min: 0, max: 100_000 })
const anyTerms: fc.Arbitrary<CostTerms> = fc
  .tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.double({ min: 0, max: 5, noNaN: true }),
  )
  .map(([discount, percentage, fixed_amount]) => terms({ openai: discount }, { openai: { percentage, fixed_amount } }))

function sumOf({ terms: applied, costNano: cost }: ReturnType<typeof chargeOf>): bigint {
  return applied ? applied.originalNano - applied.discountNano + applied.marginNano : cost
}

describe('batches', () => {
  it('cost half, or what is said of them, under the same terms', () => {
    const own = priceOver(price, { input_cost_per_token_batches: 1e-8, input_cost_per_request: 0.5 })
    expect(own?.batch).toEqual({ input: 10_000 })
    expect(batchPrice(price)).toMatchObject({ input: 75_000, output: 300_000 })
    expect(batchPrice(own!)).toEqual({ input: 10_000, output: 300_000, request: 500_000_000_000 })
    const terms = { discount: 500_000_000, margin: 0, fixedPico: 0 }
    expect(costNano(batchPrice({ ...price, terms }), usage)).toBe(18_750n)
    expect(priceOver({ ...price, batch: { input: 1 } }, { input_cost_per_token: 1e-6 })).not.toHaveProperty('batch')
  })
})
