import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/ids.ts'
import { nanoFromUsd } from '../../src/money.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import { neonLog } from '../../src/spend/logs-neon.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { neonDays } from '../../src/spend/report-days-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'
import { world } from '../unit/routes/world.ts'

// The routes over a real database: each report is the sum of the log to the nano-dollar.

const NOW = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000
const RANGE = 'start_date=2026-11-18&end_date=2026-11-22'

const events: readonly SpendEvent[] = Array.from({ length: 240 }, (_, n) =>
  spendEventOf({
    id: newId(NOW - (n % 5) * DAY_MS),
    start_ms: NOW - (n % 5) * DAY_MS,
    cost_nano: String(1 + ((n * 7919) % 1_000_003)),
    key_id: `key-${n % 6}`,
    user: n % 3 ? `user-${n % 4}` : null,
    team_id: n % 2 ? `team-${n % 3}` : null,
    organization_id: n % 7 ? 'org-1' : null,
    end_user: n % 4 ? null : `customer-${n % 8}`,
    request_tags: n % 3 ? [`tag-${n % 2}`, 'all'] : [],
    model: `model-${n % 4}`,
    model_group: `group-${n % 2}`,
    total_tokens: n,
    status: n % 9 ? 'success' : 'failure',
    http_status: n % 9 ? 200 : n % 2 ? 429 : 500,
    cache_hit: n % 8 === 1,
  }),
)

let postgres: TestPostgres
let front: ReturnType<typeof world>
beforeAll(async () => {
  postgres = await testPostgres()
  for (let at = 0; at < events.length; at += 50) {
    await recordEvents(postgres.db, events.slice(at, at + 50))
    await recordEvents(postgres.db, events.slice(at, at + 20))
  }
  front = world()
  Object.assign(front.deps.spendReport, { ...neonLog(postgres.db), ...neonDays(postgres.db) })
}, 60_000)
afterAll(() => postgres.stop())

const sumOf = (some: readonly SpendEvent[]) => some.reduce((sum, { cost_nano }) => sum + BigInt(cost_nano), 0n)
const sumBy = (nameOf: (event: SpendEvent) => string | null) => {
  const sums: Record<string, bigint> = {}
  for (const event of events) {
    const name = nameOf(event)
    if (name !== null) sums[name] = (sums[name] ?? 0n) + BigInt(event.cost_nano)
  }
  return sums
}
const listed = (rows: readonly Record<string, unknown>[], name: string, spend: string) =>
  Object.fromEntries(rows.map((row) => [String(row[name]), nanoFromUsd(Number(row[spend]))]))
async function got(path: string, key?: string) {
  const { status, json } = await front.get(path, key)
  expect({ status, path, json: status === 200 ? undefined : json }).toEqual({ status: 200, path, json: undefined })
  return json
}

