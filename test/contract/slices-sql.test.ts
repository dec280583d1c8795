import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exchangeJson, expireJson } from '../../src/db/statements.ts'
import { newId } from '../../src/ids.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

// Races with a script: two sessions, the first held open until the second waits for it.

const T0 = Date.UTC(2026, 0, 1)
const NOW = Date.UTC(2026, 10, 22, 12)
type Statement = readonly [text: string, values: unknown[]]

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const ask = (scope: string, want: number, more: { returned?: number; seq?: number } = {}) => ({
  scope,
  startMs: T0,
  wantNano: BigInt(want),
  returnedNano: BigInt(more.returned ?? 0),
  seq: more.seq ?? 0,
})
const exchange = (ledger: string, ...asks: ReturnType<typeof ask>[]): Statement => [
  'select * from exchange_slices($1, $2)',
  [ledger, exchangeJson(asks)],
]
const expire = (id: string, amount: number, single: boolean, scope = 'expire'): Statement => [
  'select * from expire_grants($1, $2)',
  [
    'A',
    expireJson([
      {
        id,
        amountNano: BigInt(amount),
        single,
        windows: [{ scope, startMs: T0 }],
        covered: [true],
        settleByMs: NOW + 900_000,
      },
    ]),
  ],
]
const grantId = (ledger = 'A') => `${ledger}:${newId(NOW)}`

function row(grant: string | null, hold: number, cost: number, scopes: string[], more: Record<string, unknown> = {}) {
  return {
    id: newId(NOW),
    request_id: 'request',
    ledger: grant === null ? null : grant.slice(0, grant.lastIndexOf(':')),
    grant_id: grant,
    single: true,
    hold_nano: String(hold),
    cost_nano: String(cost),
    scopes,
    windows: scopes.map(() => T0),
    covered: scopes.map(() => true),
    overrun: cost > hold,
    call_type: 'acompletion',
    status: 'success',
    prompt_tokens: 1,
    completion_tokens: 1,
    total_tokens: 2,
    usage_estimated: false,
    start_ms: NOW,
    end_ms: NOW + 10,
    cache_hit: false,
    request_tags: [],
    ...more,
  }
}
const record = (...rows: object[]): Statement => ['select record_spend($1) as fresh', [JSON.stringify(rows)]]

async function run([text, values]: Statement): Promise<Record<string, unknown>[]> {
  return (await postgres.pool.query(text, values)).rows
}
const numbers = (rows: Record<string, unknown>[] | undefined, ...names: string[]) =>
  names.map((name) => Number(rows?.[0]?.[name]))

/** The second runs while the first's transaction is open, and is answered after its commit. */
async function held(first: Statement, second: Statement) {
  const [a, b] = [await postgres.pool.connect(), await postgres.pool.connect()]
  try {
    await a.query('begin')
    const { rows } = await a.query(...statement(first))
    const waiting = b.query(...statement(second))
    await untilBlocked(b)
    await a.query('commit')
    return [rows, (await waiting).rows] as const
  } finally {
    a.release()
    b.release()
  }
}
const statement = ([text, values]: Statement): [string, unknown[]] => [text, values]

async function untilBlocked(session: pg.PoolClient) {
  const { processID } = session as unknown as { processID: number }
  for (;;) {
    const { rows } = await postgres.pool.query('select cardinality(pg_blocking_pids($1)) as n', [processID])
    if (Number(rows[0].n) > 0) return
  }
}

async function limit(scope: string, nano: number) {
  await run([
    `insert into budget (scope, entity, limit_nano, duration) values ($1, $1, $2, 'life')
      on conflict (scope) do update set limit_nano = excluded.limit_nano`,
    [scope, nano],
  ])
}

async function windowOf(scope: string) {
  const rows = await run([
    'select spent, leased from budget_window where scope = $1 and window_start = time_of_ms($2)',
    [scope, T0],
  ])
  return numbers(rows, 'spent', 'leased')
}

it('lends the first slice of a new window to two ledgers at once: 6, and the 4 that remain', async () => {
  await limit('first', 10)
  const [a, b] = await held(exchange('A', ask('first', 6)), exchange('B', ask('first', 6)))
  expect([...numbers(a, 'taken'), ...numbers(b, 'taken')]).toEqual([6, 4])
  expect(await windowOf('first')).toEqual([0, 10])
})

it('lends what is left of a window that is there already to two ledgers at once, and no more', async () => {
  await limit('there', 10)
  await run(exchange('C', ask('there', 1)))
  const [a, b] = await held(exchange('A', ask('there', 6)), exchange('B', ask('there', 6)))
  expect([...numbers(a, 'taken'), ...numbers(b, 'taken')]).toEqual([6, 3])
  expect(await windowOf('there')).toEqual([0, 10])
})

