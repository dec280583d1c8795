import type pg from 'pg'
import { nanoFromUsd } from '../../src/money.ts'

/** Asks a route as an admin; throws for what is not 200. */
export type Ask = (path: string) => Promise<unknown>

interface Report {
  readonly path: string
  /** How its answer adds up. */
  readonly spends: (answer: unknown) => readonly unknown[]
  /** What of the log it tells, as SQL. */
  readonly of: string
}

export interface Told {
  readonly path: string
  readonly ms: number
  readonly toldNano: bigint
  readonly logNano: bigint
}

const list = (answer: unknown) => answer as readonly Readonly<Record<string, unknown>>[]
const each = (name: string) => (answer: unknown) => list(answer).map((row) => row[name])
const within = (name: string, spend: string) => (answer: unknown) => each(spend)(field(answer, name))
const field = (answer: unknown, name: string) => (answer as Readonly<Record<string, unknown>>)[name]

const ALL = 'cost_nano'
const OWNED = (column: string) => `case when ${column} is null then 0 else cost_nano end`
const TAGGED = 'cost_nano * (select count(distinct t) from unnest(request_tags) t)'

function reports(from: string, to: string): readonly Report[] {
  const range = `start_date=${from}&end_date=${to}`
  const grouped = (name: string) => (answer: unknown) => list(answer).flatMap((day) => each('total_spend')(day[name]))
  const metadata = (answer: unknown) => [field(field(answer, 'metadata'), 'total_spend')]
  return [
    { path: '/global/spend', spends: (answer) => [field(answer, 'spend')], of: ALL },
    { path: `/global/spend/logs?${range}`, spends: each('spend'), of: ALL },
    { path: `/global/spend/keys?${range}&limit=1000`, spends: each('total_spend'), of: ALL },
    { path: `/global/spend/models?${range}&limit=1000`, spends: each('total_spend'), of: ALL },
    { path: `/global/spend/provider?${range}`, spends: each('spend'), of: ALL },
    { path: `/spend/keys?limit=1000`, spends: each('spend'), of: ALL },
    { path: `/spend/users?limit=1000`, spends: each('spend'), of: OWNED('"user"') },
    { path: `/spend/tags?${range}`, spends: each('total_spend'), of: TAGGED },
    { path: `/global/spend/tags?${range}`, spends: within('spend_per_tag', 'spend'), of: TAGGED },
    { path: `/global/spend/report?${range}&group_by=team`, spends: grouped('teams'), of: OWNED('team_id') },
    { path: `/global/spend/report?${range}&group_by=customer`, spends: grouped('customers'), of: OWNED('end_user') },
    { path: `/global/spend/report?${range}&group_by=api_key`, spends: each('total_cost'), of: ALL },
    { path: `/user/daily/activity?${range}`, spends: metadata, of: ALL },
    { path: `/team/daily/activity?${range}`, spends: metadata, of: OWNED('team_id') },
    { path: `/organization/daily/activity?${range}`, spends: metadata, of: OWNED('organization_id') },
    { path: `/customer/daily/activity?${range}`, spends: metadata, of: OWNED('end_user') },
    { path: `/tag/daily/activity?${range}`, spends: metadata, of: TAGGED },
    { path: `/spend/days/export?${range}&by=key&format=json`, spends: each('spend'), of: ALL },
    { path: `/spend/days/export?${range}&by=customer&format=json`, spends: each('spend'), of: OWNED('end_user') },
    {
      path: `/spend/logs?${range}`,
      spends: (answer) => list(answer).flatMap(({ models }) => Object.values(models as object)),
      of: ALL,
    },
  ]
}

/** What each report says was spent, beside what the log itself adds up to. */
export async function tell(pool: pg.Pool, ask: Ask, from: string, to: string): Promise<readonly Told[]> {
  const told: Told[] = []
  for (const { path, spends, of } of reports(from, to)) {
    const began = performance.now()
    const answer = await ask(path)
    const ms = performance.now() - began
    const { rows } = await pool.query<{ sum: string | null }>(`select sum(${of}) as sum from spend_log`)
    const toldNano = spends(answer).reduce<bigint>((sum, usd) => sum + nanoFromUsd(Number(usd)), 0n)
    told.push({ path, ms, toldNano, logNano: BigInt(rows[0]?.sum ?? 0) })
  }
  return told
}

/** What people look at: a page of each, and how long it took: the fastest of five, as whatever else the machine does is not meant. */
export async function timed(ask: Ask, from: string, to: string): Promise<readonly { path: string; ms: number }[]> {
  const range = `start_date=${from}&end_date=${to}`
  const paths = [
    '/global/spend',
    `/global/spend/keys?${range}`,
    `/global/spend/teams?${range}`,
    `/spend/keys?limit=100`,
    `/spend/tags?${range}`,
    `/spend/logs?${range}`,
    `/spend/logs/v2?${range}`,
    ...['team', 'customer', 'api_key'].map((by) => `/global/spend/report?${range}&group_by=${by}&page=1`),
    ...['user', 'team', 'organization', 'customer', 'tag'].map((kind) => `/${kind}/daily/activity?${range}`),
    `/global/activity?${range}`,
    `/global/activity/model?${range}`,
    `/global/activity/exceptions?${range}`,
    `/global/activity/cache_hits?${range}`,
    `/global/spend/all_tag_names`,
  ]
  const times: { path: string; ms: number }[] = []
  for (const path of paths) {
    let ms = Number.POSITIVE_INFINITY
    for (let n = 0; n < 5; n++) {
      const began = performance.now()
      await ask(path)
      ms = Math.min(ms, performance.now() - began)
    }
    times.push({ path, ms })
  }
  return times
}
