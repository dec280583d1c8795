import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sqlState } from '../../src/db/sql-state.ts'
import { exchangeSlices, expireGrants, raiseGeneration, refundExpired, resetSpend } from '../../src/db/statements.ts'
import { newId } from '../../src/ids.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

// Everything at once on a real PostgreSQL: ledgers, consumers, an admin; replies lost, batches doubled and shuffled,
// isolates that die. The seed fixes the choices, not the timing of the server.

const SEED = 1
const RUN_MS = 4_000
const SETTLE_MS = 400
const OWNERS = ['org:a', 'org:b', 'org:c']
const LIMITS: Record<string, bigint> = {
  'global@life': 60_000n,
  ...Object.fromEntries(OWNERS.map((owner) => [`${owner}@1s`, 9_000n])),
  ...Object.fromEntries(OWNERS.flatMap((owner) => [0, 1].map((n) => [`key:${owner.slice(4)}${n}@life`, 12_000n]))),
}

let state = SEED
const random = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}
const one = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
const upTo = (most: number) => BigInt(Math.floor(random() * most))
const startOf = (scope: string) => (scope.endsWith('@1s') ? Math.floor(Date.now() / 1_000) * 1_000 : 0)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
  for (const [scope, limit] of Object.entries(LIMITS))
    await postgres.pool.query(`insert into budget (scope, entity, limit_nano, duration) values ($1, $1, $2, 'life')`, [
      scope,
      String(limit),
    ])
}, 60_000)
afterAll(() => postgres.stop())

const problems: unknown[] = []
const strays = new Set<Promise<unknown>>()

/** A statement whose reply may be lost, and which then may commit late. */
async function call<T>(work: () => Promise<T>): Promise<T> {
  const luck = random()
  if (luck < 0.02) throw new Error('never sent')
  const sent = (luck < 0.06 ? pause(random() * 300) : Promise.resolve()).then(work).catch((error: unknown) => {
    problems.push([sqlState(error), (error as Error).cause])
    throw error
  })
  if (luck >= 0.1) return sent
  const stray: Promise<unknown> = sent.catch(() => {}).finally(() => strays.delete(stray))
  strays.add(stray)
  throw new Error('reply lost')
}

interface Pool {
  readonly scope: string
  readonly startMs: number
  granted: bigint
  returned: bigint
  used: bigint
  held: bigint
  seq: number
}

interface Hold {
  readonly id: string
  readonly amountNano: bigint
  readonly single: boolean
  readonly windows: readonly Pool[]
  readonly settleByMs: number
  expiring: boolean
}

/** The ledger of the protocol, no more of it than the statements need. */
class TestLedger {
  readonly pools = new Map<string, Pool>()
  readonly grants = new Map<string, Hold>()
  readonly name: string
  constructor(name: string) {
    this.name = name
  }

  pool(scope: string): Pool {
    const startMs = startOf(scope)
    const key = `${scope}|${startMs}`
    const pool = this.pools.get(key) ?? { scope, startMs, granted: 0n, returned: 0n, used: 0n, held: 0n, seq: 0 }
    this.pools.set(key, pool)
    return pool
  }

  free = (pool: Pool) => pool.granted - pool.returned - pool.used - pool.held

  async exchange(pools: readonly Pool[], wantNano: (pool: Pool) => bigint): Promise<void> {
    const asks = pools.map((pool) => ({
      scope: pool.scope,
      startMs: pool.startMs,
      wantNano: wantNano(pool),
      returnedNano: pool.returned,
      seq: pool.seq,
    }))
    for (const answer of await call(() => exchangeSlices(postgres.db, this.name, asks))) {
      const pool = this.pools.get(`${answer.scope}|${answer.startMs}`)!
      if (answer.grantedNano > pool.granted) pool.granted = answer.grantedNano
      pool.seq = Math.max(pool.seq, answer.seq)
    }
  }

