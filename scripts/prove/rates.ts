import type { Evidence } from './evidence.ts'
import type { PlannedRequest, Rates } from './plan.ts'
import type { Bill } from './provider.ts'

/** A request is asked up to this long after it was counted: an allowance counts ahead, and a grant may wait. */
const COUNTED_AHEAD_MS = 5_000
const SPAN_MS = 60_000 - COUNTED_AHEAD_MS

/** Somebody with limits beside money, under the name that refusals give, and whose requests they are. */
export interface Limited {
  readonly entity: string
  readonly rates: Rates
  readonly isTheirs: (planned: PlannedRequest) => boolean
}

export function limitedOf({
  plan,
  entities,
  keyIds,
}: Pick<Evidence, 'plan' | 'entities' | 'keyIds'>): readonly Limited[] {
  const idOf = new Map([...keyIds].map(([id, at]) => [at, id]))
  const keyOf = ({ key }: PlannedRequest) => plan.keys[key]
  const some = (name: string, rates: Rates | undefined, isTheirs: Limited['isTheirs']): Limited[] =>
    rates ? [{ entity: name, rates, isTheirs }] : []
  return [
    ...plan.keys.flatMap(({ rates }, at) => some(`key:${idOf.get(at)}`, rates, ({ key }) => key === at)),
    ...plan.teams.flatMap(({ rates }, at) =>
      some(`team:${entities.teams[at]}`, rates, (planned) => keyOf(planned)?.team === at),
    ),
    ...plan.users.flatMap(({ rates }, at) =>
      some(`user:${entities.users?.[at]}`, rates, (planned) => keyOf(planned)?.user === at),
    ),
  ]
}

/**
 * Where the provider answered more than a limit allows: in less than a minute, whoever still listened; or at the same
 * time, of what reached a client, since a slot is free as soon as its client has left, and the provider may not know yet.
 */
export function aboveRates(
  { plan, bills, seen }: Pick<Evidence, 'plan' | 'bills' | 'seen'>,
  limited: readonly Limited[],
): unknown[] {
  const answered = new Set(seen.flatMap(({ n, how }) => (how === 'answered' ? [n] : [])))
  return limited.flatMap(({ entity, rates, isTheirs }) => {
    const theirs = bills
      .filter(({ n, whole }) => {
        const planned = plan.requests[n]
        return whole && planned !== undefined && isTheirs(planned)
      })
      .sort((a, b) => a.fromMs - b.fromMs)
    const once = [...new Map(theirs.map((bill) => [bill.n, bill])).values()]
    const requests = mostWithin(once, () => 1)
    const tokens = mostWithin(theirs, ({ promptTokens, outputTokens }) => promptTokens + outputTokens)
    const parallel = mostAtOnce(theirs.filter(({ n }) => answered.has(n)))
    const isAbove = [
      [requests, rates.rpm],
      [tokens, rates.tpm],
      [parallel, rates.parallel],
    ].some(([used = 0, limit]) => limit !== undefined && used > limit)
    return isAbove ? [{ entity, rates, requests, tokens, parallel }] : []
  })
}

function mostWithin(bills: readonly Bill[], weight: (bill: Bill) => number): number {
  let [most, sum, first] = [0, 0, 0]
  for (const bill of bills) {
    sum += weight(bill)
    for (let oldest = bills[first]; oldest && oldest.fromMs <= bill.fromMs - SPAN_MS; oldest = bills[first]) {
      sum -= weight(oldest)
      first += 1
    }
    most = Math.max(most, sum)
  }
  return most
}

function mostAtOnce(bills: readonly Bill[]): number {
  const moments = bills.flatMap(({ fromMs, toMs }) => [
    { atMs: fromMs, by: 1 },
    { atMs: toMs, by: -1 },
  ])
  let [most, running] = [0, 0]
  for (const { by } of moments.sort((a, b) => a.atMs - b.atMs || a.by - b.by)) {
    running += by
    most = Math.max(most, running)
  }
  return most
}
