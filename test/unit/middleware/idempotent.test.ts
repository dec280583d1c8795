import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { LONGEST_ANSWER_BYTES } from '../../../src/idempotency/answer.ts'
import { memoryIdempotency } from '../../../src/idempotency/memory.ts'
import { KEPT_MS, LEASE_MS } from '../../../src/idempotency/port.ts'
import { onlyOnce } from '../../../src/middleware/idempotent.ts'

const NOW = Date.UTC(2026, 10, 22)

/** Time passes in sleeps only; what is deferred is waited for in `settled`. */
function world() {
  let nowMs = NOW
  let serves = 0
  const deferred: Promise<unknown>[] = []
  const faults: string[] = []
  const store = memoryIdempotency()
  const deps = {
    store,
    maxRequestBytes: 1_000,
    servesUntold: false,
    clock: () => nowMs,
    sleep: async (ms: number, until: AbortSignal) => {
      // A lease's renewals wait for the end; a waiter's looks take their time.
      if (ms >= LEASE_MS / 3) await new Promise<void>((resolve) => until.addEventListener('abort', () => resolve()))
      else {
        nowMs += ms
        await new Promise((resolve) => setTimeout(resolve))
      }
    },
    defer: (name: string, work: Promise<unknown>) => void deferred.push(work.catch(() => faults.push(name))),
  }
  const ask = (
    answer: (request: Request) => Response | Promise<Response>,
    {
      key = 'k-1',
      body = '{"a":1}',
      callerId = 'me',
      path = '/key/generate',
      signal,
      type = 'application/json',
      with: over = {},
    }: {
      key?: string
      body?: string
      callerId?: string
      path?: string
      signal?: AbortSignal
      type?: string
      with?: Partial<typeof deps>
    } = {},
  ) =>
    onlyOnce(
      {
        request: new Request(`https://gateway.test${path}`, {
          method: 'POST',
          headers: { 'idempotency-key': key, 'content-type': type },
          body,
          ...(signal ? { signal } : {}),
        }),
        callerId,
        requestId: crypto.randomUUID(),
      },
      async (request) => {
        serves++
        return answer(request)
      },
      { ...deps, ...over },
    )
  return {
    ask,
    deps,
    store,
    faults,
    serves: () => serves,
    pass(ms: number) {
      nowMs += ms
    },
    settled: () => Promise.all(deferred),
  }
}

const good = () =>
  Response.json({ key: 'sk-new' }, { headers: { 'x-litellm-response-cost': '0.5', 'x-request-id': 'r' } })
const stream = (text: string) => () =>
  new Response(new Blob([text]).stream(), { headers: { 'content-type': 'text/event-stream' } })

