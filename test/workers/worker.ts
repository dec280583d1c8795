import { LedgerObject } from '../../src/ledger/ledger-object.ts'
import type { SliceSource } from '../../src/ledger/slice-source.ts'
import { FickleSource } from '../contract/ledger-world.ts'

/** Where the ledgers of the tests get their slices; objects and tests share one isolate. */
export const world = { source: new FickleSource() }

/** The real object over books in memory. */
export class TestLedgerObject extends LedgerObject {
  protected override slices(): SliceSource {
    return world.source
  }
}

// biome-ignore lint/style/noDefaultExport: the runtime asks for it.
export default { fetch: () => new Response('only for tests') } satisfies ExportedHandler
