import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Health } from '../health/port.ts'
import type { Ledger } from '../ledger/port.ts'
import type { BodyStore } from '../observe/bodies.ts'
import type { CacheDeps } from './cache-deps.ts'
import type { HandOver } from './hand-over.ts'
import type { Unpriced } from './unpriced.ts'

/** Everything the story needs from outside. All but `defer` is built once per isolate. */
export interface GatewayDeps {
  readonly config: Config
  /** Variables and secrets: what an `os.environ/NAME` reference finds. */
  readonly env: Readonly<Record<string, unknown>>
  readonly version: string
  readonly clock: Clock
  readonly random: () => number
  readonly fetch: typeof fetch
  readonly ledger: Ledger
  readonly health: Health
  readonly handOver: Pick<HandOver, 'add'>
  /** Hears of answers without a price. */
  readonly unpriced?: Unpriced
  /** Absent where answers are not cached. */
  readonly cache?: CacheDeps
  /** Absent where nobody is told what was asked and answered. */
  readonly bodies?: BodyStore
  /** Waits between attempts; shorter when the client leaves. */
  readonly sleep: (ms: number, until: AbortSignal) => Promise<void>
  /** Background work has a name and reports its own failure; the runtime keeps it alive after the answer. */
  readonly defer: (name: string, work: Promise<unknown>) => void
}
