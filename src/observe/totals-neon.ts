import { count } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { internalUser, team } from '../db/schema.ts'
import type { Delta } from './metrics.ts'

/** How many people and teams there are, as LiteLLM's gauges. */
export async function totalsIn(db: Db): Promise<readonly Delta[]> {
  const [[users], [teams]] = await db.batch([
    db.select({ value: count() }).from(internalUser),
    db.select({ value: count() }).from(team),
  ])
  return [
    { metric: 'litellm_total_users', labels: {}, value: users?.value ?? 0 },
    { metric: 'litellm_teams_count', labels: {}, value: teams?.value ?? 0 },
  ]
}