describe('reports', () => {
  it('say all that was spent, and by key, person, tag, model and vendor', async () => {
    expect(nanoFromUsd((await got('/global/spend')).spend)).toBe(sumOf(events))
    expect(listed(await got('/spend/keys'), 'token', 'spend')).toEqual(sumBy(({ key_id }) => key_id))
    expect(listed(await got('/global/spend/keys'), 'api_key', 'total_spend')).toEqual(sumBy(({ key_id }) => key_id))
    expect(listed(await got('/spend/users'), 'user_id', 'spend')).toEqual(sumBy(({ user }) => user))
    expect(listed(await got('/global/spend/models'), 'model', 'total_spend')).toEqual(sumBy(({ model }) => model))
    expect(listed(await got('/global/spend/provider'), 'provider', 'spend')).toEqual(
      sumBy((e) => e.custom_llm_provider),
    )
    expect(listed(await got('/global/spend/logs'), 'date', 'spend')).toEqual(
      sumBy(({ id }) => new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toISOString().slice(0, 10)),
    )
    const tags = listed(await got('/spend/tags'), 'individual_request_tag', 'total_spend')
    expect(tags).toEqual({
      ...sumBy(({ request_tags }) => request_tags[0] ?? null),
      all: sumOf(events.filter(({ request_tags }) => request_tags.length > 0)),
    })
    expect(listed((await got('/global/spend/tags')).spend_per_tag, 'name', 'spend')).toEqual(tags)
  })

  it('say it by day and team or customer, each by key and model, and by key alone', async () => {
    for (const [by, list, of] of [
      ['team', 'teams', 'team_id'],
      ['customer', 'customers', 'end_user'],
    ] as const) {
      const days = await got(`/global/spend/report?${RANGE}&group_by=${by}`)
      expect(days).toHaveLength(5)
      let sum = 0n
      for (const day of days)
        for (const one of day[list]) {
          const parts = one.metadata.map(({ spend }: { spend: number }) => nanoFromUsd(spend))
          expect(parts.reduce((a: bigint, b: bigint) => a + b, 0n)).toBe(nanoFromUsd(one.total_spend))
          sum += nanoFromUsd(one.total_spend)
        }
      expect(sum).toBe(sumOf(events.filter((event) => event[of] !== null)))
    }
    const keys = await got(`/global/spend/report?${RANGE}&group_by=api_key`)
    expect(listed(keys, 'api_key', 'total_cost')).toEqual(sumBy(({ key_id }) => key_id))
    const teams = await got('/global/spend/teams')
    expect(listed(teams.total_spend_per_team, 'team_id', 'total_spend')).toEqual(sumBy(({ team_id }) => team_id))
  })

  it('count what was asked', async () => {
    const activity = await got(`/global/activity?${RANGE}`)
    expect(activity).toMatchObject({ sum_api_requests: 240, sum_total_tokens: (239 * 240) / 2 })
    expect(activity.daily_data[0]).toMatchObject({ date: 'Nov 18', api_requests: 48 })
    const models = await got(`/global/activity/model?${RANGE}`)
    expect(models.map((one: { sum_api_requests: number }) => one.sum_api_requests)).toEqual([120, 120])
  })

  it.each(['user', 'team', 'organization', 'customer', 'tag'])('show the days of each %s', async (kind) => {
    const path = `/${kind}/daily/activity?${RANGE}&page_size=2`
    const { metadata } = await got(path)
    expect(metadata).toMatchObject({ total_pages: 3, has_more: true })
    let sum = 0n
    for (let page = 1; page <= 3; page++)
      for (const day of (await got(`${path}&page=${page}`)).results) {
        sum += nanoFromUsd(day.metrics.spend)
        const models: { metrics: { spend: number } }[] = Object.values(day.breakdown.models)
        expect(models.reduce((all, { metrics }) => all + nanoFromUsd(metrics.spend), 0n)).toBe(
          nanoFromUsd(day.metrics.spend),
        )
      }
    expect(sum).toBe(nanoFromUsd(metadata.total_spend))
    if (kind === 'user') expect(sum).toBe(sumOf(events))
  })

  it('add up the log by day for everyone, and for a person the own', async () => {
    const days = await got(`/spend/logs?${RANGE}`)
    expect(days).toHaveLength(5)
    const total = (of: 'users' | 'models') =>
      days
        .flatMap((day: Record<string, Record<string, number>>) => Object.values(day[of] ?? {}))
        .reduce((sum: bigint, usd: number) => sum + nanoFromUsd(usd), 0n)
    expect(total('models')).toBe(sumOf(events))
    expect(total('users')).toBe(sumOf(events.filter(({ user }) => user !== null)))
    await front.post('/user/new', { user_id: 'user-2', user_role: 'internal_user' })
    const own = await got(`/spend/logs?${RANGE}`, await front.key({ user_id: 'user-2' }))
    const seen = own.flatMap((day: { users: object }) => Object.keys(day.users))
    expect(new Set(seen)).toEqual(new Set(['user-2']))
  })

  it('give its rows to whoever asks for them, and of one request wherever it is', async () => {
    const all = await got('/spend/logs?summarize=false')
    expect(listed(all, 'request_id', 'spend')).toEqual(sumBy(({ request_id }) => request_id))
    const [one] = events.filter(({ user }) => user === 'user-3')
    expect(await got(`/spend/logs?request_id=${one?.request_id}`)).toMatchObject([{ user: 'user-3' }])
    await front.post('/user/new', { user_id: 'user-3', user_role: 'internal_user' })
    const three = await front.key({ user_id: 'user-3' })
    expect(await got(`/spend/logs?request_id=${one?.request_id}`, three)).toHaveLength(1)
    const theirs = events.find(({ user }) => user === 'user-2')
    expect(await got(`/spend/logs?request_id=${theirs?.request_id}`, three)).toEqual([])
    expect(listed(await got('/spend/logs?summarize=false', three), 'request_id', 'spend')).toEqual(
      Object.fromEntries(
        events.filter(({ user }) => user === 'user-3').map((e) => [e.request_id, BigInt(e.cost_nano)]),
      ),
    )
    expect((await front.get('/spend/logs?summarize=false&user_id=user-2', three)).status).toBe(403)
  })

  it('give the same files as rows and days have, each amount to the nano-dollar', async () => {
    const file = async (path: string, key = 'sk-master') => {
      const response = await front.fetched(path, { headers: { authorization: `Bearer ${key}` } })
      expect([path, response.status]).toEqual([path, 200])
      const [head = '', ...lines] = (await response.text()).trimEnd().split('\r\n')
      const spend = head.split(',').indexOf('spend')
      return lines.map((line) => BigInt((line.split(',')[spend] ?? '').replace('.', '')))
    }
    const add = (amounts: readonly bigint[]) => amounts.reduce((sum, one) => sum + one, 0n)
    const rows = await file(`/spend/logs/export?${RANGE}`)
    expect([rows.length, add(rows)]).toEqual([240, sumOf(events)])
    expect(add(await file(`/spend/days/export?${RANGE}&by=key`))).toBe(sumOf(events))
    expect(add(await file(`/spend/days/export?${RANGE}&by=customer`))).toBe(
      sumOf(events.filter(({ end_user }) => end_user !== null)),
    )
    const json = await got(`/spend/days/export?${RANGE}&by=team&format=json`)
    expect(listed(json.slice(0, 1), 'date', 'spend')).toHaveProperty('2026-11-22')
    expect((await got(`/spend/logs/export?${RANGE}&format=json`)).length).toBe(240)
    const nobody = await front.key({})
    expect(await file(`/spend/logs/export?${RANGE}`, nobody)).toEqual([])
    expect((await front.get(`/spend/days/export?${RANGE}`, nobody)).status).toBe(401)
  })

  it('count refusals for rate and answers out of the cache', async () => {
    const limited = events.filter(({ http_status }) => http_status === 429)
    const refused = await got(`/global/activity/exceptions?${RANGE}`)
    expect(refused.sum_num_rate_limit_exceptions).toBe(limited.length)
    expect(refused.daily_data[0].date).toMatch(/^Nov 1[89]$/)
    const group = await got(`/global/activity/exceptions?${RANGE}&model_group=group-1`)
    expect(group.sum_num_rate_limit_exceptions).toBe(limited.filter((e) => e.model_group === 'group-1').length)
    const deployments = await got(`/global/activity/exceptions/deployment?${RANGE}`)
    expect(deployments).toMatchObject([
      { api_base: 'https://api.openai.com/v1', sum_num_rate_limit_exceptions: limited.length },
    ])
    const rows: Record<string, number>[] = await got(`/global/activity/cache_hits?${RANGE}`)
    const total = (name: string) => rows.reduce((sum, row) => sum + (row[name] ?? 0), 0)
    const hits = events.filter(({ cache_hit }) => cache_hit)
    expect([total('total_rows'), total('cache_hit_true_rows'), total('cached_completion_tokens')]).toEqual([
      240,
      hits.length,
      5 * hits.length,
    ])
    expect(total('generated_completion_tokens')).toBe(5 * (240 - hits.length))
  })

  it('name all tags, and the customers that spent most', async () => {
    expect(await got('/global/spend/all_tag_names')).toEqual({ tag_names: ['all', 'tag-0', 'tag-1'] })
    const body = { startTime: '2026-11-18T00:00:00', endTime: '2026-11-22' }
    const { status, json } = await front.post('/global/spend/end_users', body)
    expect([status, listed(json, 'end_user', 'total_spend')]).toEqual([200, sumBy(({ end_user }) => end_user)])
  })

  it('show all days at once, as their pages do', async () => {
    const pages = [1, 2, 3].map((page) => got(`/team/daily/activity?${RANGE}&page_size=2&page=${page}`))
    const { results, metadata } = await got(`/team/daily/activity/aggregated?${RANGE}`)
    expect(results).toEqual((await Promise.all(pages)).flatMap((page) => page.results))
    expect(metadata).toMatchObject({ page: 1, total_pages: 1, has_more: false })
    const report = await got(`/global/spend/report?${RANGE}`)
    const parts = [3, 2, 1].map((page) => got(`/global/spend/report?${RANGE}&page_size=2&page=${page}`))
    expect(report).toEqual((await Promise.all(parts)).flat())
    expect(await got(`/global/spend/report?${RANGE}&page=9`)).toEqual([])
    const keys = `/global/spend/report?${RANGE}&group_by=api_key`
    const both = [...(await got(`${keys}&page=1&page_size=4`)), ...(await got(`${keys}&page=2&page_size=4`))]
    const named = (list: readonly { api_key: string }[]) => new Map(list.map((one) => [one.api_key, one]))
    expect([both.length, named(both)]).toEqual([6, named(await got(keys))])
  })

  it('show a person the own spend, and nothing of others', async () => {
    await front.post('/user/new', { user_id: 'user-1', user_role: 'internal_user' })
    const ann = await front.key({ user_id: 'user-1' })
    const mine = await got(`/user/daily/activity?${RANGE}`, ann)
    expect(nanoFromUsd(mine.metadata.total_spend)).toBe(sumOf(events.filter(({ user }) => user === 'user-1')))
    const nobody = await front.key({})
    expect((await got(`/user/daily/activity?${RANGE}`, nobody)).metadata.total_spend).toBe(0)
    for (const path of [
      `/user/daily/activity?${RANGE}&user_id=user-2`,
      `/team/daily/activity?${RANGE}`,
      `/team/daily/activity?${RANGE}&team_ids=team-1`,
      `/tag/daily/activity?${RANGE}`,
      ...['/global/spend', '/global/spend/keys', '/spend/keys', '/spend/users', '/spend/tags'],
      `/global/spend/report?${RANGE}`,
    ])
      expect([401, 403], path).toContain((await front.get(path, ann)).status)
  })

  it('refuse days that are none, and too many of them', async () => {
    for (const range of ['start_date=2026-11-31&end_date=2026-12-01', 'start_date=2026-11-22&end_date=2026-11-21'])
      expect((await front.get(`/global/activity?${range}`)).status).toBe(400)
    expect((await front.get('/global/activity?start_date=2020-01-01&end_date=2026-11-22')).json.error.message).toMatch(
      /at most 366 days/,
    )
  })
})