it('(control) one statement that inserts and locks sees no row in either session', async () => {
  const naive = (who: string): Statement => [
    `with made as (insert into budget_window (scope, window_start) values ('naive', time_of_ms($1)) on conflict do nothing),
      locked as materialized (select spent from budget_window where scope = 'naive' for update)
      select count(*) as seen from locked /* ${who} */`,
    [T0],
  ]
  const [a, b] = await held(naive('A'), naive('B'))
  expect([...numbers(a, 'seen'), ...numbers(b, 'seen')]).toEqual([0, 0])
})

it('takes nothing twice when a take is repeated after a lost reply, and tells the total', async () => {
  await limit('lost', 10)
  await run(exchange('A', ask('lost', 6)))
  const again = await run(exchange('A', ask('lost', 6)))
  expect(numbers(again, 'taken', 'granted', 'seq')).toEqual([0, 6, 1])
  expect(await windowOf('lost')).toEqual([0, 6])
})

it('fences off a take that commits after a later exchange', async () => {
  await limit('stray', 10)
  await run(exchange('A', ask('stray', 6)))
  await run(exchange('A', ask('stray', 0, { seq: 1 })))
  expect(numbers(await run(exchange('A', ask('stray', 4, { seq: 1 }))), 'taken')).toEqual([0])
  expect(await windowOf('stray')).toEqual([0, 6])
})

it('takes a return back once, also repeated and after an older one', async () => {
  await limit('return', 10)
  await run(exchange('A', ask('return', 6)))
  for (const returned of [3, 3, 2]) await run(exchange('A', ask('return', 0, { returned, seq: 99 })))
  expect(await windowOf('return')).toEqual([0, 3])
})

it('never takes back more than a lease has, whatever total it is told', async () => {
  await limit('nonsense', 10)
  await run(exchange('A', ask('nonsense', 6)))
  await run(exchange('A', ask('nonsense', 0, { returned: 1000, seq: 1 })))
  expect(await windowOf('nonsense')).toEqual([0, 0])
})

it('lends what one takes to nobody else who asks at the same moment', async () => {
  await limit('race', 10)
  for (const ledger of ['A', 'B']) await run(exchange(ledger, ask('race', 0)))
  const [a, b] = await held(exchange('A', ask('race', 9, { seq: 1 })), exchange('B', ask('race', 9, { seq: 1 })))
  expect([numbers(a, 'taken'), numbers(b, 'taken')]).toEqual([[9], [1]])
  expect(await windowOf('race')).toEqual([0, 10])
})

it('lends nothing more when a limit is lowered while another takes, and the new limit after the recall', async () => {
  await limit('lower', 10)
  await run(exchange('A', ask('lower', 8)))
  const [, b] = await held(
    ['update budget set limit_nano = 4 where scope = $1', ['lower']],
    exchange('B', ask('lower', 2)),
  )
  expect(numbers(b, 'taken', 'limit_nano')).toEqual([0, 4])
  expect(await windowOf('lower')).toEqual([0, 8])
  await run(exchange('A', ask('lower', 0, { returned: 8, seq: 1 })))
  expect(numbers(await run(exchange('B', ask('lower', 9, { seq: 1 }))), 'taken')).toEqual([4])
})

it('takes nothing of a scope whose limit was removed, and says that it is unlimited', async () => {
  await limit('gone', 10)
  await run(exchange('A', ask('gone', 6)))
  await run(['delete from budget where scope = $1', ['gone']])
  const rows = await run(exchange('A', ask('gone', 3, { returned: 6, seq: 1 })))
  expect(rows[0]).toMatchObject({ unlimited: true, taken: '0' })
  expect(await windowOf('gone')).toEqual([0, 0])
})

it('makes an expiry wait for the batch that logs the request, and then charges nothing more', async () => {
  await limit('batch', 100)
  await run(exchange('A', ask('batch', 100)))
  const grant = grantId()
  const [, paid] = await held(record(row(grant, 30, 12, ['batch'])), expire(grant, 30, true, 'batch'))
  expect(numbers(paid, 'paid')).toEqual([12])
  expect(await windowOf('batch')).toEqual([12, 88])
})

it('melts the expired row of a single grant whole when its row arrives meanwhile', async () => {
  await limit('melt', 100)
  await run(exchange('A', ask('melt', 100)))
  const grant = grantId()
  const [paid] = await held(expire(grant, 30, true, 'melt'), record(row(grant, 30, 5, ['melt'])))
  expect(numbers(paid, 'paid')).toEqual([30])
  expect(await windowOf('melt')).toEqual([5, 70])
  expect(numbers(await run(expire(grant, 30, true, 'melt')), 'paid')).toEqual([30])
  expect(await windowOf('melt')).toEqual([5, 70])
})

it('moves the part of a late row out of an expired allowance, and takes a late close once', async () => {
  await limit('expire', 100)
  await run(exchange('A', ask('expire', 100)))
  const grant = grantId()
  await run(expire(grant, 40, false))
  const late = row(grant, 20, 15, ['expire'], { single: false })
  await run(record(late, late))
  await run(record(late))
  expect(await windowOf('expire')).toEqual([40, 60])
  for (const _ of [1, 2]) await run(['select refund_expired($1, 25)', [grant]])
  expect(await windowOf('expire')).toEqual([25, 60])
  await run(['select refund_expired($1, null)', [grant]])
  expect(await windowOf('expire')).toEqual([15, 60])
})

