import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expireGrants } from '../../src/db/statements.ts'
import { newId } from '../../src/ids.ts'
import { consumeDeadLetters, consumeSpend, type QueueMessage } from '../../src/spend/consumer.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import { spendLogsQuery } from '../../src/spend/logs-query.ts'
import { memorySpend } from '../../src/spend/memory.ts'
import { keepPartitionsAhead } from '../../src/spend/partitions.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { replayDeadLetters } from '../../src/spend/replay-neon.ts'
import { spendIn, spendLogs, spendOf } from '../../src/spend/report-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const LIFE = { scopes: ['key:a@life'], windows: [0], covered: [false] }

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())
beforeEach(async () => {
  await postgres.pool.query('delete from budget_window; delete from spend_log; delete from dead_letter')
})

const event = (more: Partial<SpendEvent> = {}) => spendEventOf({ id: newId(NOW), cost_nano: '5', ...LIFE, ...more })

class Message implements QueueMessage {
  readonly id = crypto.randomUUID()
  readonly body: unknown
  readonly attempts: number
  outcome: string | undefined
  constructor(body: unknown, attempts = 1) {
    this.body = body
    this.attempts = attempts
  }
  ack() {
    this.outcome = 'ack'
  }
  retry(options?: { delaySeconds?: number }) {
    this.outcome = `retry in ${options?.delaySeconds}`
  }
}
const message = (events: readonly unknown[], attempts?: number) => new Message({ v: 1, events }, attempts)

async function consume(messages: readonly Message[], how = consumeSpend) {
  const failures: unknown[] = []
  const deps = { db: postgres.db, failed: (_: string, error: unknown) => failures.push(error) }
  await how({ queue: 'tollgate-spend', messages }, deps)
  // What is told goes to a log, which must not hold what is in the rows.
  expect(String(failures)).not.toContain('hash-1')
  return { outcomes: messages.map(({ outcome }) => outcome), failures: failures.length }
}
const one = async (text: string) => Number((await postgres.pool.query(text)).rows[0].n)
const spent = () => spendOf(postgres.db, 'key:a')
const letters = async () => (await postgres.pool.query('select body, error, replayed_at from dead_letter')).rows

describe('the queue consumer', () => {
  it('records every event once, also when messages come twice and out of order', async () => {
    const messages = Array.from({ length: 60 }, (_, n) => message(Array.from({ length: (n % 7) + 1 }, () => event())))
    const count = messages.flatMap(({ body }) => (body as { events: unknown[] }).events).length
    await Promise.all([consume(messages), consume(messages.toReversed())])
    const { outcomes } = await consume(messages)
    expect(new Set(outcomes)).toEqual(new Set(['ack']))
    expect([await one('select count(*) as n from spend_log'), await spent()]).toEqual([count, BigInt(count) * 5n])
  })

  it('keeps how a cost came about, the session and what was said for the log, as the twin does; and nothing where there is none', async () => {
    const told = {
      ...{ original_cost_nano: '9007199254740993', discount_nano: '4', margin_nano: '2', cost_source: 'list' as const },
      ...{ reported_cost_nano: '7', list_cost_nano: '8', unpriced: true as const },
      ...{ session_id: 's-1', spend_logs_metadata: { job: 7, of: { text: 'a\\u0000b' } } },
    }
    const events = [event(), event(told), event({ session_id: 's-2' })]
    await consume([message(events)])
    const twin = memorySpend()
    await twin.send(events)
    const query = spendLogsQuery.parse({ start_date: '2026-11-01', end_date: '2026-11-30' })
    const page = await spendLogs(postgres.db, query)
    expect(page).toEqual(twin.logs(query))
    const shown = Object.fromEntries(page.data.map((row) => [row.metadata.attempt_id, row]))
    expect(shown[events[0]!.id]).toMatchObject({ session_id: null, metadata: { cost_breakdown: null } })
    expect(shown[events[1]!.id]).toMatchObject({
      session_id: 's-1',
      metadata: {
        cost_breakdown: {
          original_cost: 9007199.254740993,
          discount_amount: 4e-9,
          margin_total_amount: 2e-9,
          cost_source: 'list',
          reported_cost: 7e-9,
          list_cost: 8e-9,
          unpriced: true,
        },
        spend_logs_metadata: told.spend_logs_metadata,
      },
    })
    expect(await one('select count(*) as n from spend_log where told is null')).toBe(1)
  })

  it('keeps what can never be a row, and records the rest of its batch', async () => {
    const bad = { ...event(), cost_nano: 'much', note: 'with \0 inside' }
    const foreign = new Message({ hello: 'world' })
    const { outcomes } = await consume([message([bad, event()]), foreign, message([event()])])
    expect([outcomes, await spent()]).toEqual([['ack', 'ack', 'ack'], 10n])
    expect((await letters()).map(({ error }) => error).toSorted()).toEqual([
      'not a message of spend events',
      expect.stringContaining('cost_nano'),
    ])
    await consume([message([bad]), foreign])
    expect(await letters()).toHaveLength(2)
  })

  it('finds the one event that PostgreSQL itself refuses, and records the others', async () => {
    const noise = Array.from({ length: 900 }, () => crypto.randomUUID()).join('')
    const { outcomes, failures } = await consume([
      message([event(), event({ scopes: [noise] }), event(), event({ user: 'half \ud800 and \0' })]),
    ])
    expect([outcomes, failures, await spent()]).toEqual([['ack'], 0, 15n])
    const [letter] = await letters()
    expect(letter.error).toMatch(/index row/)
  })

  it('tries again later and later while Postgres is down, and then loses nothing', async () => {
    const messages = [message([event()], 1), message([event()], 5), message([event()], 60)]
    await postgres.server.stop()
    const during = await consume(messages)
    const buried = await consume([message([event()], 2)], consumeDeadLetters)
    await postgres.server.start()
    expect(during).toEqual({ outcomes: ['retry in 2', 'retry in 32', 'retry in 900'], failures: 1 })
    expect(buried).toEqual({ outcomes: ['retry in 4'], failures: 1 })
    expect((await consume(messages)).outcomes).toEqual(['ack', 'ack', 'ack'])
    expect(await spent()).toBe(15n)
  })
})

