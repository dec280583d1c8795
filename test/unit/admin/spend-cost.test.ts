import { expect, it } from 'vitest'
import { newId } from '../../../src/ids.ts'
import { memorySpend } from '../../../src/spend/memory.ts'
import { memoryReport } from '../../../src/spend/report-memory.ts'
import { spendEventOf } from '../../support/spend-event.ts'
import { world } from '../routes/world.ts'

// gpt-4o-mini: 0.15 USD for a million tokens of input, 0.60 for a million of output.
const answered = {
  model: 'small',
  usage: { prompt_tokens: 1_000_000, completion_tokens: 500_000, total_tokens: 1_500_000 },
}

it('says what an answer cost by its usage, and what a prompt would', async () => {
  const w = world()
  const { json } = await w.post('/spend/calculate', { completion_response: answered })
  expect(json).toEqual({ cost: 0.45 })
  const messages = [{ role: 'user', content: 'x'.repeat(3_000) }]
  const prompt = await w.post('/spend/calculate', { model: 'small', messages })
  expect(prompt.json.cost).toBeGreaterThan(0.000_15)
  expect(prompt.json.cost).toBeLessThan(0.000_16)
  for (const body of [
    {},
    { model: 'small' },
    { messages },
    { model: 'small', messages, completion_response: answered },
  ])
    expect((await w.post('/spend/calculate', body)).status).toBe(400)
  expect((await w.post('/spend/calculate', { model: 'small', completion_response: {} })).json.error.message).toMatch(
    /no usage/,
  )
})

it('asks nobody what a model costs that the caller may not use', async () => {
  const w = world()
  const key = await w.key({ models: ['team/large'] })
  expect((await w.post('/spend/calculate', { completion_response: answered }, key)).status).not.toBe(200)
  expect((await w.post('/cost/estimate', { model: 'small', input_tokens: 1, output_tokens: 1 }, key)).status).not.toBe(
    200,
  )
})

it('estimates a request, a day and a month', async () => {
  const w = world()
  const body = { model: 'small', input_tokens: 1_000, output_tokens: 1_000, num_requests_per_day: 100 }
  expect((await w.post('/cost/estimate', body)).json).toMatchObject({
    provider: 'openai',
    cost_per_request: 0.000_75,
    input_cost_per_request: 0.000_15,
    output_cost_per_request: 0.000_6,
    margin_cost_per_request: 0,
    daily_cost: 0.075,
    monthly_cost: null,
  })
})

it('shows the budgets of vendors with what their window has spent, and the budget of all', async () => {
  const w = world()
  const { config } = w.deps.gateway
  const startMs = Date.UTC(2026, 10, 22)
  const spend = memorySpend()
  await spend.send([
    spendEventOf({
      id: newId(w.now()),
      cost_nano: '2500000000',
      scopes: ['provider:openai@1d'],
      windows: [startMs],
      covered: [false],
    }),
  ])
  Object.assign(w.deps.spendReport, memoryReport(spend))
  Object.assign(w.deps.gateway, {
    config: {
      ...config,
      router: { ...config.router, providerBudgets: { openai: { limitUsd: 10, duration: '1d' } } },
      litellm: { ...config.litellm, budget: { limitUsd: 99, duration: '30d' } },
    },
  })
  expect((await w.get('/provider/budgets')).json).toEqual({
    providers: {
      openai: { budget_limit: 10, time_period: '1d', spend: 2.5, budget_reset_at: '2026-11-23T00:00:00.000Z' },
    },
  })
  expect((await w.get('/global/spend')).json).toEqual({ spend: 2.5, max_budget: 99 })
})
