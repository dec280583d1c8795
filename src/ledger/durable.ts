import { windowAt } from '../budget/window.ts'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Scope } from '../tenants/scope.ts'
import type { Allowances } from './allowances.ts'
import { withinMs } from './deadline.ts'
import type {
  Allowance,
  AllowanceAsk,
  AllowanceClose,
  Checked,
  Grant,
  Ledger,
  Settlement,
  Take,
  Taken,
} from './port.ts'

/** The object's half, as a stub shows it. */
export interface LedgerStub {
  take(take: Take): Promise<Taken>
  reprice(failed: Settlement, take: Take): Promise<Taken>
  allow(ask: AllowanceAsk, closes: readonly AllowanceClose[]): Promise<Allowance | undefined>
  settle(settlements: readonly Settlement[], closes: readonly AllowanceClose[]): Promise<void>
  recall(scopes: readonly string[]): Promise<void>
  check(take: Take): Promise<Checked>
}

export interface DurableLedgerOptions {
  readonly namespace: { getByName(name: string): LedgerStub }
  /** How long a request waits for its ledger before it is refused. */
  readonly timeoutMs: number
  /** The isolate's, shared by all its requests. Without them each request holds for itself. */
  readonly allowances?: Allowances
  readonly clock: Clock
  /** One line for the operator. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
  /** Keeps work alive that nobody waits for. */
  readonly defer: (name: string, work: Promise<unknown>) => void
}

const RETRY_MS = 1_000
/** A request may ask a thousand others (Workers' limits), and a recall is only one of its matters. */
const MOST_RECALLED = 200
const RECALLED_AT_ONCE = 8
/** A close that did not arrive is told again; after that it goes with the next settlement. */
const CLOSE_AGAIN_MS = [500, 2_000, 5_000]

/**
 * Ledgers as Durable Objects. An object is named only when it is called, since naming costs a hash, and each call has a
 * stub of its own, since one that threw may stay broken. A ledger that is overloaded, broken or late is unavailable.
 */
export class DurableLedger implements Ledger {
  readonly #options: DurableLedgerOptions

  constructor(options: DurableLedgerOptions) {
    this.#options = options
  }

  take(ledger: string, take: Take): Promise<Taken> {
    const { allowances, clock, defer } = this.#options
    if (!allowances || take.alone) return this.#hold(ledger, take)
    const nowMs = clock()
    const taken = allowances.take(ledger, take, nowMs)
    const ask = allowances.wanted(ledger, take, nowMs)
    if (ask) defer('spend from an allowance', this.#allow(ledger, { take, ask, allowances }))
    return taken ? Promise.resolve(taken) : this.#hold(ledger, take)
  }

  /** The next attempt holds for itself: its money may not fit into what an allowance has for the usual request. */
  reprice(ledger: string, failed: Settlement, take: Take): Promise<Taken> {
    this.#options.allowances?.settle(failed)
    const again = failed.untaken ? take : { ...take, limits: take.limits.map(({ rpm, ...others }) => others) }
    return this.#granted(ledger, this.#reprice(ledger, failed, take), again)
  }

  /** A grant for this request alone. */
  #hold(ledger: string, take: Take): Promise<Taken> {
    return this.#granted(ledger, Promise.resolve(this.#options.namespace.getByName(ledger).take(take)), take)
  }

  #reprice(ledger: string, failed: Settlement, take: Take): Promise<Taken> {
    return Promise.resolve(this.#options.namespace.getByName(ledger).reprice(failed, take))
  }

  /**
   * Nothing starts on a grant whose time has passed on its way here. One whose window turned is exchanged for one of now,
   * which counts the request no second time; where everybody is slow, asking again would make them slower.
   */
  async #granted(ledger: string, asked: Promise<Taken>, again?: Take): Promise<Taken> {
    const { timeoutMs, clock, defer, warn } = this.#options
    try {
      const taken = await withinMs(timeoutMs, asked)
      if (!taken.granted || clock() <= taken.grant.startByMs) return taken
      if (again && hasTurned(again.scopes, taken.grant, clock())) {
        const asking = this.#reprice(ledger, unused(taken.grant), { ...again, attempt: newId(clock()) })
        const instead = await this.#granted(ledger, asking)
        if (instead.granted || instead.refusal.kind !== 'ledger_unavailable') return instead
      } else warn('a grant came too late to start on', { ledger })
    } catch (error) {
      warn('a ledger did not answer', { ledger, error: String(error) })
    }
    defer('give back a late grant', this.#giveBack(ledger, asked))
    return { granted: false, refusal: { kind: 'ledger_unavailable', retryAfterMs: RETRY_MS } }
  }

