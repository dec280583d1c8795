import { type LedgerEnv, LedgerObject } from '../../src/ledger/ledger-object.ts'
import type { SliceSource } from '../../src/ledger/slice-source.ts'
import { FickleSource } from '../contract/ledger-world.ts'

interface World {
  source: FickleSource
  queue: Queue | undefined
}

/** What the objects of the tests stand on, as they find it when they are made; objects and tests share one isolate. */
export const world: World = { source: new FickleSource(), queue: undefined }

/** The real object over books in memory. */
export class TestLedgerObject extends LedgerObject {
  constructor(ctx: DurableObjectState, env: LedgerEnv) {
    super(ctx, world.queue ? { ...env, SPEND: world.queue } : env)
  }

  protected override slices(): SliceSource {
    return world.source
  }
}

// biome-ignore lint/style/noDefaultExport: the runtime asks for it.
export default { fetch: () => new Response('only for tests') } satisfies ExportedHandler
