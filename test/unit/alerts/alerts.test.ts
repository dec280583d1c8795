import { describe, expect, it } from 'vitest'
import { AlertsWorld, budgetRow, DAY_MS, sightOf } from '../../support/alerts-world.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 18, 12)
const MINUTE_MS = 60_000
const failure = (more: object = {}) =>
  spendEventOf({ id: crypto.randomUUID(), status: 'failure', http_status: 503, error_type: 'overloaded', ...more })

describe('deployments', () => {
  it('an outage is minor, then major, then resolved, each once', async () => {
    const world = new AlertsWorld()
    const titles = async (minute: number, failures: number) => {
      world.sights = [sightOf({ failures, requests: failures + 1 })]
      await world.alerts.tick(NOW + minute * MINUTE_MS)
      return world.texts().map((text) => text.split('\n')[0])
    }
    expect(await titles(0, 4)).toEqual([])
    expect(await titles(1, 5)).toEqual(['*⚠️ Minor Service Outage: fast*'])
    world.restarted()
    expect(await titles(2, 6)).toEqual([])
    expect(await titles(3, 12)).toEqual(['*🚨 Major Service Outage: fast*'])
    expect(await titles(4, 3)).toEqual([])
    expect(await titles(5, 0)).toEqual(['*✅ Service Outage resolved: fast*'])
    expect(await titles(6, 0)).toEqual([])
    expect(await titles(7, 11)).toEqual(['*🚨 Major Service Outage: fast*'])
  })

  it('several of one region are told together', async () => {
    const world = new AlertsWorld()
    world.sights = ['d1', 'd2'].map((deployment) => sightOf({ deployment, region: 'eu', failures: 3, requests: 3 }))
    await world.alerts.tick(NOW)
    expect(world.texts()).toEqual([
      expect.stringContaining(
        'Minor Service Outage in a region: openai eu*\nDeployments: d1, d2\nFailures in the last minute: 6',
      ),
    ])
    world.sights = world.sights.map((sight) => ({ ...sight, failures: 0 }))
    await world.alerts.tick(NOW + MINUTE_MS)
    expect(world.texts()).toEqual([expect.stringContaining('resolved in a region')])
  })

  it('a cooldown is told when it begins, with its end and its reason', async () => {
    const world = new AlertsWorld()
    world.sights = [sightOf({ circuit: 'open', openUntilMs: NOW + 30_000, openBecause: 'answered 429' })]
    await Promise.all([world.alerts.tick(NOW), world.alerts.recorded([failure({ http_status: 400 })], NOW)])
    await world.alerts.tick(NOW + MINUTE_MS)
    const texts = world.texts()
    expect(texts).toHaveLength(1)
    expect(texts[0]).toContain('Because: answered 429\nAsked again from: 2026-11-18 12:00')
    world.sights = [sightOf()]
    await world.alerts.tick(NOW + 2 * MINUTE_MS)
    world.sights = [sightOf({ circuit: 'open' })]
    await world.alerts.tick(NOW + 3 * MINUTE_MS)
    expect(world.texts()).toHaveLength(1)
  })

  it('requests that are in flight while nothing ends hang', async () => {
    const world = new AlertsWorld()
    world.sights = [sightOf({ inFlight: 3 })]
    for (let minute = 0; minute <= 8; minute++) await world.alerts.tick(NOW + minute * MINUTE_MS)
    expect(world.texts()).toEqual([expect.stringContaining('Requests are hanging - 300s+ request time*')])
  })
})

