import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { brokenPromise, exchange, expire, newBooks, record, refund, reset } from '../../../src/budget/books.ts'
import { newId } from '../../../src/ids.ts'
import { histories } from '../../support/budget-history.ts'
import { play } from '../../support/play-books.ts'

const NOW = Date.UTC(2026, 10, 22)
const window = { scope: 'key:a@life', startMs: 0 }
const take = (wantNano: bigint, seq = 0, returnedNano = 0n) => [{ ...window, wantNano, returnedNano, seq }]
const event = (grantId: string, hold: number, cost: number, single = true) => ({
  id: newId(NOW),
  ledger: 'key:a',
  grant_id: grantId,
  single,
  hold_nano: String(hold),
  cost_nano: String(cost),
  scopes: [window.scope],
  windows: [0],
  covered: [true],
})

function lent(limit = 100n, slice = 100n) {
  const books = newBooks()
  books.limits.set(window.scope, limit)
  exchange(books, 'key:a', take(slice))
  return books
}
const state = (books: ReturnType<typeof newBooks>) => {
  const { spent, leased } = books.windows.get('key:a@life|0')!
  return [spent, leased]
}

describe('books', () => {
  it('never lends more than the limit, to however many ledgers', () => {
    const books = lent(10n, 6n)
    expect(exchange(books, 'key:b', take(6n))[0]).toMatchObject({ takenNano: 4n, roomNano: 0n, othersNano: 6n })
  })

  it('ignores a take whose fence has moved on, and tells the total', () => {
    const books = lent(10n, 6n)
    expect(exchange(books, 'key:a', take(3n))[0]).toMatchObject({ takenNano: 0n, grantedNano: 6n, seq: 1 })
  })

  it('charges an expired grant once, and melts it when the row comes late', () => {
    const books = lent()
    const grant = `key:a:${newId(NOW)}`
    const close = () =>
      expire(books, 'key:a', [{ id: grant, amountNano: 30n, single: true, windows: [window], covered: [true] }])
    expect([close(), close()]).toEqual([[{ id: grant, paidNano: 30n }], [{ id: grant, paidNano: 30n }]])
    expect(state(books)).toEqual([30n, 70n])
    record(books, [event(grant, 30, 5)])
    expect(state(books)).toEqual([5n, 70n])
  })

  it('charges what the queue lost when a closed grant is verified', () => {
    const books = lent()
    const grant = `key:a:${newId(NOW)}`
    expire(books, 'key:a', [{ id: grant, amountNano: 12n, single: true, windows: [window], covered: [true] }])
    expect(state(books)).toEqual([12n, 88n])
  })

  it('gives back of an expired allowance what nobody claimed', () => {
    const books = lent()
    const grant = `key:a:${newId(NOW)}`
    expire(books, 'key:a', [{ id: grant, amountNano: 40n, single: false, windows: [window], covered: [true] }])
    record(books, [event(grant, 20, 15, false)])
    expect([refund(books, grant, 25n), refund(books, grant, 25n), refund(books, grant, null)]).toEqual([15n, 0n, 10n])
    expect(state(books)).toEqual([15n, 60n])
  })

  it('resets by a row, once per operation', () => {
    const books = lent()
    record(books, [event(`key:a:${newId(NOW)}`, 9, 9)])
    const again = { operation: 'op', ...window, targetNano: 0n }
    expect([reset(books, again), reset(books, again)]).toEqual([-9n, 0n])
    expect([brokenPromise(books), books.windows.get('key:a@life|0')?.spent]).toEqual([undefined, 0n])
  })

  it('keeps log = spend and leases = leased after every step of any history', async () => {
    await fc.assert(
      fc.property(histories(), (steps) => {
        const books = newBooks()
        for (const step of steps) {
          play(books, step)
          expect(brokenPromise(books)).toBeUndefined()
        }
      }),
      { numRuns: 500, seed: 2 },
    )
  })
})
