import { describe, expect, it } from 'vitest'
import { type AlertType, alertTypes } from '../../../src/config/alerts.ts'
import { AlertsWorld, budgetRow, DAY_MS, sightOf } from '../../support/alerts-world.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 18, 12)
const MINUTE_MS = 60_000

interface Case {
  /** Makes it due, or makes what looks like it and is not. */
  readonly happens: (world: AlertsWorld, nowMs: number) => Promise<void> | void
  readonly nearly?: (world: AlertsWorld, nowMs: number) => Promise<void> | void
  /** How its message begins. */
  readonly text: string
  /** Told again by the same thing happening anew: a change is a change each time. */
  readonly eachTime?: true
}

const failed = (nowMs: number, more: object = {}) =>
  spendEventOf({ id: 'e', start_ms: nowMs, status: 'failure', http_status: 503, error_type: 'overloaded', ...more })
const took = (ms: number, nowMs: number, more: object = {}) =>
  spendEventOf({ id: 'e', start_ms: nowMs - ms, end_ms: nowMs, ...more })
const spent = (percent: number) => (world: AlertsWorld, nowMs: number) => {
  world.rows = [
    budgetRow({ spentNano: 20_000_000_000n * BigInt(percent), duration: 'life', startMs: 0, anchorMs: nowMs }),
  ]
}
const fails =
  (count: number, more: object = {}) =>
  (world: AlertsWorld) => {
    world.sights = ['d1', 'd2'].map((deployment) => sightOf({ deployment, failures: count, requests: 30, ...more }))
  }
const dead = (queue: string) => (world: AlertsWorld, nowMs: number) => {
  world.dead = [{ queue, count: 3, newestMs: nowMs, error: 'numeric out of range' }]
}
const change = (type: AlertType) => (world: AlertsWorld, nowMs: number) =>
  world.alerts.changed(type, { entity: 'Thing', name: 'etl', by: 'admin', fields: ['models'] }, nowMs)
const changed = (type: AlertType): Case => ({
  happens: change(type),
  text: '*🔑 Thing: `etl`*\nAction Done by: admin',
  eachTime: true,
})

/** Every type there is: what makes it due, what looks alike and does not, and what it says. */
const cases: Readonly<Record<AlertType, Case>> = {
  budget_alerts: {
    happens: spent(82),
    nearly: spent(69),
    text: '*⚠️ Budget Alert: Team `data-science`*\nUsed $1,640 / $2,000 (82.0%)',
  },
  spend_reports: {
    happens: (world) => {
      world.spent = '1500000000'
    },
    nearly: () => {},
    text: '*💸 Monthly Spend Report for 2026-10*\nTotal: $1.50',
  },
  daily_reports: {
    happens: (world) => {
      world.spent = '1500000000'
    },
    nearly: () => {},
    text: "*📈 Here are today's key metrics: 2026-11-17 12:00 – 2026-11-18 00:00*\nRequests: 9, failed: 1",
  },
  db_exceptions: {
    happens: (world, nowMs) => world.alerts.dbFailed('record', new Error('connection refused'), nowMs),
    text: '*🗄️ DB read/write call failed: record*\nconnection refused',
  },
  outage_alerts: { happens: fails(5), nearly: fails(4), text: '*⚠️ Minor Service Outage: fast*' },
  region_outage_alerts: {
    happens: fails(3, { region: 'eu' }),
    nearly: fails(2, { region: 'eu' }),
    text: '*⚠️ Minor Service Outage in a region: openai eu*',
  },
  cooldown_deployment: {
    happens: fails(1, { circuit: 'open', openBecause: 'answered 429' }),
    nearly: fails(1),
    text: '*🧊 Cooling down: fast*\nDeployment: d1 (openai/gpt-4o-mini)\nBecause: answered 429',
  },
  llm_too_slow: {
    happens: (world, nowMs) => world.alerts.recorded([took(301_000, nowMs)], nowMs),
    nearly: (world, nowMs) =>
      world.alerts.recorded([took(300_000, nowMs), took(900_000, nowMs, { cache_hit: true })], nowMs),
    text: '*🐢 Responses are slow - 301s response time &gt; Alerting threshold: 300s*',
  },
  llm_requests_hanging: {
    happens: (world, nowMs) => world.alerts.recorded([took(301_000, nowMs, { status: 'cancelled' })], nowMs),
    nearly: (world, nowMs) => world.alerts.recorded([took(299_000, nowMs, { status: 'cancelled' })], nowMs),
    text: '*⏳ Requests are hanging - 300s+ request time*',
  },
  llm_exceptions: {
    happens: (world, nowMs) => world.alerts.recorded([failed(nowMs)], nowMs),
    nearly: (world, nowMs) => world.alerts.recorded([failed(nowMs, { http_status: 400 })], nowMs),
    text: '*❌ LLM API calls failed: fast*',
  },
  failed_tracking_spend: {
    happens: dead('tollgate-spend-dead'),
    nearly: dead('tollgate-deliveries-dead'),
    text: '*☠️ 3 messages wait to be replayed: tollgate-spend-dead*',
  },
  dead_deliveries: {
    happens: dead('tollgate-deliveries-dead'),
    nearly: dead('tollgate-spend-dead'),
    text: '*☠️ 3 messages wait to be replayed: tollgate-deliveries-dead*',
  },
  fallback_reports: {
    happens: (world) => {
      world.moves = [{ from: 'fast', to: 'safe', count: 4, ok: 3 }]
    },
    nearly: () => {},
    text: '*🔀 Fallback Statistics: 2026-11-17*\nfast → safe: 4, 3 answered',
  },
  new_model_added: changed('new_model_added'),
  new_virtual_key_created: changed('new_virtual_key_created'),
  virtual_key_updated: changed('virtual_key_updated'),
  virtual_key_deleted: changed('virtual_key_deleted'),
  new_team_created: changed('new_team_created'),
  team_updated: changed('team_updated'),
  team_deleted: changed('team_deleted'),
  new_internal_user_created: changed('new_internal_user_created'),
  internal_user_updated: changed('internal_user_updated'),
  internal_user_deleted: changed('internal_user_deleted'),
}

