import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lookup } from '../../../scripts/prices/catalogue.ts'
import type { Deployment } from '../../../src/config/config.ts'
import { chargeOf } from '../../../src/gateway/charge.ts'
import { priceOver } from '../../../src/models/row/pricing.ts'
import { boundedBy } from '../../../src/operations/bound.ts'
import { costNano } from '../../../src/prices/cost.ts'
import type { Price } from '../../../src/prices/price.ts'
import { noUsage, type Usage } from '../../../src/prices/usage.ts'

const free = { input: 0, output: 0 }

describe('what is not billed in tokens', () => {
  it('costs by each unit, every part of a second counted and rounded up once', () => {
    const price = {
      ...free,
      units: { second: 100_000_000, character: 15_000_000, searchUnit: 2_000_000_000, pixel: 19 },
    }
    expect(costNano(price, { ...noUsage, inputAudioMs: 9_500 })).toBe(950_000n)
    expect(costNano(price, { ...noUsage, inputCharacters: 7 })).toBe(105_000n)
    expect(costNano(price, { ...noUsage, searchUnits: 3 })).toBe(6_000_000n)
    expect(costNano(price, { ...noUsage, pixels: 1024 * 1024 })).toBe(19_923n)
  })

  it('costs a picture by its quality and size, else the plain rate, else the dearest known', () => {
    const images = { 'hd/1024x1024': 80_000_000_000, 'standard/1024x1024': 40_000_000_000 }
    const two = (imageKind: string) => ({ ...noUsage, images: 2, imageKind })
    expect(costNano({ ...free, units: { images } }, two('standard/1024x1024'))).toBe(80_000_000n)
    expect(costNano({ ...free, units: { images } }, two('hd/auto'))).toBe(160_000_000n)
    expect(costNano({ ...free, units: { images, image: 1_000_000_000 } }, two('hd/auto'))).toBe(2_000_000n)
  })

  it('is known of models that the price data lacks, or counts in hours', () => {
    expect(lookup('groq', 'whisper-large-v3')?.price?.units).toEqual({ second: 30_833_334 })
    expect(lookup('openai', 'tts-1')?.price?.units).toEqual({ character: 15_000_000 })
    expect(lookup('openai', 'omni-moderation-latest')).toMatchObject({ mode: 'moderation', price: free })
    expect(lookup('voyage', 'rerank-2.5')).toMatchObject({ mode: 'rerank', price: { input: 50_000, output: 0 } })
    expect(lookup('elevenlabs', 'eleven_flash_v2_5')?.price?.units).toEqual({ character: 50_000_000 })
    expect(lookup('gemini', 'imagen-4.0-generate-001')?.price?.units).toEqual({ image: 40_000_000_000 })
  })

  it.each([
    ['cohere', 'rerank-v3.5', 'rerank'],
    ['deepgram', 'nova-3', 'audio_transcription'],
    ['vertex_ai', 'imagen-4.0-generate-001', 'image_generation'],
  ])('is not made up where no page says it: %s/%s', (provider, model, mode) => {
    expect(lookup(provider, model)).toEqual({ mode })
  })

  it("is the operator's to say, over the list", () => {
    const list = { ...free, units: { images: { 'hd/1024x1024': 1 } } }
    expect(priceOver(list, { output_cost_per_image: 0.01 })?.units).toEqual({ image: 10_000_000_000 })
    expect(priceOver(undefined, { input_cost_per_second: 0.0001 })).toEqual({ ...free, units: { second: 100_000_000 } })
    expect(priceOver(undefined, {})).toBeUndefined()
  })
})

