import { minNano, type NanoUsd } from '../money.ts'
import type { SpendEvent } from '../spend/event.ts'

/**
 * The budget protocol's statements over plain data: what `migrations/0001_slices.sql` does, to be read first and to be
 * compared with. A random history is answered the same by both.
 */
export interface Books {
  /** Limits by scope. A scope that is not here has none. */
  readonly limits: Map<string, NanoUsd>
  readonly windows: Map<string, BookWindow>
  readonly leases: Map<string, BookLease>
  /** Rows by id. */
  readonly log: Map<string, BookRow>
}

interface WindowRef {
  readonly scope: string
  readonly startMs: number
}

export interface BookWindow extends WindowRef {
  spent: NanoUsd
  leased: NanoUsd
  requests: number
}

/** Totals, which only grow; `seq` fences off a take whose caller gave up on it. */
export interface BookLease extends WindowRef {
  readonly ledger: string
  granted: NanoUsd
  returned: NanoUsd
  charged: NanoUsd
  seq: number
}

export interface BookRow {
  readonly id: string
  readonly kind: 'request' | 'expired' | 'reset'
  readonly grantId: string | null
  readonly single: boolean
  readonly holdNano: NanoUsd
  costNano: NanoUsd
  readonly windows: readonly WindowRef[]
}

export interface BookAsk extends WindowRef {
  readonly wantNano: NanoUsd
  readonly returnedNano: NanoUsd
  readonly seq: number
}

export interface BookAnswer extends WindowRef {
  readonly unlimited: boolean
  readonly takenNano: NanoUsd
  readonly grantedNano: NanoUsd
  readonly chargedNano: NanoUsd
  readonly seq: number
  readonly limitNano: NanoUsd
  readonly spentNano: NanoUsd
  readonly roomNano: NanoUsd
  readonly othersNano: NanoUsd
}

export interface BookGrant {
  readonly id: string
  readonly amountNano: NanoUsd
  readonly single: boolean
  readonly windows: readonly WindowRef[]
  readonly covered: readonly boolean[]
}

/** What the money of an event depends on. */
export type BookEvent = Pick<
  SpendEvent,
  'id' | 'ledger' | 'grant_id' | 'single' | 'hold_nano' | 'cost_nano' | 'scopes' | 'windows' | 'covered'
>

export function newBooks(): Books {
  return { limits: new Map(), windows: new Map(), leases: new Map(), log: new Map() }
}

/** Take, give back and read in one. `wantNano` counts only while `seq` is the lease's. */
export function exchange(books: Books, ledger: string, asks: readonly BookAsk[]): BookAnswer[] {
  return asks.map(({ scope, startMs, wantNano, returnedNano, seq }) => {
    const limit = books.limits.get(scope)
    const window = windowOf(books, { scope, startMs })
    const lease = openLease(books, { scope, startMs }, ledger)

    const back = positive(minNano(returnedNano, lease.granted - lease.charged) - lease.returned)
    lease.returned += back
    window.leased -= back

    const heard = lease.seq === seq
    const room = limit === undefined ? 0n : limit - window.spent - window.leased
    const taken = heard ? positive(minNano(wantNano, room)) : 0n
    lease.granted += taken
    lease.seq += heard ? 1 : 0
    window.leased += taken

    return {
      scope,
      startMs,
      unlimited: limit === undefined,
      takenNano: taken,
      grantedNano: lease.granted,
      chargedNano: lease.charged,
      seq: lease.seq,
      limitNano: limit ?? 0n,
      spentNano: window.spent,
      roomNano: limit === undefined ? 0n : limit - window.spent - window.leased,
      othersNano: window.leased - leftOf(lease),
    }
  })
}

/** The other ledgers with money on lease in a window, those with the most first. */
export function holders(books: Books, ledger: string, ref: WindowRef, limit: number): string[] {
  return [...books.leases.values()]
    .filter((lease) => lease.scope === ref.scope && lease.startMs === ref.startMs)
    .filter((lease) => lease.ledger !== ledger && leftOf(lease) > 0n)
    .sort((a, b) => Number(leftOf(b) - leftOf(a)))
    .slice(0, limit)
    .map((lease) => lease.ledger)
}

/** Logs a batch: known ids change nothing. Answers how many were new. */
export function record(books: Books, events: readonly BookEvent[]): number {
  const fresh = events.filter((event) => {
    if (books.log.has(event.id)) return false
    books.log.set(event.id, rowOf(event))
    return true
  })
  for (const event of fresh) {
    const cost = BigInt(event.cost_nano)
    const paid = minNano(cost, BigInt(event.hold_nano))
    const expired = event.grant_id === null ? undefined : books.log.get(expiredId(event.grant_id))
    const payer = event.grant_id === null || expired ? null : event.ledger
    event.scopes.forEach((scope, i) => {
      const ref = { scope, startMs: event.windows[i] ?? 0 }
      const window = windowOf(books, ref)
      window.spent += cost
      window.requests += 1
      if (payer !== null && event.covered[i]) pay(books, ref, payer, paid)
    })
    // The lease has paid already: the row takes its part out of the expired one.
    if (expired) reduce(books, expired, event.single ? expired.costNano : minNano(paid, expired.costNano))
  }
  return fresh.length
}

