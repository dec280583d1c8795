import { expect, it } from 'vitest'
import { reportedNano } from '../../../src/prices/reported.ts'
import { openaiResponsesUsage } from '../../../src/providers/openai-responses-usage.ts'
import { openaiUsage } from '../../../src/providers/openai-usage.ts'

it('is read in the words of each vendor that says it', () => {
  expect(reportedNano({ cost: 0.00014 })).toBe(140_000)
  expect(reportedNano({ cost: 0.0000042 })).toBe(4_200)
  expect(reportedNano({ cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } })).toBe(21_000_000)
  expect(reportedNano({ cost: 0.001, is_byok: false, cost_details: { upstream_inference_cost: 0.02 } })).toBe(1_000_000)
  expect(reportedNano({ cost: { input_tokens_cost: 0.002, total_cost: 0.007 } })).toBe(7_000_000)
  // The example of xAI's page: 37,756,000 ticks are 0.0038 dollars.
  expect(reportedNano({ cost_in_usd_ticks: 37_756_000 })).toBe(3_775_600)
  expect(reportedNano({ cost_in_usd_ticks: 1 })).toBe(1)
})

it.each([
  {},
  { cost: -1 },
  { cost: 'free' },
  { cost: Number.NaN },
  { cost: Infinity },
  { cost: 1e9 },
  { cost: {} },
  { cost: null },
  { cost_in_usd_ticks: -5 },
])('is nothing where it is no amount: %j', (usage) => expect(reportedNano(usage)).toBeUndefined())

it('comes with the usage of chats and of responses', () => {
  const chat = { usage: { prompt_tokens: 3, completion_tokens: 4, cost: 0.5 } }
  expect(openaiUsage(chat)).toMatchObject({ inputTokens: 3, outputTokens: 4, reportedNano: 500_000_000 })
  const response = { usage: { input_tokens: 3, output_tokens: 4, cost_in_usd_ticks: 50 } }
  expect(openaiResponsesUsage(response)).toMatchObject({ inputTokens: 3, reportedNano: 5 })
})
