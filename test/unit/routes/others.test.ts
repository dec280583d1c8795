import { describe, expect, it } from 'vitest'
import { othersOf } from '../../../src/routes/others.ts'
import { chat, world } from './world.ts'

const named = (body: Record<string, unknown>, headers: Record<string, string> = {}, ownTags?: readonly string[]) =>
  othersOf(new Headers(headers), body, ownTags ? { ownTags } : {})

describe('whom a request is for', () => {
  it("is found in LiteLLM's order", () => {
    const body = { user: 'b', litellm_metadata: { user: 'c' }, metadata: { user_id: 'd' } }
    const headers = { 'x-litellm-customer-id': 'a', 'x-litellm-end-user-id': 'z' }
    expect(named(body, headers).customerId).toBe('a')
    expect(named(body, { 'x-litellm-end-user-id': 'z' }).customerId).toBe('z')
    expect(named(body).customerId).toBe('b')
    expect(named({ ...body, user: null }).customerId).toBe('c')
    expect(named({ metadata: body.metadata }).customerId).toBe('d')
    expect(named({})).toEqual({})
  })

  it('its tags are those of the request and of its key', () => {
    expect(named({ tags: ['a', 'b'], metadata: { tags: ['c'] } }, {}, ['b', 'k']).tags).toEqual(['a', 'b', 'k'])
    expect(named({ metadata: { tags: ['c'] } }).tags).toEqual(['c'])
    expect(named({}, { 'x-litellm-tags': 'x, y,' }).tags).toEqual(['x', 'y'])
  })

  it.each([
    [{ user: 7 }, 'user'],
    [{ user: 'x'.repeat(257) }, 'user'],
    [{ user: '\0' }, 'user'],
    [{ tags: 'a' }, 'tags'],
    [{ tags: [1] }, 'tags'],
    [{ tags: Array.from({ length: 17 }, (_, n) => `t${n}`) }, 'tags'],
  ])('%j is refused', (body, param) => {
    expect(() => named(body)).toThrow(expect.objectContaining({ details: { param } }))
  })
})

describe('a chat', () => {
  it('is recorded under the tags of its key and of its key’s team as well, as soon as they change', async () => {
    const w = world()
    const tagsOf = async (key: string) => {
      const seen: string[][] = []
      const add = w.deps.gateway.handOver.add.bind(w.deps.gateway.handOver)
      Object.assign(w.deps.gateway.handOver, {
        add: (...given: Parameters<typeof add>) => {
          if (given[0].event) seen.push([...given[0].event.request_tags])
          add(...given)
        },
      })
      expect((await w.post('/v1/chat/completions', { ...chat, tags: ['asked'] }, key)).status).toBe(200)
      return seen.at(-1)
    }
    await w.post('/team/new', { team_id: 'red', metadata: { tags: ['of-team', 'both'] } })
    const key = await w.key({ team_id: 'red', metadata: { tags: ['of-key', 'both'] } })
    expect(await tagsOf(key)).toEqual(['asked', 'of-key', 'both', 'of-team'])
    await w.post('/team/update', { team_id: 'red', metadata: {} })
    w.pass(5_001)
    expect(await tagsOf(key)).toEqual(['asked', 'of-key', 'both'])
  })

  it('for a blocked customer is refused, as soon as it is blocked', async () => {
    const w = world()
    const key = await w.key()
    expect((await w.post('/v1/chat/completions', { ...chat, user: 'c' }, key)).status).toBe(200)
    await w.post('/customer/new', { user_id: 'c', blocked: true })
    const { status, json } = await w.post('/v1/chat/completions', { ...chat, user: 'c' }, key)
    expect([status, json.error.message]).toEqual([401, expect.stringContaining('customer')])
    expect((await w.post('/v1/chat/completions', chat, key)).status).toBe(200)
  })

  it("counts in the customer's rate limit, whichever key serves it", async () => {
    const w = world()
    await w.post('/customer/new', { user_id: 'c', rpm_limit: 1 })
    await w.post('/team/new', { team_id: 't' })
    const ask = async (key: string) => (await w.post('/v1/chat/completions', { ...chat, user: 'c' }, key)).status
    const one = await w.key({ team_id: 't' })
    expect([await ask(one), await ask(await w.key({ team_id: 't' }))]).toEqual([200, 429])
  })

  it("counts in a limit of one model only where it is that model's", async () => {
    const w = world()
    const key = await w.key({ model_rpm_limit: { small: 1 } })
    const ask = async (model: string) => (await w.post('/v1/chat/completions', { ...chat, model }, key)).status
    expect([await ask('small'), await ask('small'), await ask('team/large')]).toEqual([200, 429, 200])
  })
})
