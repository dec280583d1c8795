import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { type Client, converse } from '../../../src/gateway/realtime.ts'
import type { RuntimeSocket, Socket, SocketListener } from '../../../src/gateway/realtime-socket.ts'
import { newId } from '../../../src/ids.ts'
import { realtime } from '../../../src/operations/realtime.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import { gatewayWorld, keyWith } from '../../support/gateway-world.ts'

/** A dollar for a thousand tokens that are read, two for those that are written, as sound or not. */
const CONFIG = `
model_list:
  - model_name: voice
    litellm_params: { model: openai/gpt-realtime, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1', input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
    model_info: { id: voice-1, max_input_tokens: 32000, max_output_tokens: 100 }
  - model_name: scribe
    litellm_params: { model: openai/gpt-4o-transcribe, api_key: os.environ/OPENAI_API_KEY, input_cost_per_token: 0.000001, output_cost_per_token: 0.000001 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const USD = 1_000_000_000n
const SETTINGS = { type: 'session.created', session: { model: 'gpt-realtime', turn_detection: null } }
const AUTOMATIC = {
  type: 'session.created',
  session: { model: 'gpt-realtime', turn_detection: { type: 'server_vad' } },
}
const USED = { input_tokens: 100, output_tokens: 50 }
const begun = (id: string) => ({ type: 'response.created', response: { id, status: 'in_progress' } })
const done = (id: string, more: object = { status: 'completed', usage: USED }) => ({
  type: 'response.done',
  response: { id, ...more },
})
const WRITING = { type: 'session.created', session: { model: 'gpt-realtime', turn_detection: null } }
const SCRIBE = { type: 'session.update', session: { input_audio_transcription: { model: 'scribe' } } }
const committed = (item_id: string) => ({ type: 'input_audio_buffer.committed', item_id })
const written = (item_id: string) => ({
  type: 'conversation.item.input_audio_transcription.completed',
  ...{ item_id, transcript: 'hi', usage: { type: 'tokens', input_tokens: 1_000, output_tokens: 1_000 } },
})
const SOUND = { type: 'input_audio_buffer.append', audio: 'AAAA' }

type Event = Readonly<Record<string, unknown>>

/** One end, as the gateway has it. */
function end() {
  const said: Event[] = []
  const closes: { code: number; reason: string }[] = []
  let listener: SocketListener | undefined
  const socket: Socket = {
    send: (data) => void said.push(JSON.parse(String(data)) as Event),
    close: (code, reason) => void closes.push({ code, reason }),
    listen: (one) => {
      listener = one
    },
  }
  return {
    socket,
    said,
    closes,
    types: () => said.map(({ type }) => type),
    say: (event: object) => listener?.message(JSON.stringify(event)),
    leave: (code = 1006) => listener?.closed(code, ''),
  }
}

/** The vendor's, as the runtime gives it. */
function runtimeEnd() {
  const inner = end()
  const on: Record<string, (event: never) => void> = {}
  const socket: RuntimeSocket = {
    binaryType: 'blob',
    accept: () => {},
    send: (data) => inner.socket.send(data),
    close: (code, reason) => inner.socket.close(code, reason),
    addEventListener: (type: string, listener: (event: never) => void) => {
      on[type] = listener
    },
  }
  return {
    ...inner,
    runtime: socket,
    say: (event: object) => on.message?.({ data: JSON.stringify(event) } as never),
    leave: (code = 1006) => on.close?.({ code, reason: '' } as never),
  }
}

/** A conversation over the ledger's twin, with a clock that only the test moves. */
async function conversation({
  usd,
  limits = [],
  first = SETTINGS,
  settings = '',
}: {
  usd?: bigint
  limits?: Principal['limits']
  first?: object
  settings?: string
} = {}) {
  const limitNano = usd === undefined ? undefined : usd * USD
  const principal = keyWith(limitNano, limits)
  const vendor = runtimeEnd()
  const switched = { ok: false, status: 101, headers: new Headers(), body: null, webSocket: vendor.runtime }
  const world = gatewayWorld(() => switched as unknown as Response, { config: CONFIG + settings })
  if (limitNano !== undefined) world.account.limits.set('key:k1@life', limitNano)
  const sleepers = new Set<{ dueMs: number; wake: () => void }>()
  const deps = {
    ...world.deps,
    // It ends with the conversation, and what is deferred meanwhile is waited for before.
    defer: (name: string, work: Promise<unknown>) => {
      if (name !== 'realtime session') world.deps.defer(name, work)
    },
    sleep: (ms: number, until: AbortSignal) =>
      new Promise<void>((resolve) => {
        const one = { dueMs: world.deps.clock() + ms, wake: resolve }
        sleepers.add(one)
        const over = () => {
          sleepers.delete(one)
          resolve()
        }
        if (until.aborted) over()
        else until.addEventListener('abort', over, { once: true })
      }),
  }
  const client = end()
  let standing = principal
  const door: Client = {
    standing: () =>
      standing.blocked ? Promise.reject(new GatewayError('auth_error', 'blocked')) : Promise.resolve(standing),
    accept: () => ({ socket: client.socket, response: new Response() }),
  }
  const nowMs = deps.clock()
  const call = {
    ...{ requestId: newId(nowMs), principal, operation: realtime, dialect: openaiChat, path: {} },
    ...{ body: { model: 'voice' }, headers: new Headers(), receivedAtMs: nowMs },
    signal: new AbortController().signal,
  }
  await converse(call, door, deps)
  vendor.say(first)
  const settle = async () => {
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
  }
  await settle()
  const heldNano = async () => {
    const [scope] = principal.scopes
    if (!scope) return 0n
    const limits: Principal['limits'] = []
    const take = { attempt: newId(nowMs), scopes: [scope], limits, amountNano: 0n, tokens: 0, callMs: 1_000 }
    return (await deps.ledger.check('key:k1', take)).windows[0]?.heldNano ?? 0n
  }
  return {
    ...{ world, vendor, client, settle, heldNano, deps },
    become: (one: Principal) => {
      standing = one
    },
    async pass(ms: number) {
      world.pass(ms)
      for (const one of [...sleepers]) if (one.dueMs <= deps.clock()) one.wake()
      await settle()
    },
    async clientSays(...events: object[]) {
      for (const event of events) client.say(event)
      await settle()
    },
    async vendorSays(...events: object[]) {
      for (const event of events) vendor.say(event)
      await settle()
    },
    async rows() {
      client.leave()
      await settle()
      world.pass(0)
      await world.rest()
      return world.rows()
    },
  }
}

describe('a session', () => {
  it('tells in its rows what was taken off the price', async () => {
    const talk = await conversation({ settings: 'litellm_settings: { cost_discount_config: { openai: 0.25 } }' })
    await talk.vendorSays(begun('a'), done('a'))
    expect(await talk.rows()).toMatchObject([
      { cost_nano: '150000000', original_cost_nano: '200000000', discount_nano: '50000000', margin_nano: '0' },
    ])
  })

  it('is one row for each response, under one request', async () => {
    const talk = await conversation()
    await talk.clientSays({ type: 'response.create', event_id: 'mine' })
    expect(talk.vendor.said).toMatchObject([{ type: 'response.create' }])
    await talk.vendorSays(begun('a'), done('a'), begun('b'), done('b'))
    expect(talk.client.said[0]).toMatchObject({ session: { model: 'voice' } })
    const rows = await talk.rows()
    expect(rows.map(({ cost_nano }) => cost_nano)).toEqual(['200000000', '200000000'])
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(1)
    expect(talk.vendor.closes).toHaveLength(1)
  })

  it('holds before a response goes on, and gives back what it did not cost', async () => {
    const talk = await conversation({ usd: 2n })
    await talk.clientSays({ type: 'response.create' })
    const held = await talk.heldNano()
    expect(held).toBeGreaterThan(700_000_000n)
    await talk.vendorSays(begun('a'), done('a'))
    await talk.world.rest()
    expect(await talk.heldNano()).toBe(0n)
    expect(await talk.rows()).toMatchObject([{ status: 'success', hold_nano: String(held), cost_nano: '200000000' }])
    expect(brokenPromise(talk.world.account)).toBeUndefined()
  })

  it('lets a second response wait for the money of the first', async () => {
    const talk = await conversation({ usd: 1n })
    await talk.clientSays({ type: 'response.create' })
    await talk.vendorSays(begun('a'))
    await talk.clientSays({ type: 'response.create' })
    expect(talk.vendor.types()).toEqual(['response.create'])
    await talk.vendorSays(done('a', { status: 'completed', usage: { input_tokens: 1, output_tokens: 1 } }))
    await talk.world.rest()
    await talk.settle()
    expect(talk.vendor.types()).toEqual(['response.create', 'response.create'])
  })

  it('ends with the refusal when the budget is out', async () => {
    const talk = await conversation({ usd: 0n })
    await talk.clientSays({ type: 'response.create' })
    expect(talk.vendor.said).toEqual([])
    expect(talk.client.said.at(-1)).toMatchObject({ type: 'error', error: { type: 'budget_exceeded' } })
    expect(talk.client.closes).toMatchObject([{ code: 1008 }])
  })

  it('keeps sound from a vendor that answers by itself until an answer is paid for', async () => {
    const talk = await conversation({ usd: 1n, first: AUTOMATIC })
    await talk.clientSays(SOUND)
    expect(talk.vendor.types()).toEqual([SOUND.type])
    expect(await talk.heldNano()).toBeGreaterThan(700_000_000n)
    // The answer begins; more sound could lead to another, which does not fit beside it.
    await talk.vendorSays(begun('a'))
    await talk.clientSays(SOUND, SOUND)
    expect(talk.vendor.types()).toEqual([SOUND.type])
    expect(talk.client.closes).toEqual([])
    await talk.vendorSays(done('a', { status: 'completed', usage: { input_tokens: 1, output_tokens: 1 } }))
    await talk.world.rest()
    await talk.pass(3_000)
    expect(talk.vendor.types()).toEqual([SOUND.type, SOUND.type, SOUND.type])
    expect(await talk.rows()).toMatchObject([{ cost_nano: '3000000', overrun: false }])
    expect(brokenPromise(talk.world.account)).toBeUndefined()
  })

  it('ends when more waits than it may', async () => {
    const talk = await conversation({ usd: 1n, first: AUTOMATIC })
    await talk.clientSays(SOUND)
    await talk.vendorSays(begun('a'))
    const large = { ...SOUND, audio: 'A'.repeat(1_500_000) }
    await talk.clientSays(large, large)
    expect(talk.client.closes).toEqual([])
    await talk.clientSays(large)
    expect(talk.client.closes).toMatchObject([{ code: 1009 }])
  })

  it('cancels an answer that nobody asked for and nothing pays for, and charges it', async () => {
    const talk = await conversation({ usd: 0n })
    await talk.vendorSays(begun('a'))
    expect(talk.client.closes).toMatchObject([{ code: 1008 }])
    expect(talk.vendor.said.at(-1)).toEqual({ type: 'response.cancel', response_id: 'a' })
    await talk.vendorSays(done('a', { status: 'cancelled', usage: USED }))
    expect(await talk.rows()).toMatchObject([{ status: 'cancelled', cost_nano: '200000000', overrun: true }])
  })

  it('charges a client that left by an estimate where the vendor says nothing more', async () => {
    const talk = await conversation({ usd: 2n })
    await talk.clientSays({ type: 'response.create' })
    await talk.vendorSays(begun('a'), { type: 'response.output_text.delta', response_id: 'a', delta: 'x'.repeat(80) })
    talk.client.leave()
    await talk.settle()
    expect(talk.vendor.closes).toEqual([])
    await talk.pass(2_000)
    expect(talk.vendor.closes).toHaveLength(1)
    const [row] = await talk.rows()
    expect(row).toMatchObject({ status: 'cancelled', usage_estimated: true, completion_tokens: 20 })
    expect(await talk.heldNano()).toBe(0n)
  })

  it('frees what a vendor that hung up never began', async () => {
    const talk = await conversation({ usd: 2n })
    await talk.clientSays({ type: 'response.create' })
    talk.vendor.leave(1006)
    await talk.settle()
    expect(talk.client.said.at(-1)).toMatchObject({ type: 'error', error: { type: 'upstream_error' } })
    expect(talk.client.closes).toMatchObject([{ code: 1011 }])
    expect(await talk.rows()).toMatchObject([{ status: 'failure', cost_nano: '0' }])
    expect(await talk.heldNano()).toBe(0n)
  })

  it('holds nothing for what its client did not wait for', async () => {
    for (const first of [SETTINGS, AUTOMATIC]) {
      const talk = await conversation({ usd: 2n, first })
      const gate = Promise.withResolvers<void>()
      const take = talk.deps.ledger.take.bind(talk.deps.ledger)
      talk.deps.ledger.take = async (...asked) => {
        await gate.promise
        return take(...asked)
      }
      await talk.clientSays(first === SETTINGS ? { type: 'response.create' } : SOUND)
      talk.client.leave()
      await talk.settle()
      gate.resolve()
      await talk.settle()
      expect(talk.vendor.said).toEqual([])
      expect(await talk.rows()).toMatchObject([{ status: 'success', cost_nano: '0' }])
      expect(await talk.heldNano()).toBe(0n)
    }
  })

  it('ends within five seconds when its caller may not call any more, and after an hour', async () => {
    const blocked = await conversation()
    blocked.become({ ...keyWith(), blocked: 'key' })
    await blocked.pass(5_000)
    expect(blocked.client.closes).toMatchObject([{ code: 1008 }])

    const barred = await conversation()
    barred.become({ ...keyWith(), models: [{ level: 'key', names: ['other'] }] })
    await barred.pass(1_100)
    expect(barred.client.closes).toEqual([])
    await barred.clientSays({ type: 'input_audio_buffer.clear' })
    expect(barred.client.closes).toMatchObject([{ code: 1008 }])
    expect(barred.vendor.said).toEqual([])

    const long = await conversation()
    await long.pass(3_600_000)
    expect(long.client.closes).toEqual([])
    await long.pass(5_000)
    expect(long.client.said.at(-1)).toMatchObject({ error: { code: 'session_expired' } })
  })

  it('holds for each of two that a vendor writes down before it hears more', async () => {
    const talk = await conversation({ usd: 1n, first: WRITING })
    await talk.clientSays(SCRIBE, SOUND)
    const one = await talk.heldNano()
    expect(one).toBeGreaterThan(0n)
    await talk.vendorSays(committed('a'), committed('b'))
    expect(await talk.heldNano()).toBeGreaterThan(one)
    await talk.vendorSays(written('a'), written('b'))
    await talk.world.rest()
    expect(await talk.rows()).toMatchObject([
      { call_type: 'atranscription', cost_nano: '2000000', overrun: false, single: true },
      { call_type: 'atranscription', cost_nano: '2000000', overrun: false },
    ])
    expect(talk.world.rows().every(({ hold_nano }) => hold_nano !== '0')).toBe(true)
    expect(await talk.heldNano()).toBe(0n)
    expect(brokenPromise(talk.world.account)).toBeUndefined()
  })

  it('charges what a vendor never told it had written down, once, and does not wait for more than a hundred', async () => {
    const talk = await conversation({ usd: 5n, first: WRITING })
    await talk.clientSays(SCRIBE, SOUND)
    await talk.vendorSays(committed('late'))
    for (let minutes = 0; minutes < 11; minutes++) await talk.pass(60_000)
    await talk.vendorSays(written('late'))
    await talk.world.rest()
    expect(talk.world.rows()).toMatchObject([{ call_type: 'atranscription', usage_estimated: true, overrun: false }])
    for (let item = 0; item < 101; item++) {
      await talk.clientSays(SOUND)
      await talk.vendorSays(committed(`item-${item}`))
    }
    await talk.world.rest()
    expect(talk.world.rows()).toHaveLength(2)
    talk.client.leave()
    await talk.pass(2_000)
    await talk.world.rest()
    expect(talk.world.rows()).toHaveLength(102)
    expect(brokenPromise(talk.world.account)).toBeUndefined()
  })

  it('ends when its caller may not use any more what writes it down', async () => {
    const talk = await conversation({ first: WRITING })
    await talk.clientSays(SCRIBE)
    expect(talk.vendor.said.at(-1)).toMatchObject({
      session: { input_audio_transcription: { model: 'gpt-4o-transcribe' } },
    })
    talk.become({ ...keyWith(), models: [{ level: 'key', names: ['voice'] }] })
    await talk.pass(5_000)
    expect(talk.client.said.at(-1)).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('transcribe') },
    })
    expect(talk.client.closes).toMatchObject([{ code: 1008 }])
  })

  it('hears an interruption though sound waits for the money of what it interrupts, and never before what it may mean', async () => {
    const talk = await conversation({ usd: 1n, first: AUTOMATIC })
    await talk.clientSays(SOUND)
    await talk.vendorSays(begun('a'))
    await talk.clientSays(SOUND, { type: 'response.cancel' })
    expect(talk.vendor.types()).toEqual([SOUND.type, 'response.cancel'])
    await talk.clientSays({ type: 'response.create' }, { type: 'response.cancel', event_id: 'second' })
    expect(talk.vendor.types()).toEqual([SOUND.type, 'response.cancel'])
    await talk.vendorSays(done('a', { status: 'cancelled', usage: { input_tokens: 1, output_tokens: 1 } }))
    await talk.world.rest()
    await talk.pass(3_000)
    expect(talk.vendor.types()).toEqual([
      ...[SOUND.type, 'response.cancel', SOUND.type],
      ...['response.create', 'response.cancel'],
    ])
  })

  it('takes its slot where its caller is by now, and gives back the one before', async () => {
    const limits = [{ entity: 'key:k1', maxParallel: 1 }]
    const talk = await conversation({ limits })
    const left = async (ledger: string) => {
      const take = { attempt: newId(0), scopes: [], limits, amountNano: 0n, tokens: 0, callMs: 1_000 }
      return (await talk.deps.ledger.check(ledger, take)).rates[0]?.remaining
    }
    expect([await left('key:k1'), await left('team:t')]).toEqual([0, 1])
    talk.become({ ...keyWith(undefined, limits), ledger: 'team:t' })
    await talk.pass(5_000)
    await talk.world.rest()
    expect([await left('key:k1'), await left('team:t')]).toEqual([1, 0])
    await talk.rows()
    expect([await left('key:k1'), await left('team:t')]).toEqual([1, 1])
  })

  it('takes a slot once its caller has such a limit', async () => {
    const limits = [{ entity: 'key:k1', maxParallel: 1 }]
    const talk = await conversation()
    const left = async () => {
      const take = { attempt: newId(0), scopes: [], limits, amountNano: 0n, tokens: 0, callMs: 1_000 }
      return (await talk.deps.ledger.check('key:k1', take)).rates[0]?.remaining
    }
    talk.become(keyWith(undefined, limits))
    await talk.pass(5_000)
    expect(await left()).toBe(0)
    await talk.rows()
    expect(await left()).toBe(1)
  })

  it('keeps its one slot however long it lasts, and gives it back', async () => {
    const limits = [{ entity: 'key:k1', maxParallel: 1 }]
    const talk = await conversation({ limits })
    const slots = async () => {
      const take = { attempt: newId(0), scopes: [], limits, amountNano: 0n, tokens: 0, callMs: 1_000 }
      return (await talk.deps.ledger.check('key:k1', take)).rates[0]?.remaining
    }
    for (let minutes = 0; minutes < 20; minutes++) {
      expect(await slots()).toBe(0)
      await talk.pass(60_000)
    }
    await talk.rows()
    expect(await slots()).toBe(1)
  })

  it('holds for the window of now what waits for an answer', async () => {
    const talk = await conversation({ usd: 2n, first: AUTOMATIC })
    await talk.clientSays(SOUND)
    const { ledger } = talk.deps
    let repriced = 0
    const reprice = ledger.reprice.bind(ledger)
    ledger.reprice = (...asked) => {
      repriced += 1
      return reprice(...asked)
    }
    await talk.pass(5_000)
    expect(repriced).toBe(0)
    await talk.pass(61_000)
    expect(repriced).toBe(1)
    expect(await talk.heldNano()).toBeLessThan(USD)
    await talk.rows()
    expect(await talk.heldNano()).toBe(0n)
  })
})
