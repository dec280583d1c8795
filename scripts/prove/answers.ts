import type { Trouble } from './chaos.ts'
import { type Evidence, RECOVERY_MS, REVOKED_MS } from './evidence.ts'
import type { Seen } from './load.ts'

export function answeredWhileBlocked({ plan, seen, blocked }: Evidence): Seen[] {
  return seen.filter(
    ({ n, how, sentMs, endedMs }) =>
      how === 'answered' &&
      blocked.some(
        ({ key, fromMs, untilMs }) =>
          plan.requests[n]?.key === key && sentMs > fromMs + REVOKED_MS && endedMs < untilMs,
      ),
  )
}

/** What explains an answer beside the plan and the troubles. */
export interface Circumstances {
  /** Who has limits beside money. */
  readonly limited: ReadonlySet<string>
  /** In which somebody was refused after waiting longer than a grant may wait: the machine was too busy. */
  readonly busySeconds: ReadonlySet<number>
}

const TOO_LATE = '503 as its grant came too late'
const secondOf = (ms: number): number => Math.floor(ms / 1_000)

export function busySecondsOf({ seen, grantLifeMs }: Pick<Evidence, 'seen' | 'grantLifeMs'>): ReadonlySet<number> {
  const late = seen.filter(({ status, sentMs, endedMs }) => status === 503 && endedMs - sentMs >= grantLifeMs)
  return new Set(late.flatMap(({ endedMs }) => [-1, 0, 1].map((by) => secondOf(endedMs) + by)))
}

/** What an answer was, in the words of the table; `strange` is what nothing explains. */
export function kindOf(
  one: Seen,
  { plan, troubles, blocked, grantLifeMs }: Pick<Evidence, 'plan' | 'troubles' | 'blocked' | 'grantLifeMs'>,
  { limited, busySeconds }: Circumstances,
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
    if (near('kill')) return 'cut by SIGKILL'
    return one.reused === true ? 'lost on a kept connection' : 'strange'
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
      // Several wait for one look into the database; whoever came last waited least.
      return one.code === 'database_unavailable' && busySeconds.has(secondOf(one.endedMs)) ? TOO_LATE : 'strange'
    default:
      return 'strange'
  }
}
