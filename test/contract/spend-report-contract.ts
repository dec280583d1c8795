import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId } from '../../src/ids.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import {
  type DaysQuery,
  dimensions,
  type KeyName,
  type SpendDays,
  type SpendGroup,
  type SpendLog,
} from '../../src/spend/report.ts'
import { sumOf } from '../../src/spend/report-sums.ts'
import { spendEventOf } from '../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000
const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22'] as const

/** What both implementations are given. */
export const reported: readonly SpendEvent[] = Array.from({ length: 200 }, (_, n) => {
  const at = NOW - (n % 5) * DAY_MS - n * 1_000
  return spendEventOf({
    id: newId(at),
    start_ms: at,
    cost_nano: String((n * 104_729) % 7_919),
    key_id: `key-${n % 6}`,
    api_key: `token-${n % 6}`,
    user: n % 3 ? `user-${n % 4}` : null,
    team_id: n % 2 ? `team-${n % 3}` : null,
    organization_id: n % 7 ? 'org-1' : null,
    end_user: n % 4 ? null : `customer-${n % 8}`,
    request_tags: n % 3 ? [`tag-${n % 2}`, 'all', 'all'] : [],
    model: `model-${n % 4}`,
    model_group: `group-${n % 2}`,
    api_base: `https://vendor-${n % 3}.test`,
    status: n % 9 ? 'success' : 'failure',
    http_status: n % 9 ? 200 : 429,
    cache_hit: n % 8 === 1,
    saved_nano: n % 8 === 1 ? String(n) : '0',
    usage: {
      ...spendEventOf({ id: '' }).usage,
      cacheReadTokens: n % 9,
      cacheWriteTokens: n % 4,
      cacheWrite1hTokens: n % 5,
    },
    scopes: [`key:key-${n % 6}@life`, `key:key-${n % 6}@1d`],
    windows: [0, Date.parse(DAYS[4]) - (n % 5) * DAY_MS],
    covered: [false, false],
  })
})

export const namedKeys: ReadonlyMap<string, KeyName> = new Map(
  Array.from({ length: 6 }, (_, n) => [
    `key-${n}`,
    { token: `token-${n}`, alias: n % 2 ? `alias-${n}` : null, name: 'sk-...', teamId: null },
  ]),
)

const OWNERS = {
  all: () => [''],
  user: ({ user }) => [user],
  team: ({ team_id }) => [team_id],
  organization: ({ organization_id }) => [organization_id],
  customer: ({ end_user }) => [end_user],
  tag: ({ request_tags }) => [...new Set(request_tags)],
} as const satisfies Record<DaysQuery['kind'], (event: SpendEvent) => readonly (string | null)[]>

const dayOf = ({ start_ms }: SpendEvent) => new Date(start_ms).toISOString().slice(0, 10)
const seldom = <T>(one: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: one })
const some = (from: readonly string[]) => seldom(fc.subarray([...from], { minLength: 1 }))

const query: fc.Arbitrary<DaysQuery> = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(OWNERS) as DaysQuery['kind'][])),
    days: fc.tuple(fc.nat(4), fc.nat(4)),
    entities: some(['', 'user-1', 'user-2', 'team-1', 'org-1', 'customer-4', 'tag-1', 'all', 'nobody']),
    apiKey: seldom(fc.constantFrom('key-1', 'token-2', 'unknown')),
    keyIds: some(['key-1', 'key-2', 'key-3']),
    model: seldom(fc.constantFrom('model-1', 'group-0')),
  })
  .map(({ days, ...rest }) => ({
    ...rest,
    from: DAYS[Math.min(...days)] ?? DAYS[0],
    to: DAYS[Math.max(...days)] ?? DAYS[4],
  }))
const sets = fc.array(fc.subarray([...dimensions]), { minLength: 1, maxLength: 3 })

/** The sum of the log that a question is about, by other means than either implementation. */
function logged({ kind, from, to, entities, apiKey, keyIds, model }: DaysQuery): bigint {
  let sum = 0n
  for (const event of reported) {
    const { key_id, api_key, cost_nano } = event
    if (dayOf(event) < from || dayOf(event) > to) continue
    if (apiKey !== undefined && apiKey !== key_id && apiKey !== api_key) continue
    if (keyIds !== undefined && !keyIds.includes(key_id)) continue
    if (model !== undefined && model !== event.model && model !== event.model_group) continue
    for (const owner of OWNERS[kind](event))
      if (owner !== null && (entities === undefined || entities.includes(owner))) sum += BigInt(cost_nano)
  }
  return sum
}

export type Reports = SpendDays & SpendLog

