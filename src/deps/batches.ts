import { neonVendorObjects } from '../batches/neon.ts'
import type { Db } from '../db/client.ts'
import type { BatchDeps } from '../gateway/batch-charge.ts'
import type { SpendQueue } from '../spend/port.ts'
import { recordEvents } from '../spend/record.ts'

/** Rows of batches go the way of all rows; where the queue does not take one, straight to Postgres. */
export function batchesOver(db: Db, queue: SpendQueue | undefined): BatchDeps {
  return {
    objects: neonVendorObjects(db),
    async record(event) {
      const sent = await queue?.send([event]).then(
        () => true,
        () => false,
      )
      if (sent) return
      const { refused } = await recordEvents(db, [event])
      const [fault] = refused
      if (fault) throw new Error(`the row of a batch cannot be kept: ${fault.error}`)
    },
  }
}
