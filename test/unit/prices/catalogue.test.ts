import { calcPrice } from '@pydantic/genai-prices'
import { describe, expect, it } from 'vitest'
import { catalogueVersion, lookup } from '../../../scripts/prices/catalogue.ts'
import { costNano } from '../../../src/prices/cost.ts'
import { noUsage } from '../../../src/prices/usage.ts'

const at = new Date('2026-11-22T00:00:00Z')

describe('lookup', () => {
  it('knows prices in whole picos, the window and the longest answer', () => {
    expect(lookup('openai', 'gpt-4o-mini', at)).toEqual({
      price: { input: 150_000, output: 600_000, cacheRead: 75_000 },
      maxInputTokens: 128_000,
      maxOutputTokens: 16_384,
      mode: 'chat',
      supports: expect.objectContaining({ vision: true, tools: true, audioInput: false }),
    })
  })

  it('carries tiers, with every rate of the tier', () => {
    const entry = lookup('openai', 'gpt-6-sol', at)
    expect(entry?.price?.tiers).toEqual([
      { aboveTokens: 272_000, input: 4_000_000, output: 15_000_000, cacheRead: 400_000, cacheWrite: 5_000_000 },
    ])
  })

  it('takes the price of the day', () => {
    expect(lookup('openai', 'o3', new Date('2025-06-09T00:00:00Z'))?.price?.input).toBe(10_000_000)
    expect(lookup('openai', 'o3', new Date('2025-06-10T00:00:00Z'))?.price?.input).toBe(2_000_000)
  })

  it('prices sound where the data lacks it', () => {
    expect(lookup('openai', 'gpt-4o-audio-preview', at)?.price).toMatchObject({ inputAudio: 40e6, outputAudio: 80e6 })
  })

  it('knows the mode, and that an embedding answers with no tokens', () => {
    expect(lookup('openai', 'text-embedding-3-small', at)).toMatchObject({ mode: 'embedding', price: { output: 0 } })
    expect(lookup('openai', 'whisper-1', at)).toEqual({
      mode: 'audio_transcription',
      price: { input: 0, output: 0, units: { second: 100_000_000 } },
    })
  })

  it('knows nothing of strangers and of servers that people run themselves', () => {
    expect(lookup('openai', 'my-own-model', at)).toBeUndefined()
    expect(lookup('hosted_vllm', 'gpt-4o-mini', at)).toBeUndefined()
  })

  it.each([
    'gpt-4o',
    'gpt-4o-mini',
    'gpt-4.1',
    'gpt-5',
    'gpt-5.4',
    'gpt-5.5',
    'gpt-5.6-sol',
    'gpt-6-sol',
    'gpt-6-luna',
    'o3',
    'o4-mini',
  ])('knows a longest answer for %s, and bills as the price data itself does', (model) => {
    const entry = lookup('openai', model, at)
    expect(entry?.maxOutputTokens).toBeGreaterThanOrEqual(16_384)
    for (const inputTokens of [1000, 300_000]) {
      const usage = { input_tokens: inputTokens, output_tokens: 500 }
      const theirs = calcPrice(usage, model, { providerId: 'openai', timestamp: at })!.total_price
      const ours = costNano(entry!.price!, { ...noUsage, inputTokens, outputTokens: 500 })
      expect(Number(ours) / 1e9).toBeCloseTo(theirs, 8)
    }
  })

  it('names the data it was made from', () => {
    expect(catalogueVersion).toMatch(/^genai-prices \d+\.\d+\.\d+, limits \d{4}-\d{2}-\d{2}$/)
  })
})