  /** What is a part of an allowance ends here; the ledger hears of the allowance when it is over. */
  async settle(ledger: string, settlements: readonly Settlement[]): Promise<void> {
    const { allowances } = this.#options
    const theirs = settlements.filter((one) => !allowances?.settle(one) || one.event !== undefined)
    await this.#tell(ledger, theirs)
  }

  async #tell(ledger: string, settlements: readonly Settlement[]): Promise<void> {
    const { namespace, timeoutMs, allowances, clock } = this.#options
    const closes = allowances?.due(ledger, clock()) ?? []
    if (settlements.length === 0 && closes.length === 0) return
    try {
      await withinMs(timeoutMs, Promise.resolve(namespace.getByName(ledger).settle(settlements, closes)))
      allowances?.told(ledger, closes)
    } catch (cause) {
      throw new GatewayError('ledger_unavailable', 'The budget ledger cannot be reached. Ask again in a moment.', {
        retryAfterMs: RETRY_MS,
        cause,
      })
    }
  }

  async check(ledger: string, take: Take): Promise<Checked> {
    const { namespace, timeoutMs, warn } = this.#options
    try {
      return await withinMs(timeoutMs, Promise.resolve(namespace.getByName(ledger).check(take)))
    } catch (error) {
      warn('a ledger did not answer', { ledger, error: String(error) })
      return { windows: [], rates: [], refusal: { kind: 'ledger_unavailable', retryAfterMs: RETRY_MS } }
    }
  }

  /**
   * Asks ledgers to give back what they hold free, a few at a time, and of very many only the first. Throws when one did
   * not hear it: it will give it back when idle, as those do that are not asked.
   */
  async recall(ledgers: readonly string[], scopes: readonly string[]): Promise<void> {
    const { namespace, timeoutMs } = this.#options
    const waiting = ledgers.slice(0, MOST_RECALLED)
    const failures: unknown[] = []
    const worker = async () => {
      for (let ledger = waiting.shift(); ledger !== undefined; ledger = waiting.shift())
        await withinMs(timeoutMs, Promise.resolve(namespace.getByName(ledger).recall(scopes))).catch((error: unknown) =>
          failures.push(error),
        )
    }
    await Promise.all(Array.from({ length: Math.min(RECALLED_AT_ONCE, waiting.length) }, worker))
    const [first] = failures
    if (first !== undefined)
      throw new Error(`${failures.length} of ${ledgers.length} ledgers were not recalled`, { cause: first })
  }

  /**
   * Asks for an allowance in the background of some request, for all that come after it; and says so when nothing may
   * start on it any more, since perhaps nobody comes.
   */
  async #allow(ledger: string, of: { take: Take; ask: AllowanceAsk; allowances: Allowances }): Promise<void> {
    const { namespace, timeoutMs, clock, warn } = this.#options
    const { take, ask, allowances } = of
    const closes = allowances.due(ledger, clock())
    const asked = Promise.resolve(namespace.getByName(ledger).allow(ask, closes))
    let allowance: Allowance | undefined
    try {
      allowance = await withinMs(timeoutMs, asked)
      allowances.told(ledger, closes)
    } catch (error) {
      allowances.declined(ledger, take, clock())
      warn('a ledger did not lend ahead', { ledger, error: String(error) })
      allowance = await asked.catch(() => undefined)
      if (allowance) await this.#retire(ledger, allowance)
      return
    }
    if (!allowance) return allowances.declined(ledger, take, clock())
    allowances.add(ledger, take, allowance, clock())
    await sleepMs(allowance.grant.startByMs - clock() + 1)
    for (const againMs of CLOSE_AGAIN_MS) {
      const told = await this.#tell(ledger, []).then(
        () => true,
        () => false,
      )
      if (told) return
      await sleepMs(againMs)
    }
  }

  /** An allowance that came too late to be used. */
  async #retire(ledger: string, { grant }: Allowance): Promise<void> {
    const unused = { grantId: grant.id, usedNano: 0n, openNano: 0n, running: 0, requests: 0, tokens: 0 }
    await this.#options.namespace.getByName(ledger).settle([], [unused])
  }

  /** So that its money need not wait for the grant to expire, as it will when this fails. */
  async #giveBack(ledger: string, asked: Promise<Taken>): Promise<void> {
    try {
      const taken = await asked
      if (taken.granted) await this.settle(ledger, [unused(taken.grant)])
    } catch (error) {
      this.#options.warn('a late grant was not given back', { ledger, error: String(error) })
    }
  }
}

function hasTurned(scopes: readonly Scope[], { windows }: Grant, nowMs: number): boolean {
  return scopes.some((scope, at) => windowAt(scope, nowMs).startMs > (windows[at]?.startMs ?? Infinity))
}

function unused({ id }: Grant): Settlement {
  return { grantId: id, paidNano: 0n, tokens: 0, untaken: true }
}

function sleepMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
