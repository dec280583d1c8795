import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type BookRow,
  brokenPromise,
  exchange,
  expire,
  holders,
  newBooks,
  record,
  refund,
} from '../../../src/budget/books.ts'
import { freeOf } from '../../../src/budget/pool.ts'
import { newId } from '../../../src/ids.ts'
import { LedgerCore } from '../../../src/ledger/ledger.ts'
import { MemoryStore } from '../../../src/ledger/memory.ts'
import type { Grant, Settlement, Taken } from '../../../src/ledger/port.ts'
import type { SliceSource } from '../../../src/ledger/slice-source.ts'
import { maxNano, minNano } from '../../../src/money.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import type { Scope } from '../../../src/tenants/scope.ts'
import { allowanceOf, partOf, rowOf, scope, settings, takeOf } from '../../contract/ledger-world.ts'

/**
 * Random histories of two ledgers that share their scopes, with lost calls, lost answers, late commits, rows lost or
 * delivered twice, holders that die, and ledgers that die between any two of their transactions. Whatever happens:
 * nothing is overspent at any time, and at rest everything is lent again.
 */

const MINUTE = scope('key:k@1m')
const LIFE = scope('team:t@life')
const LIMITS = { [MINUTE.name]: 100n, [LIFE.name]: 250n }
const NAMES = ['team:a', 'team:b']

type Fate = 'ok' | 'lost' | 'unheard' | 'late'

class Crash extends Error {}

/** A store that dies at its nth transaction, before or after the commit, and stays dead. */
class MortalStore extends MemoryStore {
  #left = Number.POSITIVE_INFINITY
  #after = false
  dead = false

  dieAt(transaction: number, after: boolean): void {
    this.#left = transaction
    this.#after = after
  }

