import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DurableLedger } from '../../src/ledger/durable.ts'
import { ledgerContract } from '../contract/ledger-contract.ts'
import { FickleSource, type LedgerWorld, scope, settings, takeOf } from '../contract/ledger-world.ts'
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
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Each world has objects of its own: their storage lives as long as this file's tests. */
function makeWorld(): LedgerWorld {
  worlds += 1
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
    names: [`team:${worlds}`, `user:${worlds}`],
    now: () => Date.now(),
    advance: (ms) => vi.setSystemTime(Date.now() + ms),
    tick: async (ledger) => void (await runDurableObjectAlarm(stub(ledger))),
    evict: (ledger) => evictDurableObject(stub(ledger)),
  }
}

ledgerContract('a Durable Object', makeWorld)

describe('the object of a ledger', () => {
  const KEY = scope('key:k@30d')

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
})
