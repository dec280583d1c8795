import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  exchangeSlices,
  expireGrants,
  makeSpendPartitions,
  recordSpend,
  refundExpired,
  resetSpend,
} from '../../src/db/statements.ts'
import { newId } from '../../src/ids.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import { dropOldPartitions } from '../../src/spend/partitions.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { histories, type Step } from '../support/budget-history.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

// What was added up as it was recorded must be what the log says, to the nano-dollar, whatever came late or twice.

const RUNS = 30
const SEED = 11
const NOW = Date.UTC(2026, 10, 22, 12)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())
const clear = () =>
  postgres.pool.query(
    'delete from budget; delete from budget_window; delete from budget_lease; delete from spend_log; delete from spend_daily',
  )
beforeEach(clear)

/** Gives an event an owner, a model and an outcome that its id decides, so that a copy has the same. */
function varied(event: Partial<SpendEvent> & Pick<SpendEvent, 'id'>): SpendEvent {
  const n = Number.parseInt(event.id.slice(-4), 16)
  return spendEventOf({
    ...event,
    key_id: `key-${n % 3}`,
    user: n % 2 ? `ann${n % 4}@example.com` : null,
    team_id: n % 3 ? `team-${n % 3}` : null,
    organization_id: n % 5 ? 'org:1' : null,
    end_user: n % 4 ? null : 'customer',
    request_tags: n % 7 ? [`tag-${n % 2}`, 'both', 'both'] : [],
    model: n % 2 ? 'gpt-4o' : 'gpt-4o-mini',
    status: n % 11 ? 'success' : 'failure',
    usage: { ...spendEventOf({ id: event.id }).usage, cacheReadTokens: n % 9, cacheWrite1hTokens: n % 5 },
  })
}

function ask(step: Step): Promise<unknown> {
  const { db, pool } = postgres
  switch (step.do) {
    case 'limit':
      return step.nano === null
        ? pool.query('delete from budget where scope = $1', [step.scope])
        : pool.query(
            `insert into budget (scope, entity, limit_nano, duration) values ($1, $1, $2, 'life')
              on conflict (scope) do update set limit_nano = excluded.limit_nano`,
            [step.scope, String(step.nano)],
          )
    case 'exchange':
      return exchangeSlices(db, step.ledger, step.asks)
    case 'record':
      return recordSpend(db, JSON.stringify(step.events.map((event) => varied(event))))
    case 'expire':
      return expireGrants(db, step.ledger, step.grants)
    case 'refund':
      return refundExpired(db, step.grantId, step.usedNano)
    case 'reset':
      return resetSpend(db, step)
  }
}

const unescaped = (part: string) => decodeURIComponent(part)
const scopeIds = (scopes: readonly string[], kind: string) =>
  scopes.flatMap((scope) => {
    const [, of, id] = /^(\w+):([^:@]+)@life$/.exec(scope) ?? []
    return of === kind && id !== undefined ? [unescaped(id)] : []
  })

type Sums = Record<string, (string | bigint | number)[]>

/** The days, added up from the log by other means than the statement's. */
async function fromTheLog(): Promise<Sums> {
  const { rows } = await postgres.pool.query(
    `select *, day::text as date from spend_log where kind in ('request', 'expired')`,
  )
  const sums: Sums = {}
  for (const r of rows) {
    const expired = r.kind === 'expired'
    const of = (column: string | null, kind: string) =>
      expired ? scopeIds(r.scopes, kind) : column === null ? [] : [column]
    const owners = [
      ['all', ''],
      ...of(r.user, 'user').map((id) => ['user', id]),
      ...of(r.team_id, 'team').map((id) => ['team', id]),
      ...of(r.organization_id, 'org').map((id) => ['organization', id]),
      ...of(r.end_user, 'customer').map((id) => ['customer', id]),
      ...[...new Set([...r.request_tags, ...(expired ? scopeIds(r.scopes, 'tag') : [])])].map((id) => ['tag', id]),
    ]
    const key = expired ? (scopeIds(r.scopes, 'key')[0] ?? '') : r.key_id
    for (const owner of owners) {
      const name = [...owner, r.date, key, r.model ?? '', r.model_group ?? '', r.custom_llm_provider ?? ''].join('|')
      const before = sums[name] ?? [0n, 0, 0, 0, 0, 0, 0]
      const usage = r.usage ?? {}
      const more = [
        BigInt(r.cost_nano),
        Number(r.total_tokens),
        usage.cacheReadTokens ?? 0,
        (usage.cacheWriteTokens ?? 0) + (usage.cacheWrite1hTokens ?? 0),
        expired ? 0 : 1,
        !expired && r.status === 'success' ? 1 : 0,
        !expired && r.status === 'failure' ? 1 : 0,
      ]
      sums[name] = before.map((sum, i) => (i === 0 ? BigInt(sum) + BigInt(more[0]) : Number(sum) + Number(more[i])))
    }
  }
  return sums
}

async function fromTheDays(): Promise<Sums> {
  const { rows } = await postgres.pool.query('select *, day::text as date from spend_daily')
  return Object.fromEntries(
    rows.map((d) => [
      [d.kind, d.entity, d.date, d.key_id, d.model, d.model_group, d.provider].join('|'),
      [
        BigInt(d.cost_nano),
        ...[d.total_tokens, d.cache_read_tokens, d.cache_write_tokens, d.requests, d.successes, d.failures].map(Number),
      ],
    ]),
  )
}

