import { expire, exchange, newBooks, record, refund, type Books } from '../../src/budget/books.ts'
import { newId } from '../../src/ids.ts'
import type { Grant, Ledger, Take } from '../../src/ledger/port.ts'
import type { SliceSource } from '../../src/ledger/slice-source.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import type { Scope } from '../../src/tenants/scope.ts'

/** `lost`: the call never arrives. `unheard`: it takes effect, and its answer is lost. */
export type Fate = 'ok' | 'lost' | 'unheard'

/** Books that can be cut off: what the next calls meet, then `otherwise`. */
export class FickleSource implements SliceSource {
  readonly books: Books = newBooks()
  readonly fates: Fate[] = []
  otherwise: Fate = 'ok'
  calls = 0

  exchange(...[ledger, asks]: Parameters<SliceSource['exchange']>) {
    return this.#meet(() => exchange(this.books, ledger, asks))
  }

  expire(...[ledger, grants]: Parameters<SliceSource['expire']>) {
    return this.#meet(() => expire(this.books, ledger, grants))
  }

  refund(...[grantId, usedNano]: Parameters<SliceSource['refund']>) {
    return this.#meet(() => refund(this.books, grantId, usedNano))
  }

  record(events: readonly SpendEvent[]) {
    return this.#meet(() => void record(this.books, events))
  }

  async #meet<T>(statement: () => T): Promise<T> {
    this.calls += 1
    await Promise.resolve()
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
  now(): number
  advance(ms: number): void
  /** What the alarm does. */
  tick(ledger: string): Promise<void>
  evict(ledger: string): Promise<void>
}

export const settings = {
  grantLifeMs: 2_000,
  skewMs: 1_000,
  horizonMs: 60_000,
  exchangeTimeoutMs: 500,
  sliceAheadMs: 5_000,
  idleReturnMs: 5_000,
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

/** The row of an attempt that has ended. */
export function rowOf(grant: Grant, costNano: bigint): SpendEvent {
  const nothing = Object.fromEntries(
    ['input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'inputAudio', 'inputImage', 'output', 'reasoning', 'outputAudio', 'outputImage'].map(
      (kind) => [`${kind}Tokens`, 0],
    ),
  ) as SpendEvent['usage']
  return {
    v: 1,
    id: grant.id.slice(-36),
    request_id: grant.id.slice(-36),
    call_type: 'completion',
    status: 'success',
    ledger: grant.ledger,
    grant_id: grant.id,
    single: true,
    hold_nano: String(grant.amountNano),
    cost_nano: String(costNano),
    scopes: grant.windows.map((window) => window.scope),
    windows: grant.windows.map((window) => window.startMs),
    covered: [...grant.covered],
    overrun: false,
    key_id: 'k',
    api_key: '',
    key_alias: null,
    user: null,
    team_id: null,
    organization_id: null,
    end_user: null,
    model: 'm',
    model_group: 'm',
    model_id: 'm',
    custom_llm_provider: 'openai',
    api_base: '',
    dialect: 'openai',
    stream: false,
    usage: nothing,
    prompt_tokens: 0,
    completion_tokens: 0,
    total_tokens: 0,
    usage_estimated: false,
    price_version: 'test',
    start_ms: 0,
    first_token_ms: null,
    end_ms: 0,
    cache_hit: false,
    http_status: 200,
    error_type: null,
    error_message: null,
    request_tags: [],
  }
}
