import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { withinMs } from './deadline.ts'
import type { Ledger, Settlement, Take, Taken } from './port.ts'

/** The object's half, as a stub shows it. */
export interface LedgerStub {
  take(take: Take): Promise<Taken>
  settle(settlements: readonly Settlement[]): Promise<void>
}

export interface DurableLedgerOptions {
  readonly namespace: { getByName(name: string): LedgerStub }
  /** How long a request waits for its ledger before it is refused. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** One line for the operator. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
  /** Keeps work alive that nobody waits for. */
  readonly defer: (name: string, work: Promise<unknown>) => void
}

const RETRY_MS = 1_000

/**
 * Ledgers as Durable Objects. An object is named only when it is called, since naming costs a hash, and each call has a
 * stub of its own, since one that threw may stay broken. A ledger that is overloaded, broken or late is unavailable.
 */
export class DurableLedger implements Ledger {
  readonly #options: DurableLedgerOptions

  constructor(options: DurableLedgerOptions) {
    this.#options = options
  }

  async take(ledger: string, take: Take): Promise<Taken> {
    const { namespace, timeoutMs, clock, defer, warn } = this.#options
    const asked = Promise.resolve(namespace.getByName(ledger).take(take))
    try {
      const taken = await withinMs(timeoutMs, asked)
      // Nothing starts on a grant whose time has passed on its way here.
      if (!taken.granted || clock() <= taken.grant.startByMs) return taken
      warn('a grant came too late to start on', { ledger })
    } catch (error) {
      warn('a ledger did not answer', { ledger, error: String(error) })
    }
    defer('give back a late grant', this.#giveBack(ledger, asked))
    return { granted: false, refusal: { kind: 'ledger_unavailable', retryAfterMs: RETRY_MS } }
  }

  async settle(ledger: string, settlements: readonly Settlement[]): Promise<void> {
    const { namespace, timeoutMs } = this.#options
    try {
      await withinMs(timeoutMs, Promise.resolve(namespace.getByName(ledger).settle(settlements)))
    } catch (cause) {
      throw new GatewayError('ledger_unavailable', 'The budget ledger cannot be reached. Ask again in a moment.', {
        retryAfterMs: RETRY_MS,
        cause,
      })
    }
  }

  /** So that its money need not wait for the grant to expire, as it will when this fails. */
  async #giveBack(ledger: string, asked: Promise<Taken>): Promise<void> {
    try {
      const taken = await asked
      if (taken.granted) await this.settle(ledger, [{ grantId: taken.grant.id, paidNano: 0n, tokens: 0 }])
    } catch (error) {
      this.#options.warn('a late grant was not given back', { ledger, error: String(error) })
    }
  }
}