describe('attempts', () => {
  it('that were slow, hung or failed are told and counted; a refusal of what the caller sent is not', async () => {
    const world = new AlertsWorld()
    const slow = { start_ms: NOW, end_ms: NOW + 301_000 }
    await world.alerts.recorded(
      [
        spendEventOf({ id: 'a', ...slow, key_alias: 'etl' }),
        spendEventOf({ id: 'b', ...slow, end_ms: NOW + 400_000, request_id: 'r-b' }),
        spendEventOf({ id: 'c', ...slow, end_ms: NOW + 300_000 }),
        spendEventOf({ id: 'd', ...slow, status: 'cancelled' }),
        failure(),
        failure(),
        failure({ http_status: 401, error_type: 'authentication_error' }),
        failure({ http_status: 400 }),
      ],
      NOW,
    )
    const [text = ''] = world.texts()
    expect(text).toContain('Responses are slow - 400s response time &gt; Alerting threshold: 300s*')
    expect(text).toContain('Requests: 2, the slowest: r-b')
    expect(text).toContain('Requests are hanging')
    expect(text).toContain('2 × 503 overloaded')
    expect(text).toContain('1 × 401 authentication_error')
    expect(text).not.toContain('400 overloaded')
  })
})

describe('reports', () => {
  it('are about the time that has ended: the week, the month, half a day', async () => {
    const world = new AlertsWorld()
    world.spent = '1500000000'
    // A Wednesday, the 2nd: the running month has just begun.
    const at = Date.UTC(2026, 11, 2, 12, 6)
    await world.alerts.tick(at)
    await world.alerts.tick(at + MINUTE_MS)
    expect(world.spans).toEqual([
      { fromMs: Date.UTC(2026, 10, 23), toMs: Date.UTC(2026, 10, 30) },
      { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 11, 1) },
    ])
    const [text = ''] = world.texts()
    expect(text).toContain(
      '*💸 Spend Report for 2026-11-23 – 2026-11-29*\nTotal: $1.50\nTeam Spend Report:\nTeam: `ds` | Spend: $1.5000',
    )
    expect(text).toContain('*💸 Monthly Spend Report for 2026-11*')
    expect(text).toContain("Here are today's key metrics: 2026-12-02 00:00 – 2026-12-02 12:00*\nRequests: 9, failed: 1")
    await world.alerts.tick(at + 7 * DAY_MS)
    expect(world.texts().join()).toContain('2026-11-30 – 2026-12-06')
  })

  it.each([
    ['Asia/Ho_Chi_Minh', Date.UTC(2026, 11, 31, 17), Date.UTC(2026, 10, 30, 17)],
    ['America/Los_Angeles', Date.UTC(2027, 0, 1, 8), Date.UTC(2026, 11, 1, 8)],
    ['UTC', Date.UTC(2027, 0, 1), Date.UTC(2026, 11, 1)],
  ])('of December in %s come when its January has begun, and not before', async (timeZone, januaryMs, decemberMs) => {
    const world = new AlertsWorld({ timeZone })
    world.spent = '1500000000'
    await world.alerts.tick(januaryMs - MINUTE_MS)
    expect(world.texts().join()).toContain('Monthly Spend Report for 2026-11*')
    world.spans.length = 0
    // Rows of the last moments may still be on their way.
    await world.alerts.tick(januaryMs + 4 * MINUTE_MS)
    expect(world.texts().join()).not.toContain('Monthly')
    for (const minute of [5, 6, 60]) await world.alerts.tick(januaryMs + minute * MINUTE_MS)
    expect(
      world
        .texts()
        .join()
        .match(/Monthly Spend Report for [\d-]+/g),
    ).toEqual(['Monthly Spend Report for 2026-12'])
    expect(world.spans).toContainEqual({ fromMs: decemberMs, toMs: januaryMs })
  })

  it('of a month whose clocks were changed are of all of it', async () => {
    const world = new AlertsWorld({ timeZone: 'Europe/Berlin' })
    world.spent = '1500000000'
    await world.alerts.tick(Date.UTC(2026, 10, 1, 0))
    // From midnight in summer time to midnight in winter time.
    expect(world.spans).toContainEqual({ fromMs: Date.UTC(2026, 8, 30, 22), toMs: Date.UTC(2026, 9, 31, 23) })
  })

  it('of nothing are not sent, nor asked for again; fallbacks are counted', async () => {
    const world = new AlertsWorld({ spendReportDays: 1 })
    await world.alerts.tick(NOW)
    await world.alerts.tick(NOW + MINUTE_MS)
    expect(world.sent).toEqual([])
    expect(world.spans).toHaveLength(2)
    world.moves = [{ from: 'fast', to: 'safe', count: 4, ok: 3 }]
    await world.alerts.tick(NOW + DAY_MS)
    expect(world.texts()).toEqual([expect.stringContaining('fast → safe: 4, 3 answered')])
  })
})