describe('dead letters', () => {
  it('are kept whole, and come home once', async () => {
    const known = event()
    await recordEvents(postgres.db, [known])
    await consume([message([known, event()]), message([event()])], consumeDeadLetters)
    expect(await replayDeadLetters(postgres.db, NOW)).toEqual({ letters: 2, rows: 2, refused: 0 })
    expect(await replayDeadLetters(postgres.db, NOW)).toEqual({ letters: 0, rows: 0, refused: 0 })
    expect(await spent()).toBe(15n)
  })

  it('that still cannot be rows stay, with the reason', async () => {
    await consume([message([{ v: 1, id: 'x' }])])
    expect(await replayDeadLetters(postgres.db, NOW)).toEqual({ letters: 0, rows: 0, refused: 1 })
    expect(await letters()).toEqual([
      { body: { v: 1, id: 'x' }, error: expect.stringContaining('id'), replayed_at: null },
    ])
  })
})

describe('partitions', () => {
  it('take rows of any day, and rows move when their day gets a partition late', async () => {
    const early = event({ id: newId(Date.UTC(2031, 4, 5)), start_ms: Date.UTC(2031, 4, 5) })
    await recordEvents(postgres.db, [early])
    expect(await one('select count(*) as n from spend_log_default')).toBe(1)
    const at = Date.UTC(2031, 4, 1)
    const made = await Promise.all([1, 2, 3].map(() => keepPartitionsAhead(postgres.db, at)))
    expect(made.toSorted()).toEqual([0, 0, 16])
    expect(await one('select count(*) as n from spend_log_default')).toBe(0)
    expect(await one('select count(*) as n from spend_log_20310505')).toBe(1)
    expect(await recordEvents(postgres.db, [early])).toEqual({ fresh: 0, refused: [] })
    expect(await spent()).toBe(5n)
  })

  it('are there for the days to come as soon as a database is migrated', async () => {
    const today = new Date().toISOString().slice(0, 10)
    const ahead = await one(
      `select count(*) as n from generate_series(date '${today}', date '${today}' + 13, interval '1 day') d
        where to_regclass('spend_log_' || to_char(d, 'YYYYMMDD')) is not null`,
    )
    expect(ahead).toBe(14)
  })

  it('are made while spend is being recorded, without a deadlock', async () => {
    const day = (n: number) => Date.UTC(2032, 0, 1 + n)
    const recording = Array.from({ length: 60 }, (_, n) =>
      recordEvents(postgres.db, [event({ id: newId(day(n % 20)) }), event({ id: newId(NOW) })]),
    )
    const making = Array.from({ length: 4 }, (_, n) => keepPartitionsAhead(postgres.db, day(n * 4)))
    await Promise.all([...recording, ...making])
    expect([await one('select count(*) as n from spend_log'), await spent()]).toEqual([120, 600n])
  })
})

