import { inArray, sql } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/pg-core'
import type { Db } from '../db/client.ts'
import { team, virtualKey } from '../db/schema.ts'
import { entityName } from '../tenants/scope.ts'
import { type CallbacksOf, callbacksIn } from './callbacks.ts'

/** Reads whom teams and keys want told from their rows, every time: what is taken away is told no more. */
export function neonCallbacks(db: Db): CallbacksOf {
  return async (owners) => {
    if (owners.length === 0) return new Map()
    const [teams, keys] = [idsOf('team', owners), idsOf('key', owners)]
    const logging = sql<unknown>`metadata->'logging'`
    const of = (kind: 'team' | 'key') => sql<'team' | 'key'>`${kind}::text`
    const rows = await unionAll(
      db
        .select({ kind: of('team'), id: team.team_id, logging })
        .from(team)
        .where(inArray(team.team_id, teams)),
      db
        .select({ kind: of('key'), id: virtualKey.id, logging })
        .from(virtualKey)
        .where(inArray(virtualKey.id, keys)),
    )
    const found = rows.map((row) => [entityName(row.kind, row.id), callbacksIn(row)] as const)
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
