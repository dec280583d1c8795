import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eraseDeleted } from '../../src/audit/erase-neon.ts'
import { memoryAudit } from '../../src/audit/memory.ts'
import { dropOldAudit, neonAudit } from '../../src/audit/neon.ts'
import type { AuditLog, AuditQuery, AuditRow } from '../../src/audit/port.ts'
import { recordSpend } from '../../src/db/statements.ts'
import { newId } from '../../src/ids.ts'
import { neonModels } from '../../src/models/neon.ts'
import { keyRing, sealer } from '../../src/seal.ts'
import { keepFileLimits } from '../../src/tenants/file-limits-neon.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { neonOrganizationMembers } from '../../src/tenants/organization-members-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

const NOW = Date.now()
const from = {
  keyHash: 'hash-of-ada',
  userId: 'ada',
  role: 'proxy_admin',
  route: 'POST /key/generate',
  requestId: 'r-1',
  ip: '203.0.113.9',
  userAgent: 'curl/8',
  recorded: true,
}
const ada = { by: 'ada', nowMs: NOW, from }
const everything: AuditQuery = { page: 1, size: 100, sortBy: 'at', sortOrder: 'desc' }

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const query = async (text: string, values: unknown[] = []) => (await postgres.pool.query(text, values)).rows
const log = async (over: Partial<AuditQuery> = {}) =>
  (await neonAudit(postgres.db).page({ ...everything, ...over })).found

const rows: readonly AuditRow[] = ['a', 'b', 'c', 'd', 'e'].map((id, n) => ({
  id,
  atMs: NOW + (n === 2 ? 1 : n) * 1000,
  action: n % 2 === 0 ? 'created' : 'updated',
  kind: n < 3 ? 'key' : 'team',
  objectId: n < 3 ? `k${n}` : `t${n}`,
  token: n < 3 ? `h${n}` : null,
  teamId: n === 0 ? null : 't3',
  before: null,
  after: { n },
  changedBy: n === 4 ? 'ben' : 'ada',
  changedByKey: 'master',
  userId: null,
  role: null,
  route: null,
  requestId: null,
  ip: null,
  userAgent: null,
}))

function contract(name: string, make: () => Promise<AuditLog>): void {
  describe(`a log of changes ${name}`, () => {
    it('is filtered, sorted and paged, with the total of what is asked for', async () => {
      const audit = await make()
      const ids = async (over: Partial<AuditQuery>) => {
        const { found, total } = await audit.page({ ...everything, ...over })
        return [found.map(({ id }) => id).join(''), total]
      }
      expect(await ids({})).toEqual(['edcba', 5])
      expect(await ids({ sortOrder: 'asc' })).toEqual(['abcde', 5])
      expect(await ids({ size: 2, page: 2 })).toEqual(['cb', 5])
      expect(await ids({ size: 2, after: 'c' })).toEqual(['ba', 5])
      expect(await ids({ size: 2, after: 'nobody' })).toEqual(['', 5])
      expect(await ids({ changedBy: 'ben' })).toEqual(['e', 1])
      expect(await ids({ action: 'updated', kind: 'team' })).toEqual(['d', 1])
      expect(await ids({ objectId: 'k1' })).toEqual(['b', 1])
      expect(await ids({ objectId: 'h1' })).toEqual(['b', 1])
      expect(await ids({ token: 'h2' })).toEqual(['c', 1])
      expect(await ids({ teamId: 't3', kind: 'key' })).toEqual(['cb', 2])
      expect(await ids({ fromMs: NOW + 1000, toMs: NOW + 3000 })).toEqual(['dcb', 3])
      expect(await ids({ sortBy: 'objectId', sortOrder: 'asc' })).toEqual(['abcde', 5])
      expect(await audit.find('c')).toEqual(rows[2])
      expect(await audit.find('x')).toBeUndefined()
    })
  })
}

