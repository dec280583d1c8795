import { describe, expect, it } from 'vitest'
import { costNano } from '../../../src/prices/cost.ts'
import type { Price } from '../../../src/prices/price.ts'
import type { Family } from './families.ts'
import { vendorOf } from './sent.ts'

// What every family's counting costs, by sums that were done by hand: 1 USD for a million tokens is 1000 nano-dollars a
// token. What is inside of which count, each vendor's reference says. (prices/families.test.ts has the first of them.)

const M = 1_000_000
const price: Price = {
  ...{ input: 2 * M, output: 8 * M, cacheRead: M / 2, cacheWrite: 3 * M, cacheWrite1h: 4 * M },
  ...{ inputAudio: 10 * M, outputAudio: 20 * M, inputImage: 5 * M, outputImage: 40 * M, reasoning: 9 * M },
  tiers: [{ aboveTokens: 200_000, input: 4 * M, output: 12 * M, cacheRead: M, cacheWrite: 6 * M }],
}

const cases: readonly (readonly [Family, what: string, answer: object, expected: bigint])[] = [
  [
    'azure',
    'cached, sound and pictures inside the prompt; reasoning and sound inside the completion',
    {
      usage: {
        prompt_tokens: 1000,
        completion_tokens: 500,
        prompt_tokens_details: { cached_tokens: 400, audio_tokens: 100, image_tokens: 50 },
        completion_tokens_details: { reasoning_tokens: 200, audio_tokens: 100 },
      },
    },
    // 450 × 2000 + 400 × 500 + 100 × 10000 + 50 × 5000; 200 × 8000 + 200 × 9000 + 100 × 20000
    900_000n + 200_000n + 1_000_000n + 250_000n + 1_600_000n + 1_800_000n + 2_000_000n,
  ],
  [
    'responses',
    'what was written to the cache is inside the input too',
    {
      usage: {
        input_tokens: 1000,
        output_tokens: 10,
        input_tokens_details: { cached_tokens: 300, cache_write_tokens: 200 },
        output_tokens_details: { reasoning_tokens: 4 },
      },
    },
    500n * 2000n + 300n * 500n + 200n * 3000n + 6n * 8000n + 4n * 9000n,
  ],
  [
    'vertex_claude',
    'two kinds of writes beside the input, above 200k by all that went in',
    {
      usage: {
        input_tokens: 100,
        cache_read_input_tokens: 199_000,
        cache_creation_input_tokens: 1_000,
        cache_creation: { ephemeral_5m_input_tokens: 600, ephemeral_1h_input_tokens: 400 },
        output_tokens: 7,
      },
    },
    // 200 100 tokens: the tier, which has no rate for an hour of its own.
    100n * 4000n + 199_000n * 1000n + 600n * 6000n + 400n * 6000n + 7n * 12_000n,
  ],
  [
    'anthropic',
    'thoughts inside the output, where it says how many',
    { usage: { input_tokens: 10, output_tokens: 100, output_tokens_details: { thinking_tokens: 60 } } },
    10n * 2000n + 40n * 8000n + 60n * 9000n,
  ],
  [
    'bedrock',
    'an hour’s writes among the writes',
    {
      usage: {
        inputTokens: 100,
        outputTokens: 50,
        cacheReadInputTokens: 2000,
        cacheWriteInputTokens: 700,
        cacheDetails: [
          { ttl: '1h', inputTokens: 200 },
          { ttl: '5m', inputTokens: 500 },
        ],
      },
    },
    100n * 2000n + 50n * 8000n + 2000n * 500n + 500n * 3000n + 200n * 4000n,
  ],
  [
    'vertex_ai',
    'thoughts beside the candidates, what a tool brought in beside the prompt, pictures inside both',
    {
      usageMetadata: {
        promptTokenCount: 1000,
        cachedContentTokenCount: 100,
        toolUsePromptTokenCount: 30,
        candidatesTokenCount: 50,
        thoughtsTokenCount: 200,
        totalTokenCount: 1280,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 742 },
          { modality: 'IMAGE', tokenCount: 258 },
        ],
      },
    },
    // 1000 - 100 - 258 + 30 = 672 of text.
    672n * 2000n + 100n * 500n + 258n * 5000n + 50n * 8000n + 200n * 9000n,
  ],
  [
    'gemini',
    'thoughts inside the candidates, where the total says so',
    {
      usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 60, thoughtsTokenCount: 40, totalTokenCount: 160 },
    },
    100n * 2000n + 20n * 8000n + 40n * 9000n,
  ],
  [
    'xai',
    'reasoning beside the completion',
    {
      usage: {
        prompt_tokens: 100,
        completion_tokens: 10,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 20 },
        completion_tokens_details: { reasoning_tokens: 40 },
      },
    },
    80n * 2000n + 20n * 500n + 10n * 8000n + 40n * 9000n,
  ],
  [
    'perplexity',
    'what it read and thought beside prompt and completion',
    { usage: { prompt_tokens: 10, completion_tokens: 20, citation_tokens: 300, reasoning_tokens: 50 } },
    310n * 2000n + 20n * 8000n + 50n * 9000n,
  ],
  [
    'together_ai',
    'cached beside the details',
    { usage: { prompt_tokens: 100, completion_tokens: 10, cached_tokens: 40 } },
    60n * 2000n + 40n * 500n + 10n * 8000n,
  ],
  [
    'deepseek',
    'hits inside the prompt, reasoning inside the completion',
    {
      usage: {
        prompt_tokens: 100,
        completion_tokens: 30,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
        completion_tokens_details: { reasoning_tokens: 20 },
      },
    },
    36n * 2000n + 64n * 500n + 10n * 8000n + 20n * 9000n,
  ],
  ...(['openai', 'openrouter', 'groq', 'fireworks_ai', 'cerebras', 'hosted_vllm', 'mistral'] as const).map(
    (family) =>
      [
        family,
        'as OpenAI counts, above 200k too',
        {
          usage: {
            prompt_tokens: 200_001,
            completion_tokens: 2,
            total_tokens: 200_003,
            prompt_tokens_details: { cached_tokens: 200_000 },
          },
        },
        1n * 4000n + 200_000n * 1000n + 2n * 12_000n,
      ] as const,
  ),
  ...(['huggingface', 'cohere'] as const).map(
    (family) =>
      [family, 'two counts', { usage: { prompt_tokens: 7, completion_tokens: 3 } }, 7n * 2000n + 3n * 8000n] as const,
  ),
  ['nova', 'two counts', { usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 } }, 7n * 2000n + 3n * 8000n],
  ['ollama', 'two counts', { done: true, prompt_eval_count: 7, eval_count: 3 }, 7n * 2000n + 3n * 8000n],
]

describe('what an answer costs, to the nano-dollar', () => {
  it.each(cases)('%s: %s', (family, _, answer, expected) => {
    const usage = vendorOf(family).vendor.usage(answer)
    expect(usage && costNano(price, usage)).toBe(expected)
  })
})
