import { beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../src/ids.ts'
import type { Changes, KeyQuery, NewBudget, PrincipalSource, TenantStore } from '../../src/tenants/port.ts'
import { entityName, scopeName } from '../../src/tenants/scope.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const author = { by: 'admin', nowMs: NOW }
const hashOf = (name: string) => name.padEnd(64, '0')

export interface TenantsWorld {
  readonly tenants: TenantStore & PrincipalSource
  /** The newest window of a scope has spent so much. */
  spend(scope: string, startMs: number, spentNano: bigint): Promise<void>
}

type NewKey = Changes<'key'> & { readonly id: string; readonly token: string }

const newKey = (name: string, more: Omit<Changes<'key'>, 'token'> = {}): NewKey => ({
  id: newId(NOW),
  token: hashOf(name),
  keyName: `sk-...${name}`,
  ...more,
})

const budget = (entity: string, limitNano: bigint, duration = 'life'): NewBudget => ({
  scope: scopeName(entity, duration),
  part: 'main',
  model: null,
  extraNano: 0n,
  extraUntilMs: null,
  limitNano,
  duration,
  timeZone: 'Europe/London',
  anchorMs: NOW,
  windowStartMs: duration === 'life' ? 0 : NOW - 3_600_000,
})

/** What a store of tenants promises, whichever it is. `makeWorld` gives an empty one. */
export function tenantsContract(name: string, makeWorld: () => Promise<TenantsWorld>) {
  describe(`tenants ${name}`, () => {
    let world: TenantsWorld
    let tenants: TenantsWorld['tenants']
    beforeEach(async () => {
      world = await makeWorld()
      tenants = world.tenants
    })

    const principal = async (name: string) => (await tenants.principalOf(hashOf(name), NOW + 5))?.value
    const createKey = ({ id, ...fields }: NewKey, by = author) => tenants.create('key', [{ id: [id], fields }], by)
    const createTeam = (teamId: string, fields: Changes<'team'> = {}) =>
      tenants.create('team', [{ id: [teamId], fields }], author)
    const createOrganization = (organizationId: string, fields: Changes<'org'> = {}) =>
      tenants.create('org', [{ id: [organizationId], fields: { organizationAlias: 'O', ...fields } }], author)

    it('a key alone is its own ledger and shows its life', async () => {
      const key = newKey('a', { keyAlias: 'first', metadata: { x: [1] }, models: ['m', 'n'] })
      await createKey(key)
      expect(await principal('a')).toEqual({
        kind: 'key',
        role: 'internal_user',
        keyId: key.id,
        keyHash: key.token,
        keyName: 'sk-...a',
        keyAlias: 'first',
        ledger: `key:${key.id}`,
        models: [{ level: 'key', names: ['m', 'n'] }],
        scopes: [{ name: `key:${key.id}@life`, duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: false }],
        limits: [],
        spendNano: 0n,
        metadata: { x: [1] },
        readAtMs: NOW + 5,
      })
      expect(await principal('b')).toBeUndefined()
    })

    it('a principal has the limits of key, team and organization', async () => {
      const organizationId = 'o:1@x=%'
      const org = entityName('org', organizationId)
      await createOrganization(organizationId, { rpmLimit: 9, budgets: [budget(org, 2n ** 62n)] })
      await createTeam('t', {
        teamAlias: 'T',
        organizationId,
        models: ['m'],
        tpmLimit: 2 ** 40,
        budgets: [budget('team:t', 70n, '30d')],
      })
      const key = newKey('a', { teamId: 't', userId: 'u', rpmLimit: 0, expiresAtMs: NOW + 60_000, blocked: true })
      await createKey(key)
      await world.spend('team:t@30d', NOW, 7n)
      expect(await principal('a')).toMatchObject({
        teamId: 't',
        teamAlias: 'T',
        organizationId,
        userId: 'u',
        ledger: org,
        models: [{ level: 'team', names: ['m'] }],
        blocked: 'key',
        expiresAtMs: NOW + 60_000,
        scopes: [
          { name: `key:${key.id}@life`, limited: false },
          { name: 'user:u@life', limited: false },
          { name: 'team:t@life', limited: false },
          { name: 'team:t@30d', duration: '30d', timeZone: 'Europe/London', anchorMs: NOW, limited: true },
          { name: 'member:t:u@life', limited: false },
          { name: `${org}@life`, duration: 'life', limited: true },
        ],
        limits: [
          { entity: `key:${key.id}`, rpm: 0 },
          { entity: 'team:t', tpm: 2 ** 40 },
          { entity: org, rpm: 9 },
        ],
      })
    })

    it('the ledger is that of the root owner', async () => {
      await createOrganization('o')
      await createTeam('t')
      await createKey(newKey('a', { teamId: 't', organizationId: 'o', userId: 'u' }))
      await createKey(newKey('b', { teamId: 't', userId: 'u' }))
      await createKey(newKey('c', { userId: 'u' }))
      expect((await principal('a'))?.ledger).toBe('org:o')
      expect((await principal('b'))?.ledger).toBe('team:t')
      expect((await principal('c'))?.ledger).toBe('user:u')
    })

    it('a blocked team or organization blocks the key', async () => {
      await createOrganization('o', { blocked: true })
      await createTeam('t', { blocked: true })
      await createKey(newKey('a', { teamId: 't' }))
      await createKey(newKey('b', { organizationId: 'o' }))
      expect([(await principal('a'))?.blocked, (await principal('b'))?.blocked]).toEqual(['team', 'org'])
    })

    it('spend is that of the newest window of its budget', async () => {
      const key = newKey('a')
      const entity = entityName('key', key.id)
      await createKey({ ...key, budgets: [budget(entity, 100n, '1d')] })
      await world.spend(`${entity}@life`, 0, 90n)
      await world.spend(`${entity}@1d`, NOW - 86_400_000, 60n)
      await world.spend(`${entity}@1d`, NOW, 30n)
      expect(await principal('a')).toMatchObject({ spendNano: 30n, maxBudgetNano: 100n })
      const found = await tenants.findKey({ id: key.id })
      expect(found?.windows).toEqual(
        expect.arrayContaining([
          { scope: `${entity}@1d`, startMs: NOW, spentNano: 30n },
          { scope: `${entity}@life`, startMs: 0, spentNano: 90n },
        ]),
      )
    })

    it('a change touches what it names and nothing else', async () => {
      const key = newKey('a', { keyAlias: 'x', rpmLimit: 1, tpmLimit: 2, models: ['m'], metadata: { a: 1 } })
      await createKey({ ...key, budgets: [budget(`key:${key.id}`, 5n)] })
      const changed = await tenants.update(
        'key',
        [key.id],
        { rpmLimit: null, blocked: true },
        { by: 'other', nowMs: NOW + 9 },
      )
      expect(changed).toMatchObject({
        keyAlias: 'x',
        rpmLimit: null,
        tpmLimit: 2,
        models: ['m'],
        metadata: { a: 1 },
        blocked: true,
        createdBy: 'admin',
        createdAtMs: NOW,
        updatedBy: 'other',
        updatedAtMs: NOW + 9,
        budgets: [{ limitNano: 5n }],
      })
      expect(await tenants.findKey({ alias: 'x' })).toEqual(changed)
      expect(await tenants.update('key', ['nobody'], { blocked: true }, author)).toBeUndefined()
    })

    it('a budget is replaced, or taken away', async () => {
      const key = newKey('a')
      const entity = `key:${key.id}`
      await createKey({ ...key, budgets: [budget(entity, 5n)] })
      const daily = await tenants.update('key', [key.id], { budgets: [budget(entity, 6n, '1d')] }, author)
      expect(daily?.budgets).toMatchObject([{ scope: `${entity}@1d`, limitNano: 6n, duration: '1d', anchorMs: NOW }])
      const none = await tenants.update('key', [key.id], { budgets: [] }, author)
      expect(none?.budgets).toEqual([])
    })

    it('names that clash or do not exist are refused, and nothing is written', async () => {
      await createTeam('t')
      await createKey(newKey('a', { keyAlias: 'x' }))
      const refused = (work: Promise<unknown>) => expect(work).rejects
      await refused(createKey(newKey('b', { keyAlias: 'x' }))).toMatchObject({
        status: 400,
        details: { param: 'key_alias' },
      })
      await refused(createKey(newKey('a'))).toMatchObject({ status: 400, details: { param: 'key' } })
      await refused(createKey(newKey('b', { teamId: 'no' }))).toMatchObject({
        status: 400,
        details: { param: 'team_id' },
      })
      await refused(createKey(newKey('b', { organizationId: 'no' }))).toMatchObject({
        details: { param: 'organization_id' },
      })
      await refused(createTeam('t')).toMatchObject({
        status: 400,
        details: { param: 'team_id' },
      })
      await refused(createTeam('s', { organizationId: 'no' })).toMatchObject({
        details: { param: 'organization_id' },
      })
      expect(await principal('b')).toBeUndefined()
      expect(await tenants.find('team', ['s'])).toBeUndefined()
    })

    it('a deleted key is gone with its budget', async () => {
      const key = newKey('a')
      await createKey({ ...key, budgets: [budget(`key:${key.id}`, 5n)] })
      await createKey(newKey('b'))
      expect(await tenants.deleteKeys([hashOf('a'), hashOf('nobody')])).toEqual([hashOf('a')])
      expect(await principal('a')).toBeUndefined()
      expect(await principal('b')).toBeDefined()
    })

    it('keys are listed by page, filter and order', async () => {
      await createTeam('t')
      for (const [i, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
        const key = newKey(name, { keyAlias: name, teamId: i % 2 === 0 ? 't' : null })
        const entity = `key:${key.id}`
        await createKey(
          { ...key, budgets: i === 0 ? undefined : [budget(entity, BigInt(10 - i))] },
          { by: 'x', nowMs: NOW + i },
        )
        await world.spend(`${entity}@life`, 0, BigInt(i * i))
      }
      const listed = async (query: Partial<KeyQuery>) => {
        const { keys, total } = await tenants.listKeys({
          page: 1,
          size: 10,
          sortBy: 'created_at',
          sortOrder: 'desc',
          ...query,
        })
        return `${keys.map(({ keyAlias }) => keyAlias).join('')} of ${total}`
      }
      expect(await listed({})).toBe('edcba of 5')
      expect(await listed({ size: 2, page: 2 })).toBe('cb of 5')
      expect(await listed({ teamId: 't', sortOrder: 'asc' })).toBe('ace of 3')
      expect(await listed({ keyAlias: 'd' })).toBe('d of 1')
      expect(await listed({ sortBy: 'max_budget', sortOrder: 'asc' })).toBe('aedcb of 5')
      expect(await listed({ sortBy: 'spend', sortOrder: 'desc' })).toBe('edcba of 5')
      expect(await listed({ page: 9 })).toBe(' of 5')
    })

    it('teams are found by their organization', async () => {
      await createOrganization('o', { models: ['m'] })
      await createTeam('s', { organizationId: 'o' })
      await createTeam('t')
      expect((await tenants.belonging('team', { organizationId: 'o' })).map(({ teamId }) => teamId)).toEqual(['s'])
      expect(await tenants.find('org', ['o'])).toMatchObject({
        organizationAlias: 'O',
        models: ['m'],
        createdBy: 'admin',
      })
      expect(await tenants.find('org', ['x'])).toBeUndefined()
    })
  })
}