describe('the price of any operation', () => {
  it('agrees with an independent calculation: pictures, pixels, sound, characters, searches and tokens at once', () => {
    fc.assert(
      fc.property(anyUnitPrice, anyUnitUsage, (price, usage) => {
        expect(costNano(price, usage)).toBe(independently(price, usage))
      }),
      { numRuns: 500 },
    )
  })

  it('is within what is held for the most that it can use, under any discount and margin', () => {
    fc.assert(
      fc.property(
        anyUnitPrice,
        anyUnitUsage,
        fc.double({ min: 0, max: 1, noNaN: true }),
        anyTerms,
        (price, most, part, terms) => {
          const deployment = { ...SOME, price: { ...price, ...(terms && { terms }) } }
          const used = Object.fromEntries(
            Object.entries(most).map(([name, value]) => [
              name,
              typeof value === 'number' ? Math.floor(value * part) : value,
            ]),
          ) as unknown as Usage
          const { costNano: held } = boundedBy(deployment, most, 'input_cost_per_query')
          expect(chargeOf(deployment, used).costNano).toBeLessThanOrEqual(held!)
        },
      ),
    )
  })

  it('of a search of the web is the vendor’s where the list is silent', () => {
    const claude = {
      ...SOME,
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      price: { input: 3_000_000, output: 15_000_000 },
    }
    // 10 × 3 + 10 × 15 dollars per million tokens, and two searches at ten dollars for a thousand.
    const usage = { ...noUsage, inputTokens: 10, outputTokens: 10, webSearches: 2 }
    expect(chargeOf(claude, usage).costNano).toBe(30_000n + 150_000n + 20_000_000n)
    expect(chargeOf({ ...claude, price: { ...claude.price, search: 7_000_000_000 } }, usage).costNano).toBe(14_180_000n)
  })
})

const SOME: Deployment = { id: 'd', group: 'g', provider: 'openai', model: 'm', params: {}, mode: 'chat' }
const KINDS = ['hd/1024x1024', 'standard/512x512']
const anyRate = fc.integer({ min: 0, max: 100_000_000_000 })
const anyCount = fc.integer({ min: 0, max: 100_000 })
const unitNames = ['pixel', 'second', 'character', 'searchUnit'] as const
const anyUnitPrice: fc.Arbitrary<Price> = fc
  .record({
    tokens: fc.record({ input: anyRate, output: anyRate, inputAudio: anyRate, cacheReadAudio: anyRate }),
    units: fc.record(
      {
        ...Object.fromEntries(unitNames.map((name) => [name, anyRate])),
        image: anyRate,
        images: fc.dictionary(fc.constantFrom(...KINDS), anyRate),
      },
      { requiredKeys: [] },
    ),
    search: anyRate,
    request: anyRate,
  })
  .map(({ tokens, ...rest }) => ({ ...tokens, ...rest }))
const anyUnitUsage: fc.Arbitrary<Usage> = fc
  .record({
    ...{ inputTokens: anyCount, outputTokens: anyCount, inputAudioTokens: anyCount, cacheReadAudioTokens: anyCount },
    ...{ webSearches: anyCount, images: anyCount, pixels: anyCount, inputAudioMs: anyCount },
    ...{ inputCharacters: anyCount, searchUnits: anyCount },
    imageKind: fc.constantFrom(...KINDS, 'hd/auto'),
  })
  .map((used) => ({ ...noUsage, ...used }))
const anyTerms = fc.option(
  fc.record({
    discount: fc.integer({ min: 0, max: 1_000_000_000 }),
    margin: fc.integer({ min: 0, max: 10_000_000_000 }),
    fixedPico: fc.integer({ min: 0, max: 10_000_000_000 }),
  }),
  { nil: undefined },
)

/** The same sum by hundredths of thousandths, so that parts of a second are whole. */
function independently(price: Price, usage: Usage): bigint {
  const { units = {} } = price
  const table = units.images ?? {}
  const dearest = Math.max(0, ...Object.values(table))
  const picture = table[usage.imageKind ?? ''] ?? units.image ?? dearest
  const lines: [number | undefined, number | undefined][] = [
    [usage.inputTokens, price.input],
    [usage.outputTokens, price.output],
    [usage.inputAudioTokens, price.inputAudio],
    [usage.cacheReadAudioTokens, price.cacheReadAudio],
    [usage.webSearches, price.search],
    [1, price.request],
    [usage.images, picture],
    [usage.pixels, units.pixel],
    [usage.inputCharacters, units.character],
    [usage.searchUnits, units.searchUnit],
  ]
  const whole = lines.reduce((sum, [count = 0, rate = 0]) => sum + BigInt(count) * BigInt(rate), 0n)
  const thousandths = whole * 1000n + BigInt(usage.inputAudioMs ?? 0) * BigInt(units.second ?? 0)
  // A thousand thousandths of a pico are a pico, and a thousand of those a nano-dollar; every rest counts.
  return thousandths / 1_000_000n + (thousandths % 1_000_000n === 0n ? 0n : 1n)
}
