import { GatewayError } from '../../errors.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { KeyRecord } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'
import { organizationsRunBy, personOf, runsOrganization } from './runs-organization.ts'

/** What a member may do with the member's own keys of a team, whatever the team says (LiteLLM's default). */
export const ALWAYS_PERMITTED = ['/key/info', '/key/health']
/** What a team may permit its members beside. */
export const PERMISSIONS = [
  ...ALWAYS_PERMITTED,
  '/key/generate',
  '/key/update',
  '/key/delete',
  '/key/regenerate',
  '/key/service-account/generate',
]

export const isAdmin = ({ role }: Principal) => role === 'proxy_admin'
export const seesAll = ({ role }: Principal) => role === 'proxy_admin' || role === 'proxy_admin_viewer'

/** What the caller is in a team. */
export async function membership(principal: Principal, teamId: string, { tenantStore }: AppDeps) {
  if (principal.teamId === teamId) return principal.teamRole
  const person = personOf(principal)
  return person === undefined ? undefined : (await tenantStore.find('member', [teamId, person]))?.role
}

/** Whether the team belongs to an organization that the caller runs. */
async function runsOrganizationOf(principal: Principal, teamId: string, deps: AppDeps): Promise<boolean> {
  if (principal.role !== 'internal_user' || personOf(principal) === undefined) return false
  const team = await deps.tenantStore.find('team', [teamId])
  return team?.organizationId != null && runsOrganization(principal, team.organizationId, deps)
}

/** Proxy admins run every team, `org_admin`s those of their organization, team admins their own. */
export async function runsTeam(principal: Principal, teamId: string, deps: AppDeps): Promise<boolean> {
  if (isAdmin(principal)) return true
  if (principal.role !== 'internal_user') return false
  return (await membership(principal, teamId, deps)) === 'admin' || (await runsOrganizationOf(principal, teamId, deps))
}

/** Who sees everything, the keys of a team, and its members. */
export async function seesTeam(principal: Principal, teamId: string, deps: AppDeps): Promise<boolean> {
  if (seesAll(principal) || principal.teamId === teamId) return true
  return (
    (await membership(principal, teamId, deps)) !== undefined || (await runsOrganizationOf(principal, teamId, deps))
  )
}

/** Throws unless the caller runs the team. */
export async function mustRunTeam(principal: Principal, teamId: string, deps: AppDeps): Promise<void> {
  if (await runsTeam(principal, teamId, deps)) return
  throw new GatewayError('forbidden', `Only a proxy admin or an admin of team_id = ${teamId} may do this.`, {
    param: 'team_id',
  })
}

/** The teams that a caller runs: their keys are the caller's to see. Not asked of those who see everything. */
export async function teamsRunBy(principal: Principal, deps: AppDeps): Promise<readonly string[]> {
  const { tenantStore } = deps
  if (principal.teamId !== undefined) return principal.teamRole === 'admin' ? [principal.teamId] : []
  const person = personOf(principal)
  const members = person === undefined ? [] : await tenantStore.belonging('member', { userId: person })
  const own = members.filter(({ role }) => role === 'admin').map(({ teamId }) => teamId)
  return [...new Set([...own, ...(await teamsOfOrganizations(await organizationsRunBy(principal, deps), deps))])]
}

export async function teamsOfOrganizations(organizationIds: readonly string[], { tenantStore }: AppDeps) {
  const teams = organizationIds.map((organizationId) => tenantStore.belonging('team', { organizationId }))
  return (await Promise.all(teams)).flat().map(({ teamId }) => teamId)
}

/** Itself, the keys of the same person, and those of teams that the caller runs. */
export async function seesKey(principal: Principal, key: KeyRecord, deps: AppDeps): Promise<boolean> {
  if (seesAll(principal) || key.id === principal.keyId) return true
  if (key.teamId === null) return key.userId !== null && key.userId === personOf(principal)
  if (key.userId !== null && key.userId === principal.userId && (await seesTeam(principal, key.teamId, deps)))
    return true
  if ((await membership(principal, key.teamId, deps)) === 'admin') return true
  return runsOrganizationOf(principal, key.teamId, deps)
}

