import type { LogRow } from './audit.ts'
import { type Books, isLimited } from './books.ts'
import { type Evidence, HAND_OVER_MS } from './evidence.ts'

/** Whether whoever has a whole answer has its row, at the same cost. */
export function acknowledgedWithoutRow({ seen, troubles, plan, entities, callMs }: Evidence, books: Books) {
  const uncharged: unknown[] = []
  const charged: unknown[] = []
  const otherCost: unknown[] = []
  const overdue: unknown[] = []
  for (const one of seen) {
    if (one.how !== 'answered') continue
    const rows = books.rowsOf.get(one.n) ?? []
    const billed = books.answeredOf.get(one.n)
    const good = rows.filter(({ status }) => status === 'success')
    if (good.length > 0) {
      const logged = good.reduce((sum, { costNano }) => sum + costNano, 0)
      const toldAnother = rows.length === 1 && one.costNano !== undefined && one.costNano !== logged
      if (logged === billed && !toldAnother) continue
      // Ended by its deadline between its last word and its usage: what it cost is reckoned, and never too low.
      const late = good.some(({ estimated, startMs, endMs }) => estimated && endMs - startMs >= callMs)
      if (late && logged >= (billed ?? 0)) overdue.push(one)
      else otherCost.push({ ...one, logged, billed, rows })
      continue
    }
    const died = troubles.some(
      ({ kind, fromMs }) => kind === 'kill' && one.endedMs <= fromMs + 500 && fromMs - one.endedMs < HAND_OVER_MS,
    )
    const planned = plan.requests[one.n]
    const covered = books.expiredOf.has(one.n) || !books.uncharged.some((owed) => (owed as { n: number }).n === one.n)
    if (died && (covered || (planned && !isLimited(plan, entities, planned)))) charged.push(one)
    else uncharged.push({ ...one, billed })
  }
  return { uncharged, charged, otherCost, overdue }
}

/** A retry is another attempt at the same price: it begins when the one before it has failed. */
export function doubles(rows: readonly LogRow[]): unknown[] {
  const found = new Map<string, LogRow>()
  return rows.flatMap((row) => {
    if (row.kind !== 'request' || row.costNano === 0) return []
    const name = `${row.requestId}/${row.holdNano}`
    const before = found.get(name)
    found.set(name, row)
    if (!before) return []
    const [first, second] = before.startMs <= row.startMs ? [before, row] : [row, before]
    const isRetry = first.status === 'failure' && first.endMs <= second.startMs
    return isRetry ? [] : [{ before, row }]
  })
}

export function chargedTwice(rows: readonly LogRow[]): unknown[] {
  const logged = new Set(
    rows.flatMap(({ kind, grantId }) => (kind === 'request' && grantId !== undefined ? [grantId] : [])),
  )
  return rows.filter(
    ({ kind, single, costNano, grantId }) => kind === 'expired' && single && costNano > 0 && logged.has(grantId ?? ''),
  )
}