/** Closes grants that nobody closed: what their rows did not pay becomes a row of its own. Answers what the lease paid. */
export function expire(
  books: Books,
  ledger: string,
  grants: readonly BookGrant[],
): { id: string; paidNano: NanoUsd }[] {
  return grants.map((grant) => {
    const { id, amountNano, single, windows, covered } = grant
    if (books.log.has(expiredId(id))) return { id, paidNano: amountNano }
    const rows = rowsOf(books, id)
    const logged = paidBy(rows)
    if (single && rows.length > 0) return { id, paidNano: logged }
    const rest = positive(amountNano - logged)
    if (rest > 0n) {
      const row = {
        id: expiredId(id),
        kind: 'expired',
        grantId: id,
        single,
        holdNano: rest,
        costNano: rest,
        windows,
      } as const
      books.log.set(row.id, { ...row })
      windows.forEach((ref, at) => {
        windowOf(books, ref).spent += rest
        if (covered[at]) pay(books, ref, ledger, rest)
      })
    }
    return { id, paidNano: amountNano }
  })
}

/** Gives back of an expired allowance what was not used; null: what no row has claimed. Answers how much. */
export function refund(books: Books, grantId: string, usedNano: NanoUsd | null): NanoUsd {
  const expired = books.log.get(expiredId(grantId))
  if (!expired || expired.single) return 0n
  const unlogged = positive((usedNano ?? 0n) - paidBy(rowsOf(books, grantId)))
  const back = positive(expired.costNano - unlogged)
  reduce(books, expired, back)
  return back
}

/** Sets a window's spend by a row, once per operation. Answers the change. */
export function reset(
  books: Books,
  { operation, scope, startMs, targetNano }: WindowRef & { operation: string; targetNano: NanoUsd },
): NanoUsd {
  const id = `reset:${operation}`
  const window = windowOf(books, { scope, startMs })
  if (books.log.has(id)) return 0n
  const change = targetNano - window.spent
  const row = { id, kind: 'reset', grantId: null, single: true, holdNano: 0n, costNano: change } as const
  books.log.set(id, { ...row, windows: [{ scope, startMs }] })
  window.spent += change
  return change
}

/** The first broken promise: I1 (the log is the spend) or I2 (the leases are what is leased). */
export function brokenPromise(books: Books): string | undefined {
  const logged = new Map<string, NanoUsd>()
  for (const row of books.log.values()) {
    for (const ref of row.windows) logged.set(windowKey(ref), (logged.get(windowKey(ref)) ?? 0n) + row.costNano)
  }
  const leased = new Map<string, NanoUsd>()
  for (const lease of books.leases.values()) {
    leased.set(windowKey(lease), (leased.get(windowKey(lease)) ?? 0n) + leftOf(lease))
    if (leftOf(lease) < 0n) return `${lease.ledger} has less than nothing in ${windowKey(lease)}`
  }
  for (const [key, window] of books.windows) {
    if ((logged.get(key) ?? 0n) !== window.spent) return `${key}: log ${logged.get(key)}, spent ${window.spent}`
    if ((leased.get(key) ?? 0n) !== window.leased) return `${key}: leases ${leased.get(key)}, leased ${window.leased}`
  }
  return undefined
}

const windowKey = ({ scope, startMs }: WindowRef) => `${scope}|${startMs}`
const expiredId = (grantId: string) => `expired:${grantId}`
const positive = (amount: NanoUsd) => (amount > 0n ? amount : 0n)
const leftOf = (lease: BookLease) => lease.granted - lease.returned - lease.charged

function windowOf(books: Books, { scope, startMs }: WindowRef): BookWindow {
  const key = windowKey({ scope, startMs })
  const known = books.windows.get(key)
  if (known) return known
  const window = { scope, startMs, spent: 0n, leased: 0n, requests: 0 }
  books.windows.set(key, window)
  return window
}

function leaseOf(books: Books, ref: WindowRef, ledger: string): BookLease | undefined {
  return books.leases.get(`${windowKey(ref)}|${ledger}`)
}

function openLease(books: Books, { scope, startMs }: WindowRef, ledger: string): BookLease {
  const known = leaseOf(books, { scope, startMs }, ledger)
  if (known) return known
  const lease = { scope, startMs, ledger, granted: 0n, returned: 0n, charged: 0n, seq: 0 }
  books.leases.set(`${windowKey(lease)}|${ledger}`, lease)
  return lease
}

/** A lease pays what it still has; an unknown one pays nothing. Neither may make a batch fail. */
function pay(books: Books, ref: WindowRef, ledger: string, due: NanoUsd): void {
  const lease = leaseOf(books, ref, ledger)
  if (!lease) return
  const paid = minNano(due, leftOf(lease))
  lease.charged += paid
  windowOf(books, ref).leased -= paid
}

function reduce(books: Books, row: BookRow, amount: NanoUsd): void {
  row.costNano -= amount
  for (const ref of row.windows) windowOf(books, ref).spent -= amount
}

function rowsOf(books: Books, grantId: string): BookRow[] {
  return [...books.log.values()].filter((row) => row.kind === 'request' && row.grantId === grantId)
}

function paidBy(rows: readonly BookRow[]): NanoUsd {
  return rows.reduce((sum, { costNano, holdNano }) => sum + minNano(costNano, holdNano), 0n)
}

function rowOf(event: BookEvent): BookRow {
  return {
    id: event.id,
    kind: 'request',
    grantId: event.grant_id,
    single: event.single,
    holdNano: BigInt(event.hold_nano),
    costNano: BigInt(event.cost_nano),
    windows: event.scopes.map((scope, i) => ({ scope, startMs: event.windows[i] ?? 0 })),
  }
}
