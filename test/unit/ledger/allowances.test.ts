import { beforeEach, describe, expect, it } from 'vitest'
import { Allowances } from '../../../src/ledger/allowances.ts'
import { DurableLedger } from '../../../src/ledger/durable.ts'
import { MemoryLedger } from '../../../src/ledger/memory.ts'
import type { AllowanceClose, Grant, Settlement, Take } from '../../../src/ledger/port.ts'
import { SharedLimits } from '../../../src/ledger/shared-limits.ts'
import { allowanceOf, FickleSource, scope, settings, takeOf } from '../../contract/ledger-world.ts'

const KEY = scope('key:k@30d')
const SCOPES = [KEY]
const LEDGER = 'team:t'

describe('allowances in an isolate', () => {
  let nowMs: number
  let source: FickleSource
  let objects: MemoryLedger
  let allowances: Allowances
  let calls: { take: number; allow: number; settle: number }
  let closes: AllowanceClose[]
  let reachable: boolean

  beforeEach(() => {
    nowMs = Date.UTC(2026, 10, 22, 12)
    source = new FickleSource()
    source.books.limits.set(KEY.name, 1_000_000n)
    objects = new MemoryLedger({ source, settings, clock: () => nowMs })
    allowances = new Allowances()
    calls = { take: 0, allow: 0, settle: 0 }
    closes = []
    reachable = true
  })

  const arrive = <T>(answer: () => Promise<T>) => (reachable ? answer() : Promise.reject(new Error('away')))

  /** One request's half; its deferred work runs on, perhaps beyond the test. */
  const worker = () => {
    const [counted, heard, ledgers] = [calls, closes, objects]
    return new DurableLedger({
      namespace: {
        getByName: (name) => ({
          take: (take) => {
            counted.take += 1
            return arrive(() => ledgers.take(name, take))
          },
          check: (take) => arrive(() => ledgers.check(name, take)),
          recall: (scopes) => arrive(() => ledgers.recall(name, scopes)),
          reprice: (failed, take) => arrive(() => ledgers.reprice(name, failed, take)),
          allow: (ask, told) => {
            counted.allow += 1
            heard.push(...told)
            return arrive(() => ledgers.allow(name, ask, told))
          },
          settle: (settlements, told) => {
            counted.settle += 1
            heard.push(...told)
            return arrive(() => ledgers.settle(name, settlements, told))
          },
        }),
      },
      allowances,
      timeoutMs: 100,
      clock: () => nowMs,
      warn: () => undefined,
      defer: (_, work) => void work.catch(() => undefined),
    })
  }

  const settled = () => new Promise((resolve) => setTimeout(resolve, 5))
  const ask = (more: Partial<Take> = {}) => takeOf({ now: () => nowMs }, { scopes: SCOPES, limits: [], ...more })
  const end = (grant: Grant, attempt: string, paidNano: bigint): Settlement => ({
    ...{ grantId: grant.id, attempt, paidNano, tokens: 5 },
  })

  async function request(paidNano: bigint, more: Partial<Take> = {}): Promise<Grant> {
    const take = ask(more)
    const taken = await worker().take(LEDGER, take)
    if (!taken.granted) throw new Error('refused')
    await worker().settle(LEDGER, [end(taken.grant, take.attempt, paidNano)])
    return taken.grant
  }

  /** A thousand requests a second on one key. */
  async function busy(count: number, paidNano = 3n): Promise<Grant[]> {
    const grants: Grant[] = []
    for (let n = 0; n < count; n++) {
      nowMs += 1
      grants.push(await request(paidNano))
      await Promise.resolve()
      if (n % 4 === 0) await settled()
    }
    return grants
  }

  it('lets a busy key ask its ledger for one request in fifty', async () => {
    await busy(100)
    Object.assign(calls, { take: 0, allow: 0, settle: 0 })
    const before = source.calls
    const grants = await busy(1_000)
    expect(calls.take + calls.allow + calls.settle).toBeLessThan(50)
    expect(source.calls - before).toBeLessThan(20)
    expect(grants.every(({ single, amountNano }) => !single && amountNano === 10n)).toBe(true)
  })

  it('is no part of a grant that has to stand alone', async () => {
    await busy(100)
    expect(await request(3n)).toMatchObject({ single: false })
    expect(await request(3n, { alone: true })).toMatchObject({ single: true, amountNano: 10n })
  })

  it('gives all of it to a request that would take less, and less of it only near the limit', async () => {
    await busy(100)
    expect(await request(3n, { leastNano: 1n })).toMatchObject({ single: false, amountNano: 10n })
    const taken = await worker().take(LEDGER, ask({ amountNano: 2_000_000n, leastNano: 1n }))
    if (!taken.granted) throw new Error('refused')
    expect(taken.grant.single).toBe(true)
    expect(taken.grant.amountNano).toBeGreaterThan(900_000n)
    expect(taken.grant.amountNano).toBeLessThan(1_000_000n)
  })

  it('holds money where it is due, though the same request spends from the allowance of a shared limit', async () => {
    const limits = [{ entity: 'user:u', rpm: 1_000_000 }]
    const shared = () => new SharedLimits(worker())
    for (let n = 0; n < 200; n++) {
      nowMs += 1
      const take = ask({ limits, amountNano: 10n })
      const taken = await shared().take(LEDGER, take)
      if (!taken.granted) throw new Error('refused')
      expect(taken.grant).toMatchObject({ ledger: LEDGER, covered: [true], also: [{ ledger: 'user:u' }] })
      const { also = [] } = taken.grant
      await shared().settle(LEDGER, [{ ...end(taken.grant, take.attempt, 3n), also }])
      if (n % 4 === 0) await settled()
    }
    expect(calls.take).toBeLessThan(100)
    nowMs += 60_000
    await worker().settle(LEDGER, [])
    await worker().settle('user:u', [])
    const used = (ledger: string) =>
      closes.filter(({ grantId }) => grantId.startsWith(ledger)).reduce((sum, { requests }) => sum + requests, 0)
    expect(used(LEDGER)).toBeGreaterThan(0)
    expect(used('user:u')).toBeGreaterThan(0)
  })

  it('makes quiet keys hold for each request', async () => {
    for (let n = 0; n < 20; n++) {
      nowMs += 500
      expect((await request(3n)).single).toBe(true)
    }
    expect(calls.allow).toBe(0)
  })

  it('asks once at a time, and again only a while after it was declined', async () => {
    source.books.limits.set(KEY.name, 150n)
    await busy(60, 0n)
    expect(calls.allow).toBe(1)
    nowMs += 1_000
    await busy(20, 0n)
    expect(calls.allow).toBe(2)
  })

  async function allowed(more: Parameters<typeof allowanceOf>[1] = {}): Promise<Grant> {
    const allowance = await objects.allow(LEDGER, allowanceOf({ now: () => nowMs }, { scopes: SCOPES, ...more }))
    if (!allowance) throw new Error('declined')
    allowances.add(LEDGER, ask(more), allowance, nowMs)
    return allowance.grant
  }

  it('never spends more than the allowance has, and spends again what ended cheaply', async () => {
    const grant = await allowed({ amountNano: 25n })
    const first = ask()
    const second = ask()
    const ledger = worker()
    expect(await ledger.take(LEDGER, first)).toMatchObject({ grant: { id: grant.id, amountNano: 10n, single: false } })
    expect(await ledger.take(LEDGER, first)).toMatchObject({ grant: { id: grant.id } })
    expect(await ledger.take(LEDGER, second)).toMatchObject({ grant: { id: grant.id } })
    expect(await ledger.take(LEDGER, ask())).not.toMatchObject({ grant: { id: grant.id } })
    await ledger.settle(LEDGER, [end(grant, first.attempt, 2n)])
    await ledger.settle(LEDGER, [end(grant, first.attempt, 2n)])
    expect(await ledger.take(LEDGER, ask())).toMatchObject({ grant: { id: grant.id } })
    expect(await ledger.take(LEDGER, ask())).not.toMatchObject({ grant: { id: grant.id } })
  })

  it('starts nothing on it after its time, or beyond its requests', async () => {
    const grant = await allowed({ amountNano: 1_000n, requests: 8 })
    for (let n = 0; n < 8; n++) expect(await worker().take(LEDGER, ask())).toMatchObject({ grant: { id: grant.id } })
    expect(await worker().take(LEDGER, ask())).toMatchObject({ grant: { single: true } })
    const other = await allowed({ amountNano: 1_000n })
    nowMs = other.startByMs + 1
    expect(await worker().take(LEDGER, ask())).toMatchObject({ grant: { single: true } })
  })

  it('keeps callers with other scopes or limits apart', async () => {
    await allowed()
    const stranger = scope('key:other@30d')
    expect(await worker().take(LEDGER, ask({ scopes: [KEY, stranger] }))).toMatchObject({ grant: { single: true } })
    expect(await worker().take(LEDGER, ask({ limits: [{ entity: 'key:k', rpm: 9 }] }))).toMatchObject({
      grant: { single: true },
    })
    expect(await worker().take('team:other', ask())).toMatchObject({ grant: { single: true } })
    // Another copy of the same principal is the same caller.
    expect(await worker().take(LEDGER, ask({ scopes: [{ ...KEY }] }))).toMatchObject({ grant: { single: false } })
  })

  it('counts tokens where they are limited, and says what is left', async () => {
    const limits = [{ entity: 'key:k', rpm: 1_600, tpm: 16_000 }]
    await allowed({ limits, requests: 100, tokens: 1_000, holdTokens: 100, amountNano: 900n })
    const taken = await worker().take(LEDGER, ask({ limits, tokens: 900 }))
    expect(taken).toMatchObject({
      grant: { single: false },
      rates: [
        { kind: 'requests', remaining: 1_599 },
        { kind: 'tokens', remaining: 15_100 },
      ],
    })
    expect(await worker().take(LEDGER, ask({ limits, tokens: 101 }))).toMatchObject({ grant: { single: true } })
    expect(await worker().take(LEDGER, ask({ limits, tokens: 100 }))).toMatchObject({ grant: { single: false } })
  })

  it('tells the ledger what was used when all is over, and until then what still runs', async () => {
    const grant = await allowed({ amountNano: 50n })
    const ended = ask()
    const running = ask()
    for (const take of [ended, running]) await worker().take(LEDGER, take)
    await worker().settle(LEDGER, [end(grant, ended.attempt, 4n)])
    expect(calls.settle).toBe(0)
    nowMs = grant.startByMs + 1
    await worker().settle(LEDGER, [])
    expect(closes).toEqual([{ grantId: grant.id, usedNano: 4n, openNano: 10n, running: 1, requests: 2, tokens: 5 }])
    await worker().settle(LEDGER, [])
    expect(calls.settle).toBe(1)
    await worker().settle(LEDGER, [end(grant, running.attempt, 9n)])
    expect(closes.at(-1)).toEqual({
      grantId: grant.id,
      usedNano: 13n,
      openNano: 0n,
      running: 0,
      requests: 2,
      tokens: 10,
    })
    await worker().settle(LEDGER, [])
    expect(calls.settle).toBe(2)
  })

  it('tells it again when the ledger did not hear it, and sends the row of a part on', async () => {
    const grant = await allowed({ amountNano: 50n })
    const take = ask()
    await worker().take(LEDGER, take)
    nowMs = grant.startByMs + 1
    reachable = false
    await expect(worker().settle(LEDGER, [end(grant, take.attempt, 4n)])).rejects.toThrow()
    reachable = true
    await worker().settle(LEDGER, [end(grant, take.attempt, 4n)])
    expect(closes).toHaveLength(2)
    expect(await objects.take(LEDGER, ask({ amountNano: 999_996n }))).toMatchObject({ granted: true })
  })

  it('closes an allowance by itself when nobody comes any more', async () => {
    for (let n = 0; n < 12; n++) await request(3n)
    await settled()
    expect(calls.allow).toBeGreaterThan(0)
    nowMs += 10_000
    await new Promise((resolve) => setTimeout(resolve, 1_600))
    expect(new Set(closes.map(({ grantId }) => grantId)).size).toBe(calls.allow)
  })

  it('gives an allowance back that came too late', async () => {
    source.latencyMs = 150
    for (let n = 0; n < 12; n++)
      await worker()
        .take(LEDGER, ask())
        .catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(closes.filter(({ requests }) => requests === 0).length).toBe(calls.allow)
  })
})