/** What every implementation of reports promises; `twin` is one that has recorded the same. */
export function reportsContract(made: () => { readonly reports: Reports; readonly twin: Reports }): void {
  describe('days', () => {
    it('add up to the log to the nano-dollar, whatever is asked, and as the twin says', async () => {
      let found = 0
      await fc.assert(
        fc.asyncProperty(query, sets, async (asked, apart) => {
          const { reports, twin } = made()
          const told = await reports.days(asked, apart)
          expect(told.map((groups) => sumOf(groups).costNano)).toEqual(apart.map(() => logged(asked)))
          expect(told).toEqual(await twin.days(asked, apart))
          found += told.flat().length
        }),
        { numRuns: 60 },
      )
      expect(found).toBeGreaterThan(500)
    })

    it('come in pages, the most expensive first, and in parts by their names', async () => {
      const { reports, twin } = made()
      const about = { kind: 'tag', from: DAYS[0], to: DAYS[4] } as const
      const [all = []] = await reports.days(about, [['entity', 'model']])
      expect(all.map(({ costNano }) => costNano)).toEqual(
        all.map(({ costNano }) => costNano).toSorted((a, b) => (a < b ? 1 : -1)),
      )
      const pages = [1, 2, 3].map((number) =>
        reports.days({ ...about, page: { number, size: 5 } }, [['entity', 'model']]),
      )
      expect((await Promise.all(pages)).flatMap(([page = []]) => page)).toEqual(all.slice(0, 15))
      const found: SpendGroup[] = []
      for (;;) {
        const [groups = []] = await reports.days({ ...about, part: { after: found.at(-1), size: 3 } }, [
          ['entity', 'model'],
        ])
        found.push(...groups)
        if (groups.length < 3) break
      }
      expect(found.length).toBeGreaterThan(6)
      const byName = (a: SpendGroup, b: SpendGroup) => (`${a.entity} ${a.model}` < `${b.entity} ${b.model}` ? -1 : 1)
      expect(found.toSorted(byName)).toEqual(all.toSorted(byName))
      expect(found).toEqual((await twin.days({ ...about, part: { size: 1_000 } }, [['entity', 'model']]))[0])
    })

    it('know keys by name, and what windows have spent', async () => {
      const { reports } = made()
      expect(await reports.keyNames(['key-1', 'key-4', 'nobody'])).toEqual(
        new Map(['key-1', 'key-4'].map((id) => [id, namedKeys.get(id)])),
      )
      expect(await reports.aliases('team', ['team-1', 'team-2', 'nobody'])).toEqual(new Map([['team-1', 'One']]))
      const windows = [
        { scope: 'key:key-1@life', startMs: 0 },
        { scope: 'key:key-1@1d', startMs: Date.parse(DAYS[2]) },
        { scope: 'key:nobody@life', startMs: 0 },
      ]
      const ofKey = reported.filter(({ key_id }) => key_id === 'key-1')
      const sum = (events: readonly SpendEvent[]) => events.reduce((all, { cost_nano }) => all + BigInt(cost_nano), 0n)
      expect(await reports.spentIn(windows)).toEqual([
        sum(ofKey),
        sum(ofKey.filter((event) => dayOf(event) === DAYS[2])),
        0n,
      ])
    })
  })

  describe('the log', () => {
    it('is read from row to row, newest first, each once', async () => {
      const { reports } = made()
      const filter = { start_date: Date.parse(DAYS[1]), end_date: NOW, team_id: 'team-1' }
      const ids: string[] = []
      for (
        let rows = await reports.rows(filter, undefined, 7);
        rows.length > 0;
        rows = await reports.rows(filter, rows.at(-1), 7)
      )
        ids.push(...rows.map(({ id }) => id))
      const meant = reported
        .filter((event) => event.team_id === 'team-1' && event.start_ms >= filter.start_date)
        .toSorted((a, b) => b.start_ms - a.start_ms || (a.id < b.id ? 1 : -1))
      expect(ids).toEqual(meant.map(({ id }) => id))
      expect(ids.length).toBeGreaterThan(20)
    })

    it('counts refusals for rate and answers out of the cache as the twin does', async () => {
      const { reports, twin } = made()
      const days = { from: DAYS[1], to: DAYS[3] }
      for (const modelGroup of [undefined, 'group-1']) {
        const refused = await reports.rateLimited({ ...days, modelGroup })
        expect(refused).toEqual(await twin.rateLimited({ ...days, modelGroup }))
        expect(refused.length).toBeGreaterThan(0)
      }
      const cached = await reports.cachedAnswers(days)
      expect(cached).toEqual(await twin.cachedAnswers(days))
      expect(cached.reduce((sum, { requests }) => sum + requests, 0)).toBe(
        reported.filter((event) => event.cache_hit && dayOf(event) >= days.from && dayOf(event) <= days.to).length,
      )
    })
  })
}