it('what has no price is told once a day for each deployment, as cost that was not tracked', async () => {
  const world = new AlertsWorld()
  const free = (model_id: string, end_ms = NOW) =>
    spendEventOf({ id: crypto.randomUUID(), model_id, end_ms, start_ms: end_ms - 10, unpriced: true })
  await world.alerts.recorded([free('d1'), free('d1'), spendEventOf({ id: 'paid', start_ms: NOW })], NOW)
  await world.alerts.recorded([free('d1'), free('d2')], NOW + MINUTE_MS)
  world.restarted()
  await world.alerts.recorded([free('d1')], NOW + 2 * MINUTE_MS)
  expect(world.texts()).toEqual([
    expect.stringContaining(
      'no price for fast*\nDeployment: d1 (openai/gpt-4o-mini)\n2 requests were recorded at nothing',
    ),
    expect.stringContaining('Deployment: d2 (openai/gpt-4o-mini)\n1 request was recorded at nothing'),
  ])
  await world.alerts.recorded([free('d1', NOW + DAY_MS)], NOW + DAY_MS)
  expect(world.texts()).toHaveLength(1)
})

it('several addresses of one type are each told all of it, and a type of its own address is told there alone', async () => {
  const to = (path: string, types: readonly ('budget_alerts' | 'db_exceptions' | 'llm_exceptions')[]) => ({
    ...{ channel: 'slack' as const, to: `https://hooks.slack.test/${path}`, types },
  })
  const world = new AlertsWorld({
    receivers: [to('a', ['budget_alerts']), to('b', ['budget_alerts']), to('c', ['llm_exceptions'])],
  })
  world.rows = [budgetRow({ spentNano: 1_650_000_000_000n, duration: 'life', startMs: 0 })]
  await Promise.all([world.alerts.tick(NOW), world.alerts.recorded([failure()], NOW)])
  await world.alerts.tick(NOW + MINUTE_MS)
  const told = Map.groupBy(world.sent, ({ url }) => url.at(-1)!)
  expect([...told].map(([at, those]) => [at, those.length]).sort()).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 1],
  ])
  expect(told.get('a')![0]!.body).toBe(told.get('b')![0]!.body)
  expect(told.get('c')![0]!.body).toContain('LLM API calls failed')
})

it('a burst of two thousand loses no body, and tells none twice', async () => {
  const world = new AlertsWorld()
  const failures = Array.from({ length: 2_000 }, (_, n) => failure({ model_id: `deployment-${n}.` }))
  const batches = Array.from({ length: 20 }, (_, n) => failures.slice(n * 100, n * 100 + 100))
  await Promise.all(batches.map((batch) => world.alerts.recorded(batch, NOW)))
  await world.alerts.tick(NOW + MINUTE_MS)
  const all = world.texts().join('\n')
  const told = all.match(/deployment-\d+\./g) ?? []
  expect([told.length, new Set(told).size]).toEqual([2_000, 2_000])
})

