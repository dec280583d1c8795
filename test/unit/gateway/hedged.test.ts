import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { pause } from '../../../src/gateway/pause.ts'
import { newId } from '../../../src/ids.ts'
import { answered, chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

const row = (id: string, weight: number) => `
  - model_name: main
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://${id}.test/v1', weight: ${weight} }
    model_info: { id: ${id} }`
const config = (hedged = 'hedged_groups: [main], ') => `model_list:${row('slow', 1)}${row('other', 0)}
router_settings: { ${hedged}num_retries: 2 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const usage = { prompt_tokens: 10, completion_tokens: 20 }
const plain = { model: 'main', messages: [{ role: 'user', content: 'Say hello.' }], max_tokens: 100 }

/** `slow` answers within 100 ms until it is known, and then as the test says. */
async function world(then: Record<string, (signal: AbortSignal) => Promise<Response> | Response>, yaml = config()) {
  const asked: string[] = []
  let known = false
  const made = gatewayWorld(
    (url, { body, signal }) => {
      const id = new URL(url).hostname.split('.')[0] ?? ''
      if (known) asked.push(id)
      const own = known ? then[id] : undefined
      if (own) return own(signal as AbortSignal)
      made.pass(100)
      return String(body).includes('"stream":true')
        ? streamed([chunk({ role: 'assistant' }), chunk({ content: 'Hi' }, 'stop'), usageChunk(10, 20), '[DONE]'])
        : answered('Hi', usage)
    },
    { config: yaml },
  )
  const waited: number[] = []
  // The clock stands still meanwhile, so what is waited for happens or does not.
  const sleep = (ms: number, until: AbortSignal) => {
    waited.push(ms)
    return pause(5, until)
  }
  Object.assign(made.deps, { sleep })
  const learn = async (body: object) => {
    for (let n = 0; n < 30; n++) {
      await (await made.ask({ ...plain, ...body })).text()
      await made.rest()
    }
    known = true
    waited.length = 0
    made.account.limits.set('key:k1@life', 1_000_000_000n)
  }
  const { ask, rest, rows, account, ledger } = made
  return { ask, rest, rows, account, ledger, asked, waited, learn }
}

const never = (signal: AbortSignal) =>
  new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

describe('a group that is hedged', () => {
  it.each([false, true])('asks another when the first is slower than its own p95 (streamed: %s)', async (stream) => {
    let ended = false
    const { ask, asked, learn, waited, rest, rows, account, ledger } = await world({
      slow: (signal) => {
        signal.addEventListener('abort', () => (ended = true))
        return never(signal)
      },
    })
    await learn({ stream })
    const before = rows().length
    const caller = keyWith(1_000_000_000n)
    const response = await ask({ ...plain, stream }, caller, undefined, undefined, { 'x-tollgate-explain': '1' })
    expect([response.status, response.headers.get('x-litellm-model-id')]).toEqual([200, 'other'])
    expect(response.headers.get('x-tollgate-trail')).toMatch(/slow had not begun after \d+ ms.*other answers/)
    await response.text()
    await rest()
    expect([asked, ended]).toEqual([['slow', 'other'], true])
    expect(waited[0]).toBeGreaterThan(90)
    expect(waited[0]).toBeLessThan(115)
    const made = rows().slice(before)
    expect(made.map(({ model_id, status }) => `${model_id} ${status}`).sort()).toEqual([
      'other success',
      'slow cancelled',
    ])
    expect(made.every(({ cost_nano, hold_nano }) => BigInt(cost_nano) > 0n && BigInt(hold_nano) > 0n)).toBe(true)
    expect(new Set(made.map(({ grant_id }) => grant_id)).size).toBe(2)
    expect(brokenPromise(account)).toBeUndefined()
    const { scopes } = caller
    const need = { attempt: newId(Date.now()), scopes, limits: [], amountNano: 0n, tokens: 0, callMs: 60_000 }
    const left = await ledger.check('key:k1', need)
    expect(left.windows.map(({ heldNano }) => heldNano)).toEqual([0n])
  })

  it('waits for the first where the money does not suffice for two', async () => {
    const late = Promise.withResolvers<Response>()
    const { ask, asked, learn, account } = await world({ slow: () => late.promise })
    await learn({})
    account.limits.set('key:k1@life', 550_000n)
    setTimeout(() => late.resolve(answered('Late', usage)), 20)
    const response = await ask(plain, keyWith(550_000n))
    expect([response.headers.get('x-litellm-model-id'), asked]).toEqual(['slow', ['slow']])
  })

  it('goes on with the other where the first fails while both are asked, and asks neither again', async () => {
    const first = Promise.withResolvers<Response>()
    const second = Promise.withResolvers<Response>()
    const refused = () => Response.json({ error: { message: 'overloaded' } }, { status: 503 })
    const { ask, asked, learn, rest, rows, ledger } = await world({
      slow: () => first.promise,
      other: () => second.promise,
    })
    await learn({})
    const before = rows().length
    setTimeout(() => first.resolve(refused()), 10)
    setTimeout(() => second.resolve(answered('Hi', usage)), 20)
    const caller = keyWith(1_000_000_000n)
    const response = await ask(plain, caller)
    expect([response.headers.get('x-litellm-model-id'), asked]).toEqual(['other', ['slow', 'other']])
    await rest()
    expect(
      rows()
        .slice(before)
        .map(({ status }) => status),
    ).toEqual(['failure', 'success'])
    const { scopes } = caller
    const need = { attempt: newId(Date.now()), scopes, limits: [], amountNano: 0n, tokens: 0, callMs: 60_000 }
    expect((await ledger.check('key:k1', need)).windows.map(({ heldNano }) => heldNano)).toEqual([0n])
  })

  it('has a slot for each that runs, and asks nobody beside it where there is one slot', async () => {
    for (const [how, slow] of [
      ['fails', () => Response.json({ error: { message: 'overloaded' } }, { status: 503 })],
      ['is overtaken', never],
    ] as const) {
      const first = Promise.withResolvers<Response>()
      const { ask, asked, learn, rest, ledger } = await world({
        slow: (signal) => (how === 'fails' ? first.promise : slow(signal)),
        other: () => {
          if (how === 'fails') first.resolve(Response.json({ error: { message: 'overloaded' } }, { status: 503 }))
          return new Promise((resolve) => setTimeout(resolve, 10)).then(() =>
            streamed([chunk({ role: 'assistant' }), chunk({ content: 'Hi' }, 'stop'), usageChunk(10, 20), '[DONE]']),
          )
        },
      })
      await learn({ stream: true })
      const limits = [{ entity: 'key:k1', maxParallel: 2 }]
      const caller = keyWith(1_000_000_000n, limits)
      const { scopes } = caller
      const need = { attempt: 'x', scopes, limits, amountNano: 0n, tokens: 0, callMs: 60_000 }
      const free = async () => (await ledger.check('key:k1', need)).rates.map(({ remaining }) => remaining)
      const response = await ask({ ...plain, stream: true }, caller)
      expect([response.headers.get('x-litellm-model-id'), asked]).toEqual(['other', ['slow', 'other']])
      await new Promise((resolve) => setTimeout(resolve, 60))
      expect([how, await free()]).toEqual([how, [1]])
      await response.text()
      await rest()
      expect([how, await free()]).toEqual([how, [2]])
    }
    const late = Promise.withResolvers<Response>()
    const { ask, asked, learn } = await world({ slow: () => late.promise })
    await learn({})
    setTimeout(() => late.resolve(answered('Late', usage)), 20)
    await ask(plain, keyWith(1_000_000_000n, [{ entity: 'key:k1', maxParallel: 1 }]))
    expect(asked).toEqual(['slow'])
  })

  it('is hedged for a fifth of its requests at the most', async () => {
    const { ask, asked, learn } = await world({ slow: never })
    await learn({})
    const answers = Array.from({ length: 40 }, () => ask({ ...plain, max_tokens: 1 }))
    await Promise.race([Promise.allSettled(answers), new Promise((resolve) => setTimeout(resolve, 50))])
    expect(asked.filter((id) => id === 'other').length).toBeLessThanOrEqual(18)
  })
})

it('nobody is asked twice where the group is not hedged, or the first is as fast as ever', async () => {
  const late = Promise.withResolvers<Response>()
  const unhedged = await world({ slow: () => late.promise }, config(''))
  await unhedged.learn({})
  setTimeout(() => late.resolve(answered('Late', usage)), 10)
  await unhedged.ask(plain)
  expect(unhedged.asked).toEqual(['slow'])
  const fast = await world({})
  await fast.learn({})
  await fast.ask(plain)
  expect(fast.asked).toEqual(['slow'])
})
