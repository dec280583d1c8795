import type { LedgerSettings } from '../../src/config/config.ts'
import { type LedgerEnv, LedgerObject } from '../../src/ledger/ledger-object.ts'
import type { SliceSource } from '../../src/ledger/slice-source.ts'
import { FickleSource, settings } from '../contract/ledger-world.ts'

export { HealthObject } from '../../src/health/health-object.ts'
export { MetricsObject } from '../../src/observe/metrics-object.ts'

interface World {
  source: FickleSource
  queue: Queue | undefined
  settings: LedgerSettings
}

/** What the objects of the tests stand on, as they find it when they are made; objects and tests share one isolate. */
export const world: World = { source: new FickleSource(), queue: undefined, settings }

/** The real object over books in memory. */
export class TestLedgerObject extends LedgerObject {
  constructor(ctx: DurableObjectState, env: LedgerEnv) {
    const settings = { LEDGER_SETTINGS: JSON.stringify(world.settings) }
    super(ctx, { ...env, ...settings, ...(world.queue ? { SPEND: world.queue } : {}) })
  }

  protected override slices(): SliceSource {
    return world.source
  }
}

// biome-ignore lint/style/noDefaultExport: the runtime asks for it.
export default { fetch: () => new Response('only for tests') } satisfies ExportedHandler
