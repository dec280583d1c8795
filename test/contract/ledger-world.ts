import { type Books, exchange, expire, holders, newBooks, record, refund } from '../../src/budget/books.ts'
import type { LedgerSettings } from '../../src/config/config.ts'
import { newId } from '../../src/ids.ts'
import type { Allowance, AllowanceAsk, AllowanceClose, Grant, Ledger, Take } from '../../src/ledger/port.ts'
import type { SliceSource } from '../../src/ledger/slice-source.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import type { Scope } from '../../src/tenants/scope.ts'
import { spendEventOf } from '../support/spend-event.ts'

/** `lost`: the call never arrives. `unheard`: it takes effect, and its answer is lost. */
export type Fate = 'ok' | 'lost' | 'unheard'

/** Books that can be cut off: what the next calls meet, then `otherwise`. */
export class FickleSource implements SliceSource {
  readonly books: Books = newBooks()
  readonly fates: Fate[] = []
  otherwise: Fate = 'ok'
  /** How long a call is on its way; 0 is at once. */
  latencyMs = 0
  calls = 0

  exchange(...[ledger, asks]: Parameters<SliceSource['exchange']>) {
    return this.#meet(() => exchange(this.books, ledger, asks))
  }

  expire(...[ledger, grants]: Parameters<SliceSource['expire']>) {
    return this.#meet(() => expire(this.books, ledger, grants))
  }

  holders(...[ledger, window, limit]: Parameters<SliceSource['holders']>) {
    return this.#meet(() => holders(this.books, ledger, window, limit))
  }

  refund(...[grantId, usedNano]: Parameters<SliceSource['refund']>) {
    return this.#meet(() => refund(this.books, grantId, usedNano))
  }

  record(events: readonly SpendEvent[]) {
    return this.#meet(() => void record(this.books, events))
  }

  async #meet<T>(statement: () => T): Promise<T> {
    this.calls += 1
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs))
    else await Promise.resolve()
    const fate = this.fates.shift() ?? this.otherwise
    if (fate === 'lost') throw new Error('the database is away')
    const answer = statement()
    if (fate === 'unheard') throw new Error('the answer was lost')
    return answer
  }
}

/** A ledger, its source, and its time. */
export interface LedgerWorld {
  readonly ledger: Ledger
  readonly source: FickleSource
  /** What an isolate asks and tells beside its requests. */
  allow(ledger: string, ask: AllowanceAsk): Promise<Allowance | undefined>
  close(ledger: string, close: AllowanceClose): Promise<void>
  recall(ledger: string, scopes: readonly string[]): Promise<void>
  /** Two that no other test has used. */
  readonly names: readonly [string, string]
  now(): number
  advance(ms: number): void
  /** What the alarm does. */
  tick(ledger: string): Promise<void>
  evict(ledger: string): Promise<void>
}

export const settings: LedgerSettings = {
  grantLifeMs: 2_000,
  skewMs: 1_000,
  horizonMs: 60_000,
  exchangeTimeoutMs: 500,
  sliceAheadMs: 5_000,
  idleReturnMs: 5_000,
  budgetWaitMs: 0,
}

export const CALL_MS = 10_000
/** After this, a grant taken now has expired. */
export const EXPIRED_MS = settings.grantLifeMs + CALL_MS + settings.skewMs + 1

export const MINUTE_MS = 60_000

export function scope(name: string, more: Partial<Scope> = {}): Scope {
  return { name, duration: name.split('@')[1] ?? 'life', timeZone: 'UTC', anchorMs: 0, limited: true, ...more }
}

export function takeOf(world: Pick<LedgerWorld, 'now'>, more: Partial<Take> = {}): Take {
  return {
    attempt: newId(world.now()),
    scopes: [],
    amountNano: 10n,
    limits: [],
    tokens: 0,
    callMs: CALL_MS,
    ...more,
  }
}

export function allowanceOf(world: Pick<LedgerWorld, 'now'>, more: Partial<AllowanceAsk> = {}): AllowanceAsk {
  return {
    id: newId(world.now()),
    scopes: [],
    limits: [],
    amountNano: 50n,
    requests: 8,
    tokens: 0,
    holdNano: 10n,
    openNano: 10n,
    holdTokens: 0,
    callMs: CALL_MS,
    ...more,
  }
}

/** One request's part of an allowance. */
export function partOf(grant: Grant, attempt: string, holdNano: bigint, costNano: bigint): SpendEvent {
  return { ...rowOf({ ...grant, amountNano: holdNano }, costNano), id: attempt, single: false }
}

/** The row of an attempt that has ended. */
export function rowOf(grant: Grant, costNano: bigint): SpendEvent {
  return spendEventOf({
    id: grant.id.slice(-36),
    ledger: grant.ledger,
    grant_id: grant.id,
    hold_nano: String(grant.amountNano),
    cost_nano: String(costNano),
    scopes: grant.windows.map((window) => window.scope),
    windows: grant.windows.map((window) => window.startMs),
    covered: [...grant.covered],
  })
}
