import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { type OrganizationMember, organizationRoles } from '../../tenants/organization-members.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { organizationNamed } from './organization-named.ts'
import { addedPeople, peopleOf, person, userIdOf } from './people.ts'
import { mustRunOrganization, organizationMembers } from './runs-organization.ts'

const role = z.enum(organizationRoles)
const member = z.strictObject({ ...person, role: role.default('internal_user') })
const membership = z.object({
  organization_id: z.string(),
  user_id: z.string(),
  user_role: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
})

export const shownMembership = ({ organizationId, userId, role, createdAtMs, updatedAtMs }: OrganizationMember) => ({
  organization_id: organizationId,
  user_id: userId,
  user_role: role,
  created_at: new Date(createdAtMs).toISOString(),
  updated_at: new Date(updatedAtMs).toISOString(),
})

const add = route({
  method: 'POST',
  paths: ['/organization/member_add'],
  access: 'editor',
  tag: 'Organizations',
  summary: 'Put users into an organization. Its `org_admin`s run its teams. A user who is not there yet is made.',
  area: 'admin.organization',
  body: z.strictObject({ organization_id: name, member: z.union([member, z.array(member).min(1).max(100)]) }),
  out: z.object({
    organization_id: z.string(),
    updated_users: z.array(z.record(z.string(), z.unknown())),
    updated_organization_memberships: z.array(membership),
  }),
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const { organization_id: organizationId } = body
    await mustRunOrganization(asked.principal, organizationId, deps)
    await organizationNamed(organizationId, deps)
    const wanted = [body.member].flat()
    const { people, users } = await peopleOf(wanted, 'member', { deps, nowMs })
    const fresh = people.map(({ userId }, n) => ({ organizationId, userId, role: wanted[n]?.role ?? 'internal_user' }))
    const unknown = await unknownOf(fresh, users, deps)
    await organizationMembers(deps).add(fresh, [...users, ...unknown], authorOf(asked))
    const added = { asked: wanted, made: [...users, ...unknown], principal: asked.principal }
    const made = await Promise.all(fresh.map((one) => organizationMembers(deps).find(one)))
    return {
      organization_id: organizationId,
      updated_users: await addedPeople(fresh, added, { deps, nowMs }),
      updated_organization_memberships: made.flatMap((one) => (one ? [shownMembership(one)] : [])),
    }
  },
})

/** Named by id, and nobody yet. */
async function unknownOf(
  members: readonly { readonly userId: string }[],
  made: readonly { readonly id: readonly string[] }[],
  { tenantStore }: AppDeps,
) {
  const ids = [...new Set(members.map(({ userId }) => userId))].filter(
    (userId) => !made.some(({ id }) => id[0] === userId),
  )
  const found = await Promise.all(ids.map((id) => tenantStore.find('user', [id])))
  return ids.filter((_, n) => found[n] === undefined).map((id) => ({ id: [id], fields: {} }))
}

/** LiteLLM's `PATCH` and `DELETE`; a `POST` is taken too, like everywhere else. */
const update = (method: 'PATCH' | 'POST') =>
  route({
    method,
    paths: ['/organization/member_update'],
    access: 'editor',
    tag: 'Organizations',
    summary: 'Change what a member is in an organization.',
    area: 'admin.organization',
    body: z.strictObject({ organization_id: name, ...person, role }),
    out: membership,
    async handle(asked) {
      const { body, deps } = asked
      const one = await memberNamed(asked)
      if (!(await organizationMembers(deps).change(one, body.role, authorOf(asked)))) throw notMember(body)
      return shownMembership({ ...one, role: body.role, updatedAtMs: asked.receivedAtMs })
    },
  })

const leave = (method: 'DELETE' | 'POST') =>
  route({
    method,
    paths: ['/organization/member_delete'],
    access: 'editor',
    tag: 'Organizations',
    summary: 'Take a user out of an organization. The user stays, and so do keys and memberships of its teams.',
    area: 'admin.organization',
    body: z.strictObject({ organization_id: name, ...person }),
    out: membership,
    async handle(asked) {
      const { body, deps } = asked
      const one = await memberNamed(asked)
      if (!(await organizationMembers(deps).remove(one, authorOf(asked)))) throw notMember(body)
      return shownMembership(one)
    },
  })

async function memberNamed({
  body,
  principal,
  deps,
}: {
  readonly body: {
    organization_id: string
    user_id?: string | null | undefined
    user_email?: string | null | undefined
  }
  readonly principal: Parameters<typeof mustRunOrganization>[0]
  readonly deps: AppDeps
}): Promise<OrganizationMember> {
  await mustRunOrganization(principal, body.organization_id, deps)
  const userId = await userIdOf(body, deps)
  const one = { organizationId: body.organization_id, userId: userId ?? '' }
  const found = await organizationMembers(deps).find(one)
  if (!found) throw notMember(body)
  return found
}

function notMember(body: {
  organization_id: string
  user_id?: string | null | undefined
  user_email?: string | null | undefined
}) {
  return new GatewayError(
    'not_found',
    `${body.user_id ?? body.user_email} is not in organization_id = ${body.organization_id}. POST /organization/member_add puts it there.`,
    { param: body.user_id == null ? 'user_email' : 'user_id' },
  )
}

export const organizationMemberRoutes: readonly Route[] = [
  add,
  update('PATCH'),
  update('POST'),
  leave('DELETE'),
  leave('POST'),
]
