import { beforeEach, describe, expect, it } from 'vitest'
import type { PrincipalSource, TenantStore } from '../../src/tenants/port.ts'
import type { Bearer } from '../../src/tenants/without-key.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const author = { by: 'admin', nowMs: NOW }

const budget = (entity: string, limitNano: bigint) => ({
  scope: `${entity}@30d`,
  part: 'main' as const,
  model: null,
  limitNano,
  extraNano: 0n,
  extraUntilMs: null,
  duration: '30d',
  timeZone: 'UTC',
  anchorMs: NOW,
  windowStartMs: NOW - 3_600_000,
})

/** Who a bearer is, whichever store tells. */
export function bearersContract(name: string, makeStore: () => Promise<TenantStore & PrincipalSource>) {
  describe(`who acts without a key, ${name}`, () => {
    let store: TenantStore & PrincipalSource
    const who = async (bearer: Bearer) => (await store.withoutKey(bearer, NOW + 5))?.value
    beforeEach(async () => {
      store = await makeStore()
      await store.create('org', [{ id: ['o'], fields: { organizationAlias: 'O' } }], author)
      await store.create('org', [{ id: ['other'], fields: { organizationAlias: 'Other' } }], author)
      const ofTeam = { organizationId: 'o', models: ['small'], rpmLimit: 7, budgets: [budget('team:t', 5n)] }
      await store.create('team', [{ id: ['t'], fields: ofTeam }], author)
      await store.create('team', [{ id: ['alone'], fields: {} }], author)
      await store.createTemplate('each', { maxBudgetNano: 3n }, author)
      await store.create('team', [{ id: ['limited'], fields: { memberBudgetId: 'each' } }], author)
      const ofUser = { userRole: 'proxy_admin', models: ['large'], budgets: [budget('user:u', 9n)] }
      await store.create('user', [{ id: ['u'], fields: ofUser }], author)
    })

    it('a person has the budgets, models, role and ledger of a key of its own', async () => {
      expect(await who({ userId: 'u' })).toEqual({
        kind: 'key',
        role: 'proxy_admin',
        keyId: 'user:u',
        keyHash: 'user:u',
        keyName: 'user:u',
        userId: 'u',
        ledger: 'user:u',
        models: [{ level: 'user', names: ['large'] }],
        scopes: [
          { name: 'user:u@life', duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: false },
          { name: 'user:u@30d', duration: '30d', timeZone: 'UTC', anchorMs: NOW, limited: true },
        ],
        limits: [],
        maxBudgetNano: 9n,
        spendNano: 0n,
        metadata: {},
        readAtMs: NOW + 5,
      })
    })

    it('a person for a team is bound by both, in the ledger of the organization, with no role of its own', async () => {
      const principal = await who({ userId: 'u', teamId: 't', organizationId: 'o' })
      expect(principal).toMatchObject({ role: 'internal_user', ledger: 'org:o', teamId: 't', organizationId: 'o' })
      expect(principal?.scopes.map(({ name }) => name)).toEqual([
        'user:u@life',
        'user:u@30d',
        'team:t@life',
        'team:t@30d',
        'member:t:u@life',
        'org:o@life',
      ])
      expect(principal?.limits).toEqual([{ entity: 'team:t', rpm: 7 }])
      expect(principal?.models).toEqual([{ level: 'team', names: ['small'] }])
    })

    it('a team acts by itself', async () => {
      expect(await who({ teamId: 't' })).toMatchObject({ keyId: 'team:t', teamId: 't', maxBudgetNano: 5n })
    })

    it.each<[string, Bearer]>([
      ['a person', { userId: 'nobody' }],
      ['a team', { userId: 'u', teamId: 'none' }],
      ['an organization', { userId: 'u', organizationId: 'none' }],
      ['a team of the organization', { teamId: 't', organizationId: 'other' }],
      ['a team of an organization', { teamId: 'alone', organizationId: 'o' }],
      ['a membership that the team limits', { teamId: 'limited', userId: 'u' }],
      ['anyone', {}],
    ])('nobody is made of a bearer who names %s that is not there', async (_, bearer) => {
      expect(await who(bearer)).toBeUndefined()
    })

    it('a blocked person, team or organization blocks, and the copy names whose change ends it', async () => {
      const copy = await store.withoutKey({ userId: 'u', teamId: 't' }, NOW)
      expect(copy?.names).toEqual(['user:u', 'team:t', 'member:t:u', 'org:o'])
      await store.update('org', ['o'], { blocked: true }, author)
      expect(await who({ userId: 'u', teamId: 't' })).toMatchObject({ blocked: 'org' })
      await store.update('user', ['u'], { blocked: true }, author)
      expect(await who({ userId: 'u', teamId: 't' })).toMatchObject({ blocked: 'user' })
    })
  })
}
