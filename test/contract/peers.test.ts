import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { brokenPromise, record, reset } from '../../src/budget/books.ts'
import { GatewayError } from '../../src/errors.ts'
import { refused } from '../../src/gateway/refusal.ts'
import { newId } from '../../src/ids.ts'
import { MemoryLedger } from '../../src/ledger/memory.ts'
import type { Grant, Refusal, Settlement, Take } from '../../src/ledger/port.ts'
import { SqliteStore } from '../../src/ledger/sqlite-store.ts'
import { nanoFromUsd, usdFromNano } from '../../src/money.ts'
import { routes } from '../../src/routes/table.ts'
import { answered, gatewayWorld, keyWith, streamed, usageChunk } from '../support/gateway-world.ts'
import { world as frontDoor } from '../unit/routes/world.ts'
import { EXPIRED_MS, FickleSource, MINUTE_MS, rowOf, scope, settings, takeOf } from './ledger-world.ts'

// What went wrong in gateways that reserved before the call, each once, as it must go here.

const NAME = 'org:o'
const KEY = scope('key:k@life')
const TEAM = scope('team:t@life')
const ORG = scope('org:o@life')

function newLedger(startMs = Date.UTC(2026, 10, 22, 12)) {
  let nowMs = startMs
  const source = new FickleSource()
  const ledger = new MemoryLedger({ source, settings, clock: () => nowMs })
  const ask = (more: Partial<Take>) => ledger.take(NAME, takeOf({ now: () => nowMs }, { scopes: [KEY], ...more }))
  const windows = (name: string) => [...source.books.windows.values()].filter((one) => one.scope === name)
  return {
    ledger,
    source,
    ask,
    windows,
    now: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms
    },
    limit: (which: { name: string }, nano: bigint) => source.books.limits.set(which.name, nano),
    settle: (grant: Grant, paidNano: bigint, more: Partial<Settlement> = {}) =>
      ledger.settle(NAME, [{ grantId: grant.id, paidNano, tokens: 0, ...more }]),
    async granted(more: Partial<Take> = {}): Promise<Grant> {
      const taken = await ask(more)
      if (!taken.granted) throw new Error(`refused: ${taken.refusal.kind}`)
      return taken.grant
    },
    async refused(more: Partial<Take> = {}): Promise<Refusal> {
      const taken = await ask(more)
      if (taken.granted) throw new Error('was granted')
      return taken.refusal
    },
  }
}

/** Routes for every key that ask no vendor for an answer. */
const NOTHING_SPENT = ['/budget/check', '/key/health', '/utils/token_counter']

