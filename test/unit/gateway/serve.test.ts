import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { errorHeaders, type GatewayError } from '../../../src/errors.ts'
import { newId } from '../../../src/ids.ts'
import { answered, chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

const hello = { model: 'small', messages: [{ role: 'user', content: 'Say hello.' }], max_tokens: 100 }
const refusal = async (asked: Promise<Response>): Promise<GatewayError> => {
  try {
    await asked
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('it was answered')
}

describe('a whole answer', () => {
  it('is handed on, priced, logged once, and its hold is closed at what it cost', async () => {
    const world = gatewayWorld(() => answered('Hello!', { prompt_tokens: 10, completion_tokens: 20 }))
    world.account.limits.set('key:k1@life', 1_000_000_000n)
    const response = await world.ask(hello, keyWith(1_000_000_000n))
    const body = (await response.json()) as { model: string; choices: { message: { content: string } }[] }
    await world.rest()

    // gpt-4o-mini: 0.15 and 0.60 USD per million tokens → 10 × 150 + 20 × 600 nano.
    const cost = 10n * 150n + 20n * 600n
    expect(body.choices[0]!.message.content).toBe('Hello!')
    expect(body.model).toBe('small')
    expect(response.headers.get('x-litellm-response-cost')).toBe(String(Number(cost) / 1e9))
    expect(response.headers.get('x-litellm-model-id')).toBe('small-1')
    expect(world.rows()).toMatchObject([
      { cost_nano: String(cost), status: 'success', prompt_tokens: 10, completion_tokens: 20, covered: [true] },
    ])
    expect(world.account.windows.get('key:k1@life|0') ?? [...world.account.windows.values()][0]).toMatchObject({
      spent: cost,
    })
    expect(brokenPromise(world.account)).toBeUndefined()
  })

  it('asks the vendor with our key, the vendor’s model and nobody’s redirects', async () => {
    const seen: { url: string; init: RequestInit }[] = []
    const world = gatewayWorld((url, init) => {
      seen.push({ url, init })
      return answered('Hi', { prompt_tokens: 1, completion_tokens: 1 })
    })
    await world.ask(hello)
    expect(seen[0]!.url).toBe('https://vendor.test/v1/chat/completions')
    expect(seen[0]!.init.redirect).toBe('manual')
    expect(new Headers(seen[0]!.init.headers).get('authorization')).toBe('Bearer sk-vendor-secret')
    expect(JSON.parse(String(seen[0]!.init.body))).toEqual({ ...hello, model: 'gpt-4o-mini' })
  })

  it('needs no ledger for a caller whom nothing limits, and is logged all the same', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    await world.ask(hello, keyWith())
    await world.rest()
    expect(world.account.leases.size).toBe(0)
    expect(world.rows()).toMatchObject([{ grant_id: null, scopes: ['key:k1@life'], covered: [false], hold_nano: '0' }])
  })

  it('is estimated and marked when the vendor does not say what it used', async () => {
    const world = gatewayWorld(() =>
      Response.json({
        id: 'x',
        model: 'm',
        choices: [{ index: 0, message: { content: 'Hello there' }, finish_reason: 'stop' }],
      }),
    )
    await world.ask(hello)
    await world.rest()
    expect(world.rows()[0]).toMatchObject({ usage_estimated: true, status: 'success' })
    expect(world.rows()[0]!.completion_tokens).toBeGreaterThan(0)
  })

  it('is a failure, not a success, when it is not JSON', async () => {
    const world = gatewayWorld(() => new Response('<html>gateway timeout</html>', { status: 200 }))
    const error = await refusal(world.ask(hello))
    await world.rest()
    expect(error).toMatchObject({ kind: 'upstream_failed', status: 502 })
    expect(world.rows()).toMatchObject([{ status: 'failure', http_status: 502 }])
  })
})

it('a model is named in headers as they can carry it, whatever a wildcard lets callers write', async () => {
  const config = `
model_list:
  - model_name: 'openai/*'
    litellm_params: { model: openai/*, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
  const world = gatewayWorld(
    (_, { body }) => {
      const { model } = JSON.parse(String(body)) as { model: string }
      return model.endsWith('!')
        ? Response.json({ error: { message: 'no' } }, { status: 400 })
        : answered('Hi', { prompt_tokens: 1, completion_tokens: 1 })
    },
    { config },
  )
  for (const model of ['openai/模型', 'openai/a\nb', 'openai/\ud800']) {
    const response = await world.ask({ ...hello, model })
    expect(response.headers.get('x-litellm-model-group')).toMatch(/^openai\/[\w%]+$/)
    const error = await refusal(world.ask({ ...hello, model: `${model}!` }))
    expect(new Headers(errorHeaders(error)).get('x-litellm-model-group')).toMatch(/^openai\/[\w%!]+$/)
  }
  await world.rest()
  expect(world.rows().map(({ status }) => status)).toEqual(Array(3).fill(['success', 'failure']).flat())
})

it('an answer of which nothing can be read is charged by estimate, one that is a refusal is not', async () => {
  const claude = { ...hello, model: 'claude' }
  const empty = gatewayWorld(() => Response.json({ type: 'message', usage: { input_tokens: 9, output_tokens: 9 } }))
  expect(await refusal(empty.ask(claude))).toMatchObject({ kind: 'upstream_failed' })
  await empty.rest()
  expect(empty.rows()).toMatchObject([{ status: 'failure', usage_estimated: true }])
  expect(BigInt(empty.rows()[0]!.cost_nano)).toBeGreaterThan(0n)
  const error = { type: 'overloaded_error', message: 'Overloaded' }
  const refused = gatewayWorld(() => Response.json({ type: 'error', error }))
  expect(await refusal(refused.ask(claude))).toMatchObject({ details: { status: expect.any(Number) } })
  await refused.rest()
  expect(refused.rows()).toMatchObject([{ status: 'failure', cost_nano: '0' }])
})

describe('a refusal', () => {
  it('of the budget names scope, limit and need, takes nothing and asks no vendor', async () => {
    let asked = 0
    const world = gatewayWorld(() => {
      asked += 1
      return answered('Hi', { prompt_tokens: 1, completion_tokens: 1 })
    })
    world.account.limits.set('key:k1@life', 10n)
    const error = await refusal(world.ask(hello, keyWith(10n)))
    await world.rest()
    expect(error).toMatchObject({ kind: 'budget_exceeded', status: 429, type: 'budget_exceeded' })
    expect(error.details.facts).toMatchObject({ scope: 'key:k1@life', max_budget: 1e-8, spend: 0 })
    expect(error.details.retry).toBe(false)
    expect([asked, world.rows().length]).toEqual([0, 0])
  })

  it('of a rate limit says when to come back', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    const key = keyWith(undefined, [{ entity: 'key:k1', rpm: 1 }])
    const first = await world.ask(hello, key)
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('1')
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    const error = await refusal(world.ask(hello, key))
    expect(error).toMatchObject({ kind: 'rate_limited', status: 429 })
    expect(error.details.retryAfterMs).toBeGreaterThan(0)
    world.pass(61_001)
    expect((await world.ask(hello, key)).status).toBe(200)
  })

  it('of a model without a price concerns only callers with a budget', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    world.account.limits.set('key:k1@life', 1_000_000_000n)
    expect(await refusal(world.ask({ ...hello, model: 'unpriced' }, keyWith(1_000_000_000n)))).toMatchObject({
      kind: 'model_without_price',
      status: 400,
    })
    expect((await world.ask({ ...hello, model: 'unpriced' })).status).toBe(200)
  })

  it('of a vendor keeps its status and message, costs nothing and gives the hold back', async () => {
    const world = gatewayWorld(() =>
      Response.json(
        { error: { message: 'Rate limit reached for gpt-4o-mini', type: 'requests', code: 'rate_limit_exceeded' } },
        { status: 429, headers: { 'retry-after': '7' } },
      ),
    )
    world.account.limits.set('key:k1@life', 1_000_000_000n)
    const error = await refusal(world.ask(hello, keyWith(1_000_000_000n)))
    await world.rest()
    expect(error.status).toBe(429)
    expect(error.message).toContain('Rate limit reached')
    expect(error.details.retryAfterMs).toBe(7_000)
    expect(world.rows()).toMatchObject([{ status: 'failure', cost_nano: '0', hold_nano: '0', http_status: 429 }])
  })

  it('of an unknown model, or one of which no deployment works, says why', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    expect(await refusal(world.ask({ ...hello, model: 'nope' }))).toMatchObject({
      code: 'model_not_found',
      status: 400,
    })
    const keyless = await refusal(world.ask({ ...hello, model: 'keyless' }))
    expect(keyless).toMatchObject({ kind: 'not_implemented', status: 501 })
    expect(keyless.message).toContain('NOT_SET_ANYWHERE is not set')
  })

  it('of a field whose effect is not there names it', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    const error = await refusal(world.ask({ ...hello, guardrails: ['pii'] }))
    expect(error).toMatchObject({ status: 501 })
    expect(error.details.param).toBe('guardrails')
  })
})

describe('a client that leaves', () => {
  it('cancels the vendor; what was asked is charged by estimate and the hold is closed', async () => {
    let vendorSignal: AbortSignal | undefined
    const world = gatewayWorld((_, init) => {
      vendorSignal = init.signal ?? undefined
      return new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    })
    world.account.limits.set('key:k1@life', 1_000_000_000n)
    const asking = refusal(world.ask(hello, keyWith(1_000_000_000n)))
    await new Promise((resolve) => setTimeout(resolve, 5))
    world.leave()
    expect((await asking).kind).toBe('client_closed')
    await world.rest()
    expect(vendorSignal?.aborted).toBe(true)
    expect(world.rows()).toMatchObject([{ status: 'cancelled', usage_estimated: true }])
    expect(BigInt(world.rows()[0]!.cost_nano)).toBeGreaterThan(0n)
    expect(brokenPromise(world.account)).toBeUndefined()
  })
})

describe('a stream', () => {
  const lines = [
    chunk({ role: 'assistant', content: 'Hel' }),
    chunk({ content: 'lo' }),
    chunk({}, 'stop'),
    usageChunk(10, 20),
    '[DONE]',
  ]
  const text = async (response: Response) => await response.text()

  it('is passed on without the usage nobody asked for, and is metered by it', async () => {
    const bodies: string[] = []
    const world = gatewayWorld((_, init) => {
      bodies.push(String(init.body))
      return streamed(lines)
    })
    const shown = await text(await world.ask({ ...hello, stream: true }))
    await world.rest()
    expect(JSON.parse(bodies[0]!)).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(shown).toContain('"content":"Hel"')
    expect(shown).not.toContain('prompt_tokens')
    expect(shown.trimEnd().endsWith('data: [DONE]')).toBe(true)
    expect(world.rows()).toMatchObject([
      { status: 'success', stream: true, cost_nano: String(10n * 150n + 20n * 600n), usage_estimated: false },
    ])
    expect(world.rows()[0]!.first_token_ms).not.toBeNull()
  })

  it('shows the usage to who asked for it', async () => {
    const world = gatewayWorld(() => streamed(lines))
    const shown = await text(await world.ask({ ...hello, stream: true, stream_options: { include_usage: true } }))
    expect(shown).toContain('"prompt_tokens":10')
  })

  it('shows the usage to all where the operator says so, but to none who wants none', async () => {
    const config = `
model_list: [{ model_name: ${hello.model}, litellm_params: { model: openai/gpt-4o-mini, api_key: k } }]
general_settings: { master_key: k, always_include_stream_usage: true }`
    const shown = async (fields: object) =>
      await text(await gatewayWorld(() => streamed(lines), { config }).ask({ ...hello, stream: true, ...fields }))
    expect(await shown({})).toContain('"prompt_tokens":10')
    expect(await shown({ stream_options: { include_usage: false } })).not.toContain('prompt_tokens')
  })

  it('that breaks off ends with an error event and no [DONE], and is charged for what came', async () => {
    const world = gatewayWorld(() => streamed(lines.slice(0, 2), true))
    const shown = await text(await world.ask({ ...hello, stream: true }))
    await world.rest()
    expect(shown).toContain('"error"')
    expect(shown).not.toContain('[DONE]')
    expect(world.rows()).toMatchObject([{ status: 'failure', usage_estimated: true, error_type: 'upstream_error' }])
    expect(BigInt(world.rows()[0]!.cost_nano)).toBeGreaterThan(0n)
  })

  it('whose reader leaves cancels the vendor and is charged for what came', async () => {
    let cancelled = false
    const world = gatewayWorld(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) =>
              controller.enqueue(new TextEncoder().encode(`data: ${chunk({ content: 'word ' })}\n\n`)),
            cancel: () => {
              cancelled = true
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    )
    const response = await world.ask({ ...hello, stream: true })
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    await world.rest()
    expect(cancelled).toBe(true)
    expect(world.rows()).toMatchObject([{ status: 'cancelled', usage_estimated: true }])
  })

  it('whose client closes the connection while the vendor is waited for is cancelled, and no failure', async () => {
    const world = gatewayWorld(
      (_, { signal }) =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode(`data: ${chunk({ content: 'word ' })}\n\n`))
              signal?.addEventListener('abort', () => controller.error(signal.reason))
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    )
    const response = await world.ask({ ...hello, stream: true })
    const reader = response.body!.getReader()
    await reader.read()
    const next = reader.read()
    world.leave()
    await next
    await world.rest()
    expect(world.rows()).toMatchObject([{ status: 'cancelled', usage_estimated: true }])
  })

  it('that is no stream is a failure', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    expect(await refusal(world.ask({ ...hello, stream: true }))).toMatchObject({ kind: 'upstream_failed' })
  })
})

describe('many at once', () => {
  it('spend a budget that holds twenty to its end and no further, and what fits is served', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 10, completion_tokens: 100 }))
    const hold = await holdOf(hello)
    const limit = hold * 20n
    world.account.limits.set('key:k1@life', limit)
    const asked = await Promise.allSettled(Array.from({ length: 400 }, () => world.ask(hello, keyWith(limit))))
    await world.rest()
    const served = asked.filter(({ status }) => status === 'fulfilled').length
    const spent = world.rows().reduce((sum, row) => sum + BigInt(row.cost_nano), 0n)
    expect([served, world.rows().length]).toEqual([world.rows().length, served])
    expect(served).toBeGreaterThanOrEqual(20)
    expect(spent <= limit).toBe(true)
    expect(brokenPromise(world.account)).toBeUndefined()
  })
})

/** The most that a request can cost, as its ledger holds it. */
async function holdOf(body: Record<string, unknown>): Promise<bigint> {
  const probe = gatewayWorld(() => answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
  probe.account.limits.set('key:k1@life', 1_000_000_000n)
  await probe.ask(body, keyWith(1_000_000_000n))
  await probe.rest()
  return [...probe.account.leases.values()][0]!.granted
}

describe('a request that left its answer open', () => {
  const open = { model: 'small', messages: hello.messages }

  it('is lowered to what the budget still pays, and told so', async () => {
    const bodies: { max_completion_tokens?: number }[] = []
    const world = gatewayWorld((_, init) => {
      bodies.push(JSON.parse(String(init.body)) as object)
      return answered('Hi', { prompt_tokens: 5, completion_tokens: 5 })
    })
    const limit = (await holdOf({ ...hello, max_tokens: 1_000 })) + 1_000n
    world.account.limits.set('key:k1@life', limit)
    const response = await world.ask(open, keyWith(limit))
    const told = Number(response.headers.get('x-tollgate-max-tokens'))
    expect(told).toBeGreaterThanOrEqual(900)
    expect(told).toBeLessThan(1_100)
    expect(bodies[0]!.max_completion_tokens).toBe(told)
  })

  it('is refused when not even a short answer fits, and never lowered when it named a maximum', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 5, completion_tokens: 5 }))
    const short = await holdOf({ ...hello, max_tokens: 200 })
    world.account.limits.set('key:k1@life', short)
    expect(await refusal(world.ask(open, keyWith(short)))).toMatchObject({ kind: 'budget_exceeded' })
    expect(await refusal(world.ask({ ...hello, max_tokens: 1_000 }, keyWith(short)))).toMatchObject({
      kind: 'budget_exceeded',
    })
  })

  it('or whose key has budget_clamp is lowered although it named one', async () => {
    const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 5, completion_tokens: 5 }))
    const limit = await holdOf({ ...hello, max_tokens: 500 })
    world.account.limits.set('key:k1@life', limit)
    const key = { ...keyWith(limit), metadata: { budget_clamp: true } }
    const response = await world.ask({ ...hello, max_tokens: 5_000 }, key)
    expect(Number(response.headers.get('x-tollgate-max-tokens'))).toBeLessThanOrEqual(500)
  })
})

describe('a fallback', () => {
  const failing = (times: number, status = 503) => {
    const asked: string[] = []
    const world = gatewayWorld((_, init) => {
      asked.push((JSON.parse(String(init.body)) as { model: string }).model)
      return asked.length <= times
        ? Response.json({ error: { message: 'The engine is overloaded' } }, { status })
        : answered('Hi', { prompt_tokens: 10, completion_tokens: 20 })
    })
    return { world, asked }
  }
  const primary = { ...hello, model: 'primary' }

  it('answers when its group has failed; every attempt is a row, and only the answer costs', async () => {
    const { world, asked } = failing(1)
    world.account.limits.set('key:k1@life', 1_000_000_000n)
    const response = await world.ask(primary, keyWith(1_000_000_000n))
    await world.rest()
    expect(asked).toEqual(['gpt-4o-mini', 'gpt-4o'])
    expect(response.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
    expect(response.headers.get('x-litellm-model-group')).toBe('dearer')
    const rows = world.rows()
    expect(rows.map(({ model_group, status }) => [model_group, status])).toEqual([
      ['primary', 'failure'],
      ['dearer', 'success'],
    ])
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(1)
    // gpt-4o: 2.50 and 10 USD per million tokens.
    expect(rows.map(({ cost_nano }) => cost_nano)).toEqual(['0', String(10n * 2_500n + 20n * 10_000n)])
    expect(brokenPromise(world.account)).toBeUndefined()
  })

  it('is re-priced: one that the budget cannot pay is not asked, a cheaper one is, and the first failure is told', async () => {
    const { world, asked } = failing(9)
    const limit = await holdOf(hello)
    world.account.limits.set('key:k1@life', limit)
    expect(await refusal(world.ask(primary, keyWith(limit)))).toMatchObject({ kind: 'upstream_failed', status: 503 })
    await world.rest()
    expect(asked).toEqual(['gpt-4o-mini', 'gpt-4o-mini'])
    expect(world.rows()).toMatchObject([{ model_group: 'primary' }, { model_group: 'small' }])
    expect(world.rows()).toMatchObject([{ cost_nano: '0' }, { cost_nano: '0' }])
    // Its hold is closed: the same again is held.
    expect(await refusal(world.ask(primary, keyWith(limit)))).toMatchObject({ status: 503 })
  })

  it('each is tried once, and then the first failure is told', async () => {
    const { world, asked } = failing(9)
    expect(await refusal(world.ask(primary))).toMatchObject({ status: 503 })
    await world.rest()
    expect(asked).toEqual(['gpt-4o-mini', 'gpt-4o', 'gpt-4o-mini'])
    expect(world.rows()).toHaveLength(3)
  })

  it('does not help a request that is wrong', async () => {
    const { world, asked } = failing(9, 400)
    expect(await refusal(world.ask(primary))).toMatchObject({ status: 400 })
    expect(asked).toHaveLength(1)
  })

  it('is only a group that the caller may use', async () => {
    const { world, asked } = failing(9)
    const key = { ...keyWith(), models: [{ level: 'key' as const, names: ['primary', 'small'] }] }
    expect(await refusal(world.ask(primary, key))).toMatchObject({ status: 503 })
    expect(asked).toEqual(['gpt-4o-mini', 'gpt-4o-mini'])
  })
})

describe('a request counts once', () => {
  const limits = [{ entity: 'key:k1', rpm: 50, maxParallel: 30 }]
  const left = async (world: ReturnType<typeof gatewayWorld>) => {
    const { rates } = await world.ledger.check('key:k1', {
      ...{ attempt: newId(world.deps.clock()), scopes: [], limits, amountNano: 0n, tokens: 0, callMs: 1_000 },
    })
    return rates.map(({ remaining }) => remaining)
  }

  it('and those that are refused because another is trying the deployment do not', async () => {
    const probe = Promise.withResolvers<Response>()
    let asked = 0
    const world = gatewayWorld(() => {
      asked += 1
      return asked === 1 ? Response.json({ error: { message: 'no such model' } }, { status: 404 }) : probe.promise
    })
    const ask = () => world.ask(hello, keyWith(undefined, limits))
    expect(await refusal(ask())).toMatchObject({ status: 404 })
    world.pass(5_001)
    const answers = Array.from({ length: 20 }, ask)
    const refused = await Promise.all(answers.slice(1).map(refusal))
    expect(new Set(refused.map(({ kind }) => kind))).toEqual(new Set(['rate_limited']))
    probe.resolve(answered('I am back.', { prompt_tokens: 1, completion_tokens: 1 }))
    expect((await answers[0])?.status).toBe(200)
    await world.rest()
    expect(asked).toBe(2)
    expect(await left(world)).toEqual([48, 30])
  })

  it('also where a lowered fallback is asked once its own price was too high, and has one slot', async () => {
    // Enough for all that the first may write, and not for all of the fallback's.
    const limit = 20_000_000n
    const running = Promise.withResolvers<Response>()
    let asked = 0
    const world = gatewayWorld(() => {
      asked += 1
      return asked === 1 ? Response.json({ error: { message: 'no' } }, { status: 503 }) : running.promise
    })
    world.account.limits.set('key:k1@life', limit)
    const { max_tokens: _, ...open } = hello
    const answer = world.ask({ ...open, model: 'primary' }, keyWith(limit, limits))
    while (asked < 2) await new Promise((resolve) => setTimeout(resolve))
    expect(await left(world)).toEqual([49, 29])
    running.resolve(answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    expect((await answer).headers.get('x-litellm-model-group')).toBe('dearer')
    await world.rest()
    expect(await left(world)).toEqual([49, 30])
  })

  it('and keeps its slot when what may be billed is followed by a fallback, whose row is written', async () => {
    const running = Promise.withResolvers<Response>()
    let asked = 0
    const world = gatewayWorld(() => {
      asked += 1
      return asked === 1
        ? new Response('not JSON', { headers: { 'content-type': 'application/json' } })
        : running.promise
    })
    world.account.limits.set('key:k1@life', 1_000_000_000n)
    const answer = world.ask({ ...hello, model: 'primary' }, keyWith(1_000_000_000n, limits))
    while (asked < 2) await new Promise((resolve) => setTimeout(resolve))
    expect(await left(world)).toEqual([49, 29])
    running.resolve(answered('Hi', { prompt_tokens: 1, completion_tokens: 1 }))
    expect((await answer).status).toBe(200)
    await world.rest()
    expect(await left(world)).toEqual([49, 30])
    // The ledger has kept the row, and sends it on.
    expect(world.account.log.size).toBe(1)
    await world.ledger.tick('key:k1')
    expect(world.account.log.size).toBe(2)
    const [spent] = [...world.account.windows.values()].map((window) => window.spent)
    expect(spent).toBeGreaterThan(BigInt(world.rows()[0]?.cost_nano ?? 0))
    expect(brokenPromise(world.account)).toBeUndefined()
  })
})