  async reserve(scopes: readonly string[], amountNano: bigint, single: boolean): Promise<Hold | undefined> {
    const pools = scopes.map((scope) => this.pool(scope))
    for (let attempt = 0; attempt < 3; attempt++) {
      const short = pools.filter((pool) => this.free(pool) < amountNano)
      if (short.length === 0) {
        const id = `${this.name}:${newId(Date.now())}`
        const hold = { id, amountNano, single, windows: pools, settleByMs: Date.now() + SETTLE_MS, expiring: false }
        for (const pool of pools) pool.held += amountNano
        this.grants.set(id, hold)
        return hold
      }
      await this.exchange(short, (pool) => amountNano - this.free(pool) + 300n).catch(() => {})
    }
    return undefined
  }

  settle(hold: Hold, paid: bigint): void {
    if (!hold.expiring) this.#close(hold, paid)
  }

  #close(hold: Hold, paid: bigint): void {
    if (!this.grants.delete(hold.id)) return
    for (const pool of hold.windows) {
      pool.held -= hold.amountNano
      pool.used += paid
    }
  }

  async alarm(): Promise<void> {
    const due = [...this.grants.values()].filter((hold) => hold.expiring || Date.now() > hold.settleByMs)
    for (const hold of due) hold.expiring = true
    if (due.length > 0)
      for (const { id, paidNano } of await call(() => expireGrants(postgres.db, this.name, due.map(asked)))) {
        const hold = this.grants.get(id)
        if (hold) this.#close(hold, paidNano)
      }
    const pools = [...this.pools.values()]
    for (const pool of pools) if (this.free(pool) > 0n) pool.returned += this.free(pool)
    if (pools.length > 0) await this.exchange(pools, () => 0n)
  }
}

/** Its row names the caller's unlimited scope too. */
const asked = ({ windows, ...hold }: Hold) => ({
  ...hold,
  windows: [...windows.map(({ scope, startMs }) => ({ scope, startMs })), { scope: 'unlimited@life', startMs: 0 }],
  covered: [...windows.map(() => true), false],
})

const queue: SpendEvent[] = []
const truth = new Map<string, bigint>()

function hand(hold: Hold, ledger: string, holdNano: bigint, cost: bigint): void {
  const event = spendEventOf({
    id: newId(Date.now()),
    ledger,
    grant_id: hold.id,
    single: hold.single,
    hold_nano: String(holdNano),
    cost_nano: String(cost),
    scopes: [...hold.windows.map(({ scope }) => scope), 'unlimited@life'],
    windows: [...hold.windows.map(({ startMs }) => startMs), 0],
    covered: [...hold.windows.map(() => true), false],
  })
  truth.set(event.id, cost)
  for (let copies = random() < 0.1 ? 2 : 1; copies > 0; copies--)
    queue.splice(Math.floor(random() * (queue.length + 1)), 0, event)
}

async function client(ledger: TestLedger, untilMs: number): Promise<void> {
  while (Date.now() < untilMs) {
    const scopes = [`key:${ledger.name.slice(4)}${one([0, 1])}@life`, `${ledger.name}@1s`, 'global@life']
    const worst = 50n + upTo(200)
    const single = random() < 0.6
    const hold = await ledger.reserve(scopes, single ? worst : 800n, single)
    await pause(random() * 20)
    if (!hold || random() < 0.05) continue // the isolate died
    let balance = hold.amountNano
    for (let n = 0; n < (single ? 1 : 6) && balance >= worst; n++) {
      const cost = upTo(Number(worst))
      hand(hold, ledger.name, worst, cost)
      balance -= cost
    }
    if (random() < 0.05) continue // it died between log and settle
    ledger.settle(hold, hold.amountNano - balance)
  }
}

async function consumer(untilMs: number): Promise<void> {
  while (Date.now() < untilMs || queue.length > 0) {
    const batch = queue.splice(0, 1 + Math.floor(random() * 40))
    if (batch.length === 0) await pause(5)
    else await call(() => recordEvents(postgres.db, batch)).catch(() => queue.push(...batch))
  }
}

