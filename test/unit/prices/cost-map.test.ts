import { describe, expect, it } from 'vitest'
import { differences, readCostMap } from '../../../src/models/cost-map.ts'
import { costNano } from '../../../src/prices/cost.ts'
import { noUsage } from '../../../src/prices/usage.ts'

const model = { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }
const read = (map: unknown) => {
  const found = readCostMap(map)
  if (!found.ok) throw new Error(found.why)
  return found.prices
}
const whyNot = (map: unknown) => {
  const found = readCostMap(map)
  return found.ok ? undefined : found.why
}

describe("LiteLLM's map of prices", () => {
  it('is read by vendor and model, whatever mark its names have', () => {
    const prices = read({
      sample_spec: { litellm_provider: 'one of', input_cost_per_token: 'a number' },
      'gpt-x': { ...model, max_input_tokens: 100, max_output_tokens: 10, cache_read_input_token_cost: 5e-7 },
      'xai/grok-x': { ...model, litellm_provider: 'xai' },
      'gemini-x': { ...model, litellm_provider: 'vertex_ai-language-models' },
      'us.amazon.nova-x-v1:0': { ...model, litellm_provider: 'bedrock_converse' },
      'azure/GPT-X': { ...model, litellm_provider: 'azure' },
    })
    expect(Object.keys(prices).sort()).toEqual([
      'azure/gpt-x',
      'bedrock/us.amazon.nova-x-v1:0',
      'openai/gpt-x',
      'vertex_ai/gemini-x',
      'xai/grok-x',
    ])
    expect(prices['openai/gpt-x']).toEqual({
      price: { input: 1_000_000, output: 2_000_000, cacheRead: 500_000 },
      ...{ mode: 'chat', maxInputTokens: 100, maxOutputTokens: 10 },
    })
  })

  it('has no step at a number that is none', () => {
    const prices = read({ 'gpt-x': { ...model, [`input_cost_per_token_above_${'9'.repeat(400)}k_tokens`]: 0 } })
    expect(prices['openai/gpt-x']?.price).toEqual({ input: 1_000_000, output: 2_000_000 })
  })

  it('has tiers, embeddings, pictures, seconds and searches', () => {
    const prices = read({
      tiered: { ...model, input_cost_per_token_above_200k_tokens: 3e-6 },
      embed: { litellm_provider: 'openai', mode: 'embedding', input_cost_per_token: 2e-8 },
      picture: { litellm_provider: 'openai', mode: 'image_generation', output_cost_per_image: 0.04 },
      sound: { litellm_provider: 'openai', mode: 'audio_transcription', input_cost_per_second: 0.0001 },
      searching: {
        ...model,
        search_context_cost_per_query: { search_context_size_low: 0.01, search_context_size_high: 0.03 },
      },
      unpriced: { litellm_provider: 'openai', mode: 'chat' },
      'gone/elsewhere': { ...model, litellm_provider: 'a vendor that is not built' },
    })
    expect(prices['openai/tiered']?.price?.tiers).toEqual([
      { aboveTokens: 200_000, input: 3_000_000, output: 2_000_000 },
    ])
    expect(prices['openai/embed']?.price).toEqual({ input: 20_000, output: 0 })
    expect(prices['openai/picture']?.price?.units).toEqual({ image: 40_000_000_000 })
    expect(prices['openai/sound']?.price?.units).toEqual({ second: 100_000_000 })
    expect(prices['openai/searching']?.price?.search).toBe(30_000_000_000)
    expect(prices).not.toHaveProperty('openai/unpriced')
    expect(Object.keys(prices)).toHaveLength(5)
  })

  it.each([
    [
      'a price below zero',
      { 'gpt-x': { ...model, input_cost_per_token: -1e-6 } },
      /gpt-x\.input_cost_per_token: expected a price of zero or more/,
    ],
    [
      'a text',
      { 'gpt-x': { ...model, input_cost_per_token: '1e-6' } },
      /gpt-x\.input_cost_per_token: expected a price in USD/,
    ],
    ['a list', [model], /not a mapping/],
  ])('with %s is none, and says where', (_, map, why) => {
    expect(whyNot(map)).toMatch(why)
  })

  it('has every step of a price that it says', () => {
    const { price } = read({
      steps: {
        ...model,
        input_cost_per_token_above_272k_tokens: 4e-6,
        cache_read_input_token_cost_above_128k_tokens: 2e-6,
      },
    })['openai/steps']!
    const base = { input: 1_000_000, output: 2_000_000 }
    expect(price?.tiers).toEqual([
      { ...base, cacheRead: 2_000_000, aboveTokens: 128_000 },
      // What a step does not name is as in the step below it.
      { ...base, cacheRead: 2_000_000, input: 4_000_000, aboveTokens: 272_000 },
    ])
    expect(costNano(price!, { ...noUsage, inputTokens: 272_001 })).toBe(272_001n * 4_000n)
    expect(costNano(price!, { ...noUsage, inputTokens: 272_000 })).toBe(272_000n * 1_000n)
  })

  it('leaves out a model whose price can only be a slip, and reads no vendor that is not built', () => {
    const found = readCostMap({
      'gpt-x': { ...model, output_cost_per_token: 2.5 },
      'gpt-y': model,
      'elsewhere/z': { ...model, litellm_provider: 'elsewhere', input_cost_per_token: -7 },
    })
    expect(found).toMatchObject({ ok: true, skipped: ['gpt-x'] })
    expect(found.ok && Object.keys(found.prices)).toEqual(['openai/gpt-y'])
  })

  it('bills what has a price by tokens by nothing else, and knows no names that say a size', () => {
    const prices = read({
      both: { ...model, output_cost_per_image: 0.04, input_cost_per_second: 0.1 },
      'hd/1024-x-1792/dall-e-3': { litellm_provider: 'openai', output_cost_per_image: 0.12 },
    })
    expect(prices).toEqual({ 'openai/both': { price: { input: 1_000_000, output: 2_000_000 }, mode: 'chat' } })
  })

  it('names of the language are names of models here', () => {
    expect(
      Object.keys(read(JSON.parse(`{"__proto__": ${JSON.stringify(model)}, "constructor": ${JSON.stringify(model)}}`))),
    ).toEqual(expect.arrayContaining(['openai/constructor']))
  })
})

it('differences are counted once for each model, in whatever order fields stand', () => {
  const a = { price: { input: 1, output: 2 }, mode: 'chat' }
  const same = { mode: 'chat', price: { output: 2, input: 1 } }
  expect(differences({ 'x/a': a, 'x/b': a, 'x/c': a }, { 'x/a': same, 'x/b': { ...a, mode: 'other' }, 'x/d': a })).toBe(
    3,
  )
})
