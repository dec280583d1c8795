import { expect, it } from 'vitest'
import { tokensTaken, tokensUsed } from '../../../src/gateway/counted-tokens.ts'
import { noUsage } from '../../../src/prices/usage.ts'

it('a token limit counts all tokens, or those of one side, in the worst case and in the end', () => {
  const worst = { costNano: 1n, tokens: 130, outputTokens: 100, maxOutputTokens: 100 }
  const usage = { ...noUsage, inputTokens: 20, outputTokens: 7 }
  const counted = (general: Parameters<typeof tokensTaken>[1]) => [
    tokensTaken(worst, general),
    tokensUsed(usage, general),
  ]
  expect(counted({})).toEqual([130, 27])
  expect(counted({ tokenRateLimitType: 'total' })).toEqual([130, 27])
  expect(counted({ tokenRateLimitType: 'input' })).toEqual([30, 20])
  expect(counted({ tokenRateLimitType: 'output' })).toEqual([100, 7])
})