describe('the bugs of those who reserved before', () => {
  let world: ReturnType<typeof newLedger> | undefined
  const open = (startMs?: number) => {
    world = newLedger(startMs)
    return world
  }
  afterEach(() => {
    if (world) expect(brokenPromise(world.source.books)).toBeUndefined()
    world = undefined
  })

  it('1: shrink and admit', async () => {
    // 1.00 in all, 0.99 spent, and a call that may cost 0.50 is not asked with a hold of 0.01.
    const one = open()
    one.limit(KEY, nanoFromUsd(1))
    await one.settle(await one.granted({ amountNano: nanoFromUsd(0.99) }), nanoFromUsd(0.99))
    expect(await one.refused({ amountNano: nanoFromUsd(0.5) })).toMatchObject({
      kind: 'budget_exceeded',
      spentNano: nanoFromUsd(0.99),
      neededNano: nanoFromUsd(0.5),
    })
    // Less is granted only to who would be content with it, and then what is granted is what binds.
    expect(await one.granted({ amountNano: nanoFromUsd(0.5), leastNano: nanoFromUsd(0.005) })).toMatchObject({
      amountNano: nanoFromUsd(0.01),
    })

    let asked = 0
    const gateway = gatewayWorld(() => {
      asked += 1
      return answered('Hi', { prompt_tokens: 1, completion_tokens: 1 })
    })
    gateway.account.limits.set('key:k1@life', 300_000n)
    const body = { model: 'small', messages: [{ role: 'user', content: 'Write a book.' }], max_tokens: 10_000 }
    await expect(gateway.ask(body, keyWith(300_000n))).rejects.toMatchObject({ kind: 'budget_exceeded' })
    expect(asked).toBe(0)
  })

  it('2: wrong-window refund', async () => {
    const one = open(Date.UTC(2026, 10, 22, 11, 59, 59, 900))
    const MINUTE = scope('key:k@1m')
    one.limit(MINUTE, 100n)
    const grant = await one.granted({ scopes: [MINUTE], amountNano: 60n })
    one.advance(5_100)
    const next = await one.granted({ scopes: [MINUTE], amountNano: 100n })
    record(one.source.books, [rowOf(grant, 7n)])
    await one.settle(grant, 7n)
    const [before, after] = one.windows(MINUTE.name)
    expect(before).toMatchObject({ startMs: Date.UTC(2026, 10, 22, 11, 59), spent: 7n })
    expect(after).toMatchObject({ startMs: Date.UTC(2026, 10, 22, 12), spent: 0n, leased: 100n })
    await one.settle(next, 0n)
    await one.granted({ scopes: [MINUTE], amountNano: 100n })
    expect((await one.refused({ scopes: [MINUTE], amountNano: 1n })).kind).toBe('budget_held')
  })

  it('3: per-request hold without a lease', async () => {
    const one = open()
    one.limit(KEY, 100n)
    const grant = await one.granted({ amountNano: 60n })
    await one.ledger.evict(NAME)
    one.advance(EXPIRED_MS)
    await one.ledger.tick(NAME)
    // The hold of the dead is a row that anyone can see, and nothing is leased for ever.
    expect(one.windows(KEY.name)).toMatchObject([{ spent: 60n }])
    expect([...one.source.books.log.keys()]).toEqual([`expired:${grant.id}`])
    await one.granted({ amountNano: 40n })
    // It was not dead after all: its row takes the place of the hold.
    record(one.source.books, [rowOf(grant, 5n)])
    expect(one.windows(KEY.name)).toMatchObject([{ spent: 5n }])
    await one.granted({ amountNano: 55n })
  })

  it('4: partial multi-scope', async () => {
    const one = open()
    one.limit(KEY, 100n)
    one.limit(TEAM, 100n)
    one.limit(ORG, 50n)
    const all = { scopes: [KEY, TEAM, ORG] }
    // The answer for all three gets lost on its way, and the ledger's memory with it.
    one.source.fates.push('unheard')
    expect((await one.refused({ ...all, amountNano: 40n })).kind).toBe('ledger_unavailable')
    await one.ledger.evict(NAME)
    expect(await one.refused({ ...all, amountNano: 60n })).toMatchObject({ scope: ORG.name })
    const grant = await one.granted({ ...all, amountNano: 50n })
    record(one.source.books, [rowOf(grant, 50n)])
    await one.settle(grant, 50n)
    one.advance(EXPIRED_MS)
    for (let n = 0; n < 3; n++) {
      one.advance(settings.idleReturnMs)
      await one.ledger.tick(NAME)
    }
    for (const { name } of [KEY, TEAM, ORG]) expect(one.windows(name)).toMatchObject([{ spent: 50n, leased: 0n }])
    await one.granted({ scopes: [KEY, TEAM], amountNano: 50n })
  })

  it('5: free model, paid fallback', async () => {
    const one = open()
    one.limit(KEY, 40n)
    const free = await one.granted({ amountNano: 0n })
    const failed = { grantId: free.id, paidNano: 0n, tokens: 0 }
    const dear = (amountNano: bigint) => takeOf(one, { scopes: [KEY], amountNano })
    expect(await one.ledger.reprice(NAME, failed, dear(50n))).toMatchObject({
      granted: false,
      refusal: { kind: 'budget_exceeded', neededNano: 50n },
    })
    expect(await one.ledger.reprice(NAME, failed, dear(40n))).toMatchObject({
      granted: true,
      grant: { amountNano: 40n },
    })
    expect((await one.refused({ amountNano: 1n })).kind).toBe('budget_held')
  })

  it('6: unknown price', async () => {
    let asked = 0
    const gateway = gatewayWorld(() => {
      asked += 1
      return answered('Hi', { prompt_tokens: 1, completion_tokens: 1 })
    })
    gateway.account.limits.set('key:k1@life', nanoFromUsd(1_000))
    const body = { model: 'unpriced', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }
    await expect(gateway.ask(body, keyWith(nanoFromUsd(1_000)))).rejects.toMatchObject({
      kind: 'model_without_price',
      status: 400,
    })
    expect([asked, gateway.rows().length]).toEqual([0, 0])
  })

  it('7: floats', async () => {
    // 0.1 + 0.2 is 0.30000000000000004 in floats: the third call would be refused, or 0.4 spent of 0.3.
    const one = open()
    one.limit(KEY, nanoFromUsd(0.3))
    for (let n = 0; n < 3; n++) {
      const grant = await one.granted({ amountNano: nanoFromUsd(0.1) })
      record(one.source.books, [rowOf(grant, nanoFromUsd(0.1))])
      await one.settle(grant, nanoFromUsd(0.1))
    }
    expect((await one.refused({ amountNano: 1n })).kind).toBe('budget_exceeded')
    expect(one.windows(KEY.name)).toMatchObject([{ spent: 300_000_000n }])
    expect(usdFromNano(300_000_000n)).toBe(0.3)
    const error = refused(await one.refused({ amountNano: nanoFromUsd(0.7) }))
    expect(error.message).not.toMatch(/\d{10}/)
    expect(error.details.facts).toMatchObject({ spend: 0.3, max_budget: 0.3, needed: 0.7 })
  })

  it('8: absolute-value flush', async () => {
    const one = open()
    one.limit(KEY, 100n)
    const grants = [await one.granted({ amountNano: 30n }), await one.granted({ amountNano: 30n })]
    const rows = grants.map((grant) => rowOf(grant, 20n))
    const { books } = one.source
    record(books, rows.slice(0, 1))
    const operation = newId(one.now())
    const at = { operation, scope: KEY.name, startMs: 0, targetNano: 0n }
    expect(reset(books, at)).toBe(-20n)
    record(books, rows)
    // The operator's tool asks again, since its answer was lost; what came meanwhile stays.
    expect(reset(books, at)).toBe(0n)
    for (const grant of grants) await one.settle(grant, 20n)
    expect(one.windows(KEY.name)).toMatchObject([{ spent: 20n }])
    await one.granted({ amountNano: 80n })
    expect((await one.refused({ amountNano: 1n })).kind).toBe('budget_held')
  })

  it('9: trust skip', async () => {
    // Each call is a hundredth of what is left, and a thousand of them come at once.
    const one = open()
    one.limit(KEY, 100n)
    one.source.latencyMs = 5
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => one.ask({ amountNano: 1n })))
    expect(answers.filter((taken) => taken.granted)).toHaveLength(100)
  })

  it('10: pass-through and realtime', async () => {
    const door = frontDoor()
    const made = await door.post('/key/generate', { max_budget: 1 })
    const exceeded: Refusal = {
      kind: 'budget_exceeded',
      scope: KEY.name,
      windowStartMs: 0,
      limitNano: 1n,
      spentNano: 1n,
      heldNano: 0n,
      neededNano: 1n,
    }
    const no = () => Promise.resolve({ granted: false, refusal: exceeded } as const)
    const nothing = () => Promise.resolve(undefined)
    Object.assign(door.deps.gateway, { ledger: { take: no, reprice: no, allow: nothing, settle: nothing } })
    const spending = routes.filter(({ access, method }) => access === 'key' && method === 'POST')
    const paths = spending.flatMap((route) => route.paths)
    expect(paths).toContain('/v1/chat/completions')
    const outcomes = new Map<string, number>()
    for (const path of [...paths, '/v1/realtime', '/openai/v1/chat/completions', '/vertex_ai/x', '/v1/audio/speech']) {
      const body = {
        model: 'small',
        messages: [{ role: 'user', content: 'Hi' }],
        prompt: 'Hi',
        input: 'Hi',
        max_tokens: 5,
      }
      outcomes.set(path, (await door.post(path.replace(/\{(\w+)\+?\}/g, 'small'), body, made.json.key)).status)
    }
    // Refused for want of money, for want of the route, or for what was asked: never answered, never asked of a vendor.
    const free = paths.filter((path) => /count_?tokens/i.test(path) || NOTHING_SPENT.includes(path))
    for (const [path, status] of outcomes) {
      if (!free.includes(path)) expect([path, status >= 400]).toEqual([path, true])
    }
    expect(outcomes.get('/v1/chat/completions')).toBe(429)
    expect(door.upstream).toEqual([])
  })

  it('11: false refusal', async () => {
    // Three agents may each write 32k tokens and have spent nothing yet; the budget holds a third of one worst case.
    const one = open()
    one.limit(KEY, 100n)
    const modest = { amountNano: 300n, leastNano: 5n }
    const first = await one.granted(modest)
    expect(first.amountNano).toBe(100n)
    await one.settle(first, 4n)
    record(one.source.books, [rowOf(first, 4n)])
    const second = await one.granted(modest)
    expect(second.amountNano).toBe(96n)
    // What only waits for a running call is told so, and served as soon as that ends.
    const refusal = await one.refused(modest)
    expect(refusal).toMatchObject({ kind: 'budget_held', retryAfterMs: expect.any(Number) })
    await one.settle(second, 6n)
    expect((await one.granted({ amountNano: 90n })).amountNano).toBe(90n)
  })

  it('12: release on refusal before upstream, on 4xx, on client abort before and after the first byte', async () => {
    const limitNano = 1_000_000n
    const body = { model: 'small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 500 }
    const books = (gateway: ReturnType<typeof gatewayWorld>) => {
      expect(brokenPromise(gateway.account)).toBeUndefined()
      return [...gateway.account.windows.values()].find((window) => window.scope === 'key:k1@life')
    }
    /** Whatever was not spent can be spent by the next, at once. */
    const isFree = async (gateway: ReturnType<typeof gatewayWorld>, spent: bigint) => {
      const take = takeOf({ now: Date.now }, { scopes: keyWith(limitNano).scopes, amountNano: limitNano - spent })
      expect(await gateway.ledger.take('key:k1', take)).toMatchObject({ granted: true })
    }
    const opened = (vendor: Parameters<typeof gatewayWorld>[0]) => {
      const gateway = gatewayWorld(vendor)
      gateway.account.limits.set('key:k1@life', limitNano)
      return gateway
    }

    const refusing = opened(() => answered('never', { prompt_tokens: 1, completion_tokens: 1 }))
    await expect(refusing.ask({ ...body, max_tokens: 100_000 }, keyWith(limitNano))).rejects.toBeInstanceOf(
      GatewayError,
    )
    await refusing.rest()
    await isFree(refusing, 0n)

    const failing = opened(() => Response.json({ error: { message: 'no such voice' } }, { status: 400 }))
    await expect(failing.ask(body, keyWith(limitNano))).rejects.toMatchObject({ status: 400 })
    await failing.rest()
    expect(books(failing)?.spent).toBe(0n)
    await isFree(failing, 0n)

    const early = opened((_, init) => {
      early.leave()
      return init.signal?.aborted
        ? Promise.reject(new Error('aborted'))
        : answered('Hi', { prompt_tokens: 1, completion_tokens: 1 })
    })
    await expect(early.ask(body, keyWith(limitNano))).rejects.toMatchObject({ kind: 'client_closed' })
    await early.rest()
    const spentEarly = books(early)?.spent ?? 0n
    expect(early.rows()).toMatchObject([{ status: 'cancelled' }])
    expect(spentEarly).toBeLessThan(BigInt(early.rows()[0]?.hold_nano ?? 0) + 1n)
    await isFree(early, spentEarly)

    const delta = (content: string) =>
      JSON.stringify({
        id: 'c',
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: { content }, finish_reason: null }],
      })
    const late = opened(() => streamed([delta('Once upon a time'), delta(' there was'), usageChunk(10, 400)]))
    const response = await late.ask({ ...body, stream: true }, keyWith(limitNano))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await late.rest()
    const [row] = late.rows()
    expect(row).toMatchObject({ status: 'cancelled', usage_estimated: true })
    // What was counted, not what was held, and not what the vendor would have said in the end.
    expect(row?.completion_tokens).toBeGreaterThan(0)
    expect(row?.completion_tokens).toBeLessThan(50)
    await isFree(late, books(late)?.spent ?? 0n)
  })

  it('13: ledger down', async () => {
    const one = open()
    one.limit(KEY, 100n)
    one.source.otherwise = 'lost'
    const refusal = await one.refused({ amountNano: 1n })
    expect(refusal.kind).toBe('ledger_unavailable')
    expect(refused(refusal)).toMatchObject({ status: 503, code: 'ledger_unavailable' })
    expect(refused(refusal).details.retryAfterMs).toBeGreaterThan(0)
    one.source.otherwise = 'ok'
    await one.granted({ amountNano: 100n })
  })

  it('14: clock', async () => {
    // The isolate's clock is two seconds behind, on the other side of midnight: the ledger's decides.
    const midnight = Date.UTC(2026, 10, 23)
    const one = open(midnight + 1_000)
    const DAY = scope('key:k@1d')
    one.limit(DAY, 100n)
    const grant = await one.granted({ scopes: [DAY], attempt: newId(midnight - 1_000) })
    expect(grant.windows).toEqual([{ scope: DAY.name, startMs: midnight }])
    expect(grant.startByMs).toBeGreaterThan(one.now())
    // And one whose clock goes back keeps to the window it has begun.
    one.advance(-2_000)
    expect((await one.granted({ scopes: [DAY] })).windows).toEqual([{ scope: DAY.name, startMs: midnight }])
  })

  it('15: old-epoch settle rolls the ledger back', async () => {
    const one = open(Date.UTC(2026, 10, 30, 23, 59, 59))
    const MONTH = scope('key:k@1mo')
    one.limit(MONTH, 100n)
    const old = await one.granted({ scopes: [MONTH], amountNano: 60n })
    one.advance(2_000)
    const fresh = await one.granted({ scopes: [MONTH], amountNano: 70n })
    record(one.source.books, [rowOf(fresh, 70n)])
    await one.settle(fresh, 70n)
    for (let twice = 0; twice < 2; twice++) {
      record(one.source.books, [rowOf(old, 50n)])
      await one.settle(old, 50n)
    }
    expect(one.windows(MONTH.name).map(({ startMs, spent }) => [startMs, spent])).toEqual([
      [Date.UTC(2026, 10, 1), 50n],
      [Date.UTC(2026, 11, 1), 70n],
    ])
    await one.granted({ scopes: [MONTH], amountNano: 30n })
    expect((await one.refused({ scopes: [MONTH], amountNano: 1n })).kind).toBe('budget_held')
    one.advance(MINUTE_MS)
    await one.ledger.tick(NAME)
  })

  it('16: reclaim cost', () => {
    // Finding what has expired, with 20,000 grants open, is a look at an index's beginning.
    const db = new DatabaseSync(':memory:')
    const asked: string[] = []
    const exec = (query: string, ...values: SQLInputValue[]) => {
      asked.push(query)
      const rows = db.prepare(query).all(...values)
      return Object.assign(rows, { one: () => rows[0] })
    }
    const storage = { sql: { exec }, transactionSync: <T>(work: () => T) => work() }
    const store = new SqliteStore(storage as unknown as ConstructorParameters<typeof SqliteStore>[0])
    asked.length = 0
    expect(store.grantsDue('open', Date.now(), 100)).toEqual([])
    store.deadlines('open')
    expect(asked.length).toBeGreaterThan(1)
    for (const query of asked) {
      const values = Array.from(
        { length: new Set(query.match(/\?\d*/g)).size === 1 ? (query.match(/\?(?!\d)/g)?.length ?? 1) : 1 },
        () => 1,
      )
      const plan = db.prepare(`explain query plan ${query}`).all(...values)
      const steps = plan.map(({ detail }) => String(detail)).filter((detail) => /\blent\b/.test(detail))
      expect(steps.length).toBeGreaterThan(0)
      for (const step of steps) expect(step).toMatch(/SEARCH lent USING (COVERING )?INDEX/)
    }
  })
})