it('leaves an expired single grant charged as it was reserved', async () => {
  await limit('single', 100)
  await run(exchange('A', ask('single', 100)))
  const grant = grantId()
  await run(expire(grant, 40, true, 'single'))
  expect(numbers(await run(['select refund_expired($1, 0) as back', [grant]]), 'back')).toEqual([0])
  expect(await windowOf('single')).toEqual([40, 60])
})

it('spends a bill above the hold in full, and lets the lease pay only the hold', async () => {
  await limit('above', 100)
  await run(exchange('A', ask('above', 50)))
  await run(record(row(grantId(), 10, 13, ['above'])))
  expect(await windowOf('above')).toEqual([13, 40])
})

it('never fails a batch over a lease that is unknown or has too little', async () => {
  await limit('poor', 100)
  await run(exchange('A', ask('poor', 5)))
  await run(record(row(grantId('nobody'), 10, 2, ['poor']), row(grantId(), 10, 9, ['poor'])))
  expect(await windowOf('poor')).toEqual([11, 0])
  await run(expire(grantId(), 8, true, 'poor'))
  expect(await windowOf('poor')).toEqual([19, 0])
})

it('lets only covered windows pay a lease; the others are spent alone', async () => {
  for (const scope of ['covered', 'life']) await limit(scope, 100)
  await run(exchange('A', ask('covered', 50), ask('life', 50)))
  await run(record(row(grantId(), 10, 7, ['covered', 'life'], { covered: [true, false] })))
  expect([await windowOf('covered'), await windowOf('life')]).toEqual([
    [7, 43],
    [7, 50],
  ])
})

it('resets once per operation, and the log still sums to what is spent', async () => {
  await limit('reset', 100)
  await run(record(row(null, 0, 57, ['reset'])))
  const operation = newId(NOW)
  const again = () => run(['select reset_spend($1, $2, $3, 0)', [operation, 'reset', T0]])
  await again()
  expect(await windowOf('reset')).toEqual([0, 0])
  await run(record(row(null, 0, 5, ['reset'])))
  await again()
  expect(await windowOf('reset')).toEqual([5, 0])
  const total = await run(["select sum(cost_nano) as n from spend_log where 'reset' = any(scopes)", []])
  expect(numbers(total, 'n')).toEqual([5])
})

it('deadlocks nobody, whatever order the windows are named in', async () => {
  for (const scope of ['x', 'y']) await limit(scope, 1000)
  const both = [ask('x', 1), ask('y', 1)]
  const rounds = Array.from({ length: 40 }, (_, n) => [
    run(exchange(`ledger-${n}`, ...(n % 2 ? both : both.toReversed()))),
    run(record(row(grantId(`ledger-${n}`), 1, 1, n % 2 ? ['y', 'x'] : ['x', 'y']))),
  ])
  const results = await Promise.allSettled(rounds.flat())
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
  expect((await windowOf('x'))[0]).toBe(40)
})

it('(control) updating two windows in opposite orders deadlocks', async () => {
  const [a, b] = [await postgres.pool.connect(), await postgres.pool.connect()]
  const touch = (session: pg.PoolClient, scope: string) =>
    session.query('update budget_window set spent = spent where scope = $1', [scope])
  for (const session of [a, b]) await session.query('begin')
  await touch(a, 'x')
  await touch(b, 'y')
  const results = await Promise.allSettled([touch(a, 'y'), touch(b, 'x')])
  expect(results.some((result) => result.status === 'rejected' && result.reason.code === '40P01')).toBe(true)
  for (const session of [a, b]) {
    await session.query('rollback')
    session.release()
  }
})

it('keeps money exact beyond 2^53', async () => {
  await run([
    `insert into budget (scope, entity, limit_nano, duration) values ('rich', 'rich', 9007199254740995, 'life')`,
    [],
  ])
  const rich = { ...ask('rich', 0), wantNano: 9_007_199_254_740_993n }
  const [first] = await run(exchange('A', rich))
  expect(first).toMatchObject({ taken: '9007199254740993', room: '2' })
})

it('raises one generation for all, and names what changed', async () => {
  const raise = (id: string) => run(['select raise_generation($1) as n', [[id]]])
  await Promise.all(Array.from({ length: 120 }, (_, n) => raise(`id-${n}`)))
  expect(numbers(await raise('last'), 'n')).toEqual([121])
  const [setting] = await run([`select value from setting where name = 'generation'`, []])
  const { number, changed } = setting!.value as { number: number; changed: { number: number; ids: string[] }[] }
  expect([number, changed.length, changed[0]?.number, changed.at(-1)]).toEqual([
    121,
    100,
    22,
    { number: 121, ids: ['last'] },
  ])
})
