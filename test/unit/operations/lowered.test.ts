import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import { worstCase } from '../../../src/operations/chat.ts'
import {
  FEWEST_OUTPUT_TOKENS,
  leastCase,
  longestWithin,
  lowered,
  namesMaximum,
} from '../../../src/operations/lowered.ts'

const deployment: Deployment = {
  id: 'd',
  group: 'small',
  provider: 'openai',
  model: 'gpt-4o-mini',
  params: {},
  price: { input: 150_000, output: 600_000 },
  maxInputTokens: 128_000,
  maxOutputTokens: 16_384,
  mode: 'chat',
}
const request = { model: 'small', messages: [{ role: 'user', content: 'Tell me a story.' }] }

describe('a request lowered to what fits', () => {
  it('knows who named a maximum', () => {
    expect(namesMaximum(request)).toBe(false)
    expect(namesMaximum({ ...request, max_tokens: null })).toBe(false)
    expect(namesMaximum({ ...request, max_tokens: 5 })).toBe(true)
    expect(namesMaximum({ ...request, max_completion_tokens: 5 })).toBe(true)
  })

  it('is asked for the longest answer that its amount pays, and one token more would not be paid', () => {
    const full = worstCase(request, deployment).costNano!
    fc.assert(
      fc.property(fc.bigInt({ min: leastCase(request, deployment)!, max: full }), (amount) => {
        const tokens = longestWithin(request, deployment, amount)
        const cost = (most: number) => worstCase(lowered(request, deployment, most), deployment).costNano!
        expect(tokens).toBeGreaterThanOrEqual(FEWEST_OUTPUT_TOKENS)
        expect(cost(tokens) <= amount).toBe(true)
        if (tokens < 16_384) expect(cost(tokens + 1) > amount).toBe(true)
      }),
    )
  })

  it('names the maximum under one name only, the one its vendor knows', () => {
    const both = { ...request, max_tokens: 9, max_completion_tokens: 9 }
    expect(lowered(both, { provider: 'openai' }, 300)).toEqual({ ...request, max_completion_tokens: 300 })
    expect(lowered(both, { provider: 'hosted_vllm' }, 300)).toEqual({ ...request, max_tokens: 300 })
  })
})
