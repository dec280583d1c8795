import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { serve } from '../../../src/gateway/serve.ts'
import { unpricedTo } from '../../../src/gateway/unpriced.ts'
import { newId } from '../../../src/ids.ts'
import { deltasOf } from '../../../src/observe/metrics.ts'
import { standardPayload } from '../../../src/observe/payload.ts'
import { chat } from '../../../src/operations/chat-operation.ts'
import { answered, chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

const config = (settings: string) => `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
  - model_name: routed
    litellm_params: { model: openrouter/nobody/knows, api_key: os.environ/OPENAI_API_KEY, input_cost_per_token: 0.00001, output_cost_per_token: 0.00001 }
  - model_name: fee
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1', input_cost_per_request: 0.5 }
litellm_settings: { num_retries: 0${settings} }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const TERMS =
  ', cost_discount_config: { openai: 0.5 }, cost_margin_config: { global: 0.1, openai: { percentage: 0.2 } }'
const hello = { model: 'small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 }

describe('discounts and margins of the file', () => {
  it('are in the cost, the row and the headers, and the budget is settled at what is paid', async () => {
    const world = gatewayWorld(() => answered('Hello', { prompt_tokens: 1000, completion_tokens: 50 }), {
      config: config(TERMS),
    })
    const response = await world.ask(hello, keyWith(1_000_000n))
    await world.rest()
    // 150,000 + 30,000 nano-dollars, halved, and a fifth more.
    const [row] = world.rows()
    expect(row).toMatchObject({
      cost_nano: '108000',
      original_cost_nano: '180000',
      discount_nano: '90000',
      margin_nano: '18000',
    })
    expect(row?.overrun).toBe(false)
    const header = (name: string) => response.headers.get(`x-litellm-response-cost${name}`)
    expect(['', '-original', '-discount-amount', '-margin-amount', '-margin-percent'].map(header)).toEqual([
      '0.000108',
      '0.00018',
      '0.00009',
      '0.000018',
      '0.2',
    ])
  })

  it('say nothing where there are none', async () => {
    const world = gatewayWorld(() => answered('Hello', { prompt_tokens: 10, completion_tokens: 5 }), {
      config: config(''),
    })
    const response = await world.ask(hello)
    await world.rest()
    expect(response.headers.get('x-litellm-response-cost-original')).toBeNull()
    expect(world.rows()[0]).not.toHaveProperty('original_cost_nano')
  })

  it('a margin can refuse what the bare price would allow', async () => {
    const vendor = () => answered('Hello', { prompt_tokens: 10, completion_tokens: 5 })
    const limit = 100_000n
    const bare = gatewayWorld(vendor, { config: config('') })
    bare.account.limits.set('key:k1@life', limit)
    expect((await bare.ask(hello, keyWith(limit))).status).toBe(200)
    const dear = gatewayWorld(vendor, { config: config(', cost_margin_config: { openai: 9 }') })
    dear.account.limits.set('key:k1@life', limit)
    await expect(dear.ask(hello, keyWith(limit))).rejects.toMatchObject({ kind: 'budget_exceeded' })
  })
})

describe('what a vendor says that it bills', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 10, cost: 0.00025 }

  it('is charged, and told beside the list price, whole and streamed', async () => {
    const whole = gatewayWorld(() => answered('Hello', usage), { config: config('') })
    expect(
      (await whole.ask({ ...hello, model: 'routed' }, keyWith(10n ** 9n))).headers.get('x-litellm-response-cost'),
    ).toBe('0.00025')
    await whole.rest()
    const told = {
      cost_nano: '250000',
      reported_cost_nano: '250000',
      list_cost_nano: '200000',
      cost_source: 'provider',
    }
    expect(whole.rows()[0]).toMatchObject(told)
    const last = JSON.stringify({ ...JSON.parse(usageChunk(10, 10)), usage: { ...usage, total_tokens: 20 } })
    const lines = [chunk({ content: 'Hello' }), chunk({}, 'stop'), last, '[DONE]']
    const live = gatewayWorld(() => streamed(lines), { config: config('') })
    await (await live.ask({ ...hello, model: 'routed', stream: true })).text()
    await live.rest()
    expect(live.rows()[0]).toMatchObject(told)
  })

  it('above what was held is recorded in full, as an overrun, and the lease pays the hold alone', async () => {
    const world = gatewayWorld(() => answered('Hello', { ...usage, cost: 0.5 }), { config: config('') })
    world.account.limits.set('key:k1@life', 10n ** 9n)
    await world.ask({ ...hello, model: 'routed' }, keyWith(10n ** 9n))
    await world.rest()
    expect(brokenPromise(world.account)).toBeUndefined()
    const [row] = world.rows()
    expect(row).toMatchObject({ cost_nano: '500000000', overrun: true })
    expect(BigInt(row?.hold_nano ?? 0)).toBeLessThan(500_000_000n)
  })

  it('by a server that documents nothing is not believed', async () => {
    const world = gatewayWorld(() => answered('Hello', { ...usage, cost: 0 }), { config: config('') })
    await world.ask(hello)
    await world.rest()
    expect(world.rows()[0]).toMatchObject({ cost_nano: '7500', reported_cost_nano: '0', cost_source: 'list' })
  })
})

it('a refused request pays no fee', async () => {
  const world = gatewayWorld(() => Response.json({ error: { message: 'no' } }, { status: 400 }), { config: config('') })
  await world.ask({ ...hello, model: 'fee' }).catch(() => {})
  await world.rest()
  expect(world.rows()[0]).toMatchObject({ status: 'failure', cost_nano: '0' })
})

describe('an answer that nobody knows a price of', () => {
  it('is told to the operator once an hour, and its row says so', async () => {
    const world = gatewayWorld(() => answered('Hello', { prompt_tokens: 10, completion_tokens: 5 }))
    const lines: unknown[] = []
    const deps = {
      ...world.deps,
      unpriced: unpricedTo(
        (_, { model }) => lines.push(model),
        () => world.deps.clock(),
      ),
    }
    const ask = async () => {
      const call = { ...callFor({ ...hello, model: 'unpriced' }), receivedAtMs: world.deps.clock() }
      await (await serve(call, deps)).text()
    }
    await ask()
    await ask()
    expect(lines).toEqual(['openai/nobody-knows-this-model'])
    world.pass(3_600_000)
    await ask()
    expect(lines).toHaveLength(2)
    await world.rest()
    expect(world.rows().map(({ unpriced, cost_nano }) => [unpriced, cost_nano])).toEqual(Array(3).fill([true, '0']))
  })

  it('is no answer that was refused', async () => {
    const refusing = gatewayWorld(() => Response.json({ error: { message: 'no' } }, { status: 400 }))
    await refusing.ask({ ...hello, model: 'unpriced' }).catch(() => {})
    await refusing.rest()
    expect(refusing.rows()[0]).not.toHaveProperty('unpriced')
  })
})

it('sinks are told how a cost came about, and metrics count what is unpriced and what differs', async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 10, cost: 0.00025 }
  const world = gatewayWorld(() => answered('Hello', usage), { config: config(TERMS) })
  await world.ask({ ...hello, model: 'routed' })
  const unknown = gatewayWorld(() => answered('Hello', usage))
  await unknown.ask({ ...hello, model: 'unpriced' })
  await world.rest()
  await unknown.rest()
  const [told] = world.rows()
  expect(standardPayload(told!).cost_breakdown).toEqual({
    ...{ input_cost: 0.0001, output_cost: 0.00015, tool_usage_cost: 0, total_cost: 0.000275 },
    ...{ original_cost: 0.00025, discount_amount: 0, margin_total_amount: 0.000025 },
  })
  const counted = deltasOf([...world.rows(), ...unknown.rows()], { endUsers: false })
  const of = (name: string) => counted.filter(({ metric }) => metric === name).map(({ value }) => value)
  expect(of('tollgate_unpriced_requests')).toEqual([1])
  expect(of('tollgate_reported_cost_difference_usd')).toEqual([expect.closeTo(0.00005, 9)])
})

const callFor = (body: Record<string, unknown>) => ({
  ...{ requestId: newId(0), principal: keyWith(), operation: chat, dialect: openaiChat, path: {}, body },
  ...{ headers: new Headers(), signal: new AbortController().signal },
})
