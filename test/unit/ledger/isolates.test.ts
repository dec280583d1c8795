import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type BookRow, brokenPromise, record } from '../../../src/budget/books.ts'
import { newId } from '../../../src/ids.ts'
import { Allowances } from '../../../src/ledger/allowances.ts'
import { DurableLedger, type LedgerStub } from '../../../src/ledger/durable.ts'
import { MemoryLedger } from '../../../src/ledger/memory.ts'
import type { Grant, Ledger, Refusal, Settlement, Take, Taken } from '../../../src/ledger/port.ts'
import { SharedLimits } from '../../../src/ledger/shared-limits.ts'
import { maxNano, minNano } from '../../../src/money.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import type { RateLimit } from '../../../src/tenants/principal.ts'
import type { Scope } from '../../../src/tenants/scope.ts'
import { EXPIRED_MS, FickleSource, rowOf, scope, settings, takeOf } from '../../contract/ledger-world.ts'

/**
 * Random histories of three isolates that spend by themselves from allowances of two ledgers, and of the ledgers of a user
 * and a customer whom both serve. Calls and answers get lost or come late, isolates die with what they hold, objects are
 * evicted. Whatever happens: a request holds its money wherever it is due, nobody is let above a limit of requests, tokens
 * or slots, and at rest every window has spent what its rows say and holds nothing.
 */

interface Caller {
  readonly ledger: string
  readonly scopes: readonly Scope[]
  readonly limits: readonly RateLimit[]
}

const USER = scope('user:u@life')
const [TEAM_A, TEAM_B] = [scope('team:a@1m'), scope('team:b@life')]
const RATES = {
  'user:u': { entity: 'user:u', rpm: 150, tpm: 2_400 },
  'customer:c': { entity: 'customer:c', maxParallel: 4 },
  'team:a': { entity: 'team:a', tpm: 700 },
} as const
const CALLERS: readonly Caller[] = [
  { ledger: 'team:a', scopes: [scope('key:1@life'), USER, TEAM_A], limits: [RATES['user:u']] },
  { ledger: 'team:b', scopes: [scope('key:2@life'), USER, TEAM_B], limits: [RATES['user:u'], RATES['customer:c']] },
  { ledger: 'team:a', scopes: [scope('key:3@1m'), TEAM_A], limits: [RATES['team:a']] },
  { ledger: 'team:b', scopes: [scope('key:4@life'), TEAM_B], limits: [RATES['customer:c']] },
]
const LIMITS: Readonly<Record<string, bigint>> = {
  'key:1@life': 1_500n,
  'key:2@life': 900n,
  'key:3@1m': 600n,
  'key:4@life': 60n,
  'user:u@life': 2_000n,
  'team:a@1m': 1_800n,
  'team:b@life': 1_000n,
}
const OWNERS = ['team:a', 'team:b', 'user:u', 'customer:c']
const TOKENS = 20

/** `lost`: never arrives. `unheard`: its answer is lost. `slow`: its answer comes when nobody waits any more. */
type Way = 'ok' | 'lost' | 'unheard' | 'slow'

interface Request {
  readonly caller: Caller
  readonly isolate: number
  readonly take: Take
  readonly grant: Grant
  readonly startedMs: number
  state: 'running' | 'logged' | 'lost'
  tokens: number
  costNano: bigint
}

const TIMEOUT_MS = 100

class World {
  readonly source = new FickleSource()
  readonly objects = new MemoryLedger({ source: this.source, settings, clock: () => Date.now() })
  readonly isolates = [new Allowances(), new Allowances(), new Allowances()]
  readonly requests: Request[] = []
  readonly queue: SpendEvent[] = []
  /** Attempts that are no requests of their own. */
  readonly counted = new Set<string>()
  readonly refused = new Set<Refusal['kind']>()
  /** Nothing was lost, and nobody died. */
  whole = true
  readonly ways: Way[]

  constructor(ways: readonly Way[]) {
    this.ways = [...ways]
    for (const [name, limit] of Object.entries(LIMITS)) this.source.books.limits.set(name, limit)
  }

