import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { spanOf } from '../../src/ledger/span.ts'
import { neonBudgets } from '../../src/observe/budgets-neon.ts'
import { neonCallbacks } from '../../src/observe/callbacks-neon.ts'
import { neonDebug } from '../../src/observe/debug-neon.ts'
import { deliveriesIn } from '../../src/observe/deliveries.ts'
import { replayDeliveries } from '../../src/observe/replay-neon.ts'
import { consumeDeadLetters, consumeSpend } from '../../src/spend/consumer.ts'
import { replayDeadLetters } from '../../src/spend/replay-neon.ts'
import { entityName } from '../../src/tenants/scope.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

const ID = '019a0000-0000-7000-8000-000000000001'
const event = spendEventOf({ id: ID, start_ms: Date.now() })

function message(body: unknown) {
  const done: string[] = []
  return { id: 'm1', body, attempts: 1, done, ack: () => void done.push('ack'), retry: () => void done.push('retry') }
}
const failed = (_: string, error: unknown) => {
  throw error
}

it('sinks are handed what Postgres has, and a queue of theirs that refuses lets it come again', async () => {
  const handed: unknown[] = []
  const body = JSON.stringify({ v: 1, events: [event] })
  const [first, second] = [message(body), message(body)]
  const refuses = () => Promise.reject(new Error('no queue'))
  await consumeSpend(
    { queue: 'tollgate-spend', messages: [first] },
    { db: postgres.db, failed: () => {}, recorded: refuses },
  )
  expect(first.done).toEqual(['retry'])
  const recorded = async (events: readonly unknown[]) => void handed.push(...events)
  await consumeSpend({ queue: 'tollgate-spend', messages: [second] }, { db: postgres.db, failed, recorded })
  expect(second.done).toEqual(['ack'])
  expect(handed).toEqual([event])
})

it('what a sink never took is kept, replayed to those sinks once, and is no row of spend', async () => {
  const { db } = postgres
  const given = message(JSON.stringify({ v: 2, sinks: ['langfuse', 'otel'], events: [event] }))
  await consumeDeadLetters({ queue: 'tollgate-deliveries-dead', messages: [given] }, { db, failed })
  expect(given.done).toEqual(['ack'])
  expect(await replayDeadLetters(db, Date.now())).toEqual({ letters: 0, rows: 0, refused: 0 })
  const sent: unknown[] = []
  const queue = { sendBatch: async (messages: Iterable<{ body: unknown }>) => void sent.push(...messages) }
  expect(await replayDeliveries(db, queue, Date.now())).toBe(1)
  expect(await replayDeliveries(db, queue, Date.now())).toBe(0)
  expect(sent.flatMap((one) => deliveriesIn((one as { body: unknown }).body))).toEqual([
    { sink: 'langfuse', events: [event] },
    { sink: 'otel', events: [event] },
  ])
})

it('whom teams and keys want told is read from their rows, whatever their ids hold', async () => {
  const { db } = postgres
  const entry = (name: string) => ({
    callback_name: name,
    callback_type: 'success',
    callback_vars: {},
    key_id: 'k',
    sealed: 's',
  })
  const metadata = (...names: string[]) => JSON.stringify({ logging: [...names.map(entry), { from: 'elsewhere' }] })
  await db.execute(sql`insert into team (team_id, metadata) values
    ('a:50%@b', ${metadata('otel', 'sentry')}::jsonb), ('silent', '{}'), ('strange', '{"logging":"all"}')`)
  await db.execute(
    sql`insert into virtual_key (id, token, key_name, metadata) values ('k=1', 't1', 'sk-...', ${metadata('langfuse')}::jsonb)`,
  )
  const owners = [
    entityName('team', 'a:50%@b'),
    'team:silent',
    'team:strange',
    'team:nobody',
    entityName('key', 'k=1'),
    'key:a',
  ]
  const found = await neonCallbacks(db)(owners)
  expect([...found].map(([owner, entries]) => [owner, entries.map((one) => one.callback_name)])).toEqual([
    [entityName('team', 'a:50%@b'), ['otel', 'sentry']],
    [entityName('key', 'k=1'), ['langfuse']],
  ])
  expect(await neonCallbacks(db)([])).toEqual(new Map())
})

it('gauges of budgets are read for the windows of a batch: limits with what was added, and none where there is no budget', async () => {
  const { db } = postgres
  const start = Date.UTC(2026, 10, 22)
  const at = new Date(start).toISOString()
  await db.execute(sql`insert into budget (scope, entity, part, limit_nano, extra_nano, extra_until, duration, anchor) values
    ('key:g@1d', 'key:g', 'main', 2000, 500, ${new Date(start + 1_000).toISOString()}::timestamptz, '1d', ${at}::timestamptz),
    ('key:g@1h', 'key:g', 'window', 10, 0, null, '1h', ${at}::timestamptz),
    ('provider:openai@life', 'provider:openai', 'file', 7, 0, null, 'life', ${at}::timestamptz)`)
  await db.execute(sql`insert into budget_window (scope, window_start, spent) values
    ('key:g@1d', ${at}::timestamptz, 1), ('key:g@1h', ${at}::timestamptz, 2), ('provider:openai@life', 'epoch', 3), ('team:g@life', 'epoch', 4)`)
  const windows = [
    { scope: 'key:g@1d', startMs: start },
    { scope: 'key:g@1h', startMs: start },
    { scope: 'provider:openai@life', startMs: 0 },
    { scope: 'team:g@life', startMs: 0 },
  ]
  const figures = neonBudgets(db, spanOf)
  expect((await figures(windows, start)).toSorted((a, b) => a.scope.localeCompare(b.scope))).toEqual([
    { scope: 'key:g@1d', startMs: start, limitNano: '2500', spentNano: '1', endMs: start + 86_400_000 },
    { scope: 'provider:openai@life', startMs: 0, limitNano: '7', spentNano: '3' },
  ])
  expect((await figures(windows.slice(0, 1), start + 2_000))[0]?.limitNano).toBe('2000')
  await db.execute(sql`insert into organization (organization_id, organization_alias) values ('a:50%', 'The org')`)
  const scope = `${entityName('org', 'a:50%')}@life`
  await db.execute(sql`insert into budget (scope, entity, part, limit_nano, duration, anchor)
    values (${scope}, ${entityName('org', 'a:50%')}, 'main', 9, 'life', ${at}::timestamptz)`)
  await db.execute(sql`insert into budget_window (scope, window_start, spent) values (${scope}, 'epoch', 1)`)
  expect(await figures([{ scope, startMs: 0 }], start)).toEqual([
    { scope, startMs: 0, limitNano: '9', spentNano: '1', alias: 'The org' },
  ])
})

it('keys are debugged until their time is over', async () => {
  const debug = neonDebug(postgres.db)
  const now = Date.UTC(2026, 10, 22, 12)
  await debug.set('k=1', now + 10, 'admin', now)
  await debug.set('k2', now + 20, 'admin', now)
  expect(await debug.of(['k=1', 'k2', 'k3'], now)).toEqual(new Set(['k=1', 'k2']))
  expect(await debug.of(['k=1', 'k2'], now + 10)).toEqual(new Set(['k2']))
  await debug.set('k2', now, 'admin', now)
  expect(await debug.of(['k2'], now)).toEqual(new Set())
  await debug.set('k4', now + 50, 'admin', now + 30)
  const { rows } = await postgres.db.execute(sql`select name from setting where name like 'debug:%'`)
  expect(rows).toEqual([{ name: 'debug:k4' }])
  expect(await debug.of([], now)).toEqual(new Set())
})
