import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brokenPromise, record } from '../../src/budget/books.ts'
import type { LedgerSettings } from '../../src/config/config.ts'
import { newId } from '../../src/ids.ts'
import { withinMs } from '../../src/ledger/deadline.ts'
import type {
  Allowance,
  AllowanceAsk,
  AllowanceClose,
  Grant,
  Refusal,
  Settlement,
  Take,
} from '../../src/ledger/port.ts'
import { SharedLimits } from '../../src/ledger/shared-limits.ts'
import type { RateLimit } from '../../src/tenants/principal.ts'
import {
  allowanceOf,
  EXPIRED_MS,
  type LedgerWorld,
  MINUTE_MS,
  partOf,
  rowOf,
  scope,
  settings,
  takeOf,
} from './ledger-world.ts'

/** What every ledger keeps, whatever it is made of. */
export function ledgerContract(name: string, make: (more?: Partial<LedgerSettings>) => LedgerWorld): void {
  describe(`a ledger: ${name}`, () => {
    const KEY = scope('key:k@30d')
    const TEAM = scope('team:t@life')
    let world: LedgerWorld
    let NAME: string
    let OTHER: string

    const begin = (more?: Partial<LedgerSettings>) => {
      world = make(more)
      ;[NAME, OTHER] = world.names
    }
    beforeEach(() => begin())

    afterEach(() => {
      expect(brokenPromise(world.source.books)).toBeUndefined()
    })

    const limit = (which: { name: string }, nano: bigint) => world.source.books.limits.set(which.name, nano)
    const ask = (more: Partial<Take> = {}, ledger = NAME) =>
      world.ledger.take(ledger, takeOf(world, { scopes: [KEY], ...more }))

    async function granted(more: Partial<Take> = {}, ledger = NAME): Promise<Grant> {
      const taken = await ask(more, ledger)
      if (!taken.granted) throw new Error(`refused: ${taken.refusal.kind}`)
      return taken.grant
    }

    async function refused(more: Partial<Take> = {}, ledger = NAME): Promise<Refusal> {
      const taken = await ask(more, ledger)
      if (taken.granted) throw new Error('was granted')
      return taken.refusal
    }

    const settle = (grant: Grant, paidNano: bigint, more: Partial<Settlement> = {}) =>
      world.ledger.settle(grant.ledger, [{ grantId: grant.id, paidNano, tokens: 0, ...more }])

    /** Logged, then settled, as the gateway does. */
    async function finish(grant: Grant, costNano: bigint): Promise<void> {
      record(world.source.books, [rowOf(grant, costNano)])
      await settle(grant, costNano < grant.amountNano ? costNano : grant.amountNano)
    }

    const window = (which: { name: string }) =>
      [...world.source.books.windows.values()].find((one) => one.scope === which.name)

    it('grants in all scopes, names all windows, and covers only the limited', async () => {
      limit(KEY, 100n)
      limit(TEAM, 100n)
      const life = scope('key:k@life', { limited: false })
      const grant = await granted({ scopes: [KEY, TEAM, life], attempt: 'a1' })
      expect(grant).toMatchObject({ id: `${NAME}:a1`, ledger: NAME, amountNano: 10n, covered: [true, true, false] })
      expect(grant.windows.map((one) => one.scope)).toEqual([KEY.name, TEAM.name, life.name])
      expect(grant.startByMs).toBe(world.now() + settings.grantLifeMs)
      expect(grant.settleByMs).toBe(world.now() + EXPIRED_MS - 1)
      expect(window(life)).toBeUndefined()
    })

    it('takes from no scope when one is short', async () => {
      limit(KEY, 100n)
      limit(TEAM, 5n)
      const refusal = await refused({ scopes: [KEY, TEAM] })
      expect(refusal).toMatchObject({ kind: 'budget_exceeded', scope: TEAM.name, limitNano: 5n, neededNano: 10n })
      await granted({ amountNano: 100n })
    })

    it('answers the same attempt the same, once', async () => {
      limit(KEY, 10n)
      const take = takeOf(world, { scopes: [KEY], limits: [{ entity: 'key:k', rpm: 1 }] })
      const first = await world.ledger.take(NAME, take)
      await world.evict(NAME)
      expect(await world.ledger.take(NAME, take)).toEqual(first)
      world.advance(settings.grantLifeMs + 1)
      expect(await world.ledger.take(NAME, take)).toMatchObject({ granted: false })
    })

    it('lets exactly twenty of two hundred at once pass a budget that holds twenty', async () => {
      limit(KEY, 200n)
      limit(TEAM, 1_000n)
      world.source.latencyMs = 50
      const answers = await Promise.all(Array.from({ length: 200 }, () => ask({ scopes: [KEY, TEAM] })))
      const grants = answers.flatMap((taken) => (taken.granted ? [taken.grant] : []))
      expect(grants).toHaveLength(20)
      const kinds = new Set(answers.flatMap((taken) => (taken.granted ? [] : [taken.refusal.kind])))
      expect(kinds).toEqual(new Set(['budget_held']))
      expect(world.source.calls).toBeLessThan(20)

      for (const grant of grants) await finish(grant, 4n)
      const again = await Promise.all(Array.from({ length: 50 }, () => ask({ scopes: [KEY, TEAM] })))
      expect(again.filter((taken) => taken.granted)).toHaveLength(12)
    })

    it('says held when ending requests would make room, and exceeded when they would not', async () => {
      limit(KEY, 100n)
      const grant = await granted({ amountNano: 70n })
      expect(await refused({ amountNano: 40n })).toMatchObject({
        kind: 'budget_held',
        scope: KEY.name,
        limitNano: 100n,
        spentNano: 0n,
        heldNano: 70n,
        neededNano: 40n,
        retryAfterMs: expect.any(Number),
        resetAtMs: expect.any(Number),
      })
      await settle(grant, 70n)
      const refusal = await refused({ amountNano: 40n })
      expect(refusal).toMatchObject({ kind: 'budget_exceeded', spentNano: 70n, heldNano: 0n })
      expect(refusal).not.toHaveProperty('retryAfterMs')
      await granted({ amountNano: 30n })
    })

    it('asks the source once before it refuses', async () => {
      limit(KEY, 5n)
      await refused()
      expect(world.source.calls).toBe(1)
    })

    it('names no reset for a window that never ends', async () => {
      limit(TEAM, 1n)
      expect(await refused({ scopes: [TEAM] })).not.toHaveProperty('resetAtMs')
    })

    it('asks the others to give back what they do not use before it refuses', async () => {
      limit(KEY, 100n)
      const running = await granted({ amountNano: 60n }, OTHER)
      await settle(await granted({ amountNano: 40n }, OTHER), 0n)
      await granted({ amountNano: 30n })
      expect(await refused({ amountNano: 11n })).toMatchObject({ kind: 'budget_held', heldNano: 90n })
      await settle(running, 0n)
      // Asked a moment ago, it is not asked again at once.
      expect((await refused({ amountNano: 11n })).kind).toBe('budget_held')
      world.advance(1_001)
      await granted({ amountNano: 70n })
      expect(window(KEY)).toMatchObject({ leased: 100n })
    })

    it('does not ask the others for what not even they could give', async () => {
      limit(KEY, 100n)
      await settle(await granted({ amountNano: 40n }, OTHER), 0n)
      expect((await refused({ amountNano: 101n })).kind).toBe('budget_exceeded')
      expect([...world.source.books.leases.values()].find(({ ledger }) => ledger === OTHER)?.returned).toBe(0n)
    })

    it('refuses, and soon, when those who are asked cannot be reached', async () => {
      limit(KEY, 100n)
      await settle(await granted({ amountNano: 100n }, OTHER), 0n)
      world.source.fates.push('ok', 'lost')
      expect((await refused({ amountNano: 40n })).kind).toBe('budget_held')
    })

    it('gives back what is free when it is recalled, and only that', async () => {
      limit(KEY, 100n)
      limit(TEAM, 100n)
      await granted({ scopes: [KEY, TEAM], amountNano: 60n })
      await settle(await granted({ scopes: [KEY, TEAM], amountNano: 40n }), 0n)
      world.source.fates.push('unheard')
      await world.recall(NAME, [KEY.name, 'key:unknown@life'])
      expect(window(KEY)).toMatchObject({ leased: 60n })
      expect(window(TEAM)).toMatchObject({ leased: 100n })
      await world.evict(NAME)
      await granted({ amountNano: 40n })
    })

    it('settles once, and never for more than was held', async () => {
      limit(KEY, 100n)
      const grant = await granted({ amountNano: 50n })
      await settle(grant, 20n)
      await world.evict(NAME)
      await settle(grant, 0n)
      await granted({ amountNano: 80n })
      expect((await refused({ amountNano: 1n })).kind).toBe('budget_held')

      const other = await granted({ amountNano: 0n })
      await settle(other, 99n)
      expect((await refused({ amountNano: 81n })).kind).toBe('budget_exceeded')
    })

    it('refuses a rate without touching the money, and money without touching the rate', async () => {
      limit(KEY, 10n)
      const limits = [{ entity: 'key:k', rpm: 1, tpm: 100 }]
      expect((await refused({ amountNano: 11n, limits })).kind).toBe('budget_exceeded')
      await granted({ scopes: [], limits: [{ entity: 'key:k', tpm: 100 }], tokens: 60 })
      expect(await refused({ limits, tokens: 41 })).toMatchObject({
        kind: 'rate_limited',
        state: { entity: 'key:k', kind: 'tokens', limit: 100, remaining: 40 },
        neededTokens: 41,
      })
      await granted({ limits, tokens: 40 })
      expect(await refused({ limits, amountNano: 0n })).toMatchObject({
        kind: 'rate_limited',
        state: { kind: 'requests', limit: 1, remaining: 0 },
        retryAfterMs: expect.any(Number),
      })
    })

    it('puts the real tokens in the place of the estimate, also after an eviction', async () => {
      const limits = [{ entity: 'team:t', tpm: 100 }]
      const taken = await ask({ scopes: [], limits, tokens: 90 })
      expect(taken).toMatchObject({ granted: true, rates: [{ kind: 'tokens', remaining: 10 }] })
      await world.evict(NAME)
      expect((await refused({ scopes: [], limits, tokens: 20 })).kind).toBe('rate_limited')
      if (taken.granted) await settle(taken.grant, 0n, { tokens: 30 })
      await granted({ scopes: [], limits, tokens: 70 })
    })

    it('lets a request through whose worst case alone is above a limit, and counts what it used, in each exactly', async () => {
      const limits = [
        { entity: 'key:k', tpm: 50 },
        { entity: 'team:t', tpm: 1_000 },
      ]
      const taken = await ask({ scopes: [], limits, tokens: 300 })
      expect(taken).toMatchObject({ granted: true, rates: [{ remaining: 0 }, { remaining: 700 }] })
      expect((await refused({ scopes: [], limits, tokens: 300 })).kind).toBe('rate_limited')
      await world.evict(NAME)
      if (taken.granted) await settle(taken.grant, 0n, { tokens: 20 })
      expect(await ask({ scopes: [], limits, tokens: 30 })).toMatchObject({
        rates: [{ remaining: 0 }, { remaining: 950 }],
      })
    })

    it('blocks at zero, and frees a minute later', async () => {
      expect(await refused({ scopes: [], limits: [{ entity: 'key:k', rpm: 0 }] })).not.toHaveProperty('retryAfterMs')
      const limits = [{ entity: 'key:k', rpm: 1 }]
      await granted({ scopes: [], limits })
      world.advance(MINUTE_MS - 1)
      const refusal = await refused({ scopes: [], limits })
      world.advance(refusal.kind === 'rate_limited' ? (refusal.retryAfterMs ?? 0) : 0)
      await granted({ scopes: [], limits })
    })

    it('gives back what a busy scope no longer needs, and keeps what it does', async () => {
      limit(KEY, 100_000n)
      // Forty at once that cost nothing leave much more than the few after them need.
      const grants = await Promise.all(Array.from({ length: 40 }, () => granted({ amountNano: 100n })))
      for (const grant of grants) await finish(grant, 0n)
      const leased = async () => {
        await world.tick(NAME)
        return window(KEY)?.leased ?? 0n
      }
      const before = await leased()
      for (let seconds = 0; seconds < 60; seconds += 4) {
        world.advance(4_000)
        await finish(await granted({ amountNano: 1n }), 1n)
        await leased()
      }
      const after = await leased()
      expect(before).toBeGreaterThanOrEqual(4_000n)
      expect(after).toBeLessThanOrEqual(800n)
      expect(after).toBeGreaterThan(0n)
    })

    it('is unavailable without its source, unless what it has suffices', async () => {
      limit(KEY, 100n)
      const grant = await granted({ amountNano: 50n })
      await settle(grant, 0n)
      world.source.otherwise = 'lost'
      await granted({ amountNano: 50n })
      expect(await refused({ amountNano: 50n })).toMatchObject({
        kind: 'ledger_unavailable',
        retryAfterMs: expect.any(Number),
      })
    })

    it('finds the slice whose answer was lost', async () => {
      limit(KEY, 100n)
      world.source.fates.push('unheard')
      expect((await refused({ amountNano: 100n })).kind).toBe('ledger_unavailable')
      await world.evict(NAME)
      await granted({ amountNano: 100n })
      expect(window(KEY)).toMatchObject({ leased: 100n })
    })

    it('gives a slice of unknown fate back by itself', async () => {
      limit(KEY, 100n)
      world.source.fates.push('unheard')
      await refused({ amountNano: 100n })
      await world.evict(NAME)
      for (let n = 0; n < 3; n++) {
        world.advance(settings.idleReturnMs)
        await world.tick(NAME)
      }
      expect(window(KEY)).toMatchObject({ leased: 0n })
    })

    it('repeats a return whose answer was lost, and returns nothing twice', async () => {
      limit(KEY, 100n)
      await settle(await granted({ amountNano: 60n }), 0n)
      world.advance(settings.idleReturnMs)
      world.source.fates.push('unheard')
      await world.tick(NAME)
      await world.evict(NAME)
      await granted({ amountNano: 100n }, OTHER)
      world.advance(settings.idleReturnMs)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ leased: 100n })
    })

    it('charges a grant that nobody closed, ignores its late settlement, and lets its late row melt the charge', async () => {
      limit(KEY, 100n)
      const grant = await granted({ amountNano: 60n })
      world.advance(EXPIRED_MS)
      world.source.fates.push('unheard')
      await world.tick(NAME)
      await world.evict(NAME)
      world.advance(settings.idleReturnMs)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 60n, leased: 0n })
      await settle(grant, 5n)
      expect((await refused({ amountNano: 41n })).kind).toBe('budget_exceeded')

      record(world.source.books, [rowOf(grant, 5n)])
      expect(window(KEY)).toMatchObject({ spent: 5n })
      await granted({ amountNano: 95n })
    })

    it('shows the charge of a dead request also where its caller has no limit, until the late row melts it', async () => {
      limit(KEY, 100n)
      const life = scope('key:k@life', { limited: false })
      const grant = await granted({ scopes: [KEY, life] })
      world.advance(EXPIRED_MS)
      await world.tick(NAME)
      expect([window(KEY)?.spent, window(life)?.spent, window(life)?.leased]).toEqual([10n, 10n, 0n])
      expect([...world.source.books.leases.values()].map((lease) => lease.scope)).toEqual([KEY.name])
      record(world.source.books, [rowOf(grant, 4n)])
      expect([window(KEY)?.spent, window(life)?.spent]).toEqual([4n, 4n])
    })

    it('charges what the row says when a grant was logged and never settled', async () => {
      limit(KEY, 100n)
      const grant = await granted({ amountNano: 60n })
      record(world.source.books, [rowOf(grant, 5n)])
      world.advance(EXPIRED_MS)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 5n })
      await granted({ amountNano: 95n })
    })

    it('charges a settled grant whose row was lost, once the horizon has passed', async () => {
      limit(KEY, 100n)
      await settle(await granted({ amountNano: 60n }), 25n)
      world.advance(EXPIRED_MS)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 0n })
      world.advance(settings.horizonMs)
      world.source.fates.push('unheard')
      await world.tick(NAME)
      world.advance(settings.idleReturnMs)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 25n, leased: 0n })
      await granted({ amountNano: 75n })
    })

    it('is not deceived by a running request whose row costs as much as the lost one', async () => {
      limit(KEY, 100n)
      await settle(await granted(), 5n)
      world.advance(settings.idleReturnMs)
      const running = await granted()
      record(world.source.books, [rowOf(running, 5n)])
      world.advance(EXPIRED_MS - 2_000)
      await world.tick(NAME)
      await settle(running, 5n)
      for (let n = 0; n < 3; n++) {
        world.advance(settings.horizonMs)
        await world.tick(NAME)
      }
      expect(window(KEY)).toMatchObject({ spent: 10n, leased: 0n })
    })

    it('starts a new window with all of its money, and charges a call to the one it began in', async () => {
      const MINUTE = scope('key:k@1m')
      limit(MINUTE, 100n)
      const at = { scopes: [MINUTE], amountNano: 60n }
      const grant = await granted(at)
      world.advance(MINUTE_MS)
      const next = await granted({ ...at, amountNano: 100n })
      expect(next.windows[0]?.startMs).toBe((grant.windows[0]?.startMs ?? 0) + MINUTE_MS)
      await finish(grant, 60n)
      expect((await refused({ ...at, amountNano: 1n })).kind).toBe('budget_held')
      expect(window(MINUTE)).toMatchObject({ startMs: grant.windows[0]?.startMs, spent: 60n })
    })

    it('settles a call in the window it began in: what it leaves over is no money of the next one', async () => {
      const MINUTE = scope('key:k@1m')
      limit(MINUTE, 100n)
      const at = { scopes: [MINUTE], amountNano: 60n }
      const grant = await granted(at)
      world.advance(MINUTE_MS)
      await granted(at)
      await finish(grant, 10n)
      const refusal = await refused({ ...at, amountNano: 41n })
      expect(refusal).toMatchObject({ windowStartMs: (grant.windows[0]?.startMs ?? 0) + MINUTE_MS, heldNano: 60n })
      await granted({ ...at, amountNano: 40n })
    })

    it('starts nothing on a grant after its window has ended', async () => {
      const SECONDS = scope('key:k@5s')
      limit(SECONDS, 100n)
      world.advance(4_000 - (world.now() % 5_000) + 5_000)
      const grant = await granted({ scopes: [SECONDS] })
      expect(grant.startByMs).toBe(world.now() + 999)
    })

    it('never goes back to an earlier window', async () => {
      const MINUTE = scope('key:k@1m')
      limit(MINUTE, 100n)
      const grant = await granted({ scopes: [MINUTE] })
      await finish(grant, 1n)
      for (let n = 0; n < 3; n++) {
        world.advance(MINUTE_MS)
        await world.tick(NAME)
      }
      world.advance(-4 * MINUTE_MS)
      expect((await granted({ scopes: [MINUTE] })).windows).toEqual(grant.windows)
    })

    it('refuses nobody for a limit that was taken away, and covers nothing there', async () => {
      const grant = await granted({ amountNano: 1_000n })
      expect(grant.covered).toEqual([false])
      await finish(grant, 7n)
      expect(window(KEY)).toMatchObject({ spent: 7n, leased: 0n })
    })

    it('lends no more under a lowered limit', async () => {
      limit(KEY, 100n)
      const grant = await granted({ amountNano: 60n })
      limit(KEY, 50n)
      expect((await refused({ amountNano: 10n })).kind).toBe('budget_held')
      await finish(grant, 60n)
      expect(await refused({ amountNano: 10n })).toMatchObject({
        kind: 'budget_exceeded',
        limitNano: 50n,
        spentNano: 60n,
      })
    })

    it('keeps a row that travels with the settlement until somebody has it, whatever became of its grant', async () => {
      limit(KEY, 100n)
      const grant = await granted({ amountNano: 60n })
      const unknown = { ...rowOf(grant, 3n), id: '01900000-0000-7000-8000-000000000001', grant_id: null, ledger: null }
      world.source.otherwise = 'lost'
      await settle(grant, 5n, { event: rowOf(grant, 5n) })
      await settle(grant, 5n, { event: rowOf(grant, 5n) })
      await world.ledger.settle(NAME, [{ grantId: unknown.id, paidNano: 0n, tokens: 0, event: unknown }])
      await world.tick(NAME)
      await world.evict(NAME)
      expect(world.source.books.log.size).toBe(0)

      world.source.otherwise = 'ok'
      world.source.fates.push('unheard')
      await world.tick(NAME)
      await world.tick(NAME)
      expect([...world.source.books.log.keys()].sort()).toEqual([unknown.id, grant.id.slice(-36)].sort())
      expect(window(KEY)).toMatchObject({ spent: 8n })
    })

    const soon = () => new Promise((resolve) => setTimeout(resolve, 40))

    it('lets a request wait for open holds, and grants it as soon as one ends', async () => {
      begin({ budgetWaitMs: 5_000 })
      limit(KEY, 100n)
      const running = await granted({ amountNano: 100n })
      const waiting = [ask({ amountNano: 60n }), ask({ amountNano: 30n })]
      await soon()
      const calls = world.source.calls
      await finish(running, 5n)
      expect(await withinMs(2_000, Promise.all(waiting))).toMatchObject([{ granted: true }, { granted: true }])
      expect(world.source.calls).toBe(calls)
      // What no end can make room for does not wait.
      expect((await refused({ amountNano: 96n })).kind).toBe('budget_exceeded')
    })

    it('refuses who waited in vain, and says what became of it meanwhile', async () => {
      begin({ budgetWaitMs: 120 })
      limit(KEY, 100n)
      const running = await granted({ amountNano: 100n })
      expect((await refused()).kind).toBe('budget_held')
      const waiting = refused()
      await soon()
      await finish(running, 100n)
      expect((await waiting).kind).toBe('budget_exceeded')
    })

    it('lets go what waits when a dead request expires', async () => {
      begin({ budgetWaitMs: 5_000 })
      limit(KEY, 100n)
      const logged = await granted({ amountNano: 100n })
      record(world.source.books, [rowOf(logged, 5n)])
      const waiting = granted()
      await soon()
      world.advance(EXPIRED_MS)
      await world.tick(NAME)
      await withinMs(2_000, waiting)
    })

    it('lets so many run at once as a limit says, and frees a slot when its request ends or expires', async () => {
      const limits = [{ entity: 'key:k', maxParallel: 2, rpm: 5 }]
      const first = await granted({ scopes: [], limits })
      const second = await granted({ scopes: [], limits })
      expect(await refused({ scopes: [], limits })).toMatchObject({
        kind: 'rate_limited',
        state: { entity: 'key:k', kind: 'max_parallel_requests', limit: 2, remaining: 0 },
        retryAfterMs: expect.any(Number),
      })
      await world.evict(NAME)
      await settle(first, 0n)
      await settle(first, 0n)
      const third = await granted({ scopes: [], limits })
      expect((await refused({ scopes: [], limits })).kind).toBe('rate_limited')

      // A fallback keeps the slot of its request, and counts no request more.
      const ended = { grantId: third.id, paidNano: 0n, tokens: 0 }
      const next = takeOf(world, { limits, amountNano: 0n })
      expect(await world.ledger.reprice(NAME, ended, next)).toMatchObject({ granted: true })
      expect((await refused({ scopes: [], limits })).kind).toBe('rate_limited')

      // One that nobody was asked on did not count, so the next one does: not once more.
      const unasked = takeOf(world, { limits: [{ entity: 'key:once', rpm: 1 }], amountNano: 0n })
      const lone = await world.ledger.take(NAME, unasked)
      if (!lone.granted) throw new Error('refused')
      const again = takeOf(world, { limits: unasked.limits, amountNano: 0n })
      const untaken = {
        grantId: lone.grant.id,
        attempt: unasked.attempt,
        paidNano: 0n,
        tokens: 0,
        untaken: true,
      } as const
      const moved = await world.ledger.reprice(NAME, untaken, again)
      expect(moved).toMatchObject({ granted: true, rates: [{ kind: 'requests', remaining: 0 }] })
      if (!moved.granted) return
      await world.ledger.settle(NAME, [{ ...untaken, grantId: moved.grant.id, attempt: again.attempt }])
      expect(await world.ledger.check(NAME, again)).toMatchObject({ rates: [{ kind: 'requests', remaining: 1 }] })

      world.advance(EXPIRED_MS)
      await world.tick(NAME)
      await settle(second, 0n)
      const taken = await ask({ scopes: [], limits })
      expect(taken).toMatchObject({
        granted: true,
        rates: [
          { kind: 'requests', remaining: 1 },
          { kind: 'max_parallel_requests', remaining: 1 },
        ],
      })
      const many = [{ entity: 'key:many', maxParallel: 200 }]
      expect(await world.allow(NAME, allowanceOf(world, { limits: many }))).toBeUndefined()
      expect(await refused({ scopes: [], limits: [{ entity: 'key:z', maxParallel: 0 }] })).not.toHaveProperty(
        'retryAfterMs',
      )
    })

    describe('a limit that several ledgers share', () => {
      const shared = () => new SharedLimits(world.ledger)
      /** What two teams' keys of one user bring to their ledgers. */
      const limits = (more: Omit<RateLimit, 'entity'>) => [{ entity: `user:of ${NAME}`, ...more }]
      const from = (ledger: string, more: Partial<Take>) => shared().take(ledger, takeOf(world, more))
      const left = async (more: Partial<Take>) => (await shared().check(NAME, takeOf(world, more))).rates

      it('is one limit over all of them', async () => {
        const three = { limits: limits({ rpm: 3, tpm: 100 }), tokens: 30 }
        const first = await from(NAME, three)
        expect(first).toMatchObject({ granted: true, rates: [{ remaining: 2 }, { remaining: 70 }] })
        expect((await from(OTHER, three)).granted).toBe(true)
        expect(await from(NAME, { ...three, tokens: 41 })).toMatchObject({
          refusal: { kind: 'rate_limited', state: { entity: `user:of ${NAME}`, kind: 'tokens', remaining: 40 } },
        })
        expect((await from(OTHER, three)).granted).toBe(true)
        expect(await from(NAME, three)).toMatchObject({ refusal: { state: { kind: 'requests', remaining: 0 } } })
        if (!first.granted) return
        const { id, also = [] } = first.grant
        await shared().settle(NAME, [{ grantId: id, paidNano: 0n, tokens: 5, also }])
        expect(await left({ limits: limits({ tpm: 100 }) })).toMatchObject([{ remaining: 35 }])
      })

      it('takes nothing anywhere when somebody refuses', async () => {
        limit(KEY, 10n)
        const both = [...limits({ rpm: 5, tpm: 100, maxParallel: 5 }), { entity: 'key:k', rpm: 5 }]
        const refusal = await from(NAME, { limits: both, scopes: [KEY], amountNano: 11n, tokens: 9 })
        expect(refusal).toMatchObject({ granted: false, refusal: { kind: 'budget_exceeded' } })
        const blocked = [...both, { entity: `customer:of ${NAME}`, rpm: 0 }]
        expect(await from(NAME, { limits: blocked, tokens: 9 })).toMatchObject({
          refusal: { kind: 'rate_limited', state: { entity: `customer:of ${NAME}` } },
        })
        const untouched = [{ remaining: 5 }, { remaining: 100 }, { remaining: 5 }, { remaining: 5 }]
        expect(await left({ limits: both })).toMatchObject(untouched)
      })

      it('has its slot and its tokens back when the request ends, once for all its attempts', async () => {
        limit(KEY, 100n)
        const one = { limits: limits({ rpm: 9, tpm: 100, maxParallel: 1 }), scopes: [KEY], tokens: 20 }
        const first = await from(NAME, one)
        if (!first.granted) throw new Error('refused')
        expect((await from(OTHER, one)).granted).toBe(false)
        const failed = { grantId: first.grant.id, paidNano: 0n, tokens: 0, also: first.grant.also ?? [] }
        const next = await shared().reprice(NAME, failed, takeOf(world, { ...one, tokens: 50 }))
        if (!next.granted) throw new Error('refused')
        expect(await left(one)).toMatchObject([{ remaining: 8 }, { remaining: 50 }, { remaining: 0 }])
        const over = { grantId: next.grant.id, paidNano: 0n, tokens: 10, also: next.grant.also ?? [] }
        await shared().settle(NAME, [over, over])
        expect(await left(one)).toMatchObject([{ remaining: 8 }, { remaining: 90 }, { remaining: 1 }])
      })

      it('ends a failed attempt everywhere also when nothing may follow it', async () => {
        limit(KEY, 100n)
        const one = { limits: limits({ tpm: 100, maxParallel: 1 }), scopes: [KEY], tokens: 20 }
        for (const refused of [{ limits: limits({ tpm: 0, maxParallel: 1 }) }, { amountNano: 101n }]) {
          const first = await from(NAME, one)
          if (!first.granted) throw new Error('refused')
          const failed = { grantId: first.grant.id, paidNano: 0n, tokens: 0, also: first.grant.also ?? [] }
          const next = await shared().reprice(NAME, failed, takeOf(world, { ...one, ...refused }))
          expect(next.granted).toBe(false)
          expect(await left(one)).toMatchObject([{ remaining: 100 }, { remaining: 1 }])
          const { windows } = await shared().check(NAME, takeOf(world, one))
          expect(windows).toMatchObject([{ heldNano: 0n }])
        }
      })

      it('is given back when the isolate dies', async () => {
        const one = { limits: limits({ maxParallel: 1 }) }
        expect((await from(NAME, one)).granted).toBe(true)
        expect((await from(OTHER, one)).granted).toBe(false)
        world.advance(EXPIRED_MS)
        await world.tick(`user:of ${NAME}`)
        expect((await from(OTHER, one)).granted).toBe(true)
      })
    })

    it('says what a take would meet, and takes nothing', async () => {
      limit(KEY, 100n)
      limit(TEAM, 50n)
      const limits = [{ entity: 'key:k', rpm: 1 }]
      const take = (amountNano: bigint) => takeOf(world, { scopes: [KEY, TEAM], limits, amountNano })
      await finish(await granted({ amountNano: 60n }), 7n)
      await granted({ scopes: [KEY, TEAM], amountNano: 20n })
      const checked = await world.ledger.check(NAME, take(30n))
      expect(checked.windows).toMatchObject([
        { scope: KEY.name, limitNano: 100n, spentNano: 7n, heldNano: 20n, resetAtMs: expect.any(Number) },
        { scope: TEAM.name, limitNano: 50n, spentNano: 0n, heldNano: 20n },
      ])
      expect(checked.rates).toMatchObject([{ kind: 'requests', remaining: 1 }])
      expect(checked).not.toHaveProperty('refusal')
      expect(await world.ledger.check(NAME, take(31n))).toMatchObject({
        refusal: { kind: 'budget_held', scope: TEAM.name, neededNano: 31n },
      })
      expect((await world.ledger.check(NAME, take(51n))).refusal).toMatchObject({ kind: 'budget_exceeded' })
      await granted({ scopes: [KEY, TEAM], limits, amountNano: 30n })
      expect((await world.ledger.check(NAME, take(0n))).refusal).toMatchObject({ kind: 'rate_limited' })
      world.source.otherwise = 'lost'
      expect((await world.ledger.check(NAME, takeOf(world, { scopes: [KEY] }))).refusal?.kind).toBe(
        'ledger_unavailable',
      )
    })

    it('grants the most that fits, where less is welcome too', async () => {
      limit(KEY, 100n)
      limit(TEAM, 70n)
      const first = await granted({ scopes: [KEY, TEAM], amountNano: 90n, leastNano: 20n })
      expect(first.amountNano).toBe(70n)
      expect(await refused({ amountNano: 60n, leastNano: 31n })).toMatchObject({ neededNano: 31n })
      expect((await granted({ amountNano: 60n, leastNano: 30n })).amountNano).toBe(30n)
      await finish(first, 10n)
      expect((await granted({ amountNano: 10n, leastNano: 1n })).amountNano).toBe(10n)
    })

    it('takes for the next attempt in the transaction that ends the failed one, or nothing new', async () => {
      limit(KEY, 100n)
      const limits = [{ entity: 'key:k', rpm: 1, tpm: 100 }]
      const failed = await granted({ amountNano: 80n, limits, tokens: 90 })
      record(world.source.books, [rowOf(failed, 10n)])
      const next = (amountNano: bigint) => takeOf(world, { scopes: [KEY], amountNano, limits, tokens: 95 })
      const ended = { grantId: failed.id, paidNano: 10n, tokens: 5 }
      const [repriced, other] = await Promise.all([
        world.ledger.reprice(NAME, ended, next(90n)),
        ask({ amountNano: 90n }),
      ])
      expect([repriced, other]).toMatchObject([
        { granted: true, rates: [{ kind: 'tokens', remaining: 0 }] },
        { granted: false, refusal: { kind: 'budget_held' } },
      ])
      if (!repriced.granted) return
      const again = { grantId: repriced.grant.id, paidNano: 0n, tokens: 0, event: rowOf(repriced.grant, 0n) }
      expect(await world.ledger.reprice(NAME, again, next(91n))).toMatchObject({
        granted: false,
        refusal: { kind: 'budget_exceeded' },
      })
      await granted({ amountNano: 90n })
      await world.tick(NAME)
      expect(world.source.books.log.has(repriced.grant.id.slice(-36))).toBe(true)
    })

    const allowed = async (more: Partial<AllowanceAsk> = {}, ledger = NAME): Promise<Allowance> => {
      const allowance = await world.allow(ledger, allowanceOf(world, { scopes: [KEY], ...more }))
      if (!allowance) throw new Error('nothing was lent ahead')
      return allowance
    }
    const over = (grant: Grant, usedNano: bigint, more: Partial<AllowanceClose> = {}) =>
      world.close(grant.ledger, {
        ...{ grantId: grant.id, usedNano, openNano: 0n, running: 0, requests: 1, tokens: 0 },
        ...more,
      })

    it('lends ahead out of what is left, and takes the rest back when the allowance is over', async () => {
      limit(KEY, 1_000n)
      const { grant, requests } = await allowed()
      expect(grant).toMatchObject({ amountNano: 50n, single: false, covered: [true] })
      expect(grant.startByMs).toBeLessThanOrEqual(world.now() + settings.grantLifeMs)
      expect(requests).toBe(8)
      await world.evict(NAME)
      expect(await refused({ amountNano: 951n })).toMatchObject({ kind: 'budget_held', heldNano: 50n })
      record(world.source.books, [
        partOf(grant, newId(world.now()), 10n, 4n),
        partOf(grant, newId(world.now()), 10n, 3n),
      ])
      await over(grant, 7n)
      await over(grant, 50n)
      expect(await refused({ amountNano: 994n })).toMatchObject({ kind: 'budget_exceeded', spentNano: 7n })
      await granted({ amountNano: 993n })
    })

    it('keeps for running requests what they hold, when nothing more may start', async () => {
      limit(KEY, 1_000n)
      const { grant } = await allowed()
      await over(grant, 5n, { openNano: 10n, running: 1 })
      await over(grant, 0n, { openNano: 40n, running: 4 })
      expect((await refused({ amountNano: 986n })).kind).toBe('budget_held')
      const rest = await granted({ amountNano: 985n })
      await over(grant, 15n)
      await settle(rest, 0n)
      await granted({ amountNano: 985n })
    })

    it('lends a sixteenth at the most, and near a limit nothing', async () => {
      limit(KEY, 800n)
      limit(TEAM, 400n)
      expect((await allowed({ amountNano: 1_000n })).grant.amountNano).toBe(50n)
      expect((await allowed({ scopes: [KEY, TEAM], amountNano: 1_000n })).grant.amountNano).toBe(25n)
      const ask = (more: Partial<AllowanceAsk>) => world.allow(NAME, allowanceOf(world, { scopes: [TEAM], ...more }))
      expect(await ask({ openNano: 94n })).toBeUndefined()
      expect(await ask({ holdNano: 24n })).toBeUndefined()
      const exhausted = await granted({ scopes: [TEAM], amountNano: 340n })
      expect(await ask({})).toBeUndefined()
      await finish(exhausted, 340n)
      expect(await ask({})).toBeUndefined()
    })

    it('lends nothing ahead without its source, and nothing past the end of a window', async () => {
      const SECONDS = scope('key:k@5s')
      limit(SECONDS, 1_000n)
      world.source.fates.push('lost')
      expect(await world.allow(NAME, allowanceOf(world, { scopes: [SECONDS] }))).toBeUndefined()
      world.advance(4_500 - (world.now() % 5_000) + 5_000)
      expect((await allowed({ scopes: [SECONDS] })).grant.startByMs).toBe(world.now() + 499)
    })

    it('counts the requests and tokens of an allowance in each limit, until it is known what they were', async () => {
      const limits = [{ entity: 'key:k', rpm: 200, tpm: 3_200 }]
      const ahead = { scopes: [], limits, amountNano: 0n, holdNano: 0n, openNano: 0n, tokens: 500, holdTokens: 50 }
      const { grant, requests, tokens, rates } = await allowed({ ...ahead, requests: 100 })
      expect([requests, tokens]).toEqual([12, 200])
      expect(rates).toMatchObject([{ remaining: 188 }, { remaining: 3_000 }])
      await over(grant, 0n, { requests: 3, tokens: 120 })
      const taken = await ask({ scopes: [], limits, tokens: 80 })
      expect(taken).toMatchObject({ rates: [{ remaining: 196 }, { remaining: 3_000 }] })
      expect(await world.allow(NAME, allowanceOf(world, { ...ahead, limits: [{ entity: 'key:k', rpm: 100 }] }))).toBe(
        undefined,
      )
    })

    it('counts an allowance until a minute after its last use', async () => {
      const limits = [{ entity: 'key:k', rpm: 128 }]
      const { grant } = await allowed({ scopes: [], limits, amountNano: 0n, holdNano: 0n, openNano: 0n })
      world.advance(grant.startByMs - world.now() + MINUTE_MS)
      expect(await ask({ scopes: [], limits })).toMatchObject({ rates: [{ remaining: 119 }] })
    })

    it('charges the unlogged rest of an allowance whose isolate died, and gives it back past the horizon', async () => {
      limit(KEY, 1_000n)
      const { grant } = await allowed()
      const late = partOf(grant, newId(world.now()), 10n, 6n)
      record(world.source.books, [partOf(grant, newId(world.now()), 10n, 4n)])
      world.advance(EXPIRED_MS)
      world.source.fates.push('unheard')
      await world.tick(NAME)
      await world.evict(NAME)
      world.advance(settings.idleReturnMs)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 50n, leased: 0n })
      record(world.source.books, [late])
      expect(window(KEY)).toMatchObject({ spent: 50n })
      world.advance(settings.horizonMs)
      world.source.fates.push('lost')
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 50n })
      world.advance(settings.idleReturnMs)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 10n, leased: 0n })
      await granted({ amountNano: 990n })
    })

    it('gives back at once what an expired allowance had not used, when its holder tells it late', async () => {
      limit(KEY, 1_000n)
      const { grant } = await allowed()
      world.advance(EXPIRED_MS)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 50n })
      await over(grant, 6n, { openNano: 10n, running: 1 })
      await over(grant, 16n)
      await world.evict(NAME)
      world.advance(settings.idleReturnMs)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 16n, leased: 0n })
      // The row was lost, so its money stays charged for ever.
      world.advance(settings.horizonMs)
      await world.tick(NAME)
      expect(window(KEY)).toMatchObject({ spent: 16n })
    })

    it('keeps a row that travels with the end of a part, and does not close the allowance by it', async () => {
      limit(KEY, 1_000n)
      const { grant } = await allowed()
      const attempt = newId(world.now())
      await settle(grant, 4n, { attempt, event: partOf(grant, attempt, 10n, 4n) })
      await world.tick(NAME)
      expect(world.source.books.log.has(attempt)).toBe(true)
      expect((await refused({ amountNano: 951n })).kind).toBe('budget_held')
    })

    it('comes to rest: nothing leased, nothing left to do, everything lent again', async () => {
      limit(KEY, 100n)
      limit(TEAM, 100n)
      for (let n = 0; n < 5; n++) await finish(await granted({ scopes: [KEY, TEAM] }), 3n)
      await granted({ scopes: [TEAM], amountNano: 20n })
      for (let n = 0; n < 4; n++) {
        world.advance(EXPIRED_MS)
        await world.tick(NAME)
      }
      expect(window(KEY)).toMatchObject({ spent: 15n, leased: 0n })
      expect(window(TEAM)).toMatchObject({ spent: 35n, leased: 0n })
      const callsBefore = world.source.calls
      world.advance(settings.horizonMs)
      await world.tick(NAME)
      expect(world.source.calls).toBe(callsBefore)
      expect((await refused({ scopes: [KEY, TEAM], amountNano: 66n }, OTHER)).kind).toBe('budget_exceeded')
      await granted({ scopes: [KEY, TEAM], amountNano: 65n }, OTHER)
    })
  })
}
