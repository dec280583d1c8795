import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../scripts/bench/figures.ts'
import { brokenPromise } from '../../../src/budget/books.ts'
import { newId } from '../../../src/ids.ts'
import { chunk, keyWith, streamed } from '../../support/gateway-world.ts'
import { always, question as ask, configOf, errorOf, type Fault, once, refuse, world } from '../../support/way-world.ts'

describe('order', () => {
  it('never leaks: the next is asked only when each before it has failed, whatever the strategy', async () => {
    const one = fc.record({
      order: fc.integer({ min: 1, max: 3 }),
      weight: fc.nat(5),
      status: fc.constantFrom(200, 429, 500, 503, 401),
    })
    const strategy = fc.constantFrom(
      'simple-shuffle',
      'least-busy',
      'latency-based-routing',
      'usage-based-routing-v2',
      'cost-based-routing',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { minLength: 1, maxLength: 5 }),
        strategy,
        fc.integer(),
        async (rows, name, seed) => {
          const ids = rows.map(({ order, weight }, at) => `d${at} order=${order} weight=${weight}`)
          const faults = Object.fromEntries(
            rows.map(({ status }, at) => [`d${at}`, () => (status === 200 ? undefined : refuse(status))]),
          )
          const random = seeded(seed)
          const config = configOf({ main: ids }, `routing_strategy: ${name}, num_retries: 5, disable_cooldowns: true`)
          const { ask: send, asked } = world(config, faults, random)
          await send(ask).catch(() => {})
          const order = (id: string) => rows[Number(id.slice(1))]?.order ?? 0
          expect(asked.map(order)).toEqual(asked.map(order).toSorted())
          for (const [at, id] of asked.entries()) {
            const before = rows.flatMap((row, n) => (row.order < order(id) ? [`d${n}`] : []))
            expect(before.filter((earlier) => !asked.slice(0, at).includes(earlier))).toEqual([])
          }
          const good = rows.filter(({ status }) => status === 200)
          if (good.length === 0) return
          const least = Math.min(...good.map(({ order }) => order))
          expect(order(asked.at(-1) ?? '')).toBe(least)
        },
      ),
      { numRuns: 60 },
    )
  })
})

it('a deployment whose cooldown is over is tried by one request of many that come at once', async () => {
  let ill = true
  const {
    ask: send,
    asked,
    pass,
    rest,
  } = world(configOf({ main: ['a order=1', 'b order=2'] }, 'num_retries: 0'), {
    a: () => (ill ? refuse(503) : undefined),
  })
  for (let n = 0; n < 6; n++) await send(ask)
  await rest()
  ill = false
  for (let round = 0; round < 10 && asked.at(-1) !== 'a'; round++) {
    pass(3_000)
    asked.length = 0
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(ask)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const tries = asked.filter((id) => id === 'a').length
    expect(tries).toBeLessThanOrEqual(1)
    if (tries === 1) return
    await rest()
  }
  expect.unreachable('it was never tried')
})

describe('a stream that broke off', () => {
  const cut: Fault = () => streamed([chunk({ role: 'assistant' }), chunk({ content: 'The quick ' })], true)
  const rest: Fault = () => streamed([chunk({ role: 'assistant' }), chunk({ content: 'fox.' }, 'stop'), '[DONE]'])
  const read = async (ids: readonly string[], faults: Readonly<Record<string, Fault>>) => {
    const { ask: send, asked } = world(configOf({ main: ids }, 'mid_stream_fallback: continue'), faults)
    return { text: await (await send({ ...ask, stream: true })).text(), asked }
  }

  it('is completed by another deployment', async () => {
    const { text, asked } = await read(['a order=1', 'b order=2'], { a: cut, b: rest })
    expect(asked).toEqual(['a', 'b'])
    expect(text).toMatch(/The quick .*fox\..*\[DONE\]/s)
  })

  it('is not asked for again where nobody else is left', async () => {
    const { text, asked } = await read(['a'], { a: cut })
    expect(asked).toEqual(['a'])
    expect(text).toContain('"error"')
    expect(text).not.toContain('[DONE]')
  })
})

