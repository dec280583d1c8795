import type { Ledger, Settlement } from '../ledger/port.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { SpendQueue } from '../spend/port.ts'

/** The end of one attempt: its row, until somebody durable has it, and what closes its grant, until its ledger has that. */
export interface Ended {
  /** The caller's ledger: closes the grant, and keeps the row when the queue does not take it. */
  readonly ledger: string
  readonly event?: SpendEvent
  readonly close?: Omit<Settlement, 'event'>
}

export interface HandOverDeps {
  readonly spend: SpendQueue
  readonly ledger: Ledger
  readonly sleep: (ms: number) => Promise<void>
  readonly clock: () => number
  /** One line for the operator. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

type Defer = (name: string, work: Promise<unknown>) => void

/** Attempts that end within this time travel together: one message, one settle call a ledger. */
const GATHER_MS = 25
/** A gathering whose request died is taken over by the next one after this. */
const ABANDONED_MS = 1_000
/** The runtime ends background work about 30 s after the answer; what is not handed over by then waits for the next request. */
const GIVE_UP_MS = 20_000
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 2_000

/**
 * Log first, then settle (slices.md rule 16), for a whole isolate: rows go to the queue in batches, and only then do
 * their grants close. Where the queue refuses, the rows travel with the settle call and the ledger keeps them. What
 * neither takes stays here and goes with the next flush. Plain data only: each flush does its own I/O, inside the
 * request that began it.
 */
export class HandOver {
  readonly #deps: HandOverDeps
  #waiting: Ended[] = []
  #gatheringUntilMs = 0

  constructor(deps: HandOverDeps) {
    this.#deps = deps
  }

  /** Never throws, never waits. `defer` keeps the flush alive after the answer. */
  add(ended: Ended, defer: Defer): void {
    this.#waiting.push(ended)
    const now = this.#deps.clock()
    if (now < this.#gatheringUntilMs) return
    this.#gatheringUntilMs = now + ABANDONED_MS
    defer('hand over', this.#flush())
  }

  async #flush(): Promise<void> {
    const { sleep, clock, warn } = this.#deps
    await sleep(GATHER_MS)
    this.#gatheringUntilMs = 0
    let batch = this.#waiting
    this.#waiting = []
    const giveUpAtMs = clock() + GIVE_UP_MS
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
      batch = await this.#deliver(batch)
      if (batch.length === 0) return
      if (clock() + retryMs > giveUpAtMs) break
      await sleep(retryMs)
    }
    this.#waiting.push(...batch)
    warn('ends of requests wait for the next flush', { waiting: this.#waiting.length })
  }

  /** Answers what is left to do. */
  async #deliver(batch: readonly Ended[]): Promise<Ended[]> {
    const logged = (await this.#log(batch)) ? batch.map(({ event, ...rest }) => rest) : batch
    const unsettled = await Promise.all([...byLedger(logged)].map(([ledger, ends]) => this.#settle(ledger, ends)))
    return unsettled.flat()
  }

  async #log(batch: readonly Ended[]): Promise<boolean> {
    const events = batch.flatMap(({ event }) => event ?? [])
    if (events.length === 0) return true
    try {
      await this.#deps.spend.send(events)
      return true
    } catch (error) {
      this.#deps.warn('the spend queue refused a batch', { rows: events.length, error: String(error) })
      return false
    }
  }

  async #settle(ledger: string, ends: readonly Ended[]): Promise<readonly Ended[]> {
    try {
      await this.#deps.ledger.settle(ledger, ends.flatMap(toSettlement))
      return []
    } catch (error) {
      this.#deps.warn('a ledger did not settle', { ledger, grants: ends.length, error: String(error) })
      return ends
    }
  }
}

/** A row without a grant travels under its own id: no grant answers to it, and the ledger keeps the row all the same. */
function toSettlement({ close, event }: Ended): Settlement[] {
  if (!event) return close ? [close] : []
  return [{ ...(close ?? { grantId: event.id, paidNano: 0n, tokens: 0 }), event }]
}

/** Only those with something left to do there. */
function byLedger(batch: readonly Ended[]): Map<string, Ended[]> {
  const ledgers = new Map<string, Ended[]>()
  for (const ended of batch) {
    if (!ended.close && !ended.event) continue
    const ends = ledgers.get(ended.ledger)
    if (ends) ends.push(ended)
    else ledgers.set(ended.ledger, [ended])
  }
  return ledgers
}