  /** One request's half, in an isolate; its deferred work runs on until the isolate dies. */
  ledger(isolate: number): Ledger {
    const allowances = this.isolates[isolate]!
    const alive = () => this.isolates[isolate] === allowances
    const arrive = async <T>(call: () => Promise<T>): Promise<T> => {
      const way = this.ways.pop() ?? 'ok'
      if (way !== 'ok') this.whole = false
      if (way === 'lost' || !alive()) throw new Error('never arrived')
      const answer = await call()
      if (way === 'slow') await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT_MS))
      if (way === 'unheard' || !alive()) throw new Error('the answer was lost')
      return answer
    }
    const { objects } = this
    const stub = (name: string): LedgerStub => ({
      take: (take) => arrive(() => objects.take(name, take)),
      reprice: (failed, take) => arrive(() => objects.reprice(name, failed, take)),
      allow: (ask, closes) => arrive(() => objects.allow(name, ask, closes)),
      settle: (settlements, closes) => arrive(() => objects.settle(name, settlements, closes)),
      recall: (scopes) => arrive(() => objects.recall(name, scopes)),
      check: (take) => arrive(() => objects.check(name, take)),
    })
    return new SharedLimits(
      new DurableLedger({
        namespace: { getByName: stub },
        allowances,
        timeoutMs: TIMEOUT_MS,
        clock: () => Date.now(),
        warn: () => undefined,
        defer: (_, work) => void work.catch(() => undefined),
      }),
    )
  }

  /** Waves of so many at once, in one isolate, each as soon as the one before has been answered. */
  async burst(
    isolate: number,
    caller: Caller,
    of: { readonly waves: number; readonly size: number; readonly amountNano: bigint },
  ): Promise<void> {
    for (let wave = 0; wave < of.waves; wave++) {
      await this.#wave(isolate, caller, of)
      await this.advance(2)
    }
  }

  async #wave(isolate: number, caller: Caller, { size, amountNano }: { size: number; amountNano: bigint }) {
    const { scopes, limits } = caller
    const asked = Array.from({ length: size }, () => {
      const take = takeOf({ now: Date.now }, { scopes, limits, amountNano, tokens: TOKENS })
      const startedMs = Date.now()
      return this.ledger(isolate)
        .take(caller.ledger, take)
        .then((taken) => this.#began(taken, { caller, isolate, take, startedMs }))
    })
    await inTime(Promise.all(asked))
  }

  #began(taken: Taken, of: Pick<Request, 'caller' | 'isolate' | 'take' | 'startedMs'>): void {
    if (!taken.granted) {
      this.refused.add(taken.refusal.kind)
      return
    }
    const { grant } = taken
    const shared = of.caller.limits.filter(({ entity }) => entity !== of.caller.ledger).map(({ entity }) => entity)
    // Wherever it is due, and the limits that are shared, each once.
    expect(grant).toMatchObject({ ledger: of.caller.ledger, amountNano: of.take.amountNano })
    expect(grant.windows.map((window) => window.scope)).toEqual(of.take.scopes.map(({ name }) => name))
    expect(grant.covered).toEqual(of.take.scopes.map(() => true))
    expect((grant.also ?? []).map(({ ledger }) => ledger)).toEqual(shared)
    this.requests.push({ ...of, grant, state: 'running', tokens: TOKENS, costNano: 0n })
  }

  #settlementOf({ grant, take, costNano, tokens }: Request): Settlement {
    const { also = [] } = grant
    const paidNano = minNano(costNano, grant.amountNano)
    return { grantId: grant.id, attempt: take.attempt, paidNano, tokens, ...(also.length > 0 ? { also } : {}) }
  }

  #log(request: Request, share: number): void {
    const { grant, take } = request
    request.state = 'logged'
    request.costNano = BigInt(Math.round(Number(take.amountNano) * share))
    request.tokens = Math.ceil(TOKENS * Math.min(1, share))
    this.queue.push({ ...rowOf(grant, request.costNano), id: take.attempt, single: grant.single })
  }

  #running(which: number): Request | undefined {
    const running = this.requests.filter(({ state }) => state === 'running')
    return running[which % Math.max(1, running.length)]
  }

  async end(which: number, count: number, share: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const request = this.#running(which)
      if (!request) return
      this.#log(request, share)
      const told = this.ledger(request.isolate).settle(request.caller.ledger, [this.#settlementOf(request)])
      await inTime(told.catch(() => undefined))
    }
  }

  /** The attempt failed at some cost, and the next one of its request is taken. */
  async reprice(which: number, share: number, amountNano: bigint): Promise<void> {
    const failed = this.#running(which)
    if (!failed) return
    const { caller, isolate, startedMs } = failed
    this.#log(failed, share)
    const take = { ...failed.take, attempt: newId(Date.now()), amountNano }
    const asked = this.ledger(isolate).reprice(caller.ledger, this.#settlementOf(failed), take)
    const taken = await inTime(asked.catch(() => undefined))
    if (!taken) return
    const before = this.requests.length
    this.#began(taken, { caller, isolate, take, startedMs })
    // It is counted once as a request; its tokens are those of its attempts.
    if (this.requests.length > before) this.counted.add(take.attempt)
  }

  dies(isolate: number): void {
    this.isolates[isolate] = new Allowances()
    this.whole = false
    for (const request of this.requests)
      if (request.isolate === isolate && request.state === 'running') request.state = 'lost'
  }

  deliver(count: number): void {
    record(this.source.books, this.queue.slice(0, count))
    this.queue.splice(0, count)
  }

  async advance(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms)
    for (const request of this.requests)
      if (request.state === 'running' && Date.now() > request.grant.settleByMs) request.state = 'lost'
  }

  async tick(): Promise<void> {
    for (const name of OWNERS) await inTime(this.objects.tick(name))
  }

  async check(): Promise<void> {
    const { books } = this.source
    expect(brokenPromise(books)).toBeUndefined()
    for (const { scope: name, startMs, spent, leased } of books.windows.values()) {
      const here = this.requests.filter(({ grant }) =>
        grant.windows.some((window) => window.scope === name && window.startMs === startMs),
      )
      expect(spent + leased).toBeLessThanOrEqual(LIMITS[name]!)
      // What may still be billed is lent, to whom it runs for.
      const due = here
        .filter(({ take, grant }) => !books.log.has(take.attempt) && !books.log.has(`expired:${grant.id}`))
        .reduce((sum, { state, grant, costNano }) => sum + (state === 'logged' ? costNano : grant.amountNano), 0n)
      expect(leased).toBeGreaterThanOrEqual(due)
    }
    this.#checkRates()
    await this.#checkSlots()
  }

  /** While nothing is lost, a slot is taken by whoever runs and by nobody else: a refused request has taken none. */
  async #checkSlots(): Promise<void> {
    if (!this.whole || this.requests.some(({ state }) => state === 'lost')) return
    const shared = RATES['customer:c']
    const running = this.requests.filter(({ state, caller }) => state === 'running' && caller.limits.includes(shared))
    const take = takeOf({ now: Date.now }, { limits: [shared] })
    const { rates } = await inTime(this.objects.check(shared.entity, take))
    expect(rates).toMatchObject([{ remaining: shared.maxParallel - running.length }])
  }

  #checkRates(): void {
    for (const [entity, limit] of Object.entries(RATES) as [string, RateLimit][]) {
      const theirs = this.requests.filter(({ caller }) => caller.limits.some((one) => one.entity === entity))
      const { rpm, tpm, maxParallel } = limit
      if (maxParallel !== undefined)
        expect(theirs.filter(({ state }) => state === 'running').length).toBeLessThanOrEqual(maxParallel)
      for (const { startedMs: fromMs } of theirs) {
        const within = theirs.filter(({ startedMs }) => startedMs >= fromMs && startedMs < fromMs + 60_000)
        if (rpm !== undefined)
          expect(within.filter(({ take }) => !this.counted.has(take.attempt)).length).toBeLessThanOrEqual(rpm)
        if (tpm !== undefined) expect(within.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(tpm)
      }
    }
  }

  async comeToRest(): Promise<void> {
    this.ways.length = 0
    for (let round = 0; round < 6; round++) {
      this.deliver(this.queue.length)
      await this.advance(EXPIRED_MS)
      for (let isolate = 0; isolate < this.isolates.length; isolate++)
        for (const name of OWNERS) await inTime(this.ledger(isolate).settle(name, []))
      await this.tick()
      await this.advance(settings.horizonMs / 2)
      await this.check()
    }
  }

  async checkAtRest(): Promise<void> {
    const { books } = this.source
    for (const { leased } of books.windows.values()) expect(leased).toBe(0n)
    const rows = [...books.log.values()]
    for (const { take, state, costNano, grant } of this.requests) {
      const row = books.log.get(take.attempt)
      if (state === 'logged') expect(row).toMatchObject({ costNano, grantId: grant.id })
      else expect(row).toBeUndefined()
      // Nobody knows what it cost: a hold is charged in full; of an allowance, what no row has claimed is given back.
      if (state === 'lost' && grant.single)
        expect(books.log.get(`expired:${grant.id}`)).toMatchObject({ costNano: grant.amountNano })
    }
    for (const { scope: name, startMs, spent } of books.windows.values()) {
      const theirs = rows.filter((row: BookRow) =>
        row.windows.some((window) => window.scope === name && window.startMs === startMs),
      )
      expect(spent).toBe(theirs.reduce((sum, row) => sum + row.costNano, 0n))
    }
    // And all that is left is lent, to anybody, and no more.
    for (const { ledger, scopes } of CALLERS) {
      const left = scopes.map(({ name, duration }) => {
        const startMs = duration === '1m' ? Math.floor(Date.now() / 60_000) * 60_000 : 0
        return LIMITS[name]! - (books.windows.get(`${name}|${startMs}`)?.spent ?? 0n)
      })
      const amountNano = maxNano(0n, left.reduce(minNano))
      const above = takeOf({ now: Date.now }, { scopes, amountNano: amountNano + 1n })
      expect(await inTime(this.objects.take(ledger, above))).toMatchObject({ refusal: { kind: 'budget_exceeded' } })
      const take = takeOf({ now: Date.now }, { scopes, amountNano })
      const taken = await inTime(this.objects.take(ledger, take))
      expect(taken).toMatchObject({ granted: true })
      if (taken.granted)
        await inTime(this.objects.settle(ledger, [{ grantId: taken.grant.id, paidNano: 0n, tokens: 0 }]))
    }
  }
}