describe('the log', () => {
  const query = (more: Record<string, unknown> = {}) =>
    spendLogsQuery.parse({ start_date: '2026-11-22', end_date: '2026-11-23', ...more })

  it('answers every query as its twin in memory does', async () => {
    const twin = memorySpend()
    const events = Array.from({ length: 40 }, (_, n) =>
      event({
        id: newId(NOW + n * 1_800_000),
        start_ms: NOW + n * 1_800_000,
        first_token_ms: n % 2 ? NOW + n * 1_800_000 + 50 : null,
        end_ms: NOW + n * 1_800_000 + 100,
        cost_nano: String(n * 100_000_000),
        api_key: `hash-${n % 3}`,
        key_alias: n % 4 ? `Alias ${n % 4}` : null,
        team_id: n % 5 ? `team-${n % 5}` : null,
        user: n % 2 ? 'ann' : null,
        end_user: n % 6 ? null : 'customer',
        model: `gpt-${n % 2}`,
        status: n % 7 ? 'success' : 'failure',
        http_status: n % 7 ? 200 : 502,
        error_type: n % 7 ? null : 'upstream_error',
        error_message: n % 7 ? null : 'The provider said "no"',
      }),
    )
    await twin.send(events)
    await recordEvents(postgres.db, events)
    const queries = [
      {},
      { page_size: 7 },
      { page_size: 7, page: 4 },
      { page: 99 },
      { api_key: 'hash-1' },
      { key_alias: 'alias 3' },
      { team_id: 'team-2', user_id: 'ann' },
      { end_user: 'customer' },
      { model: 'gpt-1' },
      { model: 'fast' },
      { status_filter: 'failure' },
      { error_code: '502', error_message: 'SAID' },
      { min_spend: 0.5, max_spend: 1 },
      { request_id: events[3]!.request_id },
      { start_date: '2026-11-22 13:00:00', end_date: '2026-11-22 14:00:00' },
      { start_date: '2026-11-23' },
    ]
    for (const one of queries) {
      const page = await spendLogs(postgres.db, query(one))
      expect(page).toEqual(twin.logs(query(one)))
    }
    expect((await spendLogs(postgres.db, query())).total).toBe(40)
  })

  it('shows money in dollars, under the names LiteLLM has', async () => {
    await recordEvents(postgres.db, [event({ cost_nano: '1234567' })])
    const { data } = await spendLogs(postgres.db, query())
    expect(data[0]).toMatchObject({
      spend: 0.001234567,
      startTime: '2026-11-22T12:00:00.000Z',
      endTime: '2026-11-22T12:00:01.000Z',
      prompt_tokens: 10,
      cache_hit: 'False',
    })
  })

  it('shows what an expired grant was charged until its row arrives', async () => {
    const grant = `key:a:${newId(NOW)}`
    const windows = [{ scope: 'key:a@life', startMs: 0 }]
    await expireGrants(postgres.db, 'key:a', [
      { id: grant, amountNano: 9n, single: true, windows, covered: [true], settleByMs: NOW + 1_000 },
    ])
    const before = await spendLogs(postgres.db, query())
    expect(before.data.map(({ metadata, spend }) => [metadata.kind, spend])).toEqual([['expired', 9e-9]])
    await recordEvents(postgres.db, [event({ ledger: 'key:a', grant_id: grant, hold_nano: '9' })])
    const after = await spendLogs(postgres.db, query())
    expect([after.total, after.data[0]?.metadata.kind, await spent()]).toEqual([1, 'request', 5n])
  })

  it('leaves out what was carried into a new window: it repeats spend that has rows', async () => {
    await recordEvents(postgres.db, [event()])
    const id = newId(NOW)
    await postgres.pool.query(
      `insert into spend_log (day, id, kind, cost_nano, scopes, windows, covered, start_time, end_time)
        values ($1::date, $2, 'carry', 5, '{key:a@1d}', array[$1::timestamptz], '{false}', $1, $1)`,
      [new Date(NOW), `carry:${id}`],
    )
    const { data, total } = await spendLogs(postgres.db, query())
    expect([total, data.map(({ metadata }) => metadata.kind)]).toEqual([1, ['request']])
  })

  it('tells the spend of windows in the order they were named, and 0 where there was none', async () => {
    await recordEvents(postgres.db, [event()])
    const windows = [
      { scope: 'key:none@life', startMs: 0 },
      { scope: 'key:a@life', startMs: 0 },
      { scope: 'key:a@life', startMs: 60_000 },
    ]
    expect(await spendIn(postgres.db, windows)).toEqual([0n, 5n, 0n])
  })
})
