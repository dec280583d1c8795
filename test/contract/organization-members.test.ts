import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryTenants } from '../../src/tenants/memory.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import type { OrganizationMembers } from '../../src/tenants/organization-members.ts'
import { memoryOrganizationMembers } from '../../src/tenants/organization-members-memory.ts'
import { neonOrganizationMembers } from '../../src/tenants/organization-members-neon.ts'
import type { TenantStore } from '../../src/tenants/port.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

const author = { by: 'root', nowMs: Date.UTC(2026, 10, 22) }
const ann = { organizationId: 'o', userId: 'ann', role: 'org_admin' as const }

function contract(made: () => { store: TenantStore; members: OrganizationMembers }) {
  it('keeps who is what, whole or not at all', async () => {
    const { store, members } = made()
    await store.create('org', [{ id: ['o'], fields: { organizationAlias: 'O' } }], author)
    await members.add([ann], [{ id: ['ann'], fields: { userEmail: 'ann@example.com' } }], author)
    const at = { createdAtMs: author.nowMs, updatedAtMs: author.nowMs }
    expect(await members.find(ann)).toEqual({ ...ann, ...at })
    expect(await members.of({ organizationId: 'o' })).toEqual(await members.of({ userId: 'ann' }))
    const bob = { ...ann, userId: 'bob', role: 'internal_user' as const }
    await expect(members.add([bob, ann], [{ id: ['bob'], fields: {} }], author)).rejects.toMatchObject({ status: 400 })
    expect([await store.find('user', ['bob']), await members.find(bob)]).toEqual([undefined, undefined])
    const later = { ...author, nowMs: author.nowMs + 1_000 }
    expect(await members.change(ann, 'internal_user', later)).toBe(true)
    expect(await members.find(ann)).toMatchObject({ role: 'internal_user', updatedAtMs: later.nowMs })
    expect(await members.change(bob, 'org_admin', later)).toBe(false)
    expect([await members.remove(ann, later), await members.remove(ann, later)]).toEqual([true, false])
  })

  it('what stands beside an entity is made with it, or nothing is', async () => {
    const { store } = made()
    const beside = {
      users: [{ id: ['eve'], fields: { userEmail: 'eve@example.com' } }],
      members: [{ id: ['t', 'eve'], fields: { role: 'admin' } }],
    }
    const clash = { ...beside, members: [...beside.members, ...beside.members] }
    await expect(store.create('team', [{ id: ['t'], fields: {} }], author, clash)).rejects.toThrow()
    expect([await store.find('team', ['t']), await store.find('user', ['eve'])]).toEqual([undefined, undefined])
    await store.create('team', [{ id: ['t'], fields: {} }], author, beside)
    expect(await store.belonging('member', { teamId: 't' })).toMatchObject([{ userId: 'eve', role: 'admin' }])
  })
}

describe('in memory', () => {
  const store = memoryTenants()
  const members = memoryOrganizationMembers(store)
  contract(() => ({ store, members }))
})

describe('in Postgres', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await testPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())
  const made = () => ({ store: neonTenants(postgres.db), members: neonOrganizationMembers(postgres.db) })
  contract(made)

  it('ends with the organization and with the user, and is in the log of changes', async () => {
    const { store, members } = made()
    await members.add([ann], [], author)
    await store.remove('user', [['ann']], author)
    expect(await members.find(ann)).toBeUndefined()
    await members.add([{ ...ann, userId: 'zoe' }], [{ id: ['zoe'], fields: {} }], author)
    await store.remove('org', [['o']], author)
    expect(await members.of({ userId: 'zoe' })).toEqual([])
    await expect(members.add([{ ...ann, userId: 'zoe' }], [], author)).rejects.toMatchObject({ status: 400 })
    const { rows } = await postgres.pool.query(
      "select action from audit_log where kind = 'organization_member' order by at, id",
    )
    expect(rows.length).toBeGreaterThan(4)
  })
})
