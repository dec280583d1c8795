import { describe, expect, it } from 'vitest'
import { costNano } from '../../../src/prices/cost.ts'
import type { Price } from '../../../src/prices/price.ts'
import { priceWithSearch, searchPrice } from '../../../src/prices/search.ts'
import { anthropic } from '../../../src/providers/anthropic.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import { deepseek } from '../../../src/providers/deepseek.ts'
import { gemini } from '../../../src/providers/gemini.ts'
import { mistral } from '../../../src/providers/mistral.ts'
import { ollama } from '../../../src/providers/ollama.ts'
import { openai } from '../../../src/providers/openai.ts'
import { openaiResponsesUsage } from '../../../src/providers/openai-responses-usage.ts'

// Rates in pico-dollars a token: a dollar for a million tokens is 1,000,000.
const M = 1_000_000
const gpt: Price = { input: 2.5 * M, output: 10 * M, cacheRead: 1.25 * M, inputAudio: 40 * M, outputAudio: 80 * M }
const sonnet: Price = {
  input: 3 * M,
  output: 15 * M,
  cacheRead: 0.3 * M,
  cacheWrite: 3.75 * M,
  cacheWrite1h: 6 * M,
  tiers: [
    {
      aboveTokens: 200_000,
      input: 6 * M,
      output: 22.5 * M,
      cacheRead: 0.6 * M,
      cacheWrite: 7.5 * M,
      cacheWrite1h: 12 * M,
    },
  ],
}
const pro: Price = {
  input: 1.25 * M,
  output: 10 * M,
  cacheRead: 0.125 * M,
  inputAudio: 1 * M,
  outputImage: 30 * M,
  tiers: [{ aboveTokens: 200_000, input: 2.5 * M, output: 15 * M, cacheRead: 0.25 * M }],
}

/** Nano-dollars of so many tokens at so many dollars for a million, summed: 1 USD/M is 1000 nano a token. */
const nano = (...terms: readonly (readonly [tokens: number, usdPerMillion: number])[]) =>
  BigInt(Math.round(terms.reduce((sum, [tokens, usd]) => sum + tokens * usd * 1000, 0)))

