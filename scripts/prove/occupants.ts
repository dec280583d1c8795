import type { Books } from './books.ts'
import { type Evidence, HAND_OVER_MS, RECOVERY_MS } from './evidence.ts'
import type { BudgetRefusal, Occupant } from './false-refusals.ts'
import type { Seen } from './load.ts'

/** An operator's statement waits no longer than this for its answer. */
const RESET_MS = 10_000

export function budgetRefusals(seen: readonly Seen[]): BudgetRefusal[] {
  return seen.flatMap(({ n, type, facts, sentMs, endedMs }) => {
    if (type !== 'budget_exceeded' || !facts) return []
    const neededNano = Math.round(Number(facts.needed) * 1e9)
    return [
      { n, scope: String(facts.scope), startMs: Date.parse(String(facts.window_start)), neededNano, sentMs, endedMs },
    ]
  })
}

/** Everything that may have weighed on a window at a moment, each for as long as it may have. */
export function occupantsOf(
  { plan, rows, seen, troubles, holdOf, fallbackHoldOf = holdOf, settleByMs }: Evidence,
  books: Books,
): Occupant[] {
  const occupants: Occupant[] = []
  const kills = troubles.filter(({ kind }) => kind === 'kill')
  const scopesOf = new Map<number, ReadonlySet<string>>()
  for (const row of rows) {
    const n = books.requestOf.get(row.id)
    const planned = n === undefined ? undefined : plan.requests[n]
    if (planned && row.kind === 'request')
      scopesOf.set(planned.key, new Set([...(scopesOf.get(planned.key) ?? []), ...row.scopes]))
    const endMs = Math.max(row.endMs, n === undefined ? 0 : (books.seenOf.get(n)?.endedMs ?? 0))
    const died = kills.some(({ fromMs, toMs }) => fromMs < endMs + HAND_OVER_MS && toMs > row.startMs)
    const heldUntilMs =
      row.kind === 'expired' ? Number.POSITIVE_INFINITY : died ? endMs + settleByMs + RECOVERY_MS : endMs
    // Spend that was reset makes room once it has happened for sure.
    const fromMs = row.kind === 'reset' ? row.startMs + RESET_MS : row.startMs
    row.scopes.forEach((scope, at) => {
      const startMs = row.startsMs[at]
      occupants.push({
        scope,
        ...(startMs === undefined ? {} : { startMs }),
        fromMs,
        heldUntilMs,
        holdNano: row.kind === 'request' && row.holdNano === 0 ? (planned ? fallbackHoldOf(planned) : 0) : row.holdNano,
        costNano: row.costNano,
      })
    })
  }
  // A grant that came too late was given back and has no row.
  for (const one of seen) {
    if (one.how === 'answered' || one.type === 'budget_exceeded' || one.status === 401 || books.rowsOf.has(one.n))
      continue
    const planned = plan.requests[one.n]
    if (!planned) continue
    for (const scope of scopesOf.get(planned.key) ?? []) {
      const heldUntilMs = one.endedMs + (one.how === 'refused' ? 0 : settleByMs + RECOVERY_MS)
      occupants.push({ scope, fromMs: one.sentMs, heldUntilMs, holdNano: fallbackHoldOf(planned), costNano: 0 })
    }
  }
  return occupants
}
