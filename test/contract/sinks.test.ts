import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { neonCallbacks } from '../../src/observe/callbacks-neon.ts'
import { deliveryIn } from '../../src/observe/deliveries.ts'
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

it('what a sink never took is kept, replayed to that sink once, and is no row of spend', async () => {
  const { db } = postgres
  const given = message(JSON.stringify({ v: 1, sink: 'langfuse', events: [event] }))
  await consumeDeadLetters({ queue: 'tollgate-deliveries-dead', messages: [given] }, { db, failed })
  expect(given.done).toEqual(['ack'])
  expect(await replayDeadLetters(db, Date.now())).toEqual({ letters: 0, rows: 0, refused: 0 })
  const sent: unknown[] = []
  const queue = { sendBatch: async (messages: Iterable<{ body: unknown }>) => void sent.push(...messages) }
  expect(await replayDeliveries(db, queue, Date.now())).toBe(1)
  expect(await replayDeliveries(db, queue, Date.now())).toBe(0)
  expect(sent.map((one) => deliveryIn((one as { body: unknown }).body))).toEqual([
    { sink: 'langfuse', events: [event] },
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
