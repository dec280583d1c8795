import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { neonFigures } from '../../src/alerts/figures-neon.ts'
import { memoryAlerts } from '../../src/alerts/memory.ts'
import { neonAlerts } from '../../src/alerts/neon.ts'
import type { AlertBook, Letter } from '../../src/alerts/port.ts'
import { newId } from '../../src/ids.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { AlertsWorld, DAY_MS, sightOf } from '../support/alerts-world.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const NOVEMBER = Date.UTC(2026, 10, 1)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())
beforeEach(async () => {
  await postgres.pool.query(
    `delete from alert; delete from setting where name like 'alerts:%'; delete from spend_log; delete from spend_daily;
     delete from budget_window;
     delete from budget; delete from virtual_key; delete from team; delete from dead_letter`,
  )
})

const letter = (id: string, more: Partial<Letter> = {}): Letter => ({
  id,
  receiver: 'slack:0',
  type: 'llm_exceptions',
  facts: { kind: 'test', by: `line\u0000 "${id}"` },
  dueMs: NOW,
  ...more,
})

const books: Record<string, () => AlertBook> = { memory: memoryAlerts, postgres: () => neonAlerts(postgres.db) }

describe.each(Object.keys(books))('the book of alerts in %s', (name) => {
  let book: AlertBook
  beforeEach(() => {
    book = books[name]!()
  })
  const ids = (letters: readonly Letter[]) => letters.map(({ id, receiver }) => `${id}>${receiver}`)

  it('raises an id once, whoever comes first', async () => {
    const raised = await Promise.all([1, 2, 3, 4].map(() => book.raise([letter('a'), letter('b')], NOW)))
    expect(raised.flat().toSorted()).toEqual(['a', 'b'])
    expect(await book.known(['a', 'c'])).toEqual(new Set(['a']))
    expect(await book.raise([], NOW)).toEqual([])
  })

  it('hands a letter to one sender, and to another when that one died', async () => {
    await book.raise([letter('a'), letter('b', { receiver: 'webhook:1' }), letter('later', { dueMs: NOW + 1 })], NOW)
    const both = await Promise.all([book.claim(NOW, NOW + 100, 10), book.claim(NOW, NOW + 100, 10)])
    expect(ids(both.flat()).toSorted()).toEqual(['a>slack:0', 'b>webhook:1'])
    expect(ids(await book.claim(NOW + 1, NOW + 100, 10))).toEqual(['later>slack:0'])
    await book.sent([letter('a'), letter('later')], NOW)
    const again = await book.claim(NOW + 100, NOW + 200, 10)
    expect(again.map(({ id, attempts }) => [id, attempts])).toEqual([['b', 2]])
    await book.failed(again, 'no', NOW + 500)
    expect(await book.claim(NOW + 499, NOW + 600, 10)).toEqual([])
    expect(ids(await book.claim(NOW + 500, NOW + 600, 10))).toEqual(['b>webhook:1'])
  })

  it('remembers what is for nobody, and forgets what was sent, but for budgets', async () => {
    await book.raise([letter('a'), letter('quiet', { receiver: '' }), letter('paid', { type: 'budget_alerts' })], NOW)
    const claimed = await book.claim(NOW, NOW + 1, 10)
    expect(ids(claimed).toSorted()).toEqual(['a>slack:0', 'paid>slack:0'])
    await book.sent(claimed, NOW)
    await book.forget(NOW + 1)
    expect(await book.known(['a', 'quiet', 'paid'])).toEqual(new Set(['paid']))
  })

  it('moves a note for one of those who saw it, and raises with it or not at all', async () => {
    const move = (to: unknown, from?: unknown) => ({ name: 'alerts:test', from, to })
    const first = await Promise.all(['a', 'b', 'c'].map((id) => book.raise([letter(id)], NOW, move({ by: id }))))
    expect(first.flat()).toHaveLength(1)
    const note = await book.note('alerts:test')
    expect(note).toEqual({ by: first.flat()[0] })
    expect(await book.raise([letter('d')], NOW, move({ by: 'd' }, { by: 'nobody' }))).toEqual([])
    expect(await book.raise([letter('d')], NOW, move({ by: 'd' }, note))).toEqual(['d'])
    expect(await book.note('alerts:none')).toBeUndefined()
  })
})

