import type { Books } from './books.ts'
import type { Trouble } from './chaos.ts'
import { type Evidence, RECOVERY_MS, REVOKED_MS } from './evidence.ts'
import type { Seen } from './load.ts'

/**
 * Requests that were sent when everybody had to know of the block, and began to be asked before anybody was asked to end
 * it. How long the answer took does not matter.
 */
export function answeredWhileBlocked({ plan, seen, blocked }: Evidence, { rowsOf }: Pick<Books, 'rowsOf'>): Seen[] {
  return seen.filter(({ n, how, sentMs, endedMs }) => {
    if (how !== 'answered') return false
    const takenMs = Math.min(endedMs, ...(rowsOf.get(n) ?? []).map(({ startMs }) => startMs))
    return blocked.some(
      ({ key, fromMs, untilMs }) => plan.requests[n]?.key === key && sentMs > fromMs + REVOKED_MS && takenMs < untilMs,
    )
  })
}

/** What explains an answer beside the plan and the troubles. */
export interface Circumstances {
  /** Who has limits beside money. */
  readonly limited: ReadonlySet<string>
  /** What was refused after it had waited longer than its own deadline. */
  readonly late: readonly Seen[]
}

const TOO_LATE = '503 as its grant came too late'
/** Whoever joins a look into the database that is under way fails with it, in the same isolate at the same moment. */
const TOGETHER_MS = 50
/** A connection that was closed there as it was used again here is lost at once. */
const CLOSED_MS = 1_000

/** A grant that took longer than its life, or a look into the database longer than anybody waits for one. */
export function lateOnes({ seen, grantLifeMs }: Pick<Evidence, 'seen' | 'grantLifeMs'>): readonly Seen[] {
  return seen.filter(({ status, sentMs, endedMs }) => status === 503 && endedMs - sentMs >= grantLifeMs)
}

/** What an answer was, in the words of the table; `strange` is what nothing explains. */
export function kindOf(
  one: Seen,
  { plan, troubles, blocked, grantLifeMs }: Pick<Evidence, 'plan' | 'troubles' | 'blocked' | 'grantLifeMs'>,
  { limited, late }: Circumstances,
): string {
  const planned = plan.requests[one.n]
  if (!planned) return 'strange'
  const { vendor } = planned
  const near = (...kinds: Trouble['kind'][]): boolean =>
    troubles.some(
      ({ kind, fromMs, toMs }) =>
        kinds.includes(kind) && one.endedMs >= fromMs - 500 && one.sentMs <= toMs + RECOVERY_MS,
    )
  const isSameLook = (other: Seen): boolean =>
    one.code === other.code &&
    planned.isolate === plan.requests[other.n]?.isolate &&
    Math.abs(one.endedMs - other.endedMs) <= TOGETHER_MS
  if (one.how === 'answered') return 'answered'
  if (one.how === 'left') return 'left by the client'
  if (one.how === 'cut') {
    if (vendor.kind === 'cut') return 'failed by the provider'
    if (near('kill')) return 'cut by SIGKILL'
    return one.reused === true && one.endedMs - one.sentMs < CLOSED_MS ? 'lost on a kept connection' : 'strange'
  }
  if (one.how === 'broken') {
    if (vendor.kind === 'cut') return 'failed by the provider'
    if (one.code === '408' || one.type === 'timeout_error') return 'timed out'
    return near('kill') ? 'cut by SIGKILL' : 'strange'
  }
  switch (one.status) {
    case 429:
      if (one.type === 'budget_exceeded') return 'refused: budget'
      if (one.facts?.limit_type !== undefined && limited.has(String(one.facts.entity))) return 'refused: rate'
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
      if (one.endedMs - one.sentMs >= grantLifeMs) return TOO_LATE
      return one.code === 'database_unavailable' && late.some(isSameLook) ? TOO_LATE : 'strange'
    default:
      return 'strange'
  }
}
