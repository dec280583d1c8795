import { freeOf, idleAtMs, isFinished, isIdle, type Pool, release } from '../budget/pool.ts'
import type { SpendEvent } from '../spend/event.ts'
import { withinMs } from './deadline.ts'
import type { Exchanger, ExchangerDeps } from './exchanger.ts'
import type { Grant } from './port.ts'
import { correctRates } from './rates.ts'
import type { ExpiredGrant } from './slice-source.ts'
import type { GrantRecord, GrantState } from './store.ts'

export interface HousekeepingDeps extends Omit<ExchangerDeps, 'wake'> {
  readonly exchanger: Exchanger
  /** Something that was lent came back. */
  readonly freed: () => void
  /** Sends kept rows on. Resolves once somebody durable has them. */
  readonly send: (events: readonly SpendEvent[]) => Promise<void>
}

const BATCH = 100
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 15_000
/** However much is due, the ledger sleeps this long between two ticks. */
const BREATH_MS = 100
/** Sliding windows count a minute; what is older than two is of no use to anyone. */
const RATES_KEPT_SECONDS = 120

/**
 * What a ledger does when time passes, rather than when it is asked (slices.md rules 11, 19, 20, 27): closes grants that
 * nobody closed, sends kept rows, gives back what lies idle, has settled grants compared with their rows, forgets what is
 * finished. Everything may be cut off anywhere and repeated.
 */
export class Housekeeping {
  readonly #deps: HousekeepingDeps
  #running: Promise<number | undefined> | undefined
  #failures = 0

  constructor(deps: HousekeepingDeps) {
    this.#deps = deps
  }

  /** Never rejects; what fails is reported and tried again later. Answers when; undefined when all is at rest. */
  tick(): Promise<number | undefined> {
    this.#running ??= this.#tick().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #tick(): Promise<number | undefined> {
    const steps: [string, () => Promise<void>][] = [
      ['sending kept rows failed', () => this.#send()],
      ['closing expired grants failed', () => this.#expire()],
      ['refunding allowances failed', () => this.#refund()],
      ['verifying settled grants failed', () => this.#verify()],
      ['telling the source failed', () => this.#tell()],
    ]
    let failed = false
    for (const [what, step] of steps) {
      try {
        await step()
      } catch (cause) {
        failed = true
        this.#deps.report(what, cause)
      }
    }
    this.#forget()
    this.#failures = failed ? this.#failures + 1 : 0
    return this.nextTickMs()
  }

  nextTickMs(): number | undefined {
    const { store, settings, clock } = this.#deps
    const nowMs = clock()
    const due: number[] = []
    const open = store.deadlines('open')
    const closed = store.deadlines('closed')
    const done = store.deadlines('done')
    const expired = store.deadlines('expired')
    if (open) due.push(open.firstMs + 1)
    // Once nobody holds anything, one look at the totals may spare verifying each grant (rule 20).
    if (closed) due.push(closed.lastMs >= nowMs ? closed.lastMs + 1 : closed.firstMs + settings.horizonMs + 1)
    if (done) due.push(done.firstMs + settings.skewMs + 1)
    if (expired) due.push(expired.firstMs + settings.horizonMs + 1)
    if (store.deadlines('refunding') || store.deadlines('expiring') || store.events(1).length > 0) due.push(nowMs)
    for (const pool of store.pools()) {
      if (pool.owing) due.push(nowMs)
      else if (freeOf(pool) > 0n) due.push(idleAtMs(pool, settings.idleReturnMs))
    }
    if (due.length === 0) return undefined
    return Math.max(Math.min(...due), nowMs + this.#pauseMs())
  }

  #pauseMs(): number {
    if (this.#failures === 0) return BREATH_MS
    return Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS)
  }

  async #send(): Promise<void> {
    const { store, send, settings } = this.#deps
    for (let events = store.events(BATCH); events.length > 0; events = store.events(BATCH)) {
      const ids = events.map(({ id }) => id)
      await withinMs(settings.exchangeTimeoutMs, send(events))
      store.transaction(() => store.deleteEvents(ids))
    }
  }

  /** First on disk that nobody may close them any more, then the source's word, then on disk what it was. */
  async #expire(): Promise<void> {
    const { store, clock, freed } = this.#deps
    for (;;) {
      const records = store.transaction(() => {
        for (const record of store.grantsDue('open', clock(), BATCH)) store.putGrant({ ...record, state: 'expiring' })
        return store.grantsDue('expiring', Number.POSITIVE_INFINITY, BATCH)
      })
      if (records.length === 0) return
      const paid = await this.#ask(records, (record) => record.grant.amountNano)
      store.transaction(() => {
        for (const { grant } of records) {
          const record = store.grant(grant.id)
          const paidNano = paid.get(grant.id)
          if (record?.state !== 'expiring' || paidNano === undefined) continue
          this.#changePools(grant, (pool) => release(pool, grant.amountNano, paidNano))
          const counted = correctRates(store, record.counted, { max_parallel_requests: 0 })
          store.putGrant({ ...record, state: afterExpiry(record), paidNano, counted })
        }
      })
      freed()
    }
  }

  /** What was charged for an expired allowance and never used goes back: as told late, or as the rows say (rules 17, 21). */
  async #refund(): Promise<void> {
    const { store, source, settings, clock } = this.#deps
    const known = [
      ...store.grantsDue('refunding', Number.POSITIVE_INFINITY, BATCH),
      ...store.grantsDue('expired', clock() - settings.horizonMs, BATCH),
    ]
    for (const { grant, lateUsedNano } of known) {
      await withinMs(settings.exchangeTimeoutMs, source.refund(grant.id, lateUsedNano ?? null))
      store.transaction(() => {
        const record = store.grant(grant.id)
        if (record) store.putGrant({ ...record, state: 'done' })
      })
    }
  }

  /**
   * Settled grants whose holders have all ended: when every settled nano-dollar has been seen in a row, all rows are
   * there. Otherwise, past the horizon, each is compared with its row, and one that was lost is charged there and then.
   */
  async #verify(): Promise<void> {
    const { store, settings, clock } = this.#deps
    for (;;) {
      const records = store.grantsDue('closed', clock() - settings.horizonMs, BATCH)
      if (records.length === 0) return
      const paid = await this.#ask(records, (record) => record.paidNano)
      store.transaction(() => {
        for (const { grant, paidNano } of records) {
          const found = paid.get(grant.id)
          if (found === undefined) continue
          this.#changePools(grant, (pool) => release(pool, 0n, found - paidNano))
          store.deleteGrant(grant.id)
        }
      })
    }
  }

  /** What the lease has paid for each. Throws unless the source answers for all. */
  async #ask(
    records: readonly GrantRecord[],
    amountOf: (record: GrantRecord) => bigint,
  ): Promise<ReadonlyMap<string, bigint>> {
    const { name, source, settings } = this.#deps
    const questions = records.map((record) => question(record.grant, amountOf(record)))
    const asked = questions.filter(({ covered, amountNano }) => covered.includes(true) && amountNano > 0n)
    const answers = asked.length === 0 ? [] : await withinMs(settings.exchangeTimeoutMs, source.expire(name, asked))
    const paid = new Map(answers.map(({ id, paidNano }) => [id, paidNano]))
    for (const { id } of questions) if (!asked.some((one) => one.id === id)) paid.set(id, 0n)
    if (questions.some(({ id }) => !paid.has(id))) throw new Error('the source left out grants it was asked about')
    return paid
  }

