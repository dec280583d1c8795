import { GatewayError } from '../../errors.ts'
import type { TeamRecord } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'

/** The team, or LiteLLM's refusal. */
export async function teamNamed(teamId: string, { tenantStore }: Pick<AppDeps, 'tenantStore'>): Promise<TeamRecord> {
  const team = await tenantStore.find('team', [teamId])
  if (team) return team
  throw new GatewayError('not_found', `Team not found, team_id = ${teamId}. POST /team/new makes one.`, {
    type: 'auth_error',
    param: 'team_id',
  })
}