describe('what fails', () => {
  it('messages that wait to be replayed are told once an hour', async () => {
    const world = new AlertsWorld()
    world.dead = [{ queue: 'tollgate-spend-dead', count: 3, newestMs: NOW, error: 'numeric out of range' }]
    await world.alerts.tick(NOW)
    await world.alerts.tick(NOW + MINUTE_MS)
    expect(world.texts()).toEqual([
      expect.stringContaining(
        '3 messages wait to be replayed: tollgate-spend-dead*\nLast reason: numeric out of range\nFailed tracking spend',
      ),
    ])
  })

  it('Postgres itself is told past the book, once in a while', async () => {
    const world = new AlertsWorld()
    world.dbDown = true
    await world.alerts.tick(NOW)
    await world.alerts.tick(NOW + MINUTE_MS)
    expect(world.texts()).toEqual([
      expect.stringContaining('DB read/write call failed: alerts: budgets*\nPostgres is away'),
    ])
    await world.alerts.tick(NOW + 6 * MINUTE_MS)
    expect(world.texts()).toHaveLength(1)
  })

  it('a receiver that refuses hears it later, once; the others hear it at once', async () => {
    const types = ['budget_alerts'] as const
    const world = new AlertsWorld({
      receivers: [
        { channel: 'slack', to: 'https://hooks.slack.test/a', types },
        { channel: 'webhook', to: 'https://hook.test/b', types },
      ],
    })
    world.refusing.set('https://hooks.slack.test', 500)
    world.rows = [budgetRow({ spentNano: 1_650_000_000_000n, startMs: Date.UTC(2026, 10, 1) })]
    await world.alerts.tick(Date.UTC(2026, 10, 29))
    expect(world.sent.splice(0).map(({ url }) => url)).toEqual(['https://hook.test/b'])
    expect(world.failures).toEqual(['alerts to slack:0: hooks.slack.test answered 500'])
    world.refusing.clear()
    await world.alerts.tick(Date.UTC(2026, 10, 29) + MINUTE_MS)
    await world.alerts.tick(Date.UTC(2026, 10, 29) + 2 * MINUTE_MS)
    expect(world.sent.map(({ url }) => url)).toEqual(['https://hooks.slack.test/a'])
  })
})

it('a digest waits for its hour and keeps every body; equal ones are counted', async () => {
  const world = new AlertsWorld({ digestMs: { llm_exceptions: 60 * MINUTE_MS } })
  for (let one = 0; one < 60; one++) {
    await world.alerts.recorded(
      [failure({ model_id: `d${one}`, request_id: 'same' }), failure({ model_id: `d${one}`, request_id: 'same' })],
      NOW,
    )
  }
  await world.alerts.recorded(
    [failure({ model_id: 'd7', request_id: 'same' }), failure({ model_id: 'd7', request_id: 'same' })],
    NOW,
  )
  expect(world.sent).toEqual([])
  await world.alerts.tick(NOW + 60 * MINUTE_MS)
  const texts = world.texts()
  expect(texts.length).toBeLessThan(3)
  for (let one = 0; one < 60; one++) expect(texts.join('\n')).toContain(`Deployment: d${one} (`)
  expect(texts.join('\n')).toContain('LLM API calls failed: fast (×2)')
})

it('what was sent is forgotten after a hundred days, whoever is told of what', async () => {
  const world = new AlertsWorld({
    receivers: [{ channel: 'slack', to: 'https://hooks.slack.test/a', types: ['llm_exceptions'] }],
  })
  await world.alerts.recorded([failure({ id: 'old' })], NOW)
  const known = async () => (await world.book.known(['exception:old'])).size
  await world.alerts.tick(NOW + 99 * DAY_MS)
  expect(await known()).toBe(1)
  await world.alerts.tick(NOW + 101 * DAY_MS)
  expect(await known()).toBe(0)
})

it('a change is told by its fields, and a type that nobody wants is not even kept', async () => {
  const world = new AlertsWorld({
    receivers: [{ channel: 'slack', to: 'https://hooks.slack.test/a', types: ['virtual_key_updated'] }],
  })
  const facts = { entity: 'Virtual Key Updated', name: 'etl', by: 'admin', fields: ['maxBudget', 'models'] }
  await world.alerts.changed('virtual_key_updated', facts, NOW)
  await world.alerts.changed('virtual_key_deleted', facts, NOW)
  expect(world.texts()).toEqual(['*🔑 Virtual Key Updated: `etl`*\nAction Done by: admin\nFields: maxBudget, models'])
})
