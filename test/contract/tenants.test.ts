import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDb } from '../../src/db/client.ts'
import { exchangeSlices } from '../../src/db/statements.ts'
import { newId } from '../../src/ids.ts'
import { nameOf } from '../../src/tenants/entities.ts'
import type { FileLimits } from '../../src/tenants/file-limits.ts'
import { keepFileLimits } from '../../src/tenants/file-limits-neon.ts'
import { memoryTenants } from '../../src/tenants/memory.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { entitySql } from '../../src/tenants/read-neon.ts'
import type { WindowRecord } from '../../src/tenants/record.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { world } from '../unit/routes/world.ts'
import { tenantsContract } from './tenants-contract.ts'

tenantsContract('in memory', () => {
  const windows = new Map<string, WindowRecord>()
  return Promise.resolve({
    tenants: memoryTenants({ spend: (scope) => windows.get(scope) }),
    spend: (scope, startMs, spentNano) => {
      windows.set(scope, { scope, startMs, spentNano })
      return Promise.resolve()
    },
  })
})

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const empty = () =>
  postgres.pool.query(
    'truncate virtual_key, team, organization, internal_user, customer, tag, budget_template, budget, budget_window, spend_log cascade; delete from setting',
  )

const spend = async (scope: string, startMs: number, spentNano: bigint) => {
  await postgres.pool.query('insert into budget_window (scope, window_start, spent) values ($1, $2, $3)', [
    scope,
    new Date(startMs),
    String(spentNano),
  ])
}

tenantsContract('in Postgres', async () => {
  await empty()
  return { tenants: neonTenants(postgres.db), spend }
})

