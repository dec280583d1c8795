import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Ledger } from '../ledger/port.ts'
import type { SpendQueue } from '../spend/port.ts'

/** Everything the story needs from outside. Built once per isolate; `defer` belongs to the request. */
export interface GatewayDeps {
  readonly config: Config
  /** Variables and secrets: what an `os.environ/NAME` reference finds. */
  readonly env: Readonly<Record<string, unknown>>
  readonly clock: Clock
  readonly random: () => number
  readonly fetch: typeof fetch
  readonly ledger: Ledger
  readonly spend: SpendQueue
  /** Background work has a name and reports its own failure; the runtime keeps it alive after the answer. */
  readonly defer: (name: string, work: Promise<unknown>) => void
}