/** Whatever it waits for comes as time goes by. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let over = false
  const ended = work.finally(() => {
    over = true
  })
  ended.catch(() => undefined)
  for (let turn = 0; turn < 200 && !over; turn++) {
    await vi.advanceTimersByTimeAsync(0)
    if (!over && turn > 3) await vi.advanceTimersToNextTimerAsync()
  }
  return await ended
}

const isolate = fc.nat({ max: 2 })
const which = fc.nat({ max: 9 })
const cost = fc.constantFrom(0, 0.3, 1)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('burst' as const),
      isolate,
      caller: fc.constantFrom(...CALLERS),
      waves: fc.integer({ min: 1, max: 8 }),
      size: fc.integer({ min: 1, max: 8 }),
      amountNano: fc.constantFrom(10n, 10n, 10n, 25n),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which,
      count: fc.integer({ min: 1, max: 40 }),
      share: cost,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reprice' as const),
      which,
      share: cost,
      amountNano: fc.constantFrom(10n, 40n),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 20, 400, 1_600, 6_000, 14_000, 61_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dies' as const), isolate }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const), name: fc.constantFrom(...OWNERS) }) },
)

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 12) }))
afterEach(() => void vi.useRealTimers())

it('holds money and rates wherever they are due in every history of isolates, and nothing at rest', async () => {
  const fickle = fc.array(fc.constantFrom<Way[]>('ok', 'ok', 'ok', 'ok', 'lost', 'unheard', 'slow'), { maxLength: 30 })
  const ways = fc.oneof(fc.constant<Way[]>([]), fickle)
  let lentAhead = 0
  const refused = new Set<string>()
  await fc.assert(
    fc.asyncProperty(ways, fc.array(step, { minLength: 10, maxLength: 40 }), async (drawn, steps) => {
      const world = new World(drawn)
      for (const one of steps) {
        if (one.do === 'burst') await world.burst(one.isolate, one.caller, one)
        else if (one.do === 'end') await world.end(one.which, one.count, one.share)
        else if (one.do === 'reprice') await world.reprice(one.which, one.share, one.amountNano)
        else if (one.do === 'advance') await world.advance(one.ms)
        else if (one.do === 'tick') await world.tick()
        else if (one.do === 'deliver') world.deliver(one.count)
        else if (one.do === 'dies') world.dies(one.isolate)
        else world.objects.evict(one.name)
        await world.check()
      }
      await world.comeToRest()
      await world.checkAtRest()
      lentAhead += world.requests.filter(({ grant }) => !grant.single).length
      for (const kind of world.refused) refused.add(kind)
      vi.clearAllTimers()
    }),
    { numRuns: 60 },
  )
  // It was about allowances at all, and about limits.
  expect(lentAhead).toBeGreaterThan(500)
  expect([...refused]).toEqual(expect.arrayContaining(['budget_held', 'ledger_unavailable', 'rate_limited']))
}, 60_000)
