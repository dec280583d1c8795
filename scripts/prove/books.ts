import type { LogRow } from './audit.ts'
import type { Entities } from './entities.ts'
import { CLOCKS_MS, type Evidence } from './evidence.ts'
import type { Seen } from './load.ts'
import { type Plan, type PlannedRequest, PRICES } from './plan.ts'

export interface Books {
  /** The request behind a row. */
  readonly requestOf: ReadonlyMap<string, number>
  readonly rowsOf: ReadonlyMap<number, readonly LogRow[]>
  readonly expiredOf: ReadonlyMap<number, LogRow>
  readonly seenOf: ReadonlyMap<number, Seen>
  readonly billedOf: ReadonlyMap<number, number>
  /** Of it, what whole answers cost. */
  readonly answeredOf: ReadonlyMap<number, number>
  readonly chargedLess: readonly unknown[]
  readonly uncharged: readonly unknown[]
}

/** Finds the request of each row: by its id, else by what it held, when, and whose it was. */
export function booksOf(evidence: Evidence): Books {
  const { plan, entities, seen, rows, bills } = evidence
  const seenOf = new Map(seen.map((one) => [one.n, one]))
  const byId = new Map(seen.flatMap((one) => (one.requestId === undefined ? [] : [[one.requestId, one.n] as const])))
  const billedOf = new Map<number, number>()
  const answeredOf = new Map<number, number>()
  for (const { n, model, promptTokens, outputTokens, whole } of bills) {
    const { inputNano, outputNano } = model === 'dear' ? PRICES.dear : PRICES.cheap
    const nano = promptTokens * inputNano + outputTokens * outputNano
    billedOf.set(n, (billedOf.get(n) ?? 0) + nano)
    // Of several whole answers the last one reached the client; what was given up before had a failed row.
    if (whole) answeredOf.set(n, nano)
  }
  const find = finder(evidence, seenOf, billedOf)
  const requestOf = new Map<string, number>()
  const rowsOf = new Map<number, LogRow[]>()
  const expiredOf = new Map<number, LogRow>()
  const found = (row: LogRow, n: number): void => {
    requestOf.set(row.id, n)
    if (row.kind === 'expired') expiredOf.set(n, row)
    else if (row.kind === 'request') rowsOf.set(n, [...(rowsOf.get(n) ?? []), row])
  }
  const nameless: LogRow[] = []
  for (const row of rows) {
    const n = byId.get(row.requestId ?? '')
    if (n === undefined) nameless.push(row)
    else found(row, n)
  }
  const byGrant = new Map(
    rows.flatMap((row) => {
      const n = requestOf.get(row.id)
      return row.grantId !== undefined && row.single && n !== undefined ? [[row.grantId, n] as const] : []
    }),
  )
  for (const row of nameless.sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'request' ? -1 : 1))) {
    const same = row.grantId === undefined ? undefined : byGrant.get(row.grantId)
    const n =
      same ??
      find(
        row,
        (candidate) => !expiredOf.has(candidate) && !rowsOf.get(candidate)?.some(({ costNano }) => costNano > 0),
      )
    if (n === undefined) continue
    found(row, n)
    if (row.grantId !== undefined && row.single) byGrant.set(row.grantId, n)
  }

  const chargedLess: unknown[] = []
  const unlogged = new Map<number, { billed: number; of: number[] }>()
  for (const [n, billed] of billedOf) {
    if (billed === 0 || rowsOf.get(n)?.some(({ costNano }) => costNano > 0)) continue
    const planned = plan.requests[n]
    if (!planned || !isLimited(plan, entities, planned)) continue
    const expired = expiredOf.get(n)
    if (expired && expired.costNano < billed) chargedLess.push({ n, billed, expired })
    if (expired) continue
    const owed = unlogged.get(planned.key) ?? { billed: 0, of: [] }
    unlogged.set(planned.key, { billed: owed.billed + billed, of: [...owed.of, n] })
  }
  // An expired allowance stands for all of its requests; it was charged for each at least what it held.
  const allowances = new Map<number, number>()
  for (const row of rows) {
    const key = row.kind === 'expired' && !row.single ? keyOf(row, evidence.keyIds) : undefined
    if (key !== undefined) allowances.set(key, (allowances.get(key) ?? 0) + row.holdNano)
  }
  const uncharged = [...unlogged].flatMap(([key, { billed, of }]) =>
    billed <= (allowances.get(key) ?? 0)
      ? []
      : of.map((n) => ({ n, key, billed: billedOf.get(n), seen: seen.find((one) => one.n === n) })),
  )
  return { requestOf, rowsOf, expiredOf, seenOf, billedOf, answeredOf, chargedLess, uncharged }
}

