import { describe, expect, it } from 'vitest'
import { seeded } from '../../../scripts/bench/figures.ts'
import { keyWith } from '../../support/gateway-world.ts'
import { always, configOf, errorOf, question, world } from '../../support/way-world.ts'

describe('two thousand requests', () => {
  it('are shared by weight within two in a hundred (ten thousand: npm run prove:dead-provider)', async () => {
    const config = configOf({ main: ['a weight=5', 'b weight=3', 'c weight=2', 'd weight=0'] })
    const { ask, asked } = world(config, {}, seeded(1))
    for (let n = 0; n < 2_000; n++) await ask(question)
    const share = (id: string) => asked.filter((one) => one === id).length / 2_000
    expect(Math.abs(share('a') - 0.5)).toBeLessThan(0.02)
    expect(Math.abs(share('b') - 0.3)).toBeLessThan(0.02)
    expect(Math.abs(share('c') - 0.2)).toBeLessThan(0.02)
    expect(share('d')).toBe(0)
  })
})

describe('a failure that may be billed', () => {
  const page = () => new Response('<html>', { headers: { 'content-type': 'text/html' } })
  const groups = { main: ['a'], second: ['b'] }

  it('goes to the fallback at once', async () => {
    const { ask, asked } = world(configOf(groups, 'fallbacks: [{ main: [second] }]'), { a: page })
    expect((await ask(question)).headers.get('x-litellm-model-group')).toBe('second')
    expect(asked).toEqual(['a', 'b'])
  })

  it('goes to the next order at once', async () => {
    const { ask, asked } = world(configOf({ main: ['a order=1', 'b order=2'] }), { a: page })
    expect((await ask(question)).headers.get('x-litellm-model-id')).toBe('b')
    expect(asked).toEqual(['a', 'b'])
  })

  it.each([
    ['is not there', 'fallbacks: [{ main: [nobody] }]', keyWith()],
    [
      'is not for this key',
      'fallbacks: [{ main: [second] }]',
      { ...keyWith(), models: [{ level: 'key' as const, names: ['main'] }] },
    ],
    ['is switched off', 'fallbacks: [{ main: [second] }], max_fallbacks: 0', keyWith()],
  ])('is asked for again where the fallback %s', async (_, settings, key) => {
    const { ask, asked } = world(configOf(groups, settings), { a: (times) => (times === 1 ? page() : undefined) })
    expect((await ask(question, key)).status).toBe(200)
    expect(asked).toEqual(['a', 'a'])
  })
})

it('a refusal after retries says how many, as LiteLLM does', async () => {
  const retried = world(configOf({ main: ['a', 'b'] }), { a: always(503), b: always(503) })
  expect((await errorOf(retried.ask(question))).message).toMatch(
    /refused with 503 LiteLLM Retried: 2 times, LiteLLM Max Retries: 2$/,
  )
  const once = world(configOf({ main: ['a'] }), { a: always(400) })
  expect((await errorOf(once.ask(question))).message).not.toContain('Retried')
})

describe('a region', () => {
  const config = configOf({ main: ['a region_name=us-east-1', 'b region_name=eu-west-1', 'c'] })
  const where = async (body: object, region?: string) => {
    const { ask, asked, bodies } = world(config, {}, seeded(3))
    const key = region === undefined ? keyWith() : { ...keyWith(), region }
    for (let n = 0; n < 12; n++) await ask({ ...question, ...body }, key)
    expect(bodies.join()).not.toContain('region')
    return [...new Set(asked)].sort()
  }

  it('is that of the request, and that of its customer before it', async () => {
    expect(await where({})).toEqual(['a', 'b', 'c'])
    expect(await where({ allowed_model_region: 'eu' })).toEqual(['b'])
    expect(await where({}, 'us')).toEqual(['a'])
    expect(await where({ allowed_model_region: 'eu' }, 'us')).toEqual(['a'])
  })

  it('is told by the answer', async () => {
    const { ask } = world(config, {})
    const response = await ask({ ...question, allowed_model_region: 'eu' })
    expect(response.headers.get('x-litellm-model-region')).toBe('eu-west-1')
  })

  it('where nobody is: the refusal says who is elsewhere', async () => {
    const { ask, asked } = world(config, {})
    const error = await errorOf(ask({ ...question, allowed_model_region: 'europe-west4' }))
    expect(error).toMatchObject({ kind: 'invalid_request', status: 400 })
    expect(error.message).toMatch(/a: its region is us-east-1.*c: nobody knows its region/)
    expect(asked).toEqual([])
  })
})

describe('names of the caller', () => {
  const config = configOf({ main: ['a'], other: ['b'] })

  it('are applied once each, the key before its team', async () => {
    const { ask, asked } = world(config, {})
    const key = { ...keyWith(), aliases: [{ best: 'teams' }, { teams: 'other', other: 'main' }] }
    await ask({ ...question, model: 'best' }, key)
    await ask({ ...question, model: 'main' }, key)
    expect(asked).toEqual(['b', 'a'])
  })
})
