import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Books, brokenPromise, newBooks } from '../../src/budget/books.ts'
import { exchangeSlices, expireGrants, recordSpend, refundExpired, resetSpend } from '../../src/db/statements.ts'
import { histories, type Step } from '../support/budget-history.ts'
import { play } from '../support/play-books.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

// The books are the specification: the statements must answer the same, and leave the same behind, after every step.

const RUNS = 40
const SEED = 7

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
  // Half of the rows lie in partitions of their own, the other half in the default one.
  await postgres.pool.query(`select make_spend_partitions('2026-11-22', 0)`)
}, 60_000)
afterAll(() => postgres.stop())

async function ask(step: Step): Promise<unknown> {
  const { db, pool } = postgres
  switch (step.do) {
    case 'limit':
      if (step.nano === null) await pool.query('delete from budget where scope = $1', [step.scope])
      else
        await pool.query(
          `insert into budget (scope, entity, limit_nano, duration) values ($1, $1, $2, 'life')
            on conflict (scope) do update set limit_nano = excluded.limit_nano`,
          [step.scope, String(step.nano)],
        )
      return null
    case 'exchange':
      return exchangeSlices(db, step.ledger, step.asks)
    case 'record':
      return recordSpend(db, JSON.stringify(step.events.map(spendEventOf)))
    case 'expire':
      return expireGrants(db, step.ledger, step.grants)
    case 'refund':
      return refundExpired(db, step.grantId, step.usedNano)
    case 'reset':
      return resetSpend(db, step)
  }
}

/** Windows, leases and log as PostgreSQL has them, in the form of the books. */
async function stored(): Promise<Books> {
  const { pool } = postgres
  const books = newBooks()
  for (const w of (await pool.query('select *, ms_of_time(window_start) as start from budget_window')).rows)
    books.windows.set(`${w.scope}|${w.start}`, {
      scope: w.scope,
      startMs: Number(w.start),
      spent: BigInt(w.spent),
      leased: BigInt(w.leased),
      requests: Number(w.requests),
    })
  for (const l of (await pool.query('select *, ms_of_time(window_start) as start from budget_lease')).rows)
    books.leases.set(`${l.scope}|${l.start}|${l.ledger}`, {
      scope: l.scope,
      startMs: Number(l.start),
      ledger: l.ledger,
      granted: BigInt(l.granted),
      returned: BigInt(l.returned),
      charged: BigInt(l.charged),
      seq: Number(l.seq),
    })
  for (const r of (
    await pool.query(
      `select *, array(select ms_of_time(w) from unnest(windows) with ordinality as u(w, n) order by n) as starts
        from spend_log`,
    )
  ).rows)
    books.log.set(r.id, {
      id: r.id,
      kind: r.kind,
      grantId: r.grant_id,
      single: r.single,
      holdNano: BigInt(r.hold_nano),
      costNano: BigInt(r.cost_nano),
      windows: r.scopes.map((scope: string, n: number) => ({ scope, startMs: Number(r.starts[n]) })),
    })
  return books
}

/** A window that was only locked is as good as none. */
const touched = ({ windows, leases, log }: Books) => ({
  windows: new Map([...windows].filter(([, w]) => w.spent !== 0n || w.leased !== 0n || w.requests > 0)),
  leases,
  log,
})

const byWindow = (answer: unknown) =>
  Array.isArray(answer)
    ? answer.toSorted((a, b) => (JSON.stringify(keyOf(a)) < JSON.stringify(keyOf(b)) ? -1 : 1))
    : answer
const keyOf = ({ id, scope, startMs }: { id?: string; scope?: string; startMs?: number }) => [id, scope, startMs]

it('answers and keeps the same as the books on any history, and breaks no promise', async () => {
  await fc.assert(
    fc.asyncProperty(histories(), async (steps) => {
      await postgres.pool.query(
        'delete from budget; delete from budget_window; delete from budget_lease; delete from spend_log',
      )
      const books = newBooks()
      for (const step of steps) {
        const wanted = play(books, step)
        expect(byWindow(await ask(step))).toEqual(byWindow(wanted))
        const found = await stored()
        expect(brokenPromise(found)).toBeUndefined()
        expect(touched(found)).toEqual(touched(books))
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
})
