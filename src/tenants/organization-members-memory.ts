import type { OrganizationMember, OrganizationMembers } from './organization-members.ts'
import type { TenantStore } from './port.ts'
import { alreadyThere } from './refusals.ts'

/** The twin of the table in Postgres; new users go to the store of the others. */
export function memoryOrganizationMembers(store: Pick<TenantStore, 'create'>): OrganizationMembers {
  const rows = new Map<string, OrganizationMember>()
  const named = ({ organizationId, userId }: Pick<OrganizationMember, 'organizationId' | 'userId'>) =>
    JSON.stringify([organizationId, userId])
  return {
    of: (whose) =>
      Promise.resolve(
        [...rows.values()].filter((row) =>
          'userId' in whose ? row.userId === whose.userId : row.organizationId === whose.organizationId,
        ),
      ),
    find: (one) => Promise.resolve(rows.get(named(one))),
    async add(members, users, author, beside = {}) {
      const taken = members.find((one) => rows.has(named(one)))
      if (taken) throw alreadyThere('user_id', taken.userId)
      await store.create('user', users, author, beside)
      const at = { createdAtMs: author.nowMs, updatedAtMs: author.nowMs }
      for (const one of members) rows.set(named(one), { ...one, ...at })
    },
    change(one, role, { nowMs }) {
      const before = rows.get(named(one))
      if (before) rows.set(named(one), { ...before, role, updatedAtMs: nowMs })
      return Promise.resolve(before !== undefined)
    },
    remove: (one) => Promise.resolve(rows.delete(named(one))),
  }
}
