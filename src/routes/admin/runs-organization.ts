import { GatewayError } from '../../errors.ts'
import type { OrganizationMember, OrganizationMembers } from '../../tenants/organization-members.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'

const NOBODY: OrganizationMembers = {
  of: () => Promise.resolve([]),
  find: () => Promise.resolve(undefined),
  add: () => Promise.reject(new Error('there is no store for members of organizations')),
  change: () => Promise.resolve(false),
  remove: () => Promise.resolve(false),
}

export const organizationMembers = (deps: AppDeps): OrganizationMembers => deps.organizationMembers ?? NOBODY

/** A person by a key of the person's own: keys of a team speak for the team alone. */
export const personOf = ({ userId, teamId }: Principal) => (teamId === undefined ? userId : undefined)

function membershipsOf(principal: Principal, deps: AppDeps): Promise<readonly OrganizationMember[]> {
  const person = personOf(principal)
  return person === undefined ? Promise.resolve([]) : organizationMembers(deps).of({ userId: person })
}

/** The organizations that a caller belongs to. */
export async function organizationsOf(principal: Principal, deps: AppDeps): Promise<readonly string[]> {
  return (await membershipsOf(principal, deps)).map(({ organizationId }) => organizationId)
}

/** Those whose teams are the caller's to run. */
export async function organizationsRunBy(principal: Principal, deps: AppDeps): Promise<readonly string[]> {
  if (principal.role !== 'internal_user') return []
  const members = await membershipsOf(principal, deps)
  return members.filter(({ role }) => role === 'org_admin').map(({ organizationId }) => organizationId)
}

/** Proxy admins run every organization, its `org_admin`s their own. */
export async function runsOrganization(principal: Principal, organizationId: string | null | undefined, deps: AppDeps) {
  if (principal.role === 'proxy_admin') return true
  const userId = personOf(principal)
  if (principal.role !== 'internal_user' || userId === undefined || organizationId == null) return false
  return (await organizationMembers(deps).find({ organizationId, userId }))?.role === 'org_admin'
}

/** Throws unless the caller runs the organization. */
export async function mustRunOrganization(
  principal: Principal,
  organizationId: string | null | undefined,
  deps: AppDeps,
): Promise<void> {
  if (await runsOrganization(principal, organizationId, deps)) return
  throw new GatewayError(
    'forbidden',
    organizationId == null
      ? 'Only a proxy admin may do this outside an organization. Name your organization_id.'
      : `Only a proxy admin or an org_admin of organization_id = ${organizationId} may do this.`,
    { param: 'organization_id' },
  )
}
