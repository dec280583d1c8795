import { type Broken, brokenIn, type LogRow, type WindowNow } from './audit.ts'
import type { Blocked, Trouble } from './chaos.ts'
import type { Entities } from './entities.ts'
import { type BudgetRefusal, falseRefusals, type LimitChange, type Occupant } from './false-refusals.ts'
import type { Seen } from './load.ts'
import { type Plan, type PlannedRequest, PRICES } from './plan.ts'
import type { Bill } from './provider.ts'

/** Everything that is known when a storm is over. */
export interface Evidence {
  readonly plan: Plan
  readonly entities: Entities
  /** Which key of the plan an id in rows and scopes means. */
  readonly keyIds: ReadonlyMap<string, number>
  readonly seen: readonly Seen[]
  readonly bills: readonly Bill[]
  readonly rows: readonly LogRow[]
  readonly limits: readonly LimitChange[]
  readonly troubles: readonly Trouble[]
  readonly blocked: readonly Blocked[]
  readonly lentBeyond: number
  readonly deadLetters: number
  /** Messages still in the queues when everything should have been at rest. */
  readonly queued: number
  /** Added up over all looks while it went on. */
  readonly polled: Broken
  readonly atRest: readonly WindowNow[]
  /** What a request holds at the most. */
  readonly holdOf: (planned: PlannedRequest) => number
  /** What it may hold instead, once it has fallen back to the dearer model. */
  readonly fallbackHoldOf?: (planned: PlannedRequest) => number
  /** Nothing is started on a grant that took longer to come, as it may on a machine that is busy. */
  readonly grantLifeMs: number
  /** A grant that nobody closed is charged within this time. */
  readonly settleByMs: number
}

export interface Verdict {
  /** Broken promises by name: each must be 0. */
  readonly broken: Readonly<Record<string, number>>
  /** What there was, for the reader. */
  readonly counted: Readonly<Record<string, number>>
  /** The first of each kind of breakage. */
  readonly examples: Readonly<Record<string, unknown>>
}

/** How long a thing may go wrong after what made it so is over. */
const RECOVERY_MS = 5_000
/** A blocked key is refused everywhere after five seconds, and a second for two clocks and two ways. */
const REVOKED_MS = 6_000
/** Until then, what an answer left behind may be in the memory of its isolate alone. */
const HAND_OVER_MS = 3_000
/** One machine, but several processes that each round. */
const CLOCKS_MS = 50
/** A client may leave long before its request has taken anything. */
const LEFT_MS = 10_000

export function verdictOn(evidence: Evidence): Verdict {
  const { rows, seen, plan } = evidence
  const examples: Record<string, unknown> = {}
  const count = <T>(name: string, found: readonly T[]): number => {
    if (found[0] !== undefined) examples[name] = found[0]
    return found.length
  }
  const books = booksOf(evidence)
  const rest = brokenIn(evidence.atRest)
  if (rest.example) examples['at rest'] = shown(rest.example)
  const kinds = seen.map((one) => ({ one, kind: kindOf(one, evidence) }))
  const refusals = budgetRefusals(seen)
  const acknowledged = acknowledgedWithoutRow(evidence, books)

  const broken = {
    'lent by an exchange beyond the limit then in force': evidence.lentBeyond,
    'spent and leased above the limit, or its ceiling': evidence.polled.above + rest.broken.above,
    'sum of the log is not spent': evidence.polled.log + rest.broken.log,
    'leases are not what is leased': evidence.polled.leases + rest.broken.leases,
    'leases left at rest': count(
      'leases left at rest',
      evidence.atRest.filter(({ leased }) => leased !== 0n).map(shown),
    ),
    'double rows': count('double rows', doubles(rows)),
    'charged by its row and by an expired row': count('charged by its row and by an expired row', chargedTwice(rows)),
    'acknowledged answers without a row or charge': count(
      'acknowledged answers without a row or charge',
      acknowledged.uncharged,
    ),
    'acknowledged answers at another cost': count('acknowledged answers at another cost', acknowledged.otherCost),
    'expired grants charged less than was billed': count(
      'expired grants charged less than was billed',
      books.chargedLess,
    ),
    'billed, and nobody was charged': count('billed, and nobody was charged', books.uncharged),
    overruns: count(
      'overruns',
      rows.filter(({ overrun }) => overrun),
    ),
    'false refusals': count('false refusals', falseRefusals(refusals, occupantsOf(evidence, books), evidence.limits)),
    'answers to a blocked key': count('answers to a blocked key', answeredWhileBlocked(evidence)),
    'strange answers': count(
      'strange answers',
      kinds.filter(({ kind }) => kind === 'strange').map(({ one }) => one),
    ),
    'dead letters': evidence.deadLetters,
    'messages left in the queues': evidence.queued,
  }
  const counted: Record<string, number> = { requests: plan.requests.length }
  for (const { kind } of kinds) counted[kind] = (counted[kind] ?? 0) + 1
  counted['answers whose row died with its isolate, charged as held'] = acknowledged.charged.length
  counted.rows = rows.filter(({ kind }) => kind === 'request').length
  counted['expired grants'] = rows.filter(({ kind }) => kind === 'expired').length
  counted['expired grants that melted'] = rows.filter(
    ({ kind, costNano }) => kind === 'expired' && costNano === 0,
  ).length
  counted['billed by the provider'] = evidence.bills.length
  counted['scopes and windows'] = evidence.atRest.length
  counted['windows with a limit'] = evidence.atRest.filter(({ ceiling }) => ceiling !== undefined).length
  counted['windows used up'] = new Set(refusals.map(({ scope, startMs }) => `${startMs}/${scope}`)).size
  for (const one of refusals) {
    const level = `refusals by ${one.scope.split(':')[0]}`
    counted[level] = (counted[level] ?? 0) + 1
  }
  return { broken, counted, examples }
}

