import { inArray, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { team, virtualKey } from '../db/schema.ts'
import { entityName } from '../tenants/scope.ts'
import { type CallbacksOf, callbacksIn } from './callbacks.ts'

/** Reads whom teams and keys want told from their rows, every time: what is taken away is told no more. */
export function neonCallbacks(db: Db): CallbacksOf {
  return async (owners) => {
    const [teams, keys] = [idsOf('team', owners), idsOf('key', owners)]
    const logging = sql<unknown>`metadata->'logging'`
    const [ofTeams, ofKeys] = await db.batch([
      db.select({ id: team.team_id, logging }).from(team).where(inArray(team.team_id, teams)),
      db.select({ id: virtualKey.id, logging }).from(virtualKey).where(inArray(virtualKey.id, keys)),
    ])
    const found = [
      ...ofTeams.map((row) => [entityName('team', row.id), callbacksIn(row)] as const),
      ...ofKeys.map((row) => [entityName('key', row.id), callbacksIn(row)] as const),
    ]
    return new Map(found.filter(([, entries]) => entries.length > 0))
  }
}

/** Their ids, as they were before `entityName`. */
function idsOf(kind: 'team' | 'key', owners: readonly string[]): string[] {
  const prefix = `${kind}:`
  return owners
    .filter((owner) => owner.startsWith(prefix))
    .map((owner) => decodeURIComponent(owner.slice(prefix.length)))
}