/** A key's requests all hold differently; which of them a grant was for, its time and its owners tell. */
function finder(
  { plan, bills, holdOf, fallbackHoldOf = holdOf, keyIds, entities }: Evidence,
  seenOf: ReadonlyMap<number, Seen>,
  billedOf: ReadonlyMap<number, number>,
) {
  const byHold = new Map<number, PlannedRequest[]>()
  for (const planned of plan.requests) {
    for (const hold of new Set([holdOf(planned), fallbackHoldOf(planned)]))
      byHold.set(hold, [...(byHold.get(hold) ?? []), planned])
  }
  // Of several that it may have been, it was one that somebody was billed for.
  for (const some of byHold.values()) some.sort((a, b) => (billedOf.get(b.n) ?? 0) - (billedOf.get(a.n) ?? 0))
  const billsOf = Map.groupBy(bills, ({ n }) => n)
  /** Whose client has left may be asked much later, on a machine that is busy: the provider knows when. */
  const wasAskedDuring = (row: LogRow, n: number): boolean =>
    billsOf.get(n)?.some(({ fromMs }) => fromMs >= row.startMs - CLOCKS_MS && fromMs <= row.endMs + CLOCKS_MS) ?? false
  return (row: LogRow, isFree: (n: number) => boolean): number | undefined =>
    byHold.get(row.holdNano)?.find(({ n, key, customer }) => {
      const one = seenOf.get(n)
      if (!one || !isFree(n)) return false
      if (row.startMs < one.sentMs - CLOCKS_MS) return false
      if (row.startMs > one.endedMs + CLOCKS_MS && !wasAskedDuring(row, n)) return false
      const { team, user = -1 } = plan.keys[key] ?? {}
      const organization = team === undefined ? undefined : plan.teams[team]?.organization
      const owners: Readonly<Record<string, (id: string) => boolean>> = {
        key: (id) => keyIds.get(id) === key,
        team: (id) => team !== undefined && entities.teams[team] === id,
        user: (id) => entities.users?.[user] === id,
        customer: (id) => entities.customers?.[customer] === id,
        org: (id) => organization !== undefined && entities.organizations[organization] === id,
      }
      return row.scopes.every((scope) => {
        const [, kind = '', id = ''] = /^(\w+):([^:@]+)/.exec(scope) ?? []
        return owners[kind]?.(id) ?? true
      })
    })?.n
}

function keyOf(row: LogRow, keyIds: ReadonlyMap<string, number>): number | undefined {
  const id = row.scopes.flatMap((scope) => /^key:([^:@]+)/.exec(scope)?.[1] ?? [])[0]
  return id === undefined ? undefined : keyIds.get(id)
}

/** Who has no limit anywhere takes no grant, and leaves nothing behind that could expire. */
export function isLimited(plan: Plan, { users, customers }: Entities, { key }: PlannedRequest): boolean {
  const asked = plan.keys[key]
  const team = asked?.team === undefined ? undefined : plan.teams[asked.team]
  const organization = team?.organization === undefined ? undefined : plan.organizations[team.organization]
  return (
    users !== undefined ||
    customers !== undefined ||
    [asked, team, organization].some((one) => one?.limitNano !== undefined)
  )
}
