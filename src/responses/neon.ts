import { and, eq, gt, lt } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { storedResponse } from '../db/schema.ts'
import type { Sealer } from '../seal.ts'
import { KEPT_MS, type KeptResponse, type ResponseStore } from './port.ts'

/** In Postgres, sealed. A row whose key is not the operator's any more cannot be read, and so is not there. */
export function neonResponses(db: Db, sealer: () => Sealer): ResponseStore {
  const { owner: ownerColumn, id: idColumn, expires_at } = storedResponse
  const row = (owner: string, id: string, nowMs: number) =>
    and(eq(ownerColumn, owner), eq(idColumn, id), gt(expires_at, new Date(nowMs)))
  return {
    async keep(owner, kept, nowMs) {
      const { id } = kept
      const { seal, keyId } = sealer()
      const said = {
        key_id: await keyId,
        sealed: await seal(JSON.stringify(kept), placeOf(owner, id)),
        created_at: new Date(nowMs),
        expires_at: new Date(nowMs + KEPT_MS),
      }
      await db
        .insert(storedResponse)
        .values({ owner, id, ...said })
        .onConflictDoUpdate({ target: [ownerColumn, idColumn], set: said })
    },
    async find(owner, id, nowMs) {
      const { open, keyId } = sealer()
      const [found] = await db
        .select({ sealed: storedResponse.sealed })
        .from(storedResponse)
        .where(and(row(owner, id, nowMs), eq(storedResponse.key_id, await keyId)))
      const text = found && (await open(found.sealed, placeOf(owner, id)))
      // Only what `keep` wrote opens in its place.
      return text === undefined ? undefined : (JSON.parse(text) as KeptResponse)
    },
    async forget(owner, id, nowMs) {
      const gone = await db
        .delete(storedResponse)
        .where(row(owner, id, nowMs))
        .returning({ id: idColumn })
      return gone.length > 0
    },
  }
}

/** The cron's part: what is over is deleted. */
export async function dropExpiredResponses(db: Db, nowMs: number): Promise<void> {
  await db.delete(storedResponse).where(lt(storedResponse.expires_at, new Date(nowMs)))
}

const placeOf = (owner: string, id: string) => JSON.stringify([owner, id])
