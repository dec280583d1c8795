import { beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../src/ids.ts'
import type { Changes, KeyQuery, ListQuery, NewBudget, PrincipalSource, TenantStore } from '../../src/tenants/port.ts'
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
      await createTeam('inside', { organizationId: 'o' })
      await createKey(newKey('a', { teamId: 'inside', userId: 'u' }))
      await createKey(newKey('b', { teamId: 't', userId: 'u' }))
      await createKey(newKey('c', { userId: 'u' }))
      await createKey(newKey('d', { organizationId: 'o', userId: 'u' }))
      // Nobody may make such a key; one that is there all the same counts with its team.
      await createKey(newKey('e', { teamId: 't', organizationId: 'o' }))
      const ledgers = ['a', 'b', 'c', 'd', 'e'].map(async (name) => (await principal(name))?.ledger)
      expect(await Promise.all(ledgers)).toEqual(['org:o', 'team:t', 'user:u', 'org:o', 'team:t'])
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

    it('lists that bind are changed one by one, over what is there by then', async () => {
      const key = newKey('a', { metadata: { a: 1, allowed_ips: ['10.0.0.1'] } })
      await createKey(key)
      const change = (changes: Changes<'key'>) => tenants.update('key', [key.id], changes, author)
      await Promise.all([
        change({ bound: { allowed_cache_controls: ['ttl'] } }),
        change({ metadata: { b: 2 }, bound: {} }),
        change({ bound: { enforced_params: ['user'] } }),
      ])
      const all = { allowed_cache_controls: ['ttl'], allowed_ips: ['10.0.0.1'], enforced_params: ['user'] }
      expect((await tenants.find('key', [key.id]))?.metadata).toEqual({ b: 2, ...all })
      const { enforced_params: _, ...fewer } = all
      expect((await change({ bound: { enforced_params: [] } }))?.metadata).toEqual({ b: 2, ...fewer })
      expect((await change({ metadata: { c: 3 } }))?.metadata).toEqual({ c: 3 })
    })

    it('whom an entity wants told changes one by one, and nothing else of its metadata with it', async () => {
      await createTeam('t')
      const change = (changes: Changes<'team'>) => tenants.update('team', ['t'], changes, author)
      const sink = (callback_name: string, sealed = 's') => ({ callback_name, sealed })
      await change({ metadata: { a: 1, logging: 'all' } })
      await Promise.all([change({ callback: sink('otel') }), change({ callback: sink('sentry') })])
      const there = (await change({ callback: sink('otel', 'anew') }))?.metadata
      expect(there).toEqual({ a: 1, logging: [sink('sentry'), sink('otel', 'anew')] })
      await Promise.all([change({ callback: sink('langfuse') }), change({ bound: { allowed_ips: ['10.0.0.1'] } })])
      const logging = [sink('sentry'), sink('otel', 'anew'), sink('langfuse')]
      expect((await tenants.find('team', ['t']))?.metadata).toEqual({ a: 1, allowed_ips: ['10.0.0.1'], logging })
      expect((await change({ callback: null }))?.metadata).toEqual({ a: 1, allowed_ips: ['10.0.0.1'], logging: [] })
    })

    it('keys to which limits are guaranteed are found among the others', async () => {
      await createTeam('t')
      await createKey(newKey('a', { teamId: 't', rpmLimitType: 'guaranteed_throughput' }))
      await createKey(newKey('b', { teamId: 't', tpmLimitType: 'guaranteed_throughput' }))
      await createKey(newKey('c', { teamId: 't', rpmLimitType: 'best_effort_throughput' }))
      await createKey(newKey('d', { teamId: 't' }))
      const query = { page: 1, size: 10, sortBy: 'token', sortOrder: 'asc', teamId: 't', isGuaranteed: true } as const
      const { keys, total } = await tenants.listKeys(query)
      expect([keys.map(({ token }) => token), total]).toEqual([[hashOf('a'), hashOf('b')], 2])
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
      expect(await tenants.deleteKeys([hashOf('a'), hashOf('nobody')], author)).toEqual([hashOf('a')])
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

    it('an entity has several budgets; those that stay keep their windows', async () => {
      const key = newKey('a')
      const entity = `key:${key.id}`
      const daily = { ...budget(entity, 3n, '1d'), part: 'window' as const }
      const model = { ...budget(entity, 1n, '1d'), scope: `${entity}:model=m@1d`, part: 'model' as const, model: 'm' }
      await createKey({ ...key, budgets: [budget(entity, 5n), daily, model] })
      const later = { ...daily, limitNano: 4n, timeZone: 'UTC', anchorMs: NOW + 9 }
      const changed = await tenants.update('key', [key.id], { budgets: [later, model] }, author)
      expect(changed?.budgets).toMatchObject([
        { scope: `${entity}:model=m@1d`, part: 'model', model: 'm', limitNano: 1n },
        { scope: `${entity}@1d`, part: 'window', limitNano: 4n, timeZone: 'Europe/London', anchorMs: NOW },
      ])
      const raised = { ...later, extraNano: 2n, extraUntilMs: NOW + 60_000 }
      const higher = await tenants.update('key', [key.id], { budgets: [raised] }, author)
      expect(higher?.budgets).toMatchObject([{ limitNano: 4n, extraNano: 2n, extraUntilMs: NOW + 60_000 }])
      expect((await principal('a'))?.scopes).toEqual([
        { name: `${entity}@life`, duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: false },
        { name: `${entity}@1d`, duration: '1d', timeZone: 'Europe/London', anchorMs: NOW, limited: true },
      ])
    })

    it('everything with limits has the same fields', async () => {
      const fields = {
        models: ['m'],
        metadata: { x: [1] },
        rpmLimit: 1,
        tpmLimit: 2 ** 40,
        maxParallelRequests: 3,
        softBudgetNano: 2n ** 60n,
        modelRpmLimit: { m: 1 },
        modelTpmLimit: { m: 2 },
        blocked: true,
      }
      await createTeam('t', fields)
      await createOrganization('o', fields)
      await tenants.create('user', [{ id: ['u'], fields: { ...fields, userEmail: 'u@example.com' } }], author)
      await tenants.create('member', [{ id: ['t', 'u'], fields: { ...fields, role: 'admin' } }], author)
      await tenants.create('customer', [{ id: ['c'], fields: { ...fields, alias: 'C' } }], author)
      await tenants.create('tag', [{ id: ['g'], fields: { ...fields, description: 'G' } }], author)
      const found = [
        await tenants.find('team', ['t']),
        await tenants.find('org', ['o']),
        await tenants.find('user', ['u']),
        await tenants.find('member', ['t', 'u']),
        await tenants.find('customer', ['c']),
        await tenants.find('tag', ['g']),
      ]
      for (const record of found) {
        expect(record).toMatchObject({ ...fields, budgetId: null, template: null, budgets: [], windows: [] })
      }
      expect(found.slice(2)).toMatchObject([
        { userId: 'u', userEmail: 'u@example.com', userAlias: null, userRole: 'internal_user' },
        { teamId: 't', userId: 'u', role: 'admin' },
        { userId: 'c', alias: 'C' },
        { name: 'g', description: 'G' },
      ])
      expect((await tenants.belonging('member', { userId: 'u' })).map(({ teamId }) => teamId)).toEqual(['t'])
      await expect(tenants.create('customer', [{ id: ['c'], fields: {} }], author)).rejects.toMatchObject({
        status: 400,
        details: { param: 'user_id' },
      })
      await expect(
        tenants.create('user', [{ id: ['v'], fields: { userEmail: 'u@example.com' } }], author),
      ).rejects.toMatchObject({ details: { param: 'user_email' } })
    })

    it('a principal is of its user and its membership too', async () => {
      await createTeam('t')
      await tenants.create(
        'member',
        [
          { id: ['t', 'u'], fields: { rpmLimit: 4, budgets: [budget('member:t:u', 7n)] } },
          { id: ['t', 'v'], fields: {} },
        ],
        author,
      )
      await tenants.update('user', ['u'], { tpmLimit: 5, modelRpmLimit: { m: 1 } }, author)
      const key = newKey('a', { teamId: 't', userId: 'u' })
      await createKey(key)
      const copy = await tenants.principalOf(hashOf('a'), NOW + 5)
      expect(copy?.names).toEqual([`key:${key.id}`, 'user:u', 'team:t', 'member:t:u'])
      expect(copy?.value.scopes).toContainEqual(expect.objectContaining({ name: 'member:t:u@life', limited: true }))
      expect(copy?.value.limits).toEqual([
        { entity: 'user:u', tpm: 5 },
        { entity: 'user:u:model=m', model: 'm', rpm: 1 },
        { entity: 'member:t:u', rpm: 4 },
      ])
      await expect(tenants.create('member', [{ id: ['no', 'u'], fields: {} }], author)).rejects.toMatchObject({
        details: { param: 'team_id' },
      })
    })

    it('what is written beside an entity is there with it, or nothing is', async () => {
      const beside = (id: string, token: string) => ({
        key: { id: [id], fields: { token, keyName: 'k', userId: 'u' } },
      })
      await tenants.create('user', [{ id: ['u'], fields: {} }], author, beside('k1', 'h1'))
      expect((await tenants.findKey({ token: 'h1' }))?.userId).toBe('u')
      // The key's hash is taken, so the user is not made either.
      await expect(tenants.create('user', [{ id: ['v'], fields: {} }], author, beside('k2', 'h1'))).rejects.toThrow()
      expect(await tenants.find('user', ['v'])).toBeUndefined()
      const template = { budgetId: 'members', fields: { maxBudgetNano: 5n, anchorMs: NOW } }
      const fields = { memberBudgetId: 'members' }
      await tenants.create('team', [{ id: ['t1'], fields }], author, { template })
      await expect(tenants.create('team', [{ id: ['t2'], fields }], author, { template })).rejects.toThrow()
      expect(await tenants.find('team', ['t2'])).toBeUndefined()
      await tenants.create('customer', [{ id: ['c:1'], fields: { budgetId: 'members' } }], author)
      const changed = { budgetId: 'members', fields: { rpmLimit: 7 }, budgets: [] }
      await tenants.update('team', ['t1'], { teamAlias: 'T' }, author, { template: changed })
      expect((await tenants.findTemplate('members'))?.rpmLimit).toBe(7)
      expect(await tenants.linkedTo('members')).toEqual(['customer:c%3a1'])
    })

    it('a template gives its rates and its budgets to everyone linked', async () => {
      await tenants.createTemplate(
        'b',
        { maxBudgetNano: 5n, rpmLimit: 9, modelMaxBudget: { m: { budget_limit: 1 } } },
        author,
      )
      await expect(tenants.createTemplate('b', {}, author)).rejects.toMatchObject({ details: { param: 'budget_id' } })
      await expect(createTeam('t', { budgetId: 'no' })).rejects.toMatchObject({ details: { param: 'budget_id' } })
      const odd = 'c:1@x=%'
      const entity = entityName('customer', odd)
      const window = { ...budget(entity, 3n, '1d'), part: 'window' as const }
      await tenants.create(
        'customer',
        [{ id: [odd], fields: { budgetId: 'b', budgets: [budget(entity, 5n), window] } }],
        author,
      )
      const before = await tenants.generation(NOW)
      const template = await tenants.updateTemplate(
        'b',
        { maxBudgetNano: 8n },
        [{ ...budget('', 8n), scope: '@life' }],
        author,
      )
      expect(template).toMatchObject({ budgetId: 'b', maxBudgetNano: 8n, rpmLimit: 9, modelMaxBudget: { m: {} } })
      const customer = await tenants.find('customer', [odd])
      expect(customer?.budgets.map(({ scope, limitNano }) => [scope, limitNano])).toEqual([
        [`${entity}@1d`, 3n],
        [`${entity}@life`, 8n],
      ])
      expect(customer?.template).toEqual(template)
      const { value } = await tenants.standingOf('customer', odd, NOW)
      expect(value.limits).toEqual([{ entity, rpm: 9 }])
      const { number, changed } = await tenants.generation(NOW)
      expect([number, changed.at(-1)?.ids]).toEqual([before.number + 1, [entity]])
      expect(await tenants.updateTemplate('no', {}, [], author)).toBeUndefined()
      expect(await tenants.findTemplate('no')).toBeUndefined()
    })

    it('a regenerated key is found by its new hash, and by the old one until its grace ends', async () => {
      const key = newKey('a', { keyAlias: 'x' })
      await createKey(key)
      const token = { token: hashOf('n'), keyName: 'sk-...n', graceUntilMs: NOW + 60_000 }
      const record = await tenants.regenerateKey(key.id, token, { rpmLimit: 2 }, author)
      expect(record).toMatchObject({ id: key.id, token: hashOf('n'), keyAlias: 'x', rpmLimit: 2 })
      expect(await principal('n')).toMatchObject({ keyId: key.id, keyHash: hashOf('n') })
      expect(await principal('a')).toMatchObject({ keyId: key.id, expiresAtMs: NOW + 60_000 })
      expect(await tenants.principalOf(hashOf('a'), NOW + 60_000)).toBeUndefined()
      expect(await tenants.regenerateKey('nobody', token, {}, author)).toBeUndefined()
    })

    it('a customer or a tag that nobody made stands all the same', async () => {
      const life = { name: 'customer:c@life', duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: false }
      expect(await tenants.standingOf('customer', 'c', NOW)).toEqual({
        value: { scopes: [life], limits: [], models: [] },
        names: ['customer:c'],
        generation: 0,
        readAtMs: NOW,
      })
      expect((await tenants.standingOf('tag', 'g', NOW)).value.scopes).toEqual([])
    })

    it('every write raises the generation, and a copy says under which it was read', async () => {
      const key = newKey('a')
      await createKey(key)
      const copy = await tenants.principalOf(hashOf('a'), NOW)
      expect(await tenants.generation(NOW)).toEqual({
        number: copy?.generation,
        changed: [{ number: 1, ids: [`key:${key.id}`] }],
        readAtMs: NOW,
      })
      await tenants.resetSpend([{ operation: newId(NOW), scope: `key:${key.id}@life`, startMs: 0, targetNano: 0n }])
      await tenants.deleteKeys([hashOf('a')], author)
      const { number, changed } = await tenants.generation(NOW)
      expect([number, changed.map(({ ids }) => ids[0])]).toEqual([3, Array(3).fill(`key:${key.id}`)])
    })

    it('a list is narrowed, sorted, paged, and says how many there are', async () => {
      for (const [n, teamId] of ['b', 'c', 'a'].entries()) {
        const fields = { teamAlias: n === 1 ? null : `Alias ${teamId}`, memberPermissions: ['/key/info'] }
        await tenants.create('team', [{ id: [teamId], fields }], { ...author, nowMs: NOW + n })
      }
      const ids = async (query: Partial<ListQuery<'team'>>) => {
        const base = { page: 1, size: 2, sortBy: 'createdAtMs', sortOrder: 'asc' } as const
        const { found, total } = await tenants.list('team', { ...base, ...query })
        return [found.map(({ teamId }) => teamId).join(''), total]
      }
      expect(await ids({})).toEqual(['bc', 3])
      expect(await ids({ page: 2 })).toEqual(['a', 3])
      expect(await ids({ sortBy: 'teamId', sortOrder: 'desc' })).toEqual(['cb', 3])
      expect(await ids({ ids: ['a', 'x'] })).toEqual(['a', 1])
      expect(await ids({ is: { teamAlias: null } })).toEqual(['c', 1])
      expect(await ids({ has: { teamAlias: 'ALIAS A' } })).toEqual(['a', 1])
      expect((await tenants.find('team', ['a']))?.memberPermissions).toEqual(['/key/info'])
    })

    it('keys are listed for whoever may see them', async () => {
      await createTeam('t')
      await createKey(newKey('a', { userId: 'u' }))
      await createKey(newKey('b', { teamId: 't', aliases: { fast: 'm' }, allowedRoutes: ['llm_api_routes'] }))
      await createKey(newKey('c'))
      const query = { page: 1, size: 10, sortBy: 'token', sortOrder: 'asc' } as const
      const seen = async (seenBy: KeyQuery['seenBy']) => {
        const { keys, total } = await tenants.listKeys({ ...query, seenBy })
        return [keys.map(({ token }) => token[0]).join(''), total]
      }
      expect(await seen({ userId: 'u', teamIds: ['t'] })).toEqual(['ab', 2])
      expect(await seen({ teamIds: [] })).toEqual(['', 0])
      await createKey(newKey('d', { userId: 'u', keyAlias: 'Alias-D' }))
      const named = async (aliasHas: string) => (await tenants.listKeys({ ...query, aliasHas })).total
      expect([await named(''), await named('s-d'), await named('x')]).toEqual([1, 1, 0])
      expect((await tenants.keyCounts(['u', 'v'])).get('u')).toBe(2)
      expect(await tenants.findKey({ token: hashOf('b') })).toMatchObject({
        aliases: { fast: 'm' },
        allowedRoutes: ['llm_api_routes'],
      })
    })

    it.each([
      ['team', ['t'], ['c']],
      ['org', ['o'], ['c']],
      ['user', ['u'], ['b']],
      ['member', ['t', 'u'], ['b', 'c']],
    ] as const)('removing a %s takes with it what is its own', async (kind, id, left) => {
      await createOrganization('o')
      await createTeam('t', { organizationId: 'o', budgets: [budget('team:t', 5n)] })
      await tenants.create('member', [{ id: ['t', 'u'], fields: {} }], author)
      await createKey(newKey('a', { teamId: 't', userId: 'u' }))
      await createKey(newKey('b', { teamId: 't' }))
      await createKey(newKey('c', { userId: kind === 'user' ? 'u' : 'v' }))
      expect(await tenants.remove(kind, [id, id.map(() => 'nobody')], author)).toBe(1)
      expect(await tenants.find(kind, id)).toBeUndefined()
      expect(await tenants.find('member', ['t', 'u'])).toBeUndefined()
      const there = ['a', 'b', 'c'].map(async (name) => ((await principal(name)) ? [name] : []))
      expect((await Promise.all(there)).flat()).toEqual(left)
      expect(await tenants.remove(kind, [id], author)).toBe(0)
    })

    it('a template goes when nobody has it', async () => {
      await tenants.createTemplate('b', { maxBudgetNano: 1n }, author)
      await tenants.createTemplate('a', {}, author)
      await createTeam('t', { memberBudgetId: 'b' })
      expect((await tenants.listTemplates()).map(({ budgetId }) => budgetId)).toEqual(['a', 'b'])
      await expect(tenants.removeTemplate('b', author)).rejects.toMatchObject({ kind: 'conflict' })
      expect([await tenants.removeTemplate('a', author), await tenants.removeTemplate('a', author)]).toEqual([
        true,
        false,
      ])
      expect(await tenants.findTemplate('b')).toBeDefined()
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
