import type { Broken, LogRow, WindowNow } from './audit.ts'
import type { Blocked, Trouble } from './chaos.ts'
import type { Entities } from './entities.ts'
import type { LimitChange } from './false-refusals.ts'
import type { Seen } from './load.ts'
import type { Plan, PlannedRequest } from './plan.ts'
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
  /** How often what was done, by kind and, where an operator did it, by route. */
  readonly chaos: Readonly<Record<string, number>>
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
  /** A call is ended after this long. */
  readonly callMs: number
  /** A grant that nobody closed is charged within this time. */
  readonly settleByMs: number
}

/** How long a thing may go wrong after what made it so is over. */
export const RECOVERY_MS = 5_000
/** A blocked key is refused everywhere after five seconds, and a second for two clocks and two ways. */
export const REVOKED_MS = 6_000
/** Until then, what an answer left behind may be in the memory of its isolate alone. */
export const HAND_OVER_MS = 3_000
/** One machine, but several processes that each round. */
export const CLOCKS_MS = 50