  override transaction<T>(work: () => T): T {
    if (this.dead) throw new Crash()
    this.#left -= 1
    if (this.#left >= 0) return super.transaction(work)
    this.dead = true
    if (this.#after) super.transaction(work)
    throw new Crash()
  }

  revive(): void {
    this.dead = false
    this.#left = Number.POSITIVE_INFINITY
  }
}

interface Request {
  readonly grant: Grant
  state: 'running' | 'sent' | 'lost'
  settled: boolean
  costNano: bigint
}

/** An isolate's allowance: it starts parts of it, logs them and closes it; or it dies. */
interface Share {
  readonly grant: Grant
  alive: boolean
  balanceNano: bigint
  usedNano: bigint
  readonly parts: { readonly id: string; readonly holdNano: bigint; costNano: bigint; state: Request['state'] }[]
}

class History {
  nowMs = Date.UTC(2026, 10, 22, 12)
  readonly books = newBooks()
  readonly fates: Fate[]
  /** Who waits is woken by what happens beside it, or goes away. */
  waitMs = 1
  readonly strays: (() => unknown)[] = []
  readonly queue: { row: SpendEvent; sentAtMs: number }[] = []
  readonly requests: Request[] = []
  readonly shares: Share[] = []
  readonly stores = NAMES.map(() => new MortalStore())
  cores: LedgerCore[] = []

  constructor(fates: Fate[]) {
    this.fates = fates
    for (const [name, limit] of Object.entries(LIMITS)) this.books.limits.set(name, limit)
    this.cores = NAMES.map((_, at) => this.core(at))
  }

  core(at: number): LedgerCore {
    const { books } = this
    const source: SliceSource = {
      exchange: (ledger, asks) => this.meet(() => exchange(books, ledger, asks)),
      expire: (ledger, grants) => this.meet(() => expire(books, ledger, grants)),
      holders: (ledger, window, limit) => this.meet(() => holders(books, ledger, window, limit)),
      refund: (grantId, usedNano) => this.meet(() => refund(books, grantId, usedNano)),
      record: (events) => this.meet(() => void record(books, events)),
    }
    return new LedgerCore({
      name: NAMES[at]!,
      store: this.stores[at]!,
      source,
      settings: { ...settings, budgetWaitMs: this.waitMs },
      clock: () => this.nowMs,
      send: (events) => source.record(events),
      recall: async (ledgers, scopes) => {
        for (const ledger of ledgers) await this.living(NAMES.indexOf(ledger), (core) => core.recall(scopes))
      },
      wake: () => undefined,
      report: () => undefined,
    })
  }

  async meet<T>(statement: () => T): Promise<T> {
    await Promise.resolve()
    const fate = this.fates.pop() ?? 'ok'
    if (fate === 'ok') return statement()
    if (fate === 'unheard') statement()
    if (fate === 'late') this.strays.push(statement)
    throw new Error(fate)
  }

  /** Whatever a dead ledger was doing has failed; the next life begins over the same store. */
  async living<T>(at: number, work: (core: LedgerCore) => Promise<T> | T): Promise<T | undefined> {
    try {
      return await work(this.cores[at]!)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      return undefined
    } finally {
      if (this.stores[at]!.dead) {
        this.stores[at]!.revive()
        this.cores[at] = this.core(at)
      }
    }
  }

  /** A tick, and a settlement that comes while it runs: in time, or, from a holder believed dead, too late. */
  async tick(at: number, meanwhile: number | undefined): Promise<void> {
    const unsettled = this.requests.filter(({ settled, grant }) => !settled && grant.ledger === NAMES[at])
    const request = meanwhile === undefined ? undefined : unsettled[meanwhile % Math.max(1, unsettled.length)]
    await this.living(at, async (core) => {
      const ticking = core.tick()
      if (request) {
        const { grant } = request
        request.settled = true
        if (request.state !== 'sent') request.costNano = grant.amountNano / 3n
        if (request.state === 'running') {
          request.state = 'sent'
          this.queue.push({ row: rowOf(grant, request.costNano), sentAtMs: this.nowMs })
        }
        const paidNano = minNano(request.costNano, grant.amountNano)
        await Promise.resolve()
        await Promise.allSettled([ticking, (async () => core.settle([{ grantId: grant.id, paidNano, tokens: 0 }]))()])
      }
      await ticking
    })
  }

  async take(
    at: number,
    more: { amounts: number[]; leastNano: bigint; scopes: readonly Scope[]; heard: boolean },
  ): Promise<void> {
    const { scopes, leastNano } = more
    const answers = await this.living(at, (core) =>
      Promise.allSettled(
        more.amounts.map((n) =>
          core.take(takeOf({ now: () => this.nowMs }, { scopes, amountNano: BigInt(n), leastNano })),
        ),
      ),
    )
    for (const answer of answers ?? []) {
      if (answer.status === 'rejected' && !(answer.reason instanceof Crash)) throw answer.reason
      const taken: Taken | undefined = answer.status === 'fulfilled' ? answer.value : undefined
      if (taken?.granted && more.heard)
        this.requests.push({ grant: taken.grant, state: 'running', settled: false, costNano: 0n })
    }
  }

  /** An attempt fails at some cost, and the next of its request is taken instead. */
  async reprice(which: number, how: { share: number; amountNano: bigint; heard: boolean }): Promise<void> {
    const running = this.requests.filter(({ state }) => state === 'running')
    const request = running[which % Math.max(1, running.length)]
    if (!request) return
    const { grant } = request
    request.costNano = BigInt(Math.round(Number(grant.amountNano) * how.share))
    request.state = 'sent'
    request.settled = true
    this.queue.push({ row: rowOf(grant, request.costNano), sentAtMs: this.nowMs })
    const failed = { grantId: grant.id, paidNano: minNano(request.costNano, grant.amountNano), tokens: 0 }
    const take = takeOf({ now: () => this.nowMs }, { scopes: [MINUTE, LIFE], amountNano: how.amountNano })
    const taken = await this.living(NAMES.indexOf(grant.ledger), (core) => core.reprice(failed, take))
    if (taken?.granted && how.heard)
      this.requests.push({ grant: taken.grant, state: 'running', settled: false, costNano: 0n })
  }

  /** The holder ends: it logs, then settles; or it dies before one of the two. */
  async end(
    which: number,
    how: { share: number; way: 'whole' | 'dies' | 'logs' | 'row lost' | 'row with settlement' },
  ): Promise<void> {
    const running = this.requests.filter(({ state }) => state === 'running')
    const request = running[which % Math.max(1, running.length)]
    if (!request) return
    const { grant } = request
    request.costNano = BigInt(Math.round(Number(grant.amountNano) * how.share))
    const row = rowOf(grant, request.costNano)
    request.state = how.way === 'dies' || how.way === 'row lost' ? 'lost' : 'sent'
    if (how.way === 'dies') return
    if (how.way === 'whole' || how.way === 'logs') this.queue.push({ row, sentAtMs: this.nowMs })
    if (how.way === 'logs') return
    request.settled = true
    const paidNano = minNano(request.costNano, grant.amountNano)
    const event = how.way === 'row with settlement' ? { event: row } : {}
    const settlement: Settlement = { grantId: grant.id, paidNano, tokens: 0, ...event }
    const at = NAMES.indexOf(grant.ledger)
    const settle = (core: LedgerCore) => {
      core.settle([settlement])
      return true
    }
    // A row that travels with its settlement is sent until the ledger has it.
    while (!(await this.living(at, settle)) && how.way === 'row with settlement');
  }

  async allow(at: number, amountNano: bigint, heard: boolean): Promise<void> {
    const ask = allowanceOf(
      { now: () => this.nowMs },
      { scopes: [MINUTE, LIFE], amountNano, holdNano: 1n, openNano: 1n },
    )
    const allowance = await this.living(at, (core) => core.allow(ask))
    if (!allowance || !heard) return
    const { grant } = allowance
    this.shares.push({ grant, alive: true, balanceNano: grant.amountNano, usedNano: 0n, parts: [] })
  }

  /** Parts start while they may, and end before the grant does: logged, then settled inside the isolate. */
  part(which: number, how: { start: boolean; holdNano: bigint; costNano: bigint; lost: boolean }): void {
    const alive = this.shares.filter((share) => share.alive)
    const share = alive[which % Math.max(1, alive.length)]
    if (!share) return
    if (how.start) {
      const { holdNano } = how
      if (this.nowMs > share.grant.startByMs || share.balanceNano < holdNano) return
      share.balanceNano -= holdNano
      share.parts.push({ id: newId(this.nowMs), holdNano, costNano: 0n, state: 'running' })
      return
    }
    const part = share.parts.find(({ state }) => state === 'running')
    if (!part) return
    part.costNano = how.costNano
    part.state = how.lost ? 'lost' : 'sent'
    if (!how.lost)
      this.queue.push({ row: partOf(share.grant, part.id, part.holdNano, part.costNano), sentAtMs: this.nowMs })
    const paidNano = minNano(part.costNano, part.holdNano)
    share.usedNano += paidNano
    share.balanceNano += part.holdNano - paidNano
  }

  /** Told while parts run, or at the end, perhaps long after the grant has expired; perhaps twice. */
  async close(which: number): Promise<void> {
    const share = this.shares[which % Math.max(1, this.shares.length)]
    if (!share?.alive) return
    const running = share.parts.filter(({ state }) => state === 'running')
    const openNano = running.reduce((sum, { holdNano }) => sum + holdNano, 0n)
    share.balanceNano = 0n
    const at = NAMES.indexOf(share.grant.ledger)
    const { grant, usedNano } = share
    const close = { grantId: grant.id, usedNano, openNano, running: running.length, requests: 1, tokens: 0 }
    await this.living(at, (core) => core.settle([], [close]))
  }

  dieIsolate(which: number): void {
    const share = this.shares[which % Math.max(1, this.shares.length)]
    if (!share) return
    share.alive = false
    for (const part of share.parts) if (part.state === 'running') part.state = 'lost'
  }

  deliver(count: number, again: boolean): void {
    const batch = this.queue.slice(0, count)
    record(
      this.books,
      batch.map(({ row }) => row),
    )
    if (!again) this.queue.splice(0, count)
  }

  /** Holders end before their grants do, and the queue delivers or loses before its horizon. */
  advance(ms: number): void {
    this.nowMs += ms
    for (const request of this.requests) {
      if (request.state === 'running' && this.nowMs > request.grant.settleByMs) request.state = 'lost'
    }
    for (const share of this.shares) {
      if (this.nowMs <= share.grant.settleByMs) continue
      for (const part of share.parts) if (part.state === 'running') part.state = 'lost'
    }
    this.deliver(this.queue.filter(({ sentAtMs }) => this.nowMs - sentAtMs > settings.horizonMs / 2).length, false)
  }

  /** What could still be charged to a window beside what is spent. */
  outstanding(name: string, startMs: number): bigint {
    let sum = 0n
    for (const { grant, state, costNano } of this.requests) {
      if (!grant.windows.some((window) => window.scope === name && window.startMs === startMs)) continue
      if (this.books.log.has(grant.id.slice(-36)) || this.books.log.has(`expired:${grant.id}`)) continue
      if (state === 'running') sum += grant.amountNano
      if (state === 'sent') sum += costNano
    }
    for (const share of this.shares) {
      const { grant, alive, balanceNano, parts } = share
      if (!grant.windows.some((window) => window.scope === name && window.startMs === startMs)) continue
      // An expired one is charged in full already.
      if (this.books.log.has(`expired:${grant.id}`)) continue
      if (alive && this.nowMs <= grant.startByMs) sum += balanceNano
      for (const { id, state, holdNano, costNano } of parts) {
        if (this.books.log.has(id)) continue
        if (state === 'running') sum += holdNano
        if (state === 'sent') sum += costNano
      }
    }
    for (const store of this.stores) {
      const pool = store.pool(name, startMs)
      if (pool && freeOf(pool) > 0n) sum += freeOf(pool)
    }
    return sum
  }

  partsExcess(): bigint {
    const parts = this.shares.flatMap((share) => share.parts)
    return parts.reduce((sum, { holdNano, costNano }) => sum + maxNano(0n, costNano - holdNano), 0n)
  }

  check(): void {
    expect(brokenPromise(this.books)).toBeUndefined()
    for (const { scope: name, startMs, spent } of this.books.windows.values()) {
      const excess = this.requests
        .filter(({ grant }) => grant.windows.some((window) => window.scope === name && window.startMs === startMs))
        .reduce((sum, { grant, costNano }) => sum + maxNano(0n, costNano - grant.amountNano), this.partsExcess())
      expect(spent + this.outstanding(name, startMs)).toBeLessThanOrEqual(LIMITS[name]! + excess)
    }
  }

  async comeToRest(): Promise<void> {
    this.fates.length = 0
    for (const store of this.stores) store.revive()
    for (let round = 0; round < 8; round++) {
      for (const stray of this.strays.splice(0)) stray()
      this.deliver(this.queue.length, false)
      for (const core of this.cores) await core.tick()
      this.advance(20_000)
      this.check()
    }
  }

  async checkAtRest(): Promise<void> {
    for (const { leased } of this.books.windows.values()) expect(leased).toBe(0n)
    for (const core of this.cores) expect(core.nextTickMs()).toBeUndefined()
    const rows = [...this.books.log.values()]
    for (const { grant, state, costNano } of this.requests) {
      const own = rows.filter((row: BookRow) => row.grantId === grant.id)
      const charged = own.reduce((sum, row) => sum + row.costNano, 0n)
      if (state === 'sent')
        expect([own.filter(({ kind }) => kind === 'request').length, charged]).toEqual([1, costNano])
      // Its detail is gone; its money is charged as it was settled, or as it was held.
      else expect([minNano(costNano, grant.amountNano), grant.amountNano]).toContain(charged)
    }

    for (const { grant, parts } of this.shares) {
      const own = rows.filter((row: BookRow) => row.grantId === grant.id)
      const charged = own.reduce((sum, row) => sum + row.costNano, 0n)
      const cost = parts.reduce((sum, part) => sum + (part.state === 'sent' ? part.costNano : 0n), 0n)
      const lost = parts.reduce(
        (sum, part) => sum + (part.state === 'lost' ? minNano(part.costNano, part.holdNano) : 0n),
        0n,
      )
      expect(own.filter(({ kind }) => kind === 'request')).toHaveLength(
        parts.filter(({ state }) => state === 'sent').length,
      )
      // What was used and lost is charged if anybody told it; what was never used is given back.
      expect(charged).toBeGreaterThanOrEqual(cost)
      expect(charged).toBeLessThanOrEqual(cost + lost)
    }

    // Nobody is refused falsely: what is left in all windows is lent, to anyone, and no more than that.
    const left = (of: Scope) => {
      const startMs = of === LIFE ? 0 : Math.floor(this.nowMs / 60_000) * 60_000
      return LIMITS[of.name]! - (this.books.windows.get(`${of.name}|${startMs}`)?.spent ?? 0n)
    }
    const rest = minNano(left(LIFE), left(MINUTE))
    const core = this.cores[1]!
    const ask = (amountNano: bigint) =>
      core.take(takeOf({ now: () => this.nowMs }, { scopes: [MINUTE, LIFE], amountNano }))
    expect(await ask((rest > 0n ? rest : 0n) + 1n)).toMatchObject({
      granted: false,
      refusal: { kind: 'budget_exceeded' },
    })
    if (rest > 0n) expect(await ask(rest)).toMatchObject({ granted: true })
  }
}

const at = fc.nat({ max: 1 })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      at,
      amounts: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 }),
      leastNano: fc.constantFrom(10n, 60n, 60n),
      scopes: fc.constantFrom([MINUTE], [LIFE], [MINUTE, LIFE]),
      heard: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat({ max: 9 }),
      share: fc.constantFrom(0, 0.2, 0.5, 1, 1.3),
      way: fc.constantFrom(
        'whole' as const,
        'whole' as const,
        'dies' as const,
        'logs' as const,
        'row lost' as const,
        'row with settlement' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      at,
      meanwhile: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 500, 3_000, 6_000, 14_000, 30_000, 61_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      count: fc.integer({ min: 1, max: 4 }),
      again: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('die' as const), at, transaction: fc.nat({ max: 4 }), after: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('allow' as const),
      at,
      amountNano: fc.bigInt({ min: 1n, max: 15n }),
      heard: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('part' as const),
      which: fc.nat({ max: 3 }),
      start: fc.boolean(),
      holdNano: fc.bigInt({ min: 0n, max: 6n }),
      costNano: fc.bigInt({ min: 0n, max: 7n }),
      lost: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reprice' as const),
      which: fc.nat({ max: 9 }),
      share: fc.constantFrom(0, 0.3, 1, 1.3),
      amountNano: fc.bigInt({ min: 0n, max: 60n }),
      heard: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('close' as const), which: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('isolate dies' as const), which: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stray' as const) }) },
)