const shown = (window: WindowNow) => ({
  ...window,
  spent: String(window.spent),
  leased: String(window.leased),
  logged: String(window.logged),
  leases: String(window.leases),
  ceiling: window.ceiling === undefined ? null : String(window.ceiling),
})

interface Books {
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
function booksOf(evidence: Evidence): Books {
  const { plan, entities, seen, rows, bills } = evidence
  const seenOf = new Map(seen.map((one) => [one.n, one]))
  const byId = new Map(seen.flatMap((one) => (one.requestId === undefined ? [] : [[one.requestId, one.n] as const])))
  const billedOf = new Map<number, number>()
  const answeredOf = new Map<number, number>()
  for (const { n, model, promptTokens, outputTokens, whole } of bills) {
    const { inputNano, outputNano } = model === 'dear' ? PRICES.dear : PRICES.cheap
    const nano = promptTokens * inputNano + outputTokens * outputNano
    billedOf.set(n, (billedOf.get(n) ?? 0) + nano)
    if (whole) answeredOf.set(n, (answeredOf.get(n) ?? 0) + nano)
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
  { plan, holdOf, fallbackHoldOf = holdOf, keyIds, entities }: Evidence,
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
  return (row: LogRow, isFree: (n: number) => boolean): number | undefined =>
    byHold.get(row.holdNano)?.find(({ n, key, customer }) => {
      const one = seenOf.get(n)
      if (!one || !isFree(n)) return false
      if (
        row.startMs < one.sentMs - CLOCKS_MS ||
        row.startMs > one.endedMs + (one.how === 'left' ? LEFT_MS : CLOCKS_MS)
      )
        return false
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
function isLimited(plan: Plan, { users, customers }: Entities, { key }: PlannedRequest): boolean {
  const asked = plan.keys[key]
  const team = asked?.team === undefined ? undefined : plan.teams[asked.team]
  const organization = team?.organization === undefined ? undefined : plan.organizations[team.organization]
  return (
    users !== undefined ||
    customers !== undefined ||
    [asked, team, organization].some((one) => one?.limitNano !== undefined)
  )
}

function acknowledgedWithoutRow({ seen, troubles, plan, entities }: Evidence, books: Books) {
  const uncharged: unknown[] = []
  const charged: unknown[] = []
  const otherCost: unknown[] = []
  for (const one of seen) {
    if (one.how !== 'answered') continue
    const rows = books.rowsOf.get(one.n) ?? []
    const billed = books.answeredOf.get(one.n)
    const good = rows.filter(({ status }) => status === 'success')
    if (good.length > 0) {
      const logged = good.reduce((sum, { costNano }) => sum + costNano, 0)
      const toldAnother = rows.length === 1 && one.costNano !== undefined && one.costNano !== logged
      if (logged !== billed || toldAnother) otherCost.push({ ...one, logged, billed })
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
  return { uncharged, charged, otherCost }
}

/** A retry is another attempt at the same price: it begins when the one before it has failed. */
function doubles(rows: readonly LogRow[]): unknown[] {
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

function chargedTwice(rows: readonly LogRow[]): unknown[] {
  const logged = new Set(
    rows.flatMap(({ kind, grantId }) => (kind === 'request' && grantId !== undefined ? [grantId] : [])),
  )
  return rows.filter(
    ({ kind, single, costNano, grantId }) => kind === 'expired' && single && costNano > 0 && logged.has(grantId ?? ''),
  )
}

function budgetRefusals(seen: readonly Seen[]): BudgetRefusal[] {
  return seen.flatMap(({ n, type, facts, sentMs, endedMs }) => {
    if (type !== 'budget_exceeded' || !facts) return []
    const neededNano = Math.round(Number(facts.needed) * 1e9)
    return [
      { n, scope: String(facts.scope), startMs: Date.parse(String(facts.window_start)), neededNano, sentMs, endedMs },
    ]
  })
}

/** Everything that may have weighed on a window at a moment, each for as long as it may have. */
function occupantsOf(
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
    row.scopes.forEach((scope, at) => {
      const startMs = row.startsMs[at]
      occupants.push({
        scope,
        ...(startMs === undefined ? {} : { startMs }),
        fromMs: row.startMs,
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

function answeredWhileBlocked({ plan, seen, blocked }: Evidence): Seen[] {
  return seen.filter(
    ({ n, how, sentMs }) =>
      how === 'answered' &&
      blocked.some(
        ({ key, fromMs, untilMs }) => plan.requests[n]?.key === key && sentMs > fromMs + REVOKED_MS && sentMs < untilMs,
      ),
  )
}

/** What an answer was, in the words of the table; `strange` is what nothing explains. */
export function kindOf(
  one: Seen,
  { plan, troubles, blocked, grantLifeMs }: Pick<Evidence, 'plan' | 'troubles' | 'blocked' | 'grantLifeMs'>,
): string {
  const planned = plan.requests[one.n]
  if (!planned) return 'strange'
  const { vendor } = planned
  const near = (...kinds: Trouble['kind'][]): boolean =>
    troubles.some(
      ({ kind, fromMs, toMs }) =>
        kinds.includes(kind) && one.endedMs >= fromMs - 500 && one.sentMs <= toMs + RECOVERY_MS,
    )
  if (one.how === 'answered') return 'answered'
  if (one.how === 'left') return 'left by the client'
  if (one.how === 'cut') {
    if (vendor.kind === 'cut') return 'failed by the provider'
    return near('kill') ? 'cut by SIGKILL' : 'strange'
  }
  if (one.how === 'broken') {
    if (vendor.kind === 'cut') return 'failed by the provider'
    if (one.code === '408' || one.type === 'timeout_error') return 'timed out'
    return near('kill') ? 'cut by SIGKILL' : 'strange'
  }
  switch (one.status) {
    case 429:
      if (one.type === 'budget_exceeded') return 'refused: budget'
      return vendor.kind === 'refuse' && vendor.status === 429 ? 'failed by the provider' : 'strange'
    case 401: {
      const isBlocked = blocked.some(
        ({ key, askedMs, unblockedMs }) =>
          key === planned.key && one.endedMs >= askedMs && one.sentMs <= unblockedMs + REVOKED_MS,
      )
      return isBlocked ? 'refused: blocked' : 'strange'
    }
    case 408:
      return 'timed out'
    case 499:
      return planned.leavesAfterMs === undefined ? 'strange' : 'left by the client'
    case 500:
      return vendor.kind === 'refuse' && vendor.status === 500 ? 'failed by the provider' : 'strange'
    case 502:
      return vendor.kind === 'drop' || vendor.kind === 'cut' ? 'failed by the provider' : 'strange'
    case 503:
      if (vendor.kind === 'refuse' && vendor.status === 503 && one.code !== 'ledger_unavailable')
        return 'failed by the provider'
      if (near('database')) return '503 while PostgreSQL is stopped'
      if (near('replies')) return '503 while PostgreSQL’s answers are lost'
      if (near('kill', 'evict')) return '503 while objects or isolates are gone'
      if (one.endedMs - one.sentMs >= grantLifeMs) return '503 as its grant came too late'
      return 'strange'
    default:
      return 'strange'
  }
}