describe('what Postgres knows of the money', () => {
  const figures = () => neonFigures(postgres.db)
  const scopes = ['team:ds@30d', 'team:ds@life', 'key:k1@life']
  const spend = (more: object) =>
    spendEventOf({
      id: newId(NOW),
      start_ms: NOW,
      team_id: 'ds',
      scopes,
      windows: [NOVEMBER, 0, 0],
      covered: [false, false, false],
      ...more,
    })

  beforeEach(async () => {
    await postgres.pool.query(`
      insert into team (team_id, team_alias, soft_budget_nano) values ('ds', 'data-science', 900), ('soft', 'gentle', 5);
      insert into budget (scope, entity, limit_nano, extra_nano, extra_until, duration, anchor)
        values ('team:ds@30d', 'team:ds', 1000, 500, to_timestamp(${NOW / 1000 + 60}), '30d', to_timestamp(0))`)
    const { refused } = await recordEvents(postgres.db, [
      spend({ cost_nano: '600', key_id: 'k1', key_alias: 'etl', request_tags: ['night'] }),
      spend({
        cost_nano: '300',
        key_id: 'k2',
        key_alias: 'chat',
        request_id: 'moved',
        status: 'failure',
        http_status: 500,
      }),
      spend({
        cost_nano: '50',
        key_id: 'k2',
        key_alias: 'chat',
        request_id: 'moved',
        model_group: 'safe',
        start_ms: NOW + 1,
      }),
      spend({
        cost_nano: '7',
        key_id: 'k3',
        team_id: 'soft',
        scopes: ['team:soft@life'],
        windows: [0],
        covered: [false],
      }),
    ])
    expect(refused).toEqual([])
  })

  it('a window comes with its name, its limit of this moment and its soft budget', async () => {
    const window = { scope: 'team:ds@30d', startMs: NOVEMBER }
    const [row] = await figures().windows([window], NOW)
    expect(row).toEqual({
      ...window,
      entityKind: 'team',
      entityId: 'ds',
      alias: 'data-science',
      model: null,
      limitNano: 1500n,
      softNano: 900n,
      spentNano: 950n,
      duration: '30d',
      timeZone: 'UTC',
      anchorMs: 0,
    })
    const later = await figures().budgets('', 10, NOW + 120_000)
    expect(later.rows.map(({ scope, limitNano }) => [scope, limitNano])).toEqual([['team:ds@30d', 1000n]])
    expect(await figures().budgets('team:ds@30d', 10, NOW)).toEqual({ rows: [] })
    expect(await figures().budgets('', 1, NOW)).toMatchObject({ next: 'team:ds@30d' })
    const [soft] = await figures().windows([{ scope: 'team:soft@life', startMs: 0 }], NOW)
    expect(soft).toMatchObject({ scope: 'team:soft@life', alias: 'gentle', limitNano: 0n, softNano: 5n, spentNano: 7n })
  })

  it('who spent most, what teams and tags spent, who failed and who stepped in', async () => {
    const window = { scope: 'team:ds@30d', startMs: NOVEMBER, entityKind: 'team', entityId: 'ds' }
    expect(await figures().topKeys(window, 3)).toEqual([
      { name: 'etl', nano: '600' },
      { name: 'chat', nano: '350' },
    ])
    const span = { fromMs: NOVEMBER, toMs: NOW + 2 }
    expect(await figures().spend(span)).toEqual({
      totalNano: '957',
      teams: [
        { name: 'data-science', nano: '950' },
        { name: 'gentle', nano: '7' },
      ],
      tags: [{ name: 'night', nano: '600' }],
    })
    expect(await figures().spend({ fromMs: NOVEMBER, toMs: NOW })).toMatchObject({ totalNano: '0' })
    const hour = 3_600_000
    // Spans that follow each other share nothing and leave nothing out, wherever they meet.
    for (const at of [NOW, NOW + 1, NOW + hour, NOVEMBER + hour]) {
      const [before, after] = await Promise.all([
        figures().spend({ fromMs: NOVEMBER - hour, toMs: at }),
        figures().spend({ fromMs: at, toMs: NOW + 40 * 24 * hour + 1 }),
      ])
      expect([at, Number(before.totalNano) + Number(after.totalNano)]).toEqual([at, 957])
    }
    expect(await figures().deployments(span, 5)).toMatchObject({ requests: 4, failures: 1, costNano: '957' })
    await recordEvents(postgres.db, [
      spend({ model_id: 'slower', start_ms: NOW, end_ms: NOW + 50_000, completion_tokens: 5, key_id: 'k4' }),
      spend({ model_id: 'slow', start_ms: NOW, end_ms: NOW + 45_000, completion_tokens: 5, key_id: 'k4' }),
    ])
    const { slowest } = await figures().deployments(span, 2)
    expect(slowest.map(({ name, secondsPerToken }) => [name.slice(-7), secondsPerToken])).toEqual([
      ['slower)', 10],
      [', slow)', 9],
    ])
    expect(await figures().fallbacks(span)).toEqual([{ from: 'fast', to: 'safe', count: 1, ok: 1 }])
    await postgres.pool.query(
      `insert into dead_letter (id, queue, body, error) values ('1', 'q', '{}', 'bad'), ('2', 'q', '{}', 'bad')`,
    )
    expect(await figures().dead()).toMatchObject([{ queue: 'q', count: 2, error: 'bad' }])
  })
})

it('what was spent is told of days whose log is gone, too, and a budget that was reset makes it no less', async () => {
  const from = NOW - (NOW % DAY_MS) - 10 * DAY_MS
  const at = from + 3_600_000
  const window = { scopes: ['team:old@life'], windows: [0], covered: [false] }
  const { refused } = await recordEvents(postgres.db, [
    spendEventOf({ id: newId(at), start_ms: at, team_id: 'old', cost_nano: '70', request_tags: ['x'], ...window }),
  ])
  expect(refused).toEqual([])
  const { rows } = await postgres.pool.query<{ change: string }>('select reset_spend($1, $2, 0, 0) as change', [
    newId(at + 1),
    'team:old@life',
  ])
  expect(rows).toEqual([{ change: '-70' }])
  const until = (toMs: number) => neonFigures(postgres.db).spend({ fromMs: from, toMs })
  const told = { totalNano: '70', teams: [{ name: 'old', nano: '70' }], tags: [{ name: 'x', nano: '70' }] }
  expect(await until(from + DAY_MS / 2)).toEqual(told)
  await postgres.pool.query('delete from spend_log')
  expect(await until(from + DAY_MS)).toEqual(told)
})

it('on Postgres a restart repeats nothing', async () => {
  const book = neonAlerts(postgres.db)
  const world = new AlertsWorld({}, book)
  world.sights = [
    sightOf({ failures: 20, requests: 20, circuit: 'open', openUntilMs: NOW + 5_000, openBecause: 'failed' }),
  ]
  await Promise.all([world.alerts.tick(NOW), world.restarted().tick(NOW)])
  const [text = '', ...more] = world.texts()
  expect([text, ...more].join('\n').match(/Major Service Outage|Cooling down/g)).toHaveLength(2)
  await world.restarted().tick(NOW + 60_000)
  expect(world.texts()).toEqual([])
  expect(world.failures).toEqual([])
})