describe('days', () => {
  it('are the sum of the log on any history of grants, rows, copies, expiry, melting and refunds', async () => {
    let rows = 0
    await fc.assert(
      fc.asyncProperty(histories(), async (steps) => {
        await clear()
        for (const step of steps) await ask(step)
        const days = await fromTheDays()
        expect(days).toEqual(await fromTheLog())
        rows += Object.keys(days).length
      }),
      { numRuns: RUNS, seed: SEED },
    )
    expect(rows).toBeGreaterThan(RUNS)
  })

  it('name the callers of an expired grant, and give back what melts when its row comes', async () => {
    const grant = `team:a:${newId(NOW)}`
    const scopes = ['key:k@life', 'key:k@1d', 'org:o%3a1@life', 'team:t@life', 'user:ann%40example.com@life']
    const windows = scopes.map((scope) => ({ scope, startMs: 0 }))
    const covered = scopes.map(() => false)
    await expireGrants(postgres.db, 'team:a', [
      { id: grant, amountNano: 9n, single: true, windows, covered, settleByMs: NOW + 1_000 },
    ])
    const cost = async () =>
      Object.fromEntries(
        (await postgres.pool.query('select kind, entity, sum(cost_nano) as n from spend_daily group by 1, 2')).rows.map(
          ({ kind, entity, n }) => [`${kind} ${entity}`, Number(n)],
        ),
      )
    const all = { 'all ': 9, 'organization o:1': 9, 'team t': 9, 'user ann@example.com': 9 }
    expect(await cost()).toEqual(all)
    const row = spendEventOf({
      id: newId(NOW),
      ...{ ledger: 'team:a', grant_id: grant, hold_nano: '9', cost_nano: '5', key_id: 'k' },
      ...{
        user: 'ann@example.com',
        team_id: 't',
        organization_id: 'o:1',
        scopes,
        windows: scopes.map(() => 0),
        covered,
      },
    })
    await Promise.all([recordEvents(postgres.db, [row]), recordEvents(postgres.db, [row])])
    expect(await cost()).toEqual(Object.fromEntries(Object.keys(all).map((name) => [name, 5])))
  })

  it('are recorded by many at once without a deadlock', async () => {
    const batches = Array.from({ length: 24 }, (_, n) =>
      Array.from({ length: 20 }, (_, i) => varied({ id: newId(NOW - ((n + i) % 3) * 86_400_000), cost_nano: '7' })),
    )
    await Promise.all(
      batches.flatMap((batch) => [recordEvents(postgres.db, batch), recordEvents(postgres.db, batch.toReversed())]),
    )
    expect(await fromTheDays()).toEqual(await fromTheLog())
    const { rows } = await postgres.pool.query(`select sum(cost_nano) as n from spend_daily where kind = 'all'`)
    expect(Number(rows[0].n)).toBe(24 * 20 * 7)
  })

  it('stay when the days of the log are dropped, and young days are not dropped', async () => {
    const old = Date.UTC(2020, 9, 1, 12)
    await makeSpendPartitions(postgres.db, '2020-10-01', 2) // from the day before on
    const rows = [old, old + 86_400_000].map((at) => spendEventOf({ id: newId(at), cost_nano: '5' }))
    await recordEvents(postgres.db, rows)
    const kept = 40 * 86_400_000
    expect(await dropOldPartitions(postgres.db, Date.UTC(2020, 10, 11, 1), kept)).toBe(2)
    const left = await postgres.pool.query('select day::text from spend_log order by 1')
    expect(left.rows).toEqual([{ day: '2020-10-02' }])
    const sum = await postgres.pool.query(`select sum(cost_nano)::int as n from spend_daily where kind = 'all'`)
    expect(sum.rows).toEqual([{ n: 10 }])
    await expect(dropOldPartitions(postgres.db, Date.now(), 14 * 86_400_000)).rejects.toThrow()
  })

  it('of the log are dropped while others are recorded: nothing is lost, and nobody waits in a circle', async () => {
    const days = 12
    const first = Date.UTC(2020, 8, 1, 12)
    await makeSpendPartitions(postgres.db, '2020-09-01', days)
    const old = Array.from({ length: days }, (_, n) =>
      spendEventOf({ id: newId(first + n * 86_400_000), cost_nano: '5' }),
    )
    await recordEvents(postgres.db, old)
    const scopes = ['key:busy@life', 'team:busy@life']
    const row = () => spendEventOf({ id: newId(NOW), cost_nano: '1', scopes, windows: [0, 0], covered: [false, false] })
    const batches = Array.from({ length: 30 }, () => Array.from({ length: 10 }, row))
    const dropping = async () => {
      let gone = 0
      // Day after day, so that it meets many statements.
      for (let n = 1; n <= days; n++)
        gone += await dropOldPartitions(postgres.db, first + (n + 40) * 86_400_000, 40 * 86_400_000)
      return gone
    }
    const [gone, ...recorded] = await Promise.all([
      dropping(),
      ...batches.map((batch) => recordEvents(postgres.db, batch)),
    ])
    expect(gone).toBeGreaterThanOrEqual(days)
    expect(recorded.reduce((sum, { fresh }) => sum + fresh, 0)).toBe(300)
    expect(Object.values(await fromTheLog())[0]?.[0]).toBe(300n)
    const { rows } = await postgres.pool.query(`select spent::int from budget_window where scope = 'key:busy@life'`)
    expect(rows).toEqual([{ spent: 300 }])
  })

  it('take names of any length', async () => {
    const long = '𝕏'.repeat(3_000)
    const event = spendEventOf({ id: newId(NOW), cost_nano: '3', request_tags: [long], model: long, model_group: long })
    expect(await recordEvents(postgres.db, [event])).toEqual({ fresh: 1, refused: [] })
    const { rows } = await postgres.pool.query(
      `select cost_nano, length(entity) as n from spend_daily where kind = 'tag'`,
    )
    expect(rows).toEqual([{ cost_nano: '3', n: 200 }])
  })
})
