import { describe, expect, it } from 'vitest'
import { lookup } from '../../../scripts/prices/catalogue.ts'
import { priceOver } from '../../../src/models/row/pricing.ts'
import { costNano } from '../../../src/prices/cost.ts'
import { noUsage } from '../../../src/prices/usage.ts'

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