const cases: readonly (readonly [
  string,
  (answer: unknown) => Parameters<typeof costNano>[1] | undefined,
  Price,
  unknown,
  bigint,
])[] = [
  [
    'OpenAI: cached and audio inside the prompt, reasoning and audio inside the completion',
    openai.usage,
    gpt,
    {
      usage: {
        prompt_tokens: 1000,
        completion_tokens: 500,
        total_tokens: 1500,
        prompt_tokens_details: { cached_tokens: 400, audio_tokens: 100 },
        completion_tokens_details: { reasoning_tokens: 300, audio_tokens: 50 },
      },
    },
    nano([500, 2.5], [400, 1.25], [100, 40], [450, 10], [50, 80]),
  ],
  [
    'OpenAI by Responses: the same under newer names',
    openaiResponsesUsage,
    gpt,
    {
      usage: {
        input_tokens: 1000,
        output_tokens: 500,
        total_tokens: 1500,
        input_tokens_details: { cached_tokens: 400 },
        output_tokens_details: { reasoning_tokens: 300 },
      },
    },
    nano([600, 2.5], [400, 1.25], [500, 10]),
  ],
  [
    'Anthropic: cached beside the input, two kinds of writes',
    anthropic.usage,
    sonnet,
    {
      usage: {
        input_tokens: 100,
        cache_read_input_tokens: 2000,
        cache_creation_input_tokens: 700,
        cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 200 },
        output_tokens: 50,
      },
    },
    nano([100, 3], [2000, 0.3], [500, 3.75], [200, 6], [50, 15]),
  ],
  [
    'Anthropic above 200k: what was cached counts for the tier',
    anthropic.usage,
    sonnet,
    { usage: { input_tokens: 1, cache_read_input_tokens: 200_000, cache_creation_input_tokens: 0, output_tokens: 10 } },
    nano([1, 6], [200_000, 0.6], [10, 22.5]),
  ],
  [
    'Anthropic at 200k exactly',
    anthropic.usage,
    sonnet,
    { usage: { input_tokens: 1, cache_read_input_tokens: 199_999, output_tokens: 10 } },
    nano([1, 3], [199_999, 0.3], [10, 15]),
  ],
  [
    'Gemini: cached inside the prompt, thoughts beside the candidates, audio by its rate',
    gemini.usage,
    pro,
    {
      usageMetadata: {
        promptTokenCount: 1000,
        cachedContentTokenCount: 300,
        candidatesTokenCount: 50,
        thoughtsTokenCount: 200,
        totalTokenCount: 1250,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 900 },
          { modality: 'AUDIO', tokenCount: 100 },
        ],
      },
    },
    nano([600, 1.25], [300, 0.125], [100, 1], [250, 10]),
  ],
  [
    'Gemini: pictures in the answer',
    gemini.usage,
    pro,
    {
      usageMetadata: {
        promptTokenCount: 10,
        candidatesTokenCount: 1300,
        totalTokenCount: 1310,
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }],
      },
    },
    nano([10, 1.25], [10, 10], [1290, 30]),
  ],
  [
    'Gemini above 200k',
    gemini.usage,
    pro,
    { usageMetadata: { promptTokenCount: 200_001, candidatesTokenCount: 1, totalTokenCount: 200_002 } },
    nano([200_001, 2.5], [1, 15]),
  ],
  [
    'Bedrock: cached beside the input',
    bedrock.usage,
    sonnet,
    {
      usage: {
        inputTokens: 100,
        outputTokens: 50,
        totalTokens: 2850,
        cacheReadInputTokens: 2000,
        cacheWriteInputTokens: 700,
      },
    },
    nano([100, 3], [2000, 0.3], [700, 3.75], [50, 15]),
  ],
  [
    'Ollama: two counts',
    ollama.usage,
    { input: 1 * M, output: 2 * M },
    { done: true, prompt_eval_count: 7, eval_count: 3 },
    nano([7, 1], [3, 2]),
  ],
  [
    'DeepSeek: hits of its cache',
    deepseek.usage,
    { input: 0.28 * M, output: 0.42 * M, cacheRead: 0.028 * M },
    { usage: { prompt_tokens: 100, completion_tokens: 10, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 } },
    // 36 × 280 + 64 × 28 + 10 × 420 nano
    10_080n + 1_792n + 4_200n,
  ],
  [
    'Mistral: cached under a name of its own',
    mistral.usage,
    { input: 2 * M, output: 6 * M, cacheRead: 0.2 * M },
    { usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110, num_cached_tokens: 60 } },
    nano([40, 2], [60, 0.2], [10, 6]),
  ],
]

describe('what a recorded usage costs, to the nano-dollar', () => {
  it.each(cases)('%s', (_, usage, price, answer, expected) => {
    const read = usage(answer)
    expect(read).toBeDefined()
    expect(read && costNano(price, read)).toBe(expected)
  })

  it('Anthropic’s searches: ten dollars for a thousand, beside the tokens', () => {
    const read = anthropic.usage({
      usage: { input_tokens: 100, output_tokens: 50, server_tool_use: { web_search_requests: 3 } },
    })
    const deployment = { provider: 'anthropic', model: 'claude-sonnet-4-5', price: sonnet }
    const price = priceWithSearch(deployment)
    expect(read && price && costNano(price, read)).toBe(nano([100, 3], [50, 15]) + 3n * 10_000_000n)
    const own = priceWithSearch({ ...deployment, price: { ...sonnet, search: 5_000_000_000 } })
    expect(read && own && costNano(own, read)).toBe(nano([100, 3], [50, 15]) + 3n * 5_000_000n)
  })

  it('Google’s searches: each one from Gemini 3 on, each grounded prompt before; nobody else’s are known', () => {
    const answer = (modelVersion: string) => ({
      modelVersion,
      candidates: [{ groundingMetadata: { webSearchQueries: ['a', 'b'] } }],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 20 },
    })
    for (const [model, fee] of [
      ['gemini-3-pro-preview', 2n * 14_000_000n],
      ['gemini-2.5-pro', 35_000_000n],
    ] as const) {
      const read = gemini.usage(answer(model))
      const price = priceWithSearch({ provider: 'gemini', model, price: pro })
      expect(read && price && costNano(price, read)).toBe(nano([10, 1.25], [10, 10]) + fee)
    }
    expect(searchPrice({ provider: 'groq', model: 'compound', price: pro })).toBeUndefined()
  })
})
