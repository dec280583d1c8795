import { describe, expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import type { Config } from '../../../src/config/config.ts'
import { deploymentAs } from '../../../src/config/wildcard.ts'
import { reloadPrices, reloadWhenDue } from '../../../src/gateway/price-reload.ts'
import { currentConfig } from '../../../src/models/current.ts'
import { memoryModels } from '../../../src/models/memory.ts'
import { memoryPriceLists } from '../../../src/models/price-lists-memory.ts'
import { answered, gatewayWorld, keyWith } from '../../support/gateway-world.ts'

const HOUR = 3_600_000
const yaml = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
  - model_name: own
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, output_cost_per_token: 0.000009 }
  - model_name: hidden
    litellm_params: { model: openai/a-name-of-ours, api_key: os.environ/OPENAI_API_KEY }
    model_info: { base_model: openai/gpt-4o-mini }
  - model_name: other
    litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY }
  - model_name: 'xai/*'
    litellm_params: { model: xai/*, api_key: os.environ/OPENAI_API_KEY }
litellm_settings: { cost_margin_config: { openai: 0.1 } }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY, store_model_in_db: true }
`
const entry = (usd: number, litellm_provider = 'openai') => ({
  ...{
    litellm_provider,
    mode: 'chat',
    input_cost_per_token: usd,
    output_cost_per_token: usd,
    max_output_tokens: 5_000,
  },
})
const MAP = { 'gpt-4o-mini': entry(1e-6), 'xai/grok-new': entry(7e-6, 'xai') }

function world(body: () => Response = () => Response.json(MAP)) {
  let nowMs = Date.UTC(2026, 10, 22)
  let number = 0
  const changed: { number: number; ids: readonly string[] }[] = []
  const store = memoryModels(
    () => number,
    (ids) => void changed.push({ number: ++number, ids }),
  )
  const lists = memoryPriceLists(store)
  const built = buildConfig(yaml, { fileName: 'test.yaml', target: 'dev' }).config
  const urls: string[] = []
  const answer = { body }
  const gateway = {
    config: built,
    env: {} as Record<string, unknown>,
    clock: () => nowMs,
    fetch: ((url: string, init: RequestInit) => {
      urls.push(url)
      // Whoever is sent on would be let in anywhere.
      expect(init.redirect).toBe('manual')
      return Promise.resolve(answer.body())
    }) as typeof fetch,
  }
  const isolate = () => {
    const generations = {
      known: () => ({ number, changed, readAtMs: nowMs }),
      keepFresh: () => {},
      read: () => Promise.resolve(),
    }
    const current = currentConfig({ built, store, lists, generations, clock: () => nowMs, warn: () => {} })
    return { now: () => current.now({ nowMs, defer: () => {} }), current }
  }
  const reloading = { lists, store, gateway }
  const reload = (by = 'ada') => reloadPrices({ by, nowMs }, reloading)
  return {
    built,
    store,
    lists,
    gateway,
    urls,
    answer,
    isolate,
    reload,
    reloading,
    pass: (ms: number) => {
      nowMs += ms
    },
    nowMs: () => nowMs,
  }
}
const priceOf = ({ deployments }: Config, group: string) => deployments.find((one) => one.group === group)?.price

describe('a list that is read while the gateway runs', () => {
  it('lies over the built-in one, under what rows say themselves, in every isolate alike', async () => {
    const w = world()
    const [one, two] = [w.isolate(), w.isolate()]
    expect(priceOf(await one.now(), 'small')).toMatchObject({ input: 150_000 })
    expect(await w.reload()).toMatchObject({ models: 2, changed: 2 })
    const [first, second] = [await one.now(), await two.now()]
    expect(first).toEqual(second)
    expect(first.priceVersion).toMatch(/^prices 2026-11-22 [0-9a-f]{12} over genai-prices/)
    const terms = w.built.deployments[0]?.price?.terms
    expect(terms).toBeDefined()
    expect(priceOf(first, 'small')).toEqual({ input: 1_000_000, output: 1_000_000, terms })
    expect(priceOf(first, 'own')).toEqual({ input: 1_000_000, output: 9_000_000, terms })
    expect(priceOf(first, 'hidden')).toEqual({ input: 1_000_000, output: 1_000_000, terms })
    expect(priceOf(first, 'other')).toEqual(priceOf(w.built, 'other'))
  })

  it('prices models that only a request names', async () => {
    const w = world()
    const { now } = w.isolate()
    const served = (config: Config) => {
      const wild = config.deployments.find(({ group }) => group === 'xai/*')!
      return deploymentAs(wild, 'xai/grok-new', config)
    }
    expect(served(await now()).price).not.toMatchObject({ input: 7_000_000 })
    await w.reload()
    expect(served(await now())).toMatchObject({ price: { input: 7_000_000, output: 7_000_000 } })
  })

  it('the same list again changes nothing and makes no history', async () => {
    const w = world()
    const { version } = await w.reload()
    w.pass(HOUR)
    expect(await w.reload()).toEqual({ version, models: 2, changed: 0, skipped: [] })
    expect((await w.store.read(0)).rows).toHaveLength(1)
    w.answer.body = () => Response.json({ ...MAP, 'gpt-4o-mini': entry(2e-6) })
    expect(await w.reload('ben')).toMatchObject({ changed: 1 })
    const rows = (await w.store.read(0)).rows
    expect(rows.map(({ createdBy }) => createdBy)).toEqual(['ada', 'ben'])
  })

  it.each([
    ['is free', 0],
    ['costs a hundredth', 1e-8],
  ])('a model that %s at once keeps its price, and is named', async (_, usd) => {
    const w = world()
    await w.reload()
    w.answer.body = () =>
      Response.json({ ...MAP, 'gpt-4o-mini': entry(usd), 'xai/grok-new': { ...entry(8e-6), litellm_provider: 'xai' } })
    expect(await w.reload()).toMatchObject({ changed: 1, skipped: ['openai/gpt-4o-mini'] })
    expect(priceOf(await w.isolate().now(), 'small')).toMatchObject({ input: 1_000_000 })
  })

  it('a model that was built in and is free in the first list keeps its price, and is named', async () => {
    const w = world(() =>
      Response.json({ ...MAP, 'gpt-4o-mini': entry(0), 'xai/grok-3': entry(0, 'xai'), new: entry(0) }),
    )
    const wild = (config: Config) => {
      const one = config.deployments.find(({ group }) => group === 'xai/*')!
      return deploymentAs(one, 'xai/grok-3', config).price
    }
    const built = await w.isolate().now()
    expect(wild(built)?.input).toBeGreaterThan(0)
    for (const _ of ['first', 'again']) expect((await w.reload()).skipped).toEqual(['openai/gpt-4o-mini', 'xai/grok-3'])
    const now = await w.isolate().now()
    expect(priceOf(now, 'small')).toEqual(priceOf(built, 'small'))
    expect(wild(now)).toMatchObject({ input: wild(built)?.input, output: wild(built)?.output })
  })

  it.each([
    ['a long prompt', { input_cost_per_token_above_200k_tokens: 0 }],
    ['a tier of service', { output_cost_per_token_priority: 1e-8 }],
    ['a batch', { input_cost_per_token_batches: 0 }],
  ])('a model of which %s is nearly free is left out, and is named', async (_, slip) => {
    const w = world(() => Response.json({ ...MAP, 'gpt-4o-mini': { ...entry(1e-6), ...slip } }))
    expect(await w.reload()).toMatchObject({ models: 1, skipped: ['gpt-4o-mini'] })
  })

  it('holds, or says why it does not, also where nothing can be said of the reading', async () => {
    const w = world()
    w.lists.told = () => Promise.reject(new Error('connection refused'))
    expect(await w.reload()).toMatchObject({ changed: 2 })
    expect(priceOf(await w.isolate().now(), 'small')).toMatchObject({ input: 1_000_000 })
    w.answer.body = () => new Response('no', { status: 404 })
    await expect(w.reload()).rejects.toThrow(/it answered 404/)
  })

  it('that cannot be kept changes nothing, and the fault is told', async () => {
    const w = world()
    w.lists.keep = () => Promise.reject(new Error('connection refused'))
    await expect(w.reload()).rejects.toThrow('connection refused')
    expect((await w.lists.last())?.error).toBe('The list could not be kept.')
    expect(priceOf(await w.isolate().now(), 'small')).toMatchObject({ input: 150_000 })
  })

  it.each([
    ['is not JSON', () => new Response('<html>'), /it is not JSON/],
    ['has a price below zero', () => Response.json({ 'gpt-4o-mini': entry(-1) }), /gpt-4o-mini\.input_cost_per_token/],
    ['is refused', () => new Response('no', { status: 404 }), /it answered 404/],
    [
      'leads elsewhere',
      () => new Response(null, { status: 302, headers: { location: 'https://10.0.0.1/' } }),
      /it answered 302/,
    ],
    ['has no model of ours', () => Response.json({}), /it has no price/],
    ['breaks off', () => Promise.reject(new Error('connection lost')) as never, /did not answer in time, or broke off/],
    ['is too large', () => new Response(new Uint8Array(17 * 1024 * 1024)), /larger than/],
  ])('that %s changes nothing and says why', async (_, body, why) => {
    const w = world()
    await w.reload()
    const { now } = w.isolate()
    const before = await now()
    w.answer.body = body
    await expect(w.reload()).rejects.toThrow(why)
    expect((await w.lists.last())?.error).toMatch(why)
    expect(await now()).toEqual(before)
  })

  it('that lost half of its models changes nothing', async () => {
    const w = world(() => Response.json({ a: entry(1e-6), b: entry(1e-6), c: entry(1e-6) }))
    await w.reload()
    w.answer.body = () => Response.json({ a: entry(1e-6) })
    await expect(w.reload()).rejects.toThrow(/it has 1 models that cost something, and the list that holds has 3/)
  })

  it('is read from public addresses alone, and no error shows what may be secret in one', async () => {
    const w = world()
    for (const address of ['http://prices.example/list', 'https://169.254.169.254/latest', 'https://localhost/x']) {
      w.gateway.env.LITELLM_MODEL_COST_MAP_URL = address
      await expect(w.reload()).rejects.toThrow(/may not be used/)
    }
    expect(w.urls).toEqual([])
    w.gateway.env.LITELLM_MODEL_COST_MAP_URL = 'https://prices.example/hidden-path?token=hidden-token'
    w.answer.body = () => new Response('no', { status: 500 })
    const error: unknown = await w.reload().catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('prices.example')
    expect(String(error)).not.toContain('hidden')
    w.answer.body = () => Response.json(MAP)
    await w.reload()
    expect(JSON.stringify((await w.store.read(0)).rows)).not.toContain('hidden')
  })

  it('is read on schedule, once for each time, also after a reading that failed', async () => {
    const w = world()
    expect(await reloadWhenDue(w.nowMs(), w.reloading)).toBe(false)
    await w.store.create<'price_schedule'>(
      { kind: 'price_schedule', id: 'model_cost_map', hours: 2 },
      { by: 'ada', nowMs: w.nowMs() },
    )
    w.pass(HOUR)
    expect(await reloadWhenDue(w.nowMs(), w.reloading)).toBe(false)
    w.pass(HOUR - 1_000)
    expect(await reloadWhenDue(w.nowMs(), w.reloading)).toBe(true)
    expect((await w.store.read(0)).rows.find(({ kind }) => kind === 'price_list')?.createdBy).toBe('ada')
    expect(await reloadWhenDue(w.nowMs(), w.reloading)).toBe(false)
    w.pass(2 * HOUR)
    w.answer.body = () => new Response('no', { status: 503 })
    await expect(reloadWhenDue(w.nowMs(), w.reloading)).rejects.toThrow()
    w.pass(HOUR)
    expect(await reloadWhenDue(w.nowMs(), w.reloading)).toBe(false)
  })
})

it('a request that runs while prices change is settled at the price it was held at', async () => {
  const reading = Promise.withResolvers<Response>()
  const w = gatewayWorld(() => reading.promise)
  const { account, deps } = w
  account.limits.set('key:k1@life', 1_000_000_000n)
  const asked = w.ask({ model: 'small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 }, keyWith(1n))
  const dear = { input: 90_000_000, output: 90_000_000 }
  const deployments = deps.config.deployments.map((one) => ({ ...one, price: dear }))
  Object.assign(deps, { config: { ...deps.config, deployments } })
  reading.resolve(answered('Hello', { prompt_tokens: 10, completion_tokens: 20 }))
  await (await asked).text()
  await w.rest()
  expect(w.rows()[0]).toMatchObject({ cost_nano: '13500', overrun: false })
})
