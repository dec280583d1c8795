import { expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import { kindOf, member, cachedGateway as world } from '../../support/cache-world.ts'
import { answered, chunk, streamed, usageChunk } from '../../support/gateway-world.ts'

const hello = { model: 'small', messages: [{ role: 'user', content: 'hello' }] }
const say = (content: string) => answered(content, { prompt_tokens: 10, completion_tokens: 20 })

it('answers the same request again without the vendor: equal to the byte, free, and recorded as a hit', async () => {
  let asked = 0
  const { ask, rest, rows } = world(() => say(`answer ${++asked}`))
  const first = await ask(hello, member('t1'))
  const text = await first.text()
  expect(kindOf(first)).toBe('miss')
  await rest()
  const second = await ask({ messages: hello.messages, model: 'small', n: 1 }, member('t1', 'other'))
  expect(kindOf(second)).toBe('exact')
  expect(await second.text()).toBe(text)
  expect(second.headers.get('x-litellm-response-cost')).toBe('0')
  expect(second.headers.get('x-litellm-cache-key')).toBe(first.headers.get('x-litellm-cache-key'))
  expect(asked).toBe(1)
  await rest()
  const [miss, hit] = rows()
  expect(miss?.cache_hit).toBe(false)
  expect(Number(miss?.cost_nano)).toBeGreaterThan(0)
  expect(hit).toMatchObject({ cache_hit: true, cost_nano: '0', saved_nano: miss?.cost_nano, completion_tokens: 20 })
})

it('takes nothing from limits for a hit', async () => {
  const { ask, rest } = world(() => say('x'))
  await ask(hello, member('t1'))
  await rest()
  const once: Principal = { ...member('t1'), limits: [{ entity: 'key:k-t1', rpm: 0 }] }
  expect(kindOf(await ask(hello, once))).toBe('exact')
  await expect(ask({ ...hello, seed: 1 }, once)).rejects.toThrow('Rate limit')
})

it.each([
  ['another team', member('t2'), {}],
  ['another seed', member('t1'), { seed: 7 }],
  ['another temperature', member('t1'), { temperature: 0.2 }],
  ['a field that nobody knows', member('t1'), { top_k: 5 }],
  ['another group', member('t1'), { model: 'primary' }],
  ['another namespace', member('t1'), { cache: { namespace: 'n' } }],
])('does not answer %s', async (_, principal, fields) => {
  const { ask, rest } = world(() => say('x'))
  await ask(hello, member('t1'))
  await rest()
  expect(kindOf(await ask({ ...hello, ...fields }, principal))).toBe('miss')
})

it('tells a streamed answer whole and a whole one as a proper stream, in every dialect', async () => {
  let asked = 0
  const { ask, rest } = world(() => {
    asked += 1
    return streamed([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo "you"' }),
      chunk({}, 'stop'),
      usageChunk(10, 20),
      '[DONE]',
    ])
  })
  const live = await ask({ ...hello, stream: true }, member('t1'))
  const liveText = await live.text()
  expect(liveText).toContain('[DONE]')
  await rest()
  const whole = await ask(hello, member('t1'))
  expect(kindOf(whole)).toBe('exact')
  expect(await whole.json()).toMatchObject({
    model: 'small',
    choices: [{ message: { content: 'Hello "you"' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 20 },
  })
  const again = await ask({ ...hello, stream: true, stream_options: { include_usage: true } }, member('t1'))
  const text = await again.text()
  expect(again.headers.get('content-type')).toContain('text/event-stream')
  const events = text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)))
  expect(events.map((event) => event.choices[0]?.delta.content ?? '').join('')).toBe('Hello "you"')
  expect(events.at(-1).usage.completion_tokens).toBe(20)
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(asked).toBe(1)
})

it.each([
  ['anthropic', anthropic, { model: 'small', max_tokens: 50, messages: hello.messages }, {}],
  ['gemini', gemini, { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }, { model: 'small' }],
  ['responses', responses, { model: 'small', input: 'hello' }, {}],
  ['openai', openaiChat, hello, {}],
] as const)('a hit says in %s what the answer said', async (_, dialect, body, path) => {
  let asked = 0
  const { ask, rest } = world(() => say(`Grüße "${++asked}"`))
  const first = await (await ask(body, member('t1'), dialect, path)).text()
  await rest()
  const second = await ask(body, member('t1'), dialect, path)
  expect(kindOf(second)).toBe('exact')
  expect(await second.text()).toBe(first)
  const stream = 'contents' in body ? { path: { ...path, stream: true } } : { path, stream: true }
  const { path: asPath, ...fields } = stream
  const live = await ask({ ...body, ...fields }, member('t1'), dialect, asPath)
  expect(kindOf(live)).toBe('exact')
  expect(await live.text()).toContain('Grüße')
  expect(asked).toBe(1)
})

