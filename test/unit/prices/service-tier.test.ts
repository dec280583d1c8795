import { describe, expect, it } from 'vitest'
import { priceOver } from '../../../src/models/row/pricing.ts'
import { batchPrice } from '../../../src/prices/batch.ts'
import { askedTier, knowsTier, servedRates } from '../../../src/prices/service-tier.ts'
import { bedrockUsage } from '../../../src/providers/bedrock-usage.ts'
import { geminiUsage } from '../../../src/providers/gemini-usage.ts'
import { openaiResponsesUsage } from '../../../src/providers/openai-responses-usage.ts'
import { openaiUsage } from '../../../src/providers/openai-usage.ts'
import { answered, chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

const config = `
model_list:
  - model_name: tiered
    litellm_params:
      model: openai/gpt-4o-mini
      api_key: os.environ/OPENAI_API_KEY
      api_base: 'https://vendor.test/v1'
      input_cost_per_token: 0.000001
      output_cost_per_token: 0.00001
      input_cost_per_token_flex: 0.0000005
      output_cost_per_token_flex: 0.000005
      input_cost_per_token_priority: 0.000002
      output_cost_per_token_priority: 0.00002
  - model_name: plain
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const hello = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 }
const usage = { prompt_tokens: 1000, completion_tokens: 10 }

async function paid(asked: object, answer: () => Response, limitNano?: bigint) {
  const world = gatewayWorld(answer, { config })
  if (limitNano !== undefined) world.account.limits.set('key:k1@life', limitNano)
  const response = await world.ask({ model: 'tiered', ...hello, ...asked }, keyWith(limitNano))
  await response.text()
  await world.rest()
  return world.rows()[0]
}

describe('a tier of service', () => {
  it.each([
    ['flex', 'flex', '550000'],
    ['priority', 'priority', '2200000'],
    ['priority', 'default', '1100000'],
    // Whoever says nothing may have served it as asked.
    ['priority', undefined, '2200000'],
    ['flex', undefined, '1100000'],
    ['auto', 'default', '1100000'],
    [undefined, undefined, '1100000'],
  ])('asked for as %s and served as %s costs %s', async (asked, served, cost_nano) => {
    const row = await paid({ ...(asked && { service_tier: asked }) }, () => {
      const answer = {
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      }
      return Response.json({ id: 'c', object: 'chat.completion', model: 'm', ...answer, usage, service_tier: served })
    })
    expect(row).toMatchObject({ cost_nano, overrun: false })
  })

  it('is told by the last event of a stream', async () => {
    const last = JSON.stringify({ ...JSON.parse(usageChunk(1000, 10)), service_tier: 'priority' })
    const row = await paid({ stream: true, service_tier: 'priority' }, () =>
      streamed([chunk({ content: 'Hello' }), chunk({}, 'stop'), last]),
    )
    expect(row).toMatchObject({ cost_nano: '2200000', usage_estimated: false })
  })

  it('is what was asked for where a vendor’s answer breaks off', async () => {
    const broken = () => streamed([chunk({ content: 'Hello' })])
    const usual = BigInt((await paid({ stream: true }, broken))?.cost_nano ?? 0)
    const priority = BigInt((await paid({ stream: true, service_tier: 'priority' }, broken))?.cost_nano ?? 0)
    expect(priority).toBe(2n * usual)
  })

  it('is held for, and refused to budgets only where nobody knows its price', async () => {
    const good = () => answered('Hello', usage)
    await expect(paid({ service_tier: 'priority', model: 'plain' }, good, 10_000_000_000n)).rejects.toMatchObject({
      kind: 'model_without_price',
      message: expect.stringContaining('input_cost_per_token_priority'),
    })
    const usual = BigInt((await paid({}, good, 10_000_000_000n))?.hold_nano ?? 0)
    expect(BigInt((await paid({ service_tier: 'priority' }, good, 10_000_000_000n))?.hold_nano ?? 0)).toBe(2n * usual)
  })
})

describe('the rates of a tier', () => {
  const price = {
    ...{ input: 100, output: 1000, cacheRead: 10, reasoning: 1200 },
    tiers: [{ aboveTokens: 1000, input: 200, output: 1500, cacheRead: 20 }],
    services: { priority: { input: 180, output: 2000, cacheRead: 19 }, flex: { input: 50, output: 500 } },
  }
  const [step] = price.tiers

  it('are its own, and in the proportion of the prompt’s or the answer’s where it has none', () => {
    expect(servedRates(price, price, 'priority')).toEqual({ input: 180, output: 2000, cacheRead: 19, reasoning: 2400 })
    expect(servedRates(price, price, 'flex')).toEqual({ input: 50, output: 500, cacheRead: 5, reasoning: 600 })
  })

  it('are in the same proportion for a long prompt', () => {
    expect(servedRates(price, step!, 'priority')).toEqual({ input: 360, output: 3000, cacheRead: 38 })
    expect(servedRates(price, step!, 'flex')).toEqual({ input: 100, output: 750, cacheRead: 10 })
  })

  it('are the usual ones where nobody knows others', () => {
    expect(servedRates(price, price, 'default')).toBe(price)
    expect(servedRates({ input: 1, output: 2 }, step!, 'priority')).toBe(step)
  })

  it('are known where both the prompt and the answer have one', () => {
    expect(knowsTier(price, 'priority')).toBe(true)
    expect(knowsTier({ ...price, services: { priority: { output: 2000 } } }, 'priority')).toBe(false)
    expect(knowsTier({ ...price, services: { priority: { input: 180 } } }, 'priority')).toBe(false)
    expect(knowsTier({ input: 1, output: 0, services: { priority: { input: 2 } } }, 'priority')).toBe(true)
  })

  it('are asked for in the words of each family', () => {
    expect(askedTier({ service_tier: 'priority' })).toBe('priority')
    expect(askedTier({ serviceTier: 'PRIORITY' })).toBe('priority')
    expect(askedTier({ serviceTier: { type: 'priority' } })).toBe('priority')
    expect(askedTier({ service_tier: 'auto', serviceTier: null })).toBeUndefined()
  })
})

it('is named by each family in its own place', () => {
  const counted = { prompt_tokens: 1, completion_tokens: 1 }
  expect(openaiUsage({ usage: counted, service_tier: 'flex' })?.serviceTier).toBe('flex')
  expect(openaiUsage({ usage: counted, service_tier: 'scale' })?.serviceTier).toBe('default')
  expect(openaiUsage({ usage: counted })).not.toHaveProperty('serviceTier')
  const responded = { usage: { input_tokens: 1, output_tokens: 1 }, service_tier: 'priority' }
  expect(openaiResponsesUsage({ type: 'response.completed', response: responded })?.serviceTier).toBe('priority')
  const google = { promptTokenCount: 1, candidatesTokenCount: 1, serviceTier: 'FLEX' }
  expect(geminiUsage({ usageMetadata: google })?.serviceTier).toBe('flex')
  const aws = { usage: { inputTokens: 1, outputTokens: 1 }, serviceTier: { type: 'priority' } }
  expect(bedrockUsage(aws)?.serviceTier).toBe('priority')
})

it('has the operator’s prices over the list’s, which another usual price makes void, and batches have none', () => {
  const list = { input: 1, output: 2, services: { flex: { input: 1 }, priority: { input: 4, output: 8 } } }
  expect(priceOver(list, { input_cost_per_token_priority: 6e-12 })?.services).toEqual({
    flex: { input: 1 },
    priority: { input: 6, output: 8 },
  })
  expect(priceOver(list, { input_cost_per_token: 3e-12 })).not.toHaveProperty('services')
  expect(batchPrice(list)).not.toHaveProperty('services')
})
