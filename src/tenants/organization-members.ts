import type { Author, Beside, NewEntity } from './port.ts'

export const organizationRoles = ['org_admin', 'internal_user', 'internal_user_viewer'] as const
export type OrganizationRole = (typeof organizationRoles)[number]

export interface OrganizationMember {
  readonly organizationId: string
  readonly userId: string
  readonly role: OrganizationRole
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

type Named = Pick<OrganizationMember, 'organizationId' | 'userId'>

/**
 * Who belongs to which organization, as what. A write is whole or absent. Decisions read it as it is now: it is asked
 * only where someone administers, never on the way of a request to a model.
 */
export interface OrganizationMembers {
  /** Of an organization, or all memberships of a user, oldest first. */
  of(whose: { readonly organizationId: string } | { readonly userId: string }): Promise<readonly OrganizationMember[]>
  find(one: Named): Promise<OrganizationMember | undefined>
  /** All of them or none, and their users where those are new, with what comes with these. Who is there already is refused. */
  add(
    members: readonly (Named & Pick<OrganizationMember, 'role'>)[],
    users: readonly NewEntity<'user'>[],
    author: Author,
    beside?: Pick<Beside, 'members' | 'key'>,
  ): Promise<void>
  /** False when there is no such member. */
  change(one: Named, role: OrganizationRole, author: Author): Promise<boolean>
  /** False when there was none. */
  remove(one: Named, author: Author): Promise<boolean>
}
