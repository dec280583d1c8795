import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import { parseEmbeddings } from '../../../src/dialects/embeddings.ts'
import { estimateEmbeddingsUsage, worstCaseEmbeddings } from '../../../src/operations/embeddings.ts'
import { costNano } from '../../../src/prices/cost.ts'

const deployment: Deployment = {
  id: 'd',
  group: 'embed',
  provider: 'openai',
  model: 'text-embedding-3-small',
  params: {},
  mode: 'embedding',
  price: { input: 20_000, output: 0 },
}
const request = (input: unknown) => parseEmbeddings({ model: 'embed', input })

describe('the worst case of embeddings', () => {
  it('counts bytes of texts and tokens of token lists, and room for marks', () => {
    expect(worstCaseEmbeddings(request('Größe'), deployment)).toEqual({
      costNano: 1420n,
      tokens: 7 + 64,
      outputTokens: 0,
      maxOutputTokens: 0,
    })
    expect(worstCaseEmbeddings(request([1, 2, 3]), deployment).tokens).toBe(3 + 64)
    expect(worstCaseEmbeddings(request([[1], [2, 3]]), deployment).tokens).toBe(3 + 2 * 64)
  })

  it('is taken in the dearest tier it reaches', () => {
    const price = { input: 1000, output: 0, tiers: [{ aboveTokens: 70, input: 5000, output: 0 }], request: 1000 }
    expect(worstCaseEmbeddings(request('1234567'), { ...deployment, price }).costNano).toBe(356n)
  })

  it('is unknown without a price, and says what to do', () => {
    const { price: _, ...unpriced } = deployment
    expect(worstCaseEmbeddings(request('Hi'), unpriced)).toMatchObject({
      costNano: undefined,
      unbounded: expect.stringContaining('input_cost_per_token'),
    })
  })

  it('is never below what an estimate costs', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), (input) => {
        const asked = request(input)
        const most = worstCaseEmbeddings(asked, deployment).costNano!
        expect(costNano(deployment.price!, estimateEmbeddingsUsage(asked))).toBeLessThanOrEqual(most)
      }),
    )
  })
})
