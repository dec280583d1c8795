import { expect, it, vi } from 'vitest'
import { serve } from '../../../src/gateway/serve.ts'
import { newId } from '../../../src/ids.ts'
import { cachedGateway, kindOf, member } from '../../support/cache-world.ts'
import { answered } from '../../support/gateway-world.ts'

const hello = { model: 'small', messages: [{ role: 'user', content: 'hello' }] }
const say = (content: string) => answered(content, { prompt_tokens: 10, completion_tokens: 20 })

it.each(['valueOf', 'hasOwnProperty', 'constructor', '__proto__', 'toString'])(
  'takes a field that is called %s as any other',
  async (name) => {
    const { ask, rest } = cachedGateway(() => say('x'))
    const withField = (value: unknown) => ({
      ...hello,
      ...JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`),
    })
    await ask(withField({ a: 1 }), member('t'))
    await rest()
    expect(kindOf(await ask(withField({ a: 1 }), member('t')))).toBe('exact')
    expect(kindOf(await ask(withField({ a: 2 }), member('t')))).toBe('miss')
    expect(kindOf(await ask(hello, member('t')))).toBe('miss')
  },
)

it('tells apart what is no proper text', async () => {
  const { ask, rest } = cachedGateway(() => say('x'))
  const strange = ['\ud800', '\udfff', '\ufffd', '\u0000', '\u0000\u0000', 'é', 'e\u0301']
  for (const content of strange) {
    expect(kindOf(await ask({ ...hello, messages: [{ role: 'user', content }] }, member('t')))).toBe('miss')
    await rest()
    expect(kindOf(await ask({ ...hello, messages: [{ role: 'user', content }] }, member('t')))).toBe('exact')
  }
})

it('keeps no answer above the size, and goes on', async () => {
  const { ask, rest, cache } = cachedGateway(() => say('x'.repeat(5_000)), { maxEntryBytes: 4_000 })
  for (let n = 0; n < 2; n++) {
    expect(kindOf(await ask(hello, member('t')))).toBe('miss')
    await rest()
  }
  expect((await cache.admin.stats()).memoryBytes).toBe(0)
})

it('keeps a megabyte of bytes that no text has, and gives it back as it was', async () => {
  const bytes = Array.from({ length: 256 }, (_, n) => String.fromCharCode(n)).join('')
  const { ask, rest } = cachedGateway(() => say(bytes.repeat(1_000)), { maxEntryBytes: 4_000_000 })
  const first = await (await ask(hello, member('t'))).text()
  await rest()
  const again = await ask(hello, member('t'))
  expect([kindOf(again), await again.text()]).toEqual(['exact', first])
})

it('a caller’s times stay within what the store can count', async () => {
  const { ask, rest, cache } = cachedGateway(() => say('x'))
  const written: number[] = []
  const put = cache.entries.put.bind(cache.entries)
  cache.entries.put = (puts, moment) => {
    written.push(...puts.map(({ entry }) => entry.expiresAtMs - entry.storedAtMs))
    return put(puts, moment)
  }
  await ask({ ...hello, cache: { ttl: 1e300 } }, member('t'))
  await rest()
  expect(written).toEqual([31_536_000_000])
  await expect(ask({ ...hello, cache: { ttl: -1 } }, member('t'))).rejects.toThrow('cache.ttl')
})

it('counts by groups, never by names that callers invent', async () => {
  const { ask, cache } = cachedGateway(() => say('x'))
  await expect(ask({ ...hello, model: 'invented', caching: false }, member('t'))).rejects.toThrow('invented')
  await ask({ ...hello, caching: false }, member('t'))
  expect((await cache.admin.stats()).counts).toEqual({ 'bypass:["t","small"]': 1 })
})

it('tells another tenant nothing: not by its answer, its key, nor by who asks at the same time', async () => {
  let asked = 0
  const { ask, rest } = cachedGateway(async () => {
    asked += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
    return say(`answer ${asked}`)
  })
  const [mine, theirs] = await Promise.all([ask(hello, member('a')), ask(hello, member('b'))])
  await rest()
  expect([kindOf(mine), kindOf(theirs), asked]).toEqual(['miss', 'miss', 2])
  expect(mine.headers.get('x-litellm-cache-key')).not.toBe(theirs.headers.get('x-litellm-cache-key'))
  // A namespace that spells another scope is a namespace all the same.
  const forged = await ask({ ...hello, cache: { namespace: 'team:a' } }, member('b'))
  expect(kindOf(forged)).toBe('miss')
})

it('what one may not be answered by, one is not answered with: tags and regions have entries of their own', async () => {
  const { ask, rest, deps } = cachedGateway(() => say('x'), { scope: 'global' })
  Object.assign(deps.config.router, { tagFiltering: { matchAny: false } })
  await ask(hello, member('t'))
  await rest()
  const outcomes = await Promise.allSettled([
    ask(hello, { ...member('t'), tags: ['paid'] }),
    ask({ ...hello, allowed_model_region: 'eu' }, member('t')),
  ])
  expect(outcomes.map((one) => (one.status === 'fulfilled' ? kindOf(one.value) : 'refused'))).not.toContain('exact')
})

it('a leader who leaves still answers who waits for the same', async () => {
  let asked = 0
  let answer = (_: Response) => {}
  const { deps, ask, rest, rows, cache } = cachedGateway((_, { signal }) => {
    asked += 1
    return new Promise((resolve, reject) => {
      answer = resolve
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
  })
  const gone = new AbortController()
  const call = { operation: (await import('../../../src/operations/chat-operation.ts')).chat }
  const { openaiChat } = await import('../../../src/dialects/openai-chat.ts')
  const leader = serve(
    {
      ...call,
      ...{ requestId: newId(deps.clock()), principal: member('t'), dialect: openaiChat, path: {}, body: hello },
      ...{ headers: new Headers(), signal: gone.signal, receivedAtMs: deps.clock() },
    },
    deps,
  )
  // Whoever is first leads, and whether the others wait yet is not a matter of time.
  await expect.poll(() => asked).toBe(1)
  const waits = vi.spyOn(cache.deps.flights, 'follow')
  const followers = [ask(hello, member('t')), ask(hello, member('t'))]
  await expect.poll(() => waits.mock.calls).toHaveLength(2)
  gone.abort(new Error('the client left'))
  answer(say('for those who stayed'))
  const told = await Promise.all(followers)
  expect(told.map(kindOf)).toEqual(['exact', 'exact'])
  expect(asked).toBe(1)
  await leader.catch(() => {})
  await rest()
  expect(rows().filter(({ cache_hit }) => cache_hit)).toHaveLength(2)
  expect(rows().filter(({ cache_hit, cost_nano }) => !cache_hit && Number(cost_nano) > 0)).toHaveLength(1)
})

it('a leader who leaves alone takes its request along', async () => {
  let aborted = false
  const { leave, ask } = cachedGateway(
    (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          aborted = true
          reject(signal.reason)
        })
        setTimeout(() => leave())
      }),
  )
  await expect(ask(hello, member('t'))).rejects.toThrow()
  expect(aborted).toBe(true)
})

it('groups that the operator has answer for each other share chats within the scope, each under its own name', async () => {
  const { ask, rest, deps } = cachedGateway(() => say('x'))
  Object.assign(deps.config.router, { cachingGroups: [['small', 'dearer']] })
  const first = (await (await ask(hello, member('t'))).json()) as { model: string }
  await rest()
  const other = await ask({ ...hello, model: 'dearer' }, member('t'))
  expect([kindOf(other), first.model, await other.json()]).toMatchObject(['exact', 'small', { model: 'dearer' }])
  expect(kindOf(await ask({ ...hello, model: 'dearer' }, member('u')))).toBe('miss')
  expect(kindOf(await ask({ ...hello, model: 'primary' }, member('t')))).toBe('miss')
})