const only = (type: AlertType) => ({
  receivers: [{ channel: 'slack' as const, to: 'https://hooks.slack.test/a', types: [type] }],
})

describe.each(alertTypes)('%s', (type) => {
  const { happens, nearly, text, eachTime } = cases[type]

  it('is told when it happens, in its words, once, also after a restart', async () => {
    const world = new AlertsWorld(only(type))
    await happens(world, NOW)
    await world.alerts.tick(NOW)
    const [first, ...more] = world.texts()
    expect([first?.startsWith(text), first, more]).toEqual([true, first, []])
    world.restarted()
    if (!eachTime && type !== 'db_exceptions') await happens(world, NOW)
    await world.alerts.tick(NOW + MINUTE_MS)
    await world.alerts.tick(NOW + 2 * MINUTE_MS)
    expect(world.texts()).toEqual([])
    expect(world.failures).toEqual([])
  })

  it('is not told when it does not happen, nor to who did not ask for it', async () => {
    const world = new AlertsWorld(only(type))
    await nearly?.(world, NOW)
    await world.alerts.tick(NOW)
    expect(world.texts()).toEqual([])
    const others = alertTypes.filter((other) => other !== type)
    const elsewhere = new AlertsWorld({
      receivers: [{ channel: 'slack', to: 'https://hooks.slack.test/b', types: others }],
    })
    await happens(elsewhere, NOW)
    await elsewhere.alerts.tick(NOW)
    expect(elsewhere.texts().filter((one) => one.startsWith(text))).toEqual([])
  })
})

it('two budgets that cross at once are two alerts, each with its own money', async () => {
  const world = new AlertsWorld(only('budget_alerts'))
  const at = { duration: 'life', startMs: 0 }
  world.rows = [
    budgetRow({ ...at, scope: 'team:a@life', entityId: 'a', alias: 'alpha', spentNano: 2_000_000_000_000n }),
    budgetRow({ ...at, scope: 'team:b@life', entityId: 'b', alias: 'beta', spentNano: 1_700_000_000_000n }),
  ]
  await world.alerts.tick(NOW)
  const texts = world.texts().join('\n')
  expect(texts).toContain('Budget Crossed: Team `alpha`*\nUsed $2,000 / $2,000')
  expect(texts).toContain('Budget Alert: Team `beta`*\nUsed $1,700 / $2,000')
  world.restarted()
  await world.alerts.tick(NOW + DAY_MS)
  expect(world.texts()).toEqual([])
})