describe('a request that says an Idempotency-Key', () => {
  it('is served once; its retry gets the same answer, marked, which cost nothing', async () => {
    const w = world()
    const first = await w.ask(good)
    expect([await first.text(), first.headers.get('idempotent-replayed')]).toEqual(['{"key":"sk-new"}', null])
    const second = await w.ask(good)
    expect(await second.text()).toBe('{"key":"sk-new"}')
    expect(Object.fromEntries(second.headers)).toEqual({
      'content-type': 'application/json',
      'idempotent-replayed': 'true',
      'x-litellm-response-cost': '0',
    })
    expect(w.serves()).toBe(1)
    w.pass(KEPT_MS)
    await w.ask(good)
    expect(w.serves()).toBe(2)
  })

  it('reads its body as it came', async () => {
    const w = world()
    const answer = await w.ask(async (request) => Response.json({ said: await request.json() }))
    expect(await answer.json()).toEqual({ said: { a: 1 } })
  })

  it('waits for the one that runs', async () => {
    const w = world()
    let finish = (_: Response) => {}
    const first = w.ask(
      () =>
        new Promise<Response>((resolve) => {
          finish = resolve
        }),
    )
    const sleep = () => {
      finish(good())
      return new Promise<void>((resolve) => setTimeout(resolve))
    }
    const [one, two] = await Promise.all([first, w.ask(good, { with: { sleep } }), w.ask(good, { with: { sleep } })])
    expect([await one.text(), await two.text(), w.serves()]).toEqual(['{"key":"sk-new"}', '{"key":"sk-new"}', 1])
  })

  it('is told to come again when that takes too long, or its client leaves', async () => {
    const v = world()
    const answer = Promise.withResolvers<Response>()
    const served = Promise.withResolvers<void>()
    const slow = v.ask(() => {
      served.resolve()
      return answer.promise
    })
    // Its name takes hashing, in which another could overtake it.
    await served.promise
    await expect(v.ask(good)).rejects.toMatchObject({
      status: 409,
      code: 'idempotent_request_running',
      details: { retryAfterMs: 2_000 },
    })
    await expect(v.ask(good, { signal: AbortSignal.abort() })).rejects.toMatchObject({ status: 409 })
    answer.resolve(good())
    await slow
    expect(v.serves()).toBe(1)
  })

  it('is refused where its key was said with something else, and where it is no key', async () => {
    const w = world()
    await w.ask(good)
    await expect(w.ask(good, { body: '{"a":2}' })).rejects.toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    })
    await expect(w.ask(good, { path: '/key/generate?x=1' })).rejects.toMatchObject({ status: 422 })
    for (const key of ['a b', 'x'.repeat(256)])
      await expect(w.ask(good, { key })).rejects.toMatchObject({ status: 400 })
    expect(w.serves()).toBe(1)
  })

  it('is another request for another caller, and on another route', async () => {
    const w = world()
    await w.ask(good)
    await w.ask(good, { callerId: 'you' })
    await w.ask(good, { path: '/team/new' })
    expect(w.serves()).toBe(3)
  })

  it('is the same form whatever divides its parts', async () => {
    const w = world()
    const form = (mark: string) => ({
      body: `--${mark}\r\nx\r\n--${mark}--`,
      type: `multipart/form-data; boundary=${mark}`,
    })
    await w.ask(good, form('aaa'))
    expect((await w.ask(good, form('bbb'))).headers.get('idempotent-replayed')).toBe('true')
  })

  it.each([
    [
      'thrown',
      () => {
        throw new GatewayError('budget_exceeded', 'no')
      },
    ],
    ['answered', () => Response.json({ error: 'no' }, { status: 500 })],
  ])('may be tried again when it failed: %s', async (_, fail) => {
    const w = world()
    await w.ask(fail).catch(() => {})
    expect(await (await w.ask(good)).text()).toBe('{"key":"sk-new"}')
    expect(w.serves()).toBe(2)
  })

  it('goes on when its client leaves', async () => {
    const w = world()
    const leaving = new AbortController()
    const answer = await w.ask(
      (request) => {
        leaving.abort()
        return request.signal.aborted ? Response.error() : stream('data: 1\n\ndata: [DONE]\n\n')()
      },
      { signal: leaving.signal },
    )
    await answer.body?.cancel()
    await w.settled()
    expect(await (await w.ask(good)).text()).toBe('data: 1\n\ndata: [DONE]\n\n')
    expect(w.serves()).toBe(1)
  })

  it.each([
    ['data: {"choices":[]}\n\ndata: [DONE]\n\n', true],
    ['event: message_stop\ndata: {"type":"message_stop"}\n\n', true],
    ['data: {"candidates":[{"finishReason":"STOP"}]}\n\n', true],
    ['data: {"choices":[]}\n\ndata: {"error":{"message":"broke off"}}\n\n', false],
    ['event: error\ndata: {"type":"error","error":{}}\n\n', false],
    ['event: error\ndata: {"type":"error","message":"x"}\n\n', false],
    ['', false],
  ])('is a stream that is kept when it ended well: %j', async (text, isKept) => {
    const w = world()
    expect(await (await w.ask(stream(text))).text()).toBe(text)
    await w.settled()
    const again = await w.ask(stream('data: new\n\n'))
    expect(again.headers.get('content-type')).toBe('text/event-stream')
    expect(await again.text()).toBe(isKept ? text : 'data: new\n\n')
  })

  it('is not done twice when its answer is too long to keep, and free when the answer breaks', async () => {
    const w = world()
    const long = 'x'.repeat(LONGEST_ANSWER_BYTES + 1)
    expect(await (await w.ask(() => new Response(long))).text()).toHaveLength(long.length)
    await expect(w.ask(good)).rejects.toMatchObject({ status: 409, code: 'idempotent_answer_not_kept' })
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) })
    await w.ask(() => new Response(broken), { key: 'k-2' }).catch(() => {})
    expect(await (await w.ask(good, { key: 'k-2' })).text()).toBe('{"key":"sk-new"}')
  })

  it('is refused while nobody can tell, unless the operator would rather serve it; an answer that cannot be kept is given', async () => {
    const w = world()
    const down = () => Promise.reject(new Error('down'))
    await expect(w.ask(good, { with: { store: { ...w.store, begin: down } } })).rejects.toMatchObject({ status: 503 })
    expect((await w.ask(good, { with: { store: { ...w.store, begin: down }, servesUntold: true } })).status).toBe(200)
    expect((await w.ask(good, { with: { store: { ...w.store, finish: down } } })).status).toBe(200)
    await w.settled()
    expect(w.faults).toEqual(['keep an idempotent answer'])
  })

  it('is renewed for as long as it is served, also after a renewal that failed', async () => {
    const w = world()
    let renewals = 0
    const store = {
      ...w.store,
      renew: () => Promise.reject(new Error(String(renewals++))),
    }
    const sleep = () => new Promise<void>((resolve) => setTimeout(resolve))
    await w.ask(
      async () => {
        while (renewals < 3) await new Promise((resolve) => setTimeout(resolve))
        return good()
      },
      { with: { store, sleep } },
    )
    await w.settled()
    expect(new Set(w.faults)).toEqual(new Set(['hold an idempotency key']))
  })
})