it.each([
  ['cut short', () => Response.json({ ...JSON_ANSWER, choices: [{ ...CHOICE, finish_reason: 'length' }] })],
  ['moderated', () => Response.json({ ...JSON_ANSWER, choices: [{ ...CHOICE, finish_reason: 'content_filter' }] })],
  ['without usage', () => Response.json({ ...JSON_ANSWER, usage: undefined })],
])('does not keep what is %s', async (_, vendor) => {
  const { ask, rest } = world(vendor)
  await ask(hello, member('t1'))
  await rest()
  expect(kindOf(await ask(hello, member('t1')))).toBe('miss')
})

const CHOICE = { index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }
const JSON_ANSWER = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [CHOICE],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}

it('does not keep a stream that broke off, nor an error', async () => {
  const { ask, rest } = world(() => streamed([chunk({ content: 'Hel' }), chunk({ content: 'lo' })], true))
  await (await ask({ ...hello, stream: true }, member('t1'))).text()
  await rest()
  expect(kindOf(await ask({ ...hello, stream: true }, member('t1')))).toBe('miss')
})

it('obeys what a request says about the cache', async () => {
  let asked = 0
  const { ask, rest, pass } = world(() => say(`answer ${++asked}`))
  const kind = async (fields: object, headers: Record<string, string> = {}) => {
    const response = await ask({ ...hello, ...fields }, member('t1'), openaiChat, {}, headers)
    await rest()
    return kindOf(response)
  }
  expect(await kind({ cache: { 'no-store': true } })).toBe('miss')
  expect(await kind({ cache: { ttl: 10 } })).toBe('miss')
  expect(await kind({})).toBe('exact')
  expect(await kind({ cache: { 'no-cache': true, 'no-store': true } })).toBe('bypass; no-cache, no-store')
  expect(await kind({ caching: false })).toBe('bypass; no-cache, no-store')
  expect(await kind({}, { 'cache-control': 'no-cache' })).toBe('miss')
  pass(5_000)
  expect(await kind({ cache: { 's-maxage': 2 } })).toBe('miss')
  expect(await kind({ cache: { 's-max-age': 2 } })).toBe('exact')
  pass(61_000)
  expect(await kind({})).toBe('miss')
})

it('lets a key set only the controls that it may', async () => {
  const { ask } = world(() => say('x'))
  const limited = { ...member('t1'), allowedCacheControls: ['ttl'] }
  await expect(ask({ ...hello, cache: { 'no-cache': true } }, limited)).rejects.toThrow(
    'Not allowed to set no-cache as a cache control. Contact admin to change permissions.',
  )
  expect(kindOf(await ask({ ...hello, cache: { ttl: 1 } }, limited))).toBe('miss')
})

it('asks once for what is asked many times at once, and records each', async () => {
  let asked = 0
  const { ask, rest, rows } = world(async () => {
    asked += 1
    await new Promise((resolve) => setTimeout(resolve, 30))
    return say('one for all')
  })
  const all = await Promise.all(Array.from({ length: 1_000 }, () => ask(hello, member('t1'))))
  const texts = new Set(await Promise.all(all.map((response) => response.text())))
  expect(asked).toBe(1)
  expect(texts.size).toBe(1)
  expect(all.filter((response) => kindOf(response) === 'exact')).toHaveLength(999)
  await rest()
  expect(rows()).toHaveLength(1_000)
})

it('lets each go its own way where the leader fails', async () => {
  let asked = 0
  const { ask } = world(async () => {
    asked += 1
    const first = asked === 1
    await new Promise((resolve) => setTimeout(resolve, 10))
    return first ? new Response('{"error":{"message":"no"}}', { status: 400 }) : say('fine')
  })
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => ask(hello, member('t1'))))
  // Which of them leads is the digests' affair: they are made beside one another.
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect(asked).toBe(5)
})
