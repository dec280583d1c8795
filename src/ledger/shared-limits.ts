import type { RateLimit } from '../tenants/principal.ts'
import { entityOf, type Scope } from '../tenants/scope.ts'
import type { AlsoGranted, Checked, Grant, Ledger, Settlement, Take, Taken } from './port.ts'

/** Whose keys may belong to several ledgers: a user's to many teams, a customer's and a tag's requests to anybody. */
const SHARED = /^(user|customer|tag):/

interface Part {
  /** The entity's own. */
  readonly ledger: string
  readonly limits: readonly RateLimit[]
  /** No money there. One list for each part: allowances know callers by it. */
  readonly scopes: readonly Scope[]
}

interface Split {
  readonly ledger: string
  readonly own: readonly RateLimit[]
  readonly shared: readonly Part[]
}

/** The same limits are the same list as long as a copy of their principal lives. */
const splits = new WeakMap<readonly RateLimit[], Split>()

function splitOf(ledger: string, limits: readonly RateLimit[]): Split {
  const known = splits.get(limits)
  if (known?.ledger === ledger) return known
  const byLedger = Map.groupBy(limits, ({ entity }) => {
    const of = entityOf(entity)
    return SHARED.test(of) ? of : ledger
  })
  const own = byLedger.get(ledger) ?? []
  byLedger.delete(ledger)
  const shared = [...byLedger].map(([name, theirs]): Part => ({ ledger: name, limits: theirs, scopes: [] }))
  const split = { ledger, own: shared.length === 0 ? limits : own, shared }
  splits.set(limits, split)
  return split
}

/**
 * Ledgers, with the rate limits that several of them share kept by the ledger in the entity's own name (DESIGN §5): that
 * one is asked first and gives a grant like any other, which ends with the owner's, and at once where the owner's ledger
 * refuses. Who has no such limit notices nothing of it.
 */
export class SharedLimits implements Ledger {
  readonly #inner: Ledger

  constructor(inner: Ledger) {
    this.#inner = inner
  }

  take(ledger: string, take: Take): Promise<Taken> {
    const split = splitOf(ledger, take.limits)
    if (split.shared.length === 0) return this.#inner.take(ledger, take)
    return this.#both(
      split.shared.map((part) => this.#inner.take(part.ledger, partOf(take, part))),
      () => this.#inner.take(ledger, { ...take, limits: split.own }),
      take,
    )
  }

  async reprice(ledger: string, failed: Settlement, take: Take): Promise<Taken> {
    const split = splitOf(ledger, take.limits)
    const { also = [], ...own } = failed
    if (split.shared.length === 0 && also.length === 0) return await this.#inner.reprice(ledger, failed, take)
    const before = new Map(also.map((one) => [one.ledger, one]))
    const taken = split.shared.map((part) => {
      const next = partOf(take, part)
      const ended = before.get(part.ledger)
      before.delete(part.ledger)
      return ended ? this.#inner.reprice(part.ledger, endOf(failed, ended), next) : this.#inner.take(part.ledger, next)
    })
    let ended = false
    const answer = await this.#both(
      taken,
      () => {
        ended = true
        return this.#inner.reprice(ledger, own, { ...take, limits: split.own })
      },
      take,
    )
    // What is over is over, whoever refused what was to follow; what cannot be told now ends when its grant expires.
    const rest = [...before.values()].map((one) => this.#inner.settle(one.ledger, [endOf(failed, one)]))
    await Promise.allSettled([...rest, ...(ended ? [] : [this.#inner.settle(ledger, [own])])])
    return answer
  }

  async settle(ledger: string, settlements: readonly Settlement[]): Promise<void> {
    if (!settlements.some(({ also }) => also)) {
      if (settlements.length > 0) await this.#inner.settle(ledger, settlements)
      return
    }
    const byLedger = new Map([[ledger, settlements.map(({ also: _, ...own }): Settlement => own)]])
    for (const settlement of settlements) {
      for (const one of settlement.also ?? []) {
        const end = endOf(settlement, one)
        const others = byLedger.get(one.ledger)
        if (others) others.push(end)
        else byLedger.set(one.ledger, [end])
      }
    }
    await Promise.all([...byLedger].map(([name, ends]) => this.#inner.settle(name, ends)))
  }

  async check(ledger: string, take: Take): Promise<Checked> {
    const { own, shared } = splitOf(ledger, take.limits)
    const [mine, ...theirs] = await Promise.all([
      this.#inner.check(ledger, { ...take, limits: own }),
      ...shared.map((part) => this.#inner.check(part.ledger, partOf(take, part))),
    ])
    const refusal = [...theirs, mine].find((checked) => checked.refusal)?.refusal
    return {
      windows: mine.windows,
      rates: [...theirs, mine].flatMap(({ rates }) => rates),
      ...(refusal ? { refusal } : {}),
    }
  }

  /** All of the shared limits, then the owner's ledger; or nothing anywhere. */
  async #both(asked: readonly Promise<Taken>[], own: () => Promise<Taken>, { attempt }: Take): Promise<Taken> {
    const answers = await Promise.all(asked)
    const grants = answers.flatMap((answer) => (answer.granted ? answer.grant : []))
    let taken = answers.find(({ granted }) => !granted)
    try {
      taken ??= await own()
    } finally {
      if (!taken?.granted) await this.#undo(grants, attempt)
    }
    if (!taken.granted) return taken
    const rates = answers.flatMap((answer) => (answer.granted ? answer.rates : []))
    const also = grants.map(({ ledger, id }): AlsoGranted => ({ ledger, grantId: id }))
    return { ...taken, grant: { ...taken.grant, also }, rates: [...rates, ...taken.rates] }
  }

  /** What cannot be told now ends when its grant expires. */
  async #undo(grants: readonly Grant[], attempt: string): Promise<void> {
    await Promise.allSettled(
      grants.map(({ ledger, id }) =>
        this.#inner.settle(ledger, [{ grantId: id, attempt, paidNano: 0n, tokens: 0, untaken: true }]),
      ),
    )
  }
}

/** A shared limit's part of a take: the same attempt, its limits alone, and no money. */
function partOf(take: Take, { limits, scopes }: Part): Take {
  const { attempt, tokens, callMs } = take
  return { attempt, tokens, callMs, limits, scopes, amountNano: 0n }
}

function endOf({ attempt, tokens, untaken }: Settlement, { grantId }: AlsoGranted): Settlement {
  return {
    grantId,
    paidNano: 0n,
    tokens,
    ...(attempt === undefined ? {} : { attempt }),
    ...(untaken ? { untaken } : {}),
  }
}
