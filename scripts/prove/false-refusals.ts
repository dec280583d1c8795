/** What a request held or holds in one window, and what it cost in the end. */
export interface Occupant {
  readonly scope: string
  /** Absent where nobody can say which: it then counts in each window of the scope. */
  readonly startMs?: number
  readonly fromMs: number
  /** From then on it weighs what it cost; before, whichever is more. */
  readonly heldUntilMs: number
  readonly holdNano: number
  readonly costNano: number
}

export interface BudgetRefusal {
  readonly n: number
  readonly scope: string
  readonly startMs: number
  readonly neededNano: number
  readonly sentMs: number
  readonly endedMs: number
}

export interface LimitChange {
  readonly scope: string
  readonly atMs: number
  /** Absent: the limit was taken away. */
  readonly limitNano: number | undefined
}

/** How late a settlement, and how wrong a moment, may be. */
export const MARGIN_MS = 1_000

/**
 * Refusals that were false: even at the least favourable reading of the second around them, what the smallest limit then
 * in force left beside everything that had ended, was in flight, or was granted to an isolate that died and not yet
 * expired, was enough. docs/proofs.md states it in full.
 */
export function falseRefusals(
  refusals: readonly BudgetRefusal[],
  occupants: readonly Occupant[],
  limits: readonly LimitChange[],
): (BudgetRefusal & { readonly roomNano: number })[] {
  const byScope = grouped(occupants)
  const changes = grouped(limits)
  return refusals.flatMap((refusal) => {
    const fromMs = refusal.sentMs - MARGIN_MS
    const toMs = refusal.endedMs + MARGIN_MS
    const limitNano = smallestLimit(changes.get(refusal.scope) ?? [], fromMs, toMs)
    if (limitNano === undefined) return []
    let occupiedNano = 0
    for (const one of byScope.get(refusal.scope) ?? []) {
      if (one.startMs !== undefined && one.startMs !== refusal.startMs) continue
      if (one.fromMs > toMs) continue
      occupiedNano += one.heldUntilMs + MARGIN_MS >= fromMs ? Math.max(one.holdNano, one.costNano) : one.costNano
    }
    const roomNano = limitNano - occupiedNano
    return roomNano >= refusal.neededNano ? [{ ...refusal, roomNano }] : []
  })
}

/** Undefined when at some moment there was none. */
function smallestLimit(changes: readonly LimitChange[], fromMs: number, toMs: number): number | undefined {
  let before: LimitChange | undefined
  const within: LimitChange[] = []
  for (const change of changes) {
    if (change.atMs <= fromMs) before = change
    else if (change.atMs <= toMs) within.push(change)
  }
  const inForce = [...(before ? [before] : []), ...within].map(({ limitNano }) => limitNano)
  if (inForce.length === 0 || inForce.includes(undefined)) return undefined
  return Math.min(...inForce.map((nano) => nano ?? 0))
}

function grouped<T extends { readonly scope: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.scope)
    if (group) group.push(item)
    else groups.set(item.scope, [item])
  }
  return groups
}