contract('in memory', async () => memoryAudit(rows))
contract('in Postgres', async () => {
  await query('truncate audit_log')
  for (const row of rows)
    await query(
      `insert into audit_log (id, at, action, kind, object_id, token, team_id, after, changed_by, changed_by_key)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        row.id,
        new Date(row.atMs),
        row.action,
        row.kind,
        row.objectId,
        row.token,
        row.teamId,
        row.after,
        row.changedBy,
        row.changedByKey,
      ],
    )
  return neonAudit(postgres.db)
})

describe('what admins change in Postgres', () => {
  const tenants = () => neonTenants(postgres.db)
  const clean = () =>
    query(
      'truncate audit_log, virtual_key, organization, team, internal_user, budget, spend_log, budget_window, erasure, archived_entity, stored_config cascade',
    )
  const main = (entity: string, limitNano: bigint) => ({
    scope: `${entity}@30d`,
    part: 'main' as const,
    model: null,
    limitNano,
    extraNano: 0n,
    extraUntilMs: null,
    duration: '30d',
    timeZone: 'UTC',
    anchorMs: 0,
    windowStartMs: NOW - 1000,
  })

  it('leaves a row with who, what, from where, before and after; a budget is told with its key', async () => {
    await clean()
    const fields = {
      token: 'h1',
      keyName: 'sk-...abcd',
      keyAlias: 'one',
      models: ['gpt'],
      budgets: [main('key:k1', 5n)],
    }
    await tenants().create('key', [{ id: ['k1'], fields }], ada)
    await tenants().update('key', ['k1'], { keyAlias: 'two', budgets: [main('key:k1', 7n)] }, ada)
    await tenants().update('key', ['k1'], { blocked: true }, ada)
    await tenants().update('key', ['k1'], { blocked: true }, { by: 'ben', nowMs: NOW + 5 })
    await tenants().regenerateKey('k1', { token: 'h2', keyName: 'sk-...efgh', graceUntilMs: null }, {}, ada)
    await tenants().deleteKeys(['h2'], ada)
    const found = (await log({ objectId: 'k1', sortOrder: 'asc' })).toSorted((a, b) => a.atMs - b.atMs)
    expect(found.map(({ action }) => action)).toEqual(['created', 'updated', 'blocked', 'rotated', 'deleted'])
    const [created, updated, , rotated, deleted] = found
    expect(created).toMatchObject({
      kind: 'key',
      token: 'h1',
      before: null,
      changedBy: 'ada',
      changedByKey: 'hash-of-ada',
      userId: 'ada',
      role: 'proxy_admin',
      route: 'POST /key/generate',
      requestId: 'r-1',
      ip: '203.0.113.9',
      userAgent: 'curl/8',
    })
    expect(created?.after).toMatchObject({
      key_alias: 'one',
      models: ['gpt'],
      budgets: { 'key:k1@30d': { limit_nano: 5 } },
    })
    expect(updated?.before).toMatchObject({ key_alias: 'one', budgets: { 'key:k1@30d': { limit_nano: 5 } } })
    expect(updated?.after).toMatchObject({ key_alias: 'two', budgets: { 'key:k1@30d': { limit_nano: 7 } } })
    expect(Object.keys(updated?.after ?? {}).toSorted()).toEqual(['budgets', 'key_alias'])
    expect(rotated).toMatchObject({ before: { token: 'h1' }, after: { token: 'h2' } })
    expect(deleted?.before).toMatchObject({ key_alias: 'two', budgets: { 'key:k1@30d': { limit_nano: 7 } } })
  })

  it('leaves none where nothing changed, the change failed, the file ordered it, or the operator wants none', async () => {
    await clean()
    await tenants().create('team', [{ id: ['t1'], fields: { teamAlias: 'a' } }], ada)
    await tenants().update('team', ['t1'], { teamAlias: 'a' }, ada)
    await expect(
      tenants().create(
        'team',
        [
          { id: ['t2'], fields: {} },
          { id: ['t1'], fields: {} },
        ],
        ada,
      ),
    ).rejects.toThrow()
    await keepFileLimits(postgres.db, { timeZone: 'UTC', everyone: { limitUsd: 5, duration: '1d' } })
    await tenants().update('team', ['t1'], { teamAlias: 'b' }, { ...ada, from: { ...from, recorded: false } })
    expect((await log()).map(({ action, objectId }) => [action, objectId])).toEqual([['created', 't1']])
  })

  it('tells also what was changed past the gateway', async () => {
    await clean()
    await query("insert into team (team_id, team_alias) values ('t1', 'x')")
    expect(await log()).toMatchObject([{ changedBy: 'database:postgres', changedByKey: null, action: 'created' }])
  })

  it('never tells a secret', async () => {
    await clean()
    const models = neonModels(postgres.db, () => keyRing([sealer('salt', (bytes) => crypto.getRandomValues(bytes))]))
    const row = { kind: 'credential' as const, id: 'c1', info: { note: 'n' } }
    await models.create<'credential'>({ ...row, secret: { api_key: 'sk-very-secret-1' } }, ada)
    await models.replace<'credential'>({ ...row, secret: { api_key: 'sk-very-secret-2' } }, ada)
    await models.remove('credential', 'c1', ada)
    const metadata = {
      logging: [{ callback_vars: { langfuse_secret_key: 'lf-1', langfuse_host: 'h' } }],
      note: 'use sk-abcdefghijkl',
      endpoint: { headers: { 'x-api-key': 'planted-1', Cookie: 'planted-2', accept: 'json' }, api_keys: ['planted-3'] },
      slack_webhook_url: 'planted-4',
      places: ['https://u:planted-5@host/x', 'https://hooks.slack.com/services/planted-6', 'https://host/x'],
      google: 'AIzaplanted-7-and-more',
      max_tokens: 5,
      token_budget: 7,
    }
    await tenants().create('team', [{ id: ['t1'], fields: { metadata } }], ada)
    const found = await log({ sortOrder: 'asc' })
    expect(found.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
      'credential created',
      'credential updated',
      'credential deleted',
      'team created',
    ])
    expect(found[1]).toMatchObject({ before: { sealed: '(secret)' }, after: { sealed: '(changed)' } })
    expect(found[3]?.after?.metadata).toEqual({
      logging: [{ callback_vars: { langfuse_secret_key: '(secret)', langfuse_host: 'h' } }],
      note: '(secret)',
      endpoint: { headers: { 'x-api-key': '(secret)', Cookie: '(secret)', accept: 'json' }, api_keys: ['(secret)'] },
      slack_webhook_url: '(secret)',
      places: ['(secret)', '(secret)', 'https://host/x'],
      google: '(secret)',
      max_tokens: 5,
      token_budget: 7,
    })
    const sealed = JSON.stringify(found)
    for (const secret of ['very-secret', 'lf-1', 'abcdefghijkl', 'planted']) expect(sealed).not.toContain(secret)
    expect(sealed).not.toMatch(/[\w+/]{16}={0,2}\.[\w+/]{20}/)
  })

  it('tells a window that was set back', async () => {
    await clean()
    await tenants().create('key', [{ id: ['k1'], fields: { token: 'h1', keyName: 'k' } }], ada)
    await query("insert into budget_window (scope, window_start, spent) values ('key:k1@life', to_timestamp(0), 900)")
    const reset = { operation: newId(NOW), scope: 'key:k1@life', startMs: 0, targetNano: 100n }
    await tenants().resetSpend([reset], ada)
    expect((await log({ action: 'updated' }))[0]).toMatchObject({
      objectId: 'k1',
      before: { spend_nano: { 'key:k1@life': 900 } },
      after: { spend_nano: { 'key:k1@life': 100 } },
    })
  })

  it('is forgotten when the operator says so', async () => {
    await clean()
    await tenants().create('team', [{ id: ['t1'], fields: {} }], ada)
    await dropOldAudit(postgres.db, NOW - 60_000)
    expect(await log()).toHaveLength(1)
    await dropOldAudit(postgres.db, Date.now() + 60_000)
    expect(await log()).toHaveLength(0)
  })

  const LOGS = ['spend_log', 'spend_daily', 'budget_window', 'audit_log']

  it('makes a deleted person nobody in every row, and changes no sum', async () => {
    await clean()
    await tenants().create('team', [{ id: ['t1'], fields: {} }], ada)
    await tenants().create('user', [{ id: ['eve'], fields: { userEmail: 'eve@example.com', userAlias: 'Eve E' } }], ada)
    await tenants().create('user', [{ id: ['eve2'], fields: {} }], ada)
    await tenants().create('member', [{ id: ['t1', 'eve'], fields: {} }], ada)
    const key = { token: 'h1', keyName: 'sk-...abcd', keyAlias: 'laptop of Eve', userId: 'eve', teamId: 't1' }
    await tenants().create('key', [{ id: ['k1'], fields: key }], ada)
    await tenants().create('org', [{ id: ['o1'], fields: { organizationAlias: 'O' } }], ada)
    const inO1 = (userId: string, role: 'org_admin' | 'internal_user') => ({ organizationId: 'o1', userId, role })
    await neonOrganizationMembers(postgres.db).add([inO1('eve', 'org_admin')], [], ada)
    const byEve = { ...ada, by: 'eve', from: { ...from, userId: 'eve' } }
    await neonOrganizationMembers(postgres.db).add([inO1('eve2', 'internal_user')], [], byEve)
    await tenants().update('team', ['t1'], { teamAlias: 'x' }, byEve)
    const scopes = (user: string) => ['key:k1@life', `member:t1:${user}@life`, `user:${user}@life`]
    const events = ['eve', 'eve2'].map((user, n) =>
      spendEventOf({
        id: newId(NOW - 1000 + n),
        start_ms: NOW - 1000,
        cost_nano: '70',
        user,
        key_alias: user === 'eve' ? 'laptop of Eve' : null,
        // As who acts without a key.
        key_id: `member:t1:${user}`,
        api_key: `member:t1:${user}`,
        scopes: scopes(user),
        windows: [0, 0, 0],
        covered: [false, false, false],
      }),
    )
    await recordSpend(postgres.db, JSON.stringify(events))
    const sums = () =>
      query(`select (select sum(cost_nano) from spend_log) as log, (select sum(spent) from budget_window) as windows,
        (select count(*) from spend_log s, unnest(s.scopes) c(scope) where not exists (select from budget_window w where w.scope = c.scope)) as lost`)
    const before = await sums()
    expect(Number(before[0]?.log)).toBeGreaterThan(0)

    await tenants().remove('user', [['eve']], ada)
    await eraseDeleted(postgres.db, NOW)
    expect(await query(`select 1 from spend_log where "user" = 'eve'`)).toHaveLength(1)
    await eraseDeleted(postgres.db, NOW + 2 * 3_600_000)
    await eraseDeleted(postgres.db, NOW + 3 * 3_600_000)

    expect(await sums()).toEqual(before)
    const everywhere = JSON.stringify(
      await Promise.all(
        [...LOGS, 'archived_entity', 'team', 'virtual_key', 'organization_membership'].map((table) =>
          query(`select * from ${table}`),
        ),
      ),
      (_, value) => (typeof value === 'bigint' ? String(value) : value),
    ).replaceAll('eve2', '')
    expect(everywhere).not.toMatch(/eve\b|Eve/)
    expect((await query(`select count(*) as n from spend_log where "user" like 'erased-%'`))[0]?.n).toBe('1')
    expect((await query(`select count(*) as n from spend_log where "user" = 'eve2'`))[0]?.n).toBe('1')
    expect(await query('select 1 from erasure')).toHaveLength(1)
    await eraseDeleted(postgres.db, NOW + 16 * 24 * 3_600_000)
    expect(await query('select 1 from erasure')).toHaveLength(0)
  })

  it('takes the person out of the days that are added up, late ones too', async () => {
    await clean()
    await query(`create table if not exists spend_daily (kind text, entity text, day date, key_id text default '',
      primary key (kind, entity, day, key_id))`)
    await query('delete from spend_daily')
    const [others] = await query(`select string_agg(format('%I', column_name), ', ') as names,
        string_agg(case data_type when 'bigint' then '0' else '''''' end, ', ') as nothing
      from information_schema.columns where table_name = 'spend_daily' and column_name not in ('kind', 'entity', 'day')`)
    const spent = (day: string) =>
      query(
        `insert into spend_daily (kind, entity, day, ${others?.names}) values ('user', 'eve', '${day}', ${others?.nothing})`,
      )
    await tenants().create('user', [{ id: ['eve'], fields: {} }], ada)
    await spent('2026-11-20')
    await spent('2026-11-21')
    await tenants().remove('user', [['eve']], ada)
    await query(`select erase_spend('eve', 10)`)
    await spent('2026-11-21')
    await query(`select erase_spend('eve', 10)`)
    const days = await query('select entity, day from spend_daily')
    expect(days).toHaveLength(3)
    for (const { entity } of days) expect(entity).toMatch(/^erased-/)
  })

  it('leaves the log the spend of each window when somebody has the id again', async () => {
    await clean()
    await tenants().create('user', [{ id: ['eve'], fields: {} }], ada)
    const spent = (n: number, startMs: number) =>
      spendEventOf({
        id: newId(NOW + n),
        start_ms: startMs,
        cost_nano: String(10 ** n),
        user: 'eve',
        scopes: ['user:eve@life'],
        windows: [0],
        covered: [false],
      })
    await recordSpend(postgres.db, JSON.stringify([spent(1, NOW - 2000), spent(2, NOW - 1000)]))
    await tenants().remove('user', [['eve']], ada)
    await tenants().create('user', [{ id: ['eve'], fields: {} }], ada)
    await recordSpend(postgres.db, JSON.stringify([spent(3, Date.now() + 60_000)]))
    // One row at a time: each step leaves the books right.
    for (let step = 0; step < 3; step++) {
      await query(`select erase_spend('eve', 1)`)
      expect(
        await query(`select w.scope from budget_window w where w.spent <> (
          select coalesce(sum(s.cost_nano), 0) from spend_log s where w.scope = any (s.scopes))`),
      ).toEqual([])
    }
    const windows = await query('select scope, spent, requests from budget_window order by spent')
    expect(windows).toEqual([
      { scope: expect.stringMatching(/^user:erased-[0-9a-f-]{36}@life$/), spent: '110', requests: '2' },
      { scope: 'user:eve@life', spent: '1000', requests: '1' },
    ])
  })
})
