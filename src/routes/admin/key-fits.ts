import { GatewayError } from '../../errors.ts'
import { usdFromNano } from '../../money.ts'
import type { Changes } from '../../tenants/port.ts'
import type { AppDeps } from '../deps.ts'
import { GUARANTEED, mustBeGuaranteed } from './guaranteed.ts'
import { guaranteedKeysOf } from './keys-of.ts'

/** A team's keys belong to its organization. */
export async function mustFit(
  changes: Pick<Changes<'key'>, 'teamId' | 'organizationId'>,
  deps: AppDeps,
): Promise<void> {
  if (!changes.teamId || !changes.organizationId) return
  const team = await deps.tenantStore.find('team', [changes.teamId])
  if (!team || team.organizationId === changes.organizationId) return
  // One ledger counts all of a team's requests, so that all of its keys have one root.
  const root =
    team.organizationId === null
      ? 'belongs to no organization. Leave organization_id out, or put the team into the organization: POST /team/update.'
      : `belongs to organization_id = ${team.organizationId}. Leave organization_id out, or give that one.`
  throw new GatewayError('invalid_request', `team_id = ${team.teamId} ${root}`, { param: 'organization_id' })
}

/** A key's budget above its team's would be a promise that the team cannot keep. */
export async function mustNotExceedTeam(key: Pick<Changes<'key'>, 'teamId' | 'budgets'>, deps: AppDeps): Promise<void> {
  const own = key.budgets?.find(({ part }) => part === 'main')
  if (!own || !key.teamId) return
  const team = await deps.tenantStore.find('team', [key.teamId])
  const most = team?.budgets.find(({ part }) => part === 'main')
  if (!most || own.limitNano <= most.limitNano) return
  throw new GatewayError(
    'invalid_request',
    `max_budget may not be above that of team_id = ${key.teamId}, which is ${usdFromNano(most.limitNano)}.`,
    { param: 'max_budget' },
  )
}

type Guaranteed = Pick<Changes<'key'>, 'teamId' | 'rpmLimit' | 'tpmLimit' | 'rpmLimitType' | 'tpmLimitType'>

/** What is guaranteed to a team's keys must fit the team. */
export async function mustHaveRoom(key: Guaranteed, id: string, deps: AppDeps): Promise<void> {
  if (!key.teamId || !(key.rpmLimitType === GUARANTEED || key.tpmLimitType === GUARANTEED)) return
  const team = await deps.tenantStore.find('team', [key.teamId])
  if (!team) return
  const others = (await guaranteedKeysOf(team.teamId, deps)).filter((one) => one.id !== id)
  mustBeGuaranteed(key, others, { ...team, name: `team_id = ${team.teamId}` })
}
