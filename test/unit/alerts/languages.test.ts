import { describe, expect, it } from 'vitest'
import type { Facts } from '../../../src/alerts/alert.ts'
import { phrases } from '../../../src/alerts/phrases.ts'
import { wordsOf } from '../../../src/alerts/words.ts'

const AT = Date.UTC(2026, 10, 18, 12)
const about = { group: 'g', deployment: 'd', provider: 'p', model: 'm' }
const budget = {
  kind: 'budget' as const,
  ...{ entityKind: 'team', entityId: 't', alias: 'a', scope: 'team:t@30d', model: null },
  ...{ spentNano: '80000000000', limitNano: '100000000000', duration: '30d', timeZone: 'UTC' },
  ...{ startMs: AT, endMs: AT + 86_400_000 * 30, top: [{ name: 'k', nano: '1000000000' }] },
}

/** One of every kind and of every level: the compiler says when a kind is missing. */
const examples: { readonly [K in Facts['kind']]: readonly Extract<Facts, { kind: K }>[] } = {
  budget: [
    { ...budget, event: 'budget_crossed' },
    { ...budget, event: 'soft_budget_crossed' },
    { ...budget, event: 'projected_limit_exceeded', exhaustedMs: AT },
  ],
  outage: (['minor', 'major', 'resolved'] as const).map((level) => ({
    ...{ kind: 'outage', ...about, level, failures: 5, requests: 9, sinceMs: AT },
  })),
  region: [
    { kind: 'region', level: 'minor', provider: 'p', region: 'r', deployments: [], failures: 5, sinceMs: AT },
    { kind: 'region', level: 'resolved', provider: 'p', region: 'r', deployments: ['d'], failures: 0, sinceMs: AT },
  ],
  cooldown: [{ kind: 'cooldown', ...about, untilMs: AT, because: '429' }],
  slow: [{ kind: 'slow', ...about, count: 1, longestMs: 1, thresholdMs: 1, keyAlias: 'k', team: 't', requestId: 'r' }],
  hanging: [{ kind: 'hanging', ...about, count: 1, thresholdMs: 1 }],
  exception: [{ kind: 'exception', ...about, count: 1, status: 503, error: 'e', requestId: 'r' }],
  unpriced: [{ kind: 'unpriced', ...about, count: 2, requestId: 'r' }],
  spend: [true, false].map((isMonth) => ({
    ...{ kind: 'spend', firstDay: '2026-10-01', lastDay: '2026-10-31', isMonth, totalNano: '1' },
    ...{ teams: [{ name: 't', nano: '1' }], tags: [{ name: 't', nano: '1' }] },
  })),
  daily: [{ kind: 'daily', fromMs: AT, toMs: AT, requests: 1, failures: 1, costNano: '1', failing: [], slowest: [] }],
  fallbacks: [{ kind: 'fallbacks', fromMs: AT, toMs: AT, moves: [{ from: 'a', to: 'b', count: 1, ok: 1 }] }],
  db: [{ kind: 'db', where: 'w', error: 'e' }],
  dead: ['tollgate-spend-dead', 'tollgate-deliveries-dead'].map((queue) => ({
    ...{ kind: 'dead', queue, count: 2, error: 'e' },
  })),
  change: [{ kind: 'change', entity: 'New Team Created', name: 'n', by: 'b', fields: ['f'] }],
  test: [{ kind: 'test', by: 'b' }],
}

/** The same in both languages: product names, and what numbers and ids stand beside. */
const SHARED = /^(\d+ × 503 e|e|Deployment: d \(p\/m\)|Team: t|Requests: 1|1\. k: \$1\.00 \(1\.0%\))$/

describe.each(Object.values(examples).flat())('$kind $level$event', (facts) => {
  it('is Vietnamese in Vietnamese, every line of it, and says as much', () => {
    const [en, vi] = (['en', 'vi'] as const).map((language) => wordsOf(facts, { language, timeZone: 'UTC' }))
    expect(vi!.title).not.toBe(en!.title)
    expect(vi!.lines).toHaveLength(en!.lines.length)
    for (const [at, line] of vi!.lines.entries())
      expect([line, line !== en!.lines[at] || SHARED.test(line)]).toEqual([line, true])
    const numbers = (text: readonly string[]) => text.join(' ').match(/\d+/g)
    expect(numbers([vi!.title, ...vi!.lines])).toEqual(numbers([en!.title, ...en!.lines]))
  })
})

it('names in Vietnamese whatever admins change', () => {
  const changes = ['New Model Added', 'Virtual Key Deleted', 'Team Updated', 'New Internal User Created']
  for (const change of changes) expect(phrases.vi.changed(change)).toMatch(/^Đã /)
})