it('overspends in no history, and lends everything again at rest', async () => {
  const fates = fc.array(fc.constantFrom<Fate[]>('ok', 'ok', 'ok', 'lost', 'unheard', 'late'), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(fates, fc.array(step, { minLength: 5, maxLength: 60 }), async (drawn, steps) => {
      const history = new History([...drawn])
      for (const one of steps) {
        if (one.do === 'take') await history.take(one.at, one)
        else if (one.do === 'end') await history.end(one.which, one)
        else if (one.do === 'tick') await history.tick(one.at, one.meanwhile)
        else if (one.do === 'advance') history.advance(one.ms)
        else if (one.do === 'allow') await history.allow(one.at, one.amountNano, one.heard)
        else if (one.do === 'part') history.part(one.which, one)
        else if (one.do === 'reprice') await history.reprice(one.which, one)
        else if (one.do === 'close') await history.close(one.which)
        else if (one.do === 'isolate dies') history.dieIsolate(one.which)
        else if (one.do === 'deliver') history.deliver(one.count, one.again)
        else if (one.do === 'die') history.stores[one.at]!.dieAt(one.transaction, one.after)
        else if (one.do === 'evict') history.cores[one.at] = history.core(one.at)
        else history.strays.shift()?.()
        history.check()
      }
      await history.comeToRest()
      await history.checkAtRest()
    }),
    { numRuns: 400 },
  )
}, 60_000)