describe('Postgres alone', () => {
  const NOW = Date.UTC(2026, 10, 22, 12)
  const author = { by: 'admin', nowMs: NOW }
  const generation = async () =>
    (await postgres.pool.query("select value from setting where name = 'generation'")).rows[0]?.value

  it('reads a principal in one statement', async () => {
    await empty()
    await neonTenants(postgres.db).create('key', [{ id: [newId(NOW)], fields: { token: 'h', keyName: 'k' } }], author)
    const before = postgres.endpoint.stats().statements
    await neonTenants(postgres.db).principalOf('h', NOW)
    expect(postgres.endpoint.stats().statements - before).toBe(1)
  })

  it('names an entity in its statements as the functions of Postgres and the ledger do', async () => {
    await empty()
    const awkward = ['plain', 'a:b', '%3a', '@=%', ':', 'đ %25']
    const tenants = neonTenants(postgres.db)
    await tenants.create(
      'team',
      awkward.map((id) => ({ id: [id], fields: {} })),
      author,
    )
    await tenants.create(
      'member',
      awkward.map((id) => ({ id: [id, id], fields: {} })),
      author,
    )
    for (const [kind, table] of [
      ['team', 'team e'],
      ['member', 'team_membership e'],
    ] as const) {
      const ids = sql.raw(kind === 'team' ? 'e.team_id' : 'e.team_id, e.user_id')
      const { rows } = await postgres.db.execute(sql`select ${entitySql(kind, 'e')} as said,
        entity_name(${kind}, ${ids}) as named, e.team_id as id from ${sql.raw(table)}`)
      expect(rows).toHaveLength(awkward.length)
      for (const { said, named, id } of rows) {
        expect([named, nameOf(kind, [String(id), String(id)])]).toEqual([said, said])
      }
    }
  })

  it('every write is one transaction that raises the generation and names what changed', async () => {
    await empty()
    const tenants = neonTenants(postgres.db)
    const id = newId(NOW)
    const before = postgres.endpoint.stats().requests
    await tenants.create('team', [{ id: ['t'], fields: {} }], author)
    await tenants.create('key', [{ id: [id], fields: { token: 'h', keyName: 'k' } }], author)
    await tenants.update('key', [id], { blocked: true }, author)
    await tenants.deleteKeys(['h'], { by: 'test', nowMs: 0 })
    expect(postgres.endpoint.stats().requests - before).toBe(4)
    expect(await generation()).toMatchObject({
      number: 4,
      changed: [{ ids: ['team:t'] }, { ids: [`key:${id}`] }, { ids: [`key:${id}`] }, { ids: [`key:${id}`] }],
    })
    await expect(tenants.create('team', [{ id: ['t'], fields: {} }], author)).rejects.toThrow('already exists')
    expect((await generation()).number).toBe(4)
  })

  it('a new duration opens with what was spent since its window began, once', async () => {
    await empty()
    const tenants = neonTenants(postgres.db)
    const id = newId(NOW)
    const entity = `key:${id}`
    await tenants.create('key', [{ id: [id], fields: { token: 'h', keyName: 'k' } }], author)
    const row = (atMs: number, cost: number, scopes: string[]) =>
      postgres.pool.query(
        `insert into spend_log (day, id, cost_nano, scopes, windows, covered, start_time, end_time)
         values ($1::date, $2, $3, $4, array_fill($5::timestamptz, array[cardinality($4::text[])]), array_fill(false, array[cardinality($4::text[])]), $1, $1)`,
        [new Date(atMs), newId(atMs), cost, scopes, new Date(0)],
      )
    await row(NOW - 3 * 86_400_000, 100, [`${entity}@life`])
    await row(NOW - 3_600_000, 7, [`${entity}@life`])
    await row(NOW - 1_000, 5, [`${entity}@life`, 'team:x@life'])
    await row(NOW - 1_000, 50, ['key:another@life'])
    const daily = {
      scope: `${entity}@1d`,
      part: 'main' as const,
      model: null,
      extraNano: 0n,
      extraUntilMs: null,
      limitNano: 1_000n,
      duration: '1d',
      timeZone: 'UTC',
      anchorMs: NOW,
      windowStartMs: NOW - 12 * 3_600_000,
    }
    for (const limitNano of [1_000n, 2_000n])
      await tenants.update('key', [id], { budgets: [{ ...daily, limitNano }] }, author)
    expect(await tenants.findKey({ id })).toMatchObject({
      budgets: [{ limitNano: 2_000n }],
      windows: [{ scope: `${entity}@1d`, startMs: daily.windowStartMs, spentNano: 12n }],
    })
    const { rows } = await postgres.pool.query("select id, cost_nano, scopes from spend_log where kind = 'carry'")
    expect(rows).toMatchObject([{ id: expect.stringMatching(/^carry:/), cost_nano: '12', scopes: [`${entity}@1d`] }])
  })

  it('budgets of one model open with what was spent on it', async () => {
    await empty()
    const tenants = neonTenants(postgres.db)
    const row = (model: string, cost: number) =>
      postgres.pool.query(
        `insert into spend_log (day, id, cost_nano, scopes, windows, covered, start_time, end_time, model_group)
         values ($1::date, $2, $3, '{customer:c@life}', array[to_timestamp(0)], '{false}', $1, $1, $4)`,
        [new Date(NOW), newId(NOW), cost, model],
      )
    await row('m', 7)
    await row('n', 100)
    const budget = (suffix: string, model: string | null) => ({
      scope: `customer:c${suffix}`,
      part: model === null ? ('main' as const) : ('model' as const),
      model,
      limitNano: 1_000n,
      extraNano: 0n,
      extraUntilMs: null,
      duration: suffix.slice(suffix.indexOf('@') + 1),
      timeZone: 'UTC',
      anchorMs: NOW,
      windowStartMs: suffix.endsWith('life') ? 0 : NOW - 12 * 3_600_000,
    })
    const budgets = [budget(':model=m@life', 'm'), budget(':model=n@1d', 'n'), budget('@1d', null)]
    await tenants.create('customer', [{ id: ['c'], fields: { budgets } }], author)
    const customer = await tenants.find('customer', ['c'])
    expect(customer?.windows.map(({ scope, spentNano }) => [scope, spentNano])).toEqual([
      ['customer:c:model=m@life', 7n],
      ['customer:c:model=n@1d', 100n],
      ['customer:c@1d', 107n],
    ])
  })

  it('slices are lent of a limit with its increase while that lasts, and their holders are known', async () => {
    await empty()
    const tenants = neonTenants(postgres.db)
    const room = async () => {
      const ask = { scope: 'team:t@life', startMs: 0, wantNano: 1n, returnedNano: 0n, seq: 0 }
      const [answer] = await exchangeSlices(postgres.db, 'team:t', [ask])
      return [answer?.limitNano, answer?.takenNano]
    }
    const budget = {
      scope: 'team:t@life',
      part: 'main' as const,
      model: null,
      limitNano: 5n,
      extraNano: 3n,
      extraUntilMs: Date.now() + 60_000,
      duration: 'life',
      timeZone: 'UTC',
      anchorMs: 0,
      windowStartMs: 0,
    }
    await tenants.create('team', [{ id: ['t'], fields: { budgets: [budget] } }], author)
    expect(await room()).toEqual([8n, 1n])
    expect(await tenants.leaseHolders(['team:t@life', 'x'])).toEqual(['team:t'])
    await tenants.update('team', ['t'], { budgets: [{ ...budget, extraUntilMs: Date.now() - 1 }] }, author)
    expect(await room()).toEqual([5n, 0n])
  })

  it('a template of very many raises the generation without a list', async () => {
    await empty()
    const tenants = neonTenants(postgres.db)
    await tenants.createTemplate('b', {}, author)
    const many = Array.from({ length: 101 }, (_, n) => ({ id: [`c${n}`], fields: { budgetId: 'b' } }))
    await tenants.create('customer', many, author)
    expect(await generation()).toEqual({ number: 2, changed: [] })
    await tenants.create('team', [{ id: ['t'], fields: {} }], author)
    expect(await generation()).toEqual({ number: 3, changed: [{ number: 3, ids: ['team:t'] }] })
  })

  it('admin writes with several scopes meet ledgers and each other without a deadlock', async () => {
    await empty()
    const tenants = neonTenants(postgres.db)
    const budget = (scope: string, duration: string, limitNano: bigint) => ({
      scope,
      part: 'window' as const,
      model: null,
      limitNano,
      extraNano: 0n,
      extraUntilMs: null,
      duration,
      timeZone: 'UTC',
      anchorMs: NOW,
      windowStartMs: NOW,
    })
    await tenants.create('team', [{ id: ['t'], fields: {} }], author)
    const durations = ['1d', '7d', '30d', '1h', '2h']
    const writes = Array.from({ length: 20 }, (_, n) =>
      tenants.update(
        'team',
        ['t'],
        {
          budgets: (n % 2 ? durations : durations.toReversed())
            .slice(n % 4)
            .map((duration) => budget(`team:t@${duration}`, duration, BigInt(n + 1))),
        },
        author,
      ),
    )
    const asks = durations.map((duration) => ({
      scope: `team:t@${duration}`,
      startMs: NOW,
      wantNano: 1n,
      returnedNano: 0n,
      seq: 0,
    }))
    const exchanges = Array.from({ length: 20 }, (_, n) => exchangeSlices(postgres.db, `l${n}`, asks))
    await Promise.all([...writes, ...exchanges])
    expect((await generation()).number).toBe(21)
  })

  it('holds the budget of the whole proxy before anyone counts in it, and follows the file', async () => {
    await empty()
    const id = newId(NOW)
    await neonTenants(postgres.db).create('key', [{ id: [id], fields: { token: 'h', keyName: 'k' } }], author)
    const limited = async (limitUsd: number, duration: string) => {
      const limits = { everyone: { limitUsd, duration }, timeZone: 'Europe/London' }
      const tenants = neonTenants(postgres.db, limits)
      const scopes = (await tenants.principalOf('h', NOW))?.value.scopes
      await keepFileLimits(postgres.db, limits)
      const { rows } = await postgres.pool.query("select scope, limit_nano from budget where entity = 'global:proxy'")
      return [scopes?.at(-1), rows]
    }
    const scope = (duration: string) => ({
      name: `global:proxy@${duration}`,
      duration,
      timeZone: 'Europe/London',
      anchorMs: 0,
      limited: true,
    })
    expect(await limited(5, '30d')).toEqual([scope('30d'), [{ scope: 'global:proxy@30d', limit_nano: '5000000000' }]])
    expect(await limited(6, '30d')).toEqual([scope('30d'), [{ scope: 'global:proxy@30d', limit_nano: '6000000000' }]])
    expect(await limited(6, 'life')).toEqual([
      scope('life'),
      [{ scope: 'global:proxy@life', limit_nano: '6000000000' }],
    ])
  })

  it('holds the budgets of vendors, deployments and tags as the file says now', async () => {
    await empty()
    const day = (limitUsd: number) => ({ limitUsd, duration: '1d' })
    const follow = async (limits: Omit<FileLimits, 'timeZone'>) => {
      await keepFileLimits(postgres.db, { ...limits, timeZone: 'UTC' })
      const { rows } = await postgres.pool.query('select scope, limit_nano from budget order by scope')
      return rows.map(({ scope, limit_nano }) => [scope, Number(limit_nano) / 1e9])
    }
    expect(await follow({ providers: { openai: day(5) }, deployments: { d: day(2) }, tags: { red: day(1) } })).toEqual([
      ['deployment:d@1d', 2],
      ['provider:openai@1d', 5],
      ['tag:red@1d', 1],
    ])
    // An admin's own budget of the same tag and duration is the admin's; others of the tag stay beside the file's.
    const own = (limitNano: bigint) => ({
      ...{ scope: 'tag:blue@1d', part: 'main' as const, model: null, limitNano, extraNano: 0n, extraUntilMs: null },
      ...{ duration: '1d', timeZone: 'UTC', anchorMs: NOW, windowStartMs: NOW },
    })
    await neonTenants(postgres.db).create('tag', [{ id: ['blue'], fields: { budgets: [own(9_000_000_000n)] } }], author)
    expect(await follow({ providers: { openai: day(6) }, tags: { red: day(1), blue: day(3) } })).toEqual([
      ['provider:openai@1d', 6],
      ['tag:blue@1d', 9],
      ['tag:red@1d', 1],
    ])
    expect(await follow({})).toEqual([['tag:blue@1d', 9]])
  })

  it('a tag with a budget in the file counts in it, made by an admin or not', async () => {
    await empty()
    const tenants = neonTenants(postgres.db, { tags: { red: { limitUsd: 1, duration: '1d' } }, timeZone: 'UTC' })
    const life = { name: 'tag:red@life', duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: false }
    const daily = { name: 'tag:red@1d', duration: '1d', timeZone: 'UTC', anchorMs: 0, limited: true }
    expect((await tenants.standingOf('tag', 'red', NOW)).value.scopes).toEqual([life, daily])
    const { rows } = await postgres.pool.query('select scope from budget')
    expect(rows).toEqual([{ scope: 'tag:red@1d' }])
    await tenants.create('tag', [{ id: ['red'], fields: { description: 'Red' } }], author)
    expect((await tenants.standingOf('tag', 'red', NOW)).value.scopes).toEqual([life, daily])
    expect((await tenants.standingOf('tag', 'green', NOW)).value.scopes).toEqual([])
  })

  it('gives a customer that has no budget the one of the file', async () => {
    await empty()
    const limitOf = async (tenants: ReturnType<typeof neonTenants>, id: string) => {
      await tenants.standingOf('customer', id, NOW)
      const customer = await tenants.find('customer', [id])
      return customer?.budgets.map(({ scope, limitNano }) => [scope, limitNano])
    }
    const five = neonTenants(postgres.db, { customerUsd: 5, timeZone: 'UTC' })
    expect(await limitOf(five, 'new:one')).toEqual([['customer:new%3aone@life', 5_000_000_000n]])
    await five.create('customer', [{ id: ['old'], fields: { alias: 'Old' } }], author)
    expect(await limitOf(five, 'old')).toEqual([['customer:old@life', 5_000_000_000n]])
    expect(await five.find('customer', ['old'])).toMatchObject({ alias: 'Old', budgetId: 'max_end_user_budget' })
    const six = neonTenants(postgres.db, { customerUsd: 6, timeZone: 'UTC' })
    expect(await limitOf(six, 'another')).toEqual([['customer:another@life', 6_000_000_000n]])
    expect(await limitOf(six, 'old')).toEqual([['customer:old@life', 6_000_000_000n]])
    await six.createTemplate('daily', { maxBudgetNano: 1n, budgetDuration: '1d' }, author)
    const daily = neonTenants(postgres.db, { customerBudgetId: 'daily', timeZone: 'UTC' })
    expect(await limitOf(daily, 'third')).toEqual([['customer:third@1d', 1n]])
    expect(await limitOf(neonTenants(postgres.db), 'fourth')).toBeUndefined()
  })

  it('a database that is away is said to be away', async () => {
    const tenants = neonTenants(createDb('postgresql://a:b@127.0.0.1:9/none', { timeoutMs: 500 }))
    await expect(tenants.find('team', ['t'])).rejects.toMatchObject({ status: 503, code: 'database_unavailable' })
  })

  it('no admin body makes it fail', async () => {
    await empty()
    const w = world({ tenants: neonTenants(postgres.db) })
    const odd = [
      'x'.repeat(256),
      '\u{1F512}'.repeat(64),
      "'; drop table team; --",
      '%_\\',
      '{}',
      'a:b@c=d%',
      '\0',
      '\ud800',
      'x'.repeat(257),
      '',
    ]
    for (const [i, text] of odd.entries()) {
      const bodies: [string, object][] = [
        ['/organization/new', { organization_id: text, organization_alias: text, models: [text] }],
        ['/team/new', { team_id: text, team_alias: text, organization_id: text, metadata: { [text]: text } }],
        ['/key/generate', { key_alias: text, team_id: text, user_id: text, models: [text], metadata: { x: [text] } }],
        [
          '/user/new',
          { user_id: text, user_alias: text, key_alias: `u${i}`, models: [text], auto_create_key: i === 0 },
        ],
        ['/customer/new', { user_id: text, alias: text, model_rpm_limit: { [text]: 1 }, metadata: { x: text } }],
        ['/tag/new', { name: text, description: text, model_max_budget: { [text]: { max_budget: 1 } } }],
        ['/budget/new', { budget_id: text, max_budget: 9e9, model_max_budget: { [text]: { budget_limit: 0 } } }],
        ['/team/member_add', { team_id: text, member: { user_id: text }, max_budget_in_team: i }],
        ['/customer/update', { user_id: text, budget_id: text }],
        ['/budget/update', { budget_id: text, max_budget: i, budget_duration: '1d' }],
        [
          '/team/update',
          { team_id: text, team_member_budget: 1, budget_limits: [{ budget_duration: '1h', max_budget: i }] },
        ],
        [
          '/key/generate',
          {
            max_budget: 9e9,
            tpm_limit: Number.MAX_SAFE_INTEGER,
            rpm_limit: 2 ** 31 - 1,
            duration: '99mo',
            key_alias: `${i}`,
          },
        ],
      ]
      for (const [path, body] of bodies) {
        const { status, json } = await w.post(path, body)
        expect([200, 400, 404, 409], JSON.stringify([path, json])).toContain(status)
      }
      const query = encodeURIComponent(text.toWellFormed())
      for (const path of [
        `/team/info?team_id=${query}`,
        `/key/list?key_alias=${query}&sort_by=spend`,
        `/key/info?key=${query}`,
      ]) {
        expect([200, 400, 404]).toContain((await w.get(path)).status)
      }
    }
    expect(w.logged).toEqual([])
    expect((await w.get('/key/list')).json.total_count).toBeGreaterThan(10)
  })
})