describe('a tier', () => {
  it('asks another deployment at once, and the answer says how often it was tried', async () => {
    const { ask: send, asked, paused } = world(configOf({ main: ['a', 'b'] }), { a: always(503), b: always(503) })
    const error = await errorOf(send(ask))
    expect([...new Set(asked)].sort()).toEqual(['a', 'b'])
    expect(asked).toHaveLength(3)
    expect(paused).toHaveLength(1)
    expect(error.details.headers).toMatchObject({
      'x-litellm-attempted-retries': '2',
      'x-litellm-max-retries': '2',
      'x-litellm-attempted-fallbacks': '0',
    })
  })

  it('asks the only one again, after what the vendor asked for', async () => {
    const { ask: send, asked, paused } = world(configOf({ main: ['a'] }), { a: once(429, { 'retry-after': '3' }) })
    const response = await send(ask)
    expect([response.status, asked, paused]).toEqual([200, ['a', 'a'], [3_000]])
    expect(response.headers.get('x-litellm-attempted-retries')).toBe('1')
  })

  it.each([
    [400, 1],
    [401, 1],
    [404, 1],
    [422, 1],
    [500, 3],
  ])('does not repeat what cannot get better (%i is asked %i times)', async (status, times) => {
    const { ask: send, asked } = world(configOf({ main: ['a'] }), { a: always(status) })
    await errorOf(send(ask))
    expect(asked).toHaveLength(times)
  })

  it('is asked as often as the request, the header, a policy or the file says', async () => {
    const asks = async (config: string, body: object, headers?: Record<string, string>) => {
      const { ask: send, asked } = world(config, { a: always(500) })
      await errorOf(send({ ...ask, ...body }, undefined, undefined, undefined, headers))
      return asked.length
    }
    const plain = configOf({ main: ['a'] }, 'num_retries: 1')
    expect(await asks(plain, {})).toBe(2)
    expect(await asks(plain, { num_retries: 3 })).toBe(4)
    expect(await asks(plain, {}, { 'x-litellm-num-retries': '0' })).toBe(1)
    expect(await asks(configOf({ main: ['a'] }, 'retry_policy: { InternalServerErrorRetries: 4 }'), {})).toBe(5)
  })

  it('does not multiply the requests to a deployment that is down', async () => {
    const { ask: send, asked } = world(configOf({ main: ['a'] }, 'disable_cooldowns: true'), { a: always(500) })
    for (let i = 0; i < 50; i++) await errorOf(send(ask))
    expect(asked.length).toBeLessThan(50 + 50 * 0.2 + 10 + 30)
  })

  it('comes before the next by its order, each with its own retries', async () => {
    const config = configOf(
      { main: ['a order=1', 'b order=2', 'c order=2'] },
      'num_retries: 1, disable_cooldowns: true',
    )
    const { ask: send, asked } = world(config, { a: always(500), b: always(500), c: always(500) })
    await errorOf(send(ask))
    expect(asked.slice(0, 2)).toEqual(['a', 'a'])
    expect(asked.slice(2).sort()).toEqual(['b', 'c'])
  })
})

describe('a fallback', () => {
  const groups = { main: ['a'], second: ['b'], third: ['c'] }
  const none = 'num_retries: 0'

  it('of a fallback is followed, loops are not, and every attempt is a row', async () => {
    const config = configOf(groups, `${none}, fallbacks: [{ main: [second] }, { second: [main, third] }]`)
    const { ask: send, asked, rows, rest } = world(config, { a: always(500), b: always(500) })
    const response = await send(ask)
    await rest()
    expect(asked).toEqual(['a', 'b', 'c'])
    expect(response.headers.get('x-litellm-attempted-fallbacks')).toBe('2')
    expect(rows().map(({ status }) => status)).toEqual(['failure', 'failure', 'success'])
  })

  it('goes no deeper than max_fallbacks, and nowhere where they are disabled', async () => {
    const config = configOf(groups, `${none}, max_fallbacks: 1, fallbacks: [{ main: [second] }, { second: [third] }]`)
    const deep = world(config, { a: always(500), b: always(500) })
    await errorOf(deep.ask(ask))
    expect(deep.asked).toEqual(['a', 'b'])
    const off = world(config, { a: always(500) })
    await errorOf(off.ask({ ...ask, disable_fallbacks: true }))
    expect(off.asked).toEqual(['a'])
  })

  it('of the caller comes first, with its own messages', async () => {
    const {
      ask: send,
      asked,
      bodies,
    } = world(configOf(groups, `${none}, fallbacks: [{ main: [third] }]`), {
      a: always(500),
    })
    const messages = [{ role: 'user', content: 'Other words.' }]
    await send({ ...ask, fallbacks: [{ model: 'second', messages }] })
    expect(asked).toEqual(['a', 'b'])
    expect(JSON.parse(bodies[1]!)).toMatchObject({ messages })
    expect(bodies[0]).not.toContain('fallbacks')
  })

  it.each([
    ['mock_testing_fallbacks', 'third'],
    ['mock_testing_context_fallbacks', 'second'],
    ['mock_testing_content_policy_fallbacks', 'third'],
  ])('is tried with %s: %s answers, and the group itself is not asked', async (field, group) => {
    const lists = `${none}, fallbacks: [{ main: [third] }], context_window_fallbacks: [{ main: [second] }]`
    const { ask: send, asked } = world(configOf(groups, lists), {})
    const response = await send({ ...ask, [field]: true })
    expect(response.headers.get('x-litellm-model-group')).toBe(group)
    expect(asked).toHaveLength(1)
  })

  it('of content policy is for answers that the filter kept back, and only there', async () => {
    const filtered = () =>
      Response.json({
        ...{ id: 'x', object: 'chat.completion', created: 1, model: 'gpt-4o-mini' },
        choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }],
        usage: { prompt_tokens: 1, completion_tokens: 0, total_tokens: 1 },
      })
    const elsewhere = world(configOf(groups, `${none}, content_policy_fallbacks: [{ main: [second] }]`), {
      a: filtered,
    })
    expect((await elsewhere.ask(ask)).headers.get('x-litellm-model-group')).toBe('second')
    const nowhere = world(configOf(groups, `${none}, fallbacks: [{ main: [second] }]`), { a: filtered })
    expect((await nowhere.ask(ask)).headers.get('x-litellm-model-group')).toBe('main')
  })

  it('is told in the trail, for who asks', async () => {
    const { ask: send } = world(configOf(groups, `${none}, fallbacks: [{ main: [nobody, second] }]`), {
      a: always(500),
    })
    const response = await send(ask, undefined, undefined, undefined, { 'x-tollgate-explain': '1' })
    const trail = response.headers.get('x-tollgate-trail') ?? ''
    expect(trail).toMatch(
      /^main\/a failed after \d+ ms: 500 upstream_failed; nobody passed over: .*; second\/b answers/,
    )
  })
})