async function admin(untilMs: number): Promise<void> {
  while (Date.now() < untilMs) {
    await pause(150)
    const scope = one(Object.keys(LIMITS))
    if (random() < 0.3)
      await resetSpend(postgres.db, { operation: newId(Date.now()), scope, startMs: startOf(scope), targetNano: 0n })
    // Limits only rise, so that what is lent may never be above them.
    else
      await postgres.db.execute(
        sql`with raised as (update budget set limit_nano = limit_nano + 2000 where scope = ${scope})
          select ${raiseGeneration([scope])}`,
      )
  }
}

async function inspect(): Promise<Record<string, string>[]> {
  const { rows } = await postgres.pool.query(
    `select w.scope, ms_of_time(w.window_start) as start_ms, w.spent, w.leased, b.limit_nano,
        coalesce((select sum(l.granted - l.returned - l.charged) from budget_lease l
          where (l.scope, l.window_start) = (w.scope, w.window_start)), 0) as leases,
        coalesce((select sum(s.cost_nano) from spend_log s, unnest(s.scopes, s.windows) k(scope, start)
          where (k.scope, k.start) = (w.scope, w.window_start)), 0) as logged
      from budget_window w left join budget b using (scope)`,
  )
  for (const w of rows) {
    if (w.logged !== w.spent || w.leases !== w.leased) problems.push(w)
    if (w.limit_nano !== null && BigInt(w.spent) + BigInt(w.leased) > BigInt(w.limit_nano))
      problems.push(['overspent', w])
  }
  return rows
}

it('keeps every promise while everything happens at once, and lends all that fits afterwards', async () => {
  const untilMs = Date.now() + RUN_MS
  const ledgers = OWNERS.map((owner) => new TestLedger(owner))
  const every = async (ms: number, work: () => Promise<unknown>) => {
    while (Date.now() < untilMs) {
      await pause(ms)
      await work().catch(() => {})
    }
  }
  await Promise.all([
    ...ledgers.flatMap((ledger) => [1, 2, 3, 4].map(() => client(ledger, untilMs))),
    ...ledgers.map((ledger) => every(200, () => ledger.alarm())),
    consumer(untilMs),
    consumer(untilMs),
    every(300, inspect),
    admin(untilMs),
  ])
  while (queue.length > 0 || strays.size > 0) {
    await Promise.all(strays)
    await consumer(0)
  }
  await pause(SETTLE_MS + 10)
  for (let round = 0; round < 40 && ledgers.some(({ grants }) => grants.size > 0); round++)
    for (const ledger of ledgers) await ledger.alarm().catch(() => {})
  await Promise.all(strays)
  for (let round = 0; round < 6; round++) for (const ledger of ledgers) await ledger.alarm().catch(() => {})
  await Promise.all(strays)

  // The queue's horizon has passed: what nobody claimed of an allowance was never used.
  const { rows: expired } = await postgres.pool.query(
    `select grant_id from spend_log where kind = 'expired' and not single`,
  )
  for (const { grant_id } of expired) await refundExpired(postgres.db, grant_id, null)

  const windows = await inspect()
  expect(problems).toEqual([])
  expect(windows.filter(({ leased }) => leased !== '0')).toEqual([])
  for (const w of windows) {
    const room = BigInt(w.limit_nano ?? 0) - BigInt(w.spent!)
    if (room <= 0n) continue
    const ask = { scope: w.scope!, startMs: Number(w.start_ms), wantNano: room, returnedNano: 0n, seq: 0 }
    const [answer] = await exchangeSlices(postgres.db, 'late-comer', [ask])
    expect([w.scope, answer?.takenNano]).toEqual([w.scope, room])
  }
  const { rows: logged } = await postgres.pool.query(`select id, cost_nano from spend_log where kind = 'request'`)
  expect(new Map(logged.map(({ id, cost_nano }) => [id, BigInt(cost_nano)]))).toEqual(truth)
  // It was a stress at all.
  expect(truth.size).toBeGreaterThan(50)
  expect(expired.length).toBeGreaterThan(0)
})