/**
 * Throws unless the caller may do this with the key: admins with all, a person with the person's own, team admins with
 * the team's, members with their own in the team as far as the team permits.
 */
export async function mustChangeKey(principal: Principal, key: KeyRecord, path: string, deps: AppDeps): Promise<void> {
  if (isAdmin(principal)) return
  const blocks = path === '/key/block' || path === '/key/unblock'
  if (principal.role === 'internal_user') {
    if (key.teamId === null) {
      if (key.userId !== null && key.userId === personOf(principal) && !blocks) return
    } else {
      if (await runsTeam(principal, key.teamId, deps)) return
      if (
        !blocks &&
        key.userId !== null &&
        key.userId === principal.userId &&
        (await seesTeam(principal, key.teamId, deps))
      ) {
        return mustBePermitted(key.teamId, path, deps)
      }
    }
  }
  throw new GatewayError(
    'forbidden',
    'You are not allowed to access this key. Ask its owner, or an admin of its team.',
    {
      param: 'key',
    },
  )
}

/** Throws LiteLLM's refusal unless the team lets its members call this route. */
export async function mustBePermitted(teamId: string, path: string, { tenantStore }: AppDeps): Promise<void> {
  const permitted = (await tenantStore.find('team', [teamId]))?.memberPermissions ?? []
  if (permitted.includes(path)) return
  throw new GatewayError(
    'auth_error',
    `Team member does not have permissions for endpoint: ${path}. The team permits: ${[...new Set([...ALWAYS_PERMITTED, ...permitted])].join(', ')}. Ask an admin of the team.`,
    { type: 'team_member_permission_error', param: 'team_id' },
  )
}

/** What only an admin may give a key: it would reach beyond what its maker has. */
const ADMINS_ALONE = ['organization_id', 'budget_id', 'aliases', 'temp_budget_increase', 'temp_budget_expiry'] as const

interface Owners {
  readonly user_id?: string | null | undefined
  readonly team_id?: string | null | undefined
}

/**
 * Whose a key may be that this caller makes or changes: an admin's choice, else the caller's own, or of a team where the
 * caller is, for another of its members where the caller runs it.
 */
export async function ownersFor<B extends Owners>(
  principal: Principal,
  body: B,
  path: string,
  deps: AppDeps,
): Promise<B> {
  if (isAdmin(principal)) return body
  const foreign = ADMINS_ALONE.find((field) => (body as Readonly<Record<string, unknown>>)[field] != null)
  if (foreign)
    throw new GatewayError('forbidden', `Only a proxy admin may set ${foreign}. Leave it out.`, { param: foreign })
  const { team_id: teamId, user_id: userId } = body
  if (teamId == null) {
    const person = personOf(principal)
    if (person !== undefined && (userId == null || userId === person)) return { ...body, user_id: person }
    if (person !== undefined) {
      throw new GatewayError('forbidden', 'You may make keys for yourself only. Leave user_id out.', {
        param: 'user_id',
      })
    }
    throw new GatewayError(
      'auth_error',
      'Authentication Error, Only proxy admin can be used to generate keys for nobody in particular, and this key belongs to nobody. Use a key of your own, or name your team_id.',
      { param: 'team_id', retry: false },
    )
  }
  if (await runsTeam(principal, teamId, deps)) {
    if (userId == null || userId === principal.userId) return body
    if (await deps.tenantStore.find('member', [teamId, userId])) return body
    throw new GatewayError(
      'forbidden',
      `user_id = ${userId} is not in team_id = ${teamId}. POST /team/member_add puts it there.`,
      { param: 'user_id' },
    )
  }
  if (!(await seesTeam(principal, teamId, deps))) {
    throw new GatewayError('forbidden', `You are not in team_id = ${teamId}.`, { param: 'team_id' })
  }
  await mustBePermitted(teamId, path, deps)
  if (principal.userId !== undefined && (userId == null || userId === principal.userId))
    return { ...body, user_id: principal.userId }
  throw new GatewayError('forbidden', 'You may make keys for yourself only. Leave user_id out.', { param: 'user_id' })
}