  /** The source's totals have changed under these pools, so they owe it an exchange. */
  #changePools(grant: Grant, change: (pool: Pool) => Pool): void {
    const { store } = this.#deps
    grant.windows.forEach(({ scope, startMs }, at) => {
      const pool = grant.covered[at] ? store.pool(scope, startMs) : undefined
      if (pool) store.putPool({ ...change(pool), owing: true })
    })
  }

  /** Gives back what lies idle, and hears the totals where an answer is owed or settled rows are awaited. */
  async #tell(): Promise<void> {
    const { store, exchanger, settings, clock } = this.#deps
    const nowMs = clock()
    const quiet = this.#allEnded(nowMs)
    const pools = store
      .pools()
      .filter(
        (pool) =>
          pool.owing ||
          isIdle(pool, nowMs, settings.idleReturnMs) ||
          exchanger.surplusOf(pool) > 0n ||
          (quiet && pool.usedNano !== pool.chargedNano),
      )
    for (let at = 0; at < pools.length; at += BATCH) {
      const needs = pools.slice(at, at + BATCH).map((pool) => ({ pool, needNano: 0n }))
      if (!(await exchanger.exchange(needs))) throw new Error('the source did not answer')
    }
  }

  /** Whether every holder that could still have logged has ended. */
  #allEnded(nowMs: number): boolean {
    const { store } = this.#deps
    const lastMs = store.deadlines('closed')?.lastMs ?? 0
    return lastMs < nowMs && !store.deadlines('open') && !store.deadlines('expiring')
  }

  #forget(): void {
    const { store, settings, clock, exchanger } = this.#deps
    const nowMs = clock()
    store.transaction(() => {
      const pools = store.pools()
      const allSeen = pools.every((pool) => pool.usedNano === pool.chargedNano)
      if (allSeen && !store.deadlines('open') && !store.deadlines('expiring')) store.deleteGrantsDue('closed', nowMs)
      store.deleteGrantsDue('done', nowMs - settings.skewMs)
      store.deleteRatesBefore(Math.floor(nowMs / 1000) - RATES_KEPT_SECONDS)
      for (const pool of pools) {
        // The newest stays: no earlier window of its scope may ever be used again.
        if (!isFinished(pool, nowMs) || store.newestPool(pool.scope)?.startMs === pool.startMs) continue
        store.deletePool(pool)
        exchanger.forget(pool)
      }
    })
  }
}

/** An allowance may have been charged for more than was used; one request's hold is charged as it was reserved. */
function afterExpiry({ grant, lateUsedNano }: GrantRecord): GrantState {
  if (grant.single || !grant.covered.includes(true)) return 'done'
  return lateUsedNano === undefined ? 'expired' : 'refunding'
}

function question(grant: Grant, amountNano: bigint): ExpiredGrant {
  const { id, single, windows, covered, settleByMs } = grant
  return { id, amountNano, single, windows, covered, settleByMs }
}
