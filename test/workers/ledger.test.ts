import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LedgerSettings } from '../../src/config/config.ts'
import { DurableLedger } from '../../src/ledger/durable.ts'
import { MemoryLedger } from '../../src/ledger/memory.ts'
import type { Allowance } from '../../src/ledger/port.ts'
import { ledgerContract } from '../contract/ledger-contract.ts'
import { FickleSource, type LedgerWorld, scope, settings, takeOf } from '../contract/ledger-world.ts'
import { spendEventOf } from '../support/spend-event.ts'
import { world as shared, type TestLedgerObject } from './worker.ts'

interface Bindings {
  readonly LEDGER: DurableObjectNamespace<TestLedgerObject>
}

const { LEDGER } = env as unknown as Bindings

let worlds = 0
const deferred: Promise<unknown>[] = []

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  // Ahead of the real clock, so that no alarm fires but when a test says so.
  vi.setSystemTime(Math.ceil((Date.now() + 3_600_000) / 3_600_000) * 3_600_000)
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

afterEach(async () => {
  await Promise.all(deferred.splice(0))
  shared.queue = undefined
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Each world has objects of its own: their storage lives as long as this file's tests. */
function makeWorld(more: Partial<LedgerSettings> = {}): LedgerWorld {
  worlds += 1
  shared.settings = { ...settings, ...more }
  shared.source = new FickleSource()
  const stub = (ledger: string) => LEDGER.getByName(ledger)
  return {
    ledger: new DurableLedger({
      namespace: LEDGER,
      timeoutMs: 5_000,
      clock: () => Date.now(),
      defer: (_, work) => deferred.push(work),
      warn: () => undefined,
    }),
    source: shared.source,
    allow: async (ledger, ask) => (await stub(ledger).allow(ask, [])) as Allowance | undefined,
    close: async (ledger, close) => void (await stub(ledger).settle([], [close])),
    recall: async (ledger, scopes) => void (await stub(ledger).recall(scopes)),
    names: [`team:${worlds}`, `user:${worlds}`],
    now: () => Date.now(),
    advance: (ms) => vi.setSystemTime(Date.now() + ms),
    tick: async (ledger) => void (await runDurableObjectAlarm(stub(ledger))),
    evict: async (ledger) => {
      await stub(ledger).settle([]) // Only what runs can be evicted.
      await evictDurableObject(stub(ledger))
    },
  }
}

ledgerContract('a Durable Object', makeWorld)

describe('the object of a ledger', () => {
  const KEY = scope('key:k@30d')
  const SCOPES = [KEY, scope('team:t@1m')]

  it('wakes by itself for what it holds, and stays asleep once all is at rest', async () => {
    const { ledger, source, names, advance, tick } = makeWorld()
    const [name] = names
    const alarm = () => runInDurableObject(LEDGER.getByName(name), (_, ctx) => ctx.storage.getAlarm())
    source.books.limits.set(KEY.name, 100n)
    const taken = await ledger.take(name, takeOf({ now: () => Date.now() }, { scopes: [KEY] }))
    expect(await alarm()).toBeLessThanOrEqual(Date.now() + settings.idleReturnMs)
    if (taken.granted) await ledger.settle(name, [{ grantId: taken.grant.id, paidNano: 0n, tokens: 0 }])
    for (let n = 0; n < 5; n++) {
      advance(20_000)
      await tick(name)
    }
    expect(await alarm()).toBeNull()
  })

  it('arms an alarm again when it finds work and none is set', async () => {
    const { ledger, source, names } = makeWorld()
    const stub = LEDGER.getByName(names[0])
    source.books.limits.set(KEY.name, 100n)
    await ledger.take(names[0], takeOf({ now: () => Date.now() }, { scopes: [KEY] }))
    await runInDurableObject(stub, (_, ctx) => ctx.storage.deleteAlarm())
    await evictDurableObject(stub)
    expect(await runInDurableObject(stub, (_, ctx) => ctx.storage.getAlarm())).not.toBeNull()
  })

  it('brings money through SQLite exactly', async () => {
    const { ledger, source, names } = makeWorld()
    const much = 9_007_199_254_740_993n
    source.books.limits.set(KEY.name, much)
    await ledger.take(names[0], takeOf({ now: () => Date.now() }, { scopes: [KEY], amountNano: much - 1n }))
    await evictDurableObject(LEDGER.getByName(names[0]))
    const one = await ledger.take(names[0], takeOf({ now: () => Date.now() }, { scopes: [KEY], amountNano: 2n }))
    expect(one).toMatchObject({ granted: false, refusal: { heldNano: much - 1n, limitNano: much } })
    const rest = await ledger.take(names[0], takeOf({ now: () => Date.now() }, { scopes: [KEY], amountNano: 1n }))
    expect(rest.granted).toBe(true)
  })

  it('hands kept rows to the queue, and to the database where the queue refuses', async () => {
    const { source, names, ledger, tick } = makeWorld()
    const sent: string[] = []
    let refuses = false
    const sendBatch = (messages: Iterable<{ body: { events: { id: string }[] } }>) => {
      if (refuses) return Promise.reject(new Error('the queue is full'))
      for (const { body } of messages) sent.push(...body.events.map(({ id }) => id))
      return Promise.resolve()
    }
    shared.queue = { sendBatch } as unknown as Queue
    const keep = (id: string) =>
      ledger.settle(names[0], [{ grantId: id, paidNano: 0n, tokens: 0, event: spendEventOf({ id }) }])

    for (let n = 0; n < 120; n++) await keep(`row-${n}`)
    await tick(names[0])
    expect(new Set(sent).size).toBe(120)
    expect(source.books.log.size).toBe(0)

    refuses = true
    await keep('row-last')
    await tick(names[0])
    expect([...source.books.log.keys()]).toEqual(['row-last'])
  })

  it('answers any history as if it had never been evicted', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('take' as const),
        amountNano: fc.bigInt({ min: 0n, max: 60n }),
        tokens: fc.nat({ max: 40 }),
        again: fc.boolean(),
      }),
      fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat({ max: 5 }),
        paidNano: fc.bigInt({ min: 0n, max: 60n }),
      }),
      fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(700, 6_000, 14_000, 70_000) }),
      fc.record({ do: fc.constant('tick' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { minLength: 5, maxLength: 25 }), async (steps) => {
        const real = makeWorld()
        const twin = new FickleSource()
        const ledgers = [real.ledger, new MemoryLedger({ source: twin, settings, clock: () => Date.now() })] as const
        const [name] = real.names
        for (const { books } of [real.source, twin]) for (const { name: which } of SCOPES) books.limits.set(which, 150n)
        const limits = [{ entity: name, rpm: 8, tpm: 100 }]
        const grants: string[] = []
        let last = takeOf(real)
        for (const [one, evict] of steps) {
          if (one.do === 'advance') real.advance(one.ms)
          else if (one.do === 'settle') {
            const grantId = grants[one.which] ?? 'unknown'
            for (const ledger of ledgers) await ledger.settle(name, [{ grantId, paidNano: one.paidNano, tokens: 3 }])
          } else if (one.do === 'tick') {
            await real.tick(name)
            await ledgers[1].tick(name)
          } else {
            if (!one.again)
              last = takeOf(real, { scopes: SCOPES, limits, amountNano: one.amountNano, tokens: one.tokens })
            const [answer, expected] = [await ledgers[0].take(name, last), await ledgers[1].take(name, last)]
            expect(answer).toEqual(expected)
            if (answer.granted) grants.push(answer.grant.id)
          }
          if (evict) await real.evict(name)
        }
      }),
      { numRuns: 40 },
    )
  })
})