describe('a request', () => {
  it('is refused with the time and the list while all of its group cool down, or waits', async () => {
    const config = (wait: number) =>
      configOf({ main: ['a', 'b'] }, `num_retries: 1, cooldown_time: 5, cooldown_wait: ${wait}`)
    const cold = world(config(0), { a: always(401), b: always(401) })
    await errorOf(cold.ask(ask))
    const error = await errorOf(cold.ask(ask))
    expect(error).toMatchObject({ kind: 'rate_limited', status: 429 })
    expect(error.message).toContain('No deployments available for selected model, Try again in')
    expect(error.details.facts).toEqual({ cooldown_list: ['a', 'b'] })
    expect(cold.asked).toHaveLength(2)
    const patient = world(config(10), { a: once(401), b: once(401) })
    await errorOf(patient.ask(ask))
    expect((await patient.ask(ask)).status).toBe(200)
    expect(patient.paused.at(-1)).toBeGreaterThan(4_000)
  })

  it('goes to whoever has money left, and is refused when nobody has', async () => {
    const budget = 'max_budget=1 budget_duration=1d'
    const config = configOf({ main: [`a order=1 ${budget}`, `b order=2 ${budget}`] }, 'num_retries: 0')
    const { ask: send, asked, account } = world(config, {})
    account.limits.set('deployment:a@1d', 10n)
    account.limits.set('deployment:b@1d', 1_000_000_000n)
    const response = await send(ask)
    expect(asked).toEqual(['b'])
    expect(response.headers.get('x-litellm-attempted-retries')).toBe('0')
    account.limits.set('deployment:b@1d', 10n)
    expect(await errorOf(send(ask, { ...keyWith(), keyId: 'k2' }))).toMatchObject({ kind: 'budget_exceeded' })
    expect(asked).toEqual(['b'])
  })

  it('gives back what it took for one who failed, where nothing limits the one who answers', async () => {
    const config = configOf({ main: ['a order=1 max_budget=1 budget_duration=1d', 'b order=2'] }, 'num_retries: 0')
    const { ask: send, asked, account, ledger, rest } = world(config, { a: once(503) })
    account.limits.set('deployment:a@1d', 1_000_000_000n)
    const caller = keyWith()
    expect((await send(ask, caller)).status).toBe(200)
    await rest()
    expect(asked).toEqual(['a', 'b'])
    const scopes = [{ name: 'deployment:a@1d', duration: '1d', timeZone: 'UTC', anchorMs: 0, limited: true }] as const
    const nothing = { attempt: newId(0), scopes, amountNano: 0n, limits: [], tokens: 0, callMs: 0 }
    expect((await ledger.check(caller.ledger, nothing)).windows).toMatchObject([{ heldNano: 0n }])
  })

  it('ends every attempt once and gives every hold back, whatever happens', async () => {
    const outcome = fc.constantFrom(200, 400, 401, 429, 500, 503)
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { minLength: 1, maxLength: 12 }), async (script) => {
        const config = configOf({ main: ['a', 'b'], second: ['c'] }, 'fallbacks: [{ main: [second] }]')
        const answers = [...script]
        const next: Fault = () => {
          const status = answers.shift() ?? 200
          return status === 200 ? undefined : refuse(status)
        }
        const { ask: send, asked, account, ledger, rest, rows } = world(config, { a: next, b: next, c: next })
        account.limits.set('key:k1@life', 1_000_000_000n)
        const ended = await send(ask, keyWith(1_000_000_000n)).then(
          () => 'success',
          () => 'failure',
        )
        await rest()
        expect(rows()).toHaveLength(asked.length)
        expect(rows().filter(({ status }) => status === 'success')).toHaveLength(ended === 'success' ? 1 : 0)
        expect(rows().at(-1)?.status).toBe(ended)
        expect(brokenPromise(account)).toBeUndefined()
        const { scopes } = keyWith(1n)
        const nothing = { attempt: newId(0), scopes, amountNano: 0n, limits: [], tokens: 0, callMs: 0 }
        expect((await ledger.check('key:k1', nothing)).windows).toMatchObject([{ heldNano: 0n }])
        const spent = [...account.windows.values()].reduce((sum, window) => sum + window.spent, 0n)
        expect(spent).toBe(rows().reduce((sum, { cost_nano }) => sum + BigInt(cost_nano), 0n))
      }),
      { numRuns: 60 },
    )
  })
})
