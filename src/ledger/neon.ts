import type { Db } from '../db/client.ts'
import { storableJson } from '../db/json.ts'
import { isDataFault } from '../db/sql-state.ts'
import { exchangeSlices, expireGrants, leaseHolders, recordSpend, refundExpired } from '../db/statements.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { SliceSource } from './slice-source.ts'

/** Slices out of Postgres. `db` brings the deadline of each statement. */
export function neonSource(db: Db): SliceSource {
  return {
    exchange: (ledger, asks) => exchangeSlices(db, ledger, asks),
    expire: (ledger, grants) => expireGrants(db, ledger, grants),
    refund: (grantId, usedNano) => refundExpired(db, grantId, usedNano),
    holders: (ledger, window, limit) => leaseHolders(db, ledger, window, limit),
    record: (events) => record(db, events),
  }
}

/** A row that Postgres cannot take holds up no other. It throws all the same: the queue's consumer knows what to do with it. */
async function record(db: Db, events: readonly SpendEvent[]): Promise<void> {
  try {
    await recordSpend(db, storableJson(events))
  } catch (fault) {
    if (events.length > 1 && isDataFault(fault)) for (const event of events) await record(db, [event]).catch(() => {})
    throw fault
  }
}
