import { describe, expect, it } from 'vitest'
import { kindOf, lateOnes } from '../../../scripts/prove/answers.ts'
import type { LogRow } from '../../../scripts/prove/audit.ts'
import type { Evidence } from '../../../scripts/prove/evidence.ts'
import { missingFrom } from '../../../scripts/prove/happened.ts'
import type { Seen } from '../../../scripts/prove/load.ts'
import { PRICES, planOf, promptTokensOf } from '../../../scripts/prove/plan.ts'
import { verdictOn } from '../../../scripts/prove/verdict.ts'

const plan = planOf({
  ...{ seed: 7, requests: 50, concurrency: 5, isolates: 2 },
  ...{ organizations: 2, teams: 4, keys: 10, shared: 3 },
})
const asked = plan.requests.find(({ key }) => plan.keys[key]?.limitNano !== undefined)!
const keyIds = new Map(plan.keys.map((_, at) => [`id-${at}`, at]))
const SENT_MS = 100_000
const costNano = promptTokensOf(asked.prompt) * PRICES.cheap.inputNano + 10 * PRICES.cheap.outputNano

const seen: Seen = { n: asked.n, sentMs: SENT_MS, endedMs: SENT_MS + 200, how: 'answered', requestId: 'r', costNano }
const row: LogRow = {
  ...{ id: 'attempt', kind: 'request', status: 'success', requestId: 'r', grantId: 'team:t:attempt', single: true },
  ...{ holdNano: 5 * costNano, costNano, scopes: [`key:id-${asked.key}@life`], startsMs: [0] },
  ...{ overrun: false, estimated: false, keyId: `id-${asked.key}`, startMs: SENT_MS + 10, endMs: SENT_MS + 190 },
}
const bill = {
  ...{ n: asked.n, model: 'cheap', promptTokens: promptTokensOf(asked.prompt), outputTokens: 10, whole: true },
  ...{ fromMs: SENT_MS + 20, toMs: SENT_MS + 180 },
}
const evidence: Evidence = {
  ...{ plan, keyIds, seen: [seen], bills: [bill], rows: [row], limits: [], troubles: [], blocked: [], chaos: {} },
  entities: { organizations: [], teams: [], keys: [], users: [], customers: [], tags: [], missing: new Map() },
  ...{ lentBeyond: 0, deadLetters: 0, queued: 0, polled: { log: 0, leases: 0, above: 0 }, atRest: [] },
  ...{ holdOf: () => 5 * costNano, grantLifeMs: 2_000, callMs: 4_000, settleByMs: 6_500 },
}
/** The lines that are not 0, beside the last: one request is no storm. */
const broken = (more: Partial<Evidence>) =>
  Object.entries(verdictOn({ ...evidence, ...more }).broken)
    .filter(([line, count]) => count > 0 && line !== 'what makes it no storm')
    .map(([line]) => line)

describe('the verdict on a storm', () => {
  it('finds nothing where there is nothing, but calls it no storm', () => {
    expect(broken({})).toEqual([])
    expect(verdictOn(evidence).broken['what makes it no storm']).toBeGreaterThan(0)
  })

  it('misses a row, and the money', () => {
    const lines = ['acknowledged answers without a row or charge', 'billed, and nobody was charged']
    expect(broken({ rows: [] })).toEqual(lines)
    // An isolate that died long after has nothing to do with it; nor has an expired grant of somebody else.
    const troubles = [{ kind: 'kill', fromMs: SENT_MS + 9_000, toMs: SENT_MS + 9_500 }] as const
    const expired: LogRow = { ...row, id: 'expired:x', kind: 'expired', requestId: undefined, grantId: 'x' }
    const other = `key:id-${(asked.key + 1) % plan.keys.length}@life`
    expect(broken({ rows: [{ ...expired, scopes: [other] }], troubles })).toEqual(lines)
  })

  it('takes the expired grant of an isolate that died in time for a charge, and only if it is enough', () => {
    const troubles = [{ kind: 'kill', fromMs: SENT_MS + 300, toMs: SENT_MS + 900 }] as const
    const expired: LogRow = { ...row, id: 'expired:x', kind: 'expired', requestId: undefined, grantId: 'x' }
    expect(broken({ rows: [expired], troubles })).toEqual([])
    expect(broken({ rows: [{ ...expired, costNano: costNano - 1 }], troubles })).toEqual([
      'expired grants charged less than was billed',
    ])
  })

  it('sees two rows of one attempt, and another cost', () => {
    expect(broken({ rows: [row, { ...row, id: 'again' }] })).toContain('double rows')
    expect(broken({ rows: [{ ...row, costNano: costNano + 1 }] })).toEqual(['acknowledged answers at another cost'])
    expect(broken({ rows: [{ ...row, estimated: true, costNano: costNano + 1 }] })).toHaveLength(1)
    // Reckoned at its deadline: never less than was billed.
    const late = { ...row, estimated: true, endMs: row.startMs + 4_000 }
    expect(broken({ rows: [{ ...late, costNano: costNano + 1 }] })).toEqual([])
    expect(broken({ rows: [{ ...late, costNano: costNano - 1 }] })).toHaveLength(1)
  })

  it('finds the row of a client that left long before it was asked by the provider’s books alone', () => {
    const left: Seen = { n: asked.n, sentMs: SENT_MS - 20_000, endedMs: SENT_MS - 19_000, how: 'left' }
    expect(broken({ seen: [left] })).toEqual([])
    expect(broken({ seen: [left], bills: [{ ...bill, fromMs: row.endMs + 1_000 }] })).toEqual([
      'billed, and nobody was charged',
    ])
  })

  it('judges a blocked key by when it was taken, however long the answer took', () => {
    const block = { key: asked.key, askedMs: 0, fromMs: SENT_MS - 7_000, untilMs: SENT_MS + 50, unblockedMs: SENT_MS }
    expect(broken({ blocked: [block] })).toEqual(['answers to a blocked key'])
    expect(broken({ blocked: [{ ...block, untilMs: SENT_MS + 5 }] })).toEqual([])
    expect(broken({ blocked: [{ ...block, fromMs: SENT_MS - 6_000 }] })).toEqual([])
  })
})

describe('a 503 without an injected failure', () => {
  const refused = (n: number, waitedMs: number, endedMs: number): Seen => ({
    ...{ n, how: 'refused', status: 503, code: 'database_unavailable', sentMs: endedMs - waitedMs, endedMs },
  })
  const fast = plan.requests.filter(({ isolate }) => isolate === 0).map(({ n }) => n)
  const elsewhere = plan.requests.filter(({ isolate }) => isolate === 1).map(({ n }) => n)
  const kind = (one: Seen, ...others: Seen[]) =>
    kindOf(one, evidence, { limited: new Set(), late: lateOnes({ seen: [one, ...others], grantLifeMs: 2_000 }) })

  it('is strange unless it waited too long itself, or failed with one that did', () => {
    const one = refused(fast[0]!, 100, 50_000)
    expect(kind(refused(fast[0]!, 2_000, 50_000))).toBe('503 as its grant came too late')
    expect(kind(one)).toBe('strange')
    expect(kind(one, refused(fast[1]!, 2_500, 50_010))).toBe('503 as its grant came too late')
    expect(kind(one, refused(fast[1]!, 2_500, 50_300))).toBe('strange')
    expect(kind(one, refused(elsewhere[0]!, 2_500, 50_010))).toBe('strange')
    expect(kind({ ...one, code: 'ledger_unavailable' }, refused(fast[1]!, 2_500, 50_010))).toBe('strange')
  })
})

describe('a storm', () => {
  const counted = { answered: 20, 'refused: budget': 5, 'refused: rate': 2, 'left by the client': 2 }
  const troubles = (['evict', 'kill', 'database', 'replies', 'refuse'] as const).map((kind) => ({
    ...{ kind, fromMs: 0, toMs: 1 },
  }))
  const chaos = { queue: 1, '/team/update': 1, '/key/update': 1, '/key/…/reset_spend': 1, '/key/block': 1 }
  const all = { ...counted, 'failed by the provider': 1 }

  it('is one in which everything happened, and little had to be excused', () => {
    expect(missingFrom({ plan, troubles, chaos }, all)).toEqual([])
    expect(missingFrom({ plan, troubles, chaos }, { ...all, answered: 4 })).toEqual(['too few: answered'])
    expect(missingFrom({ plan, troubles, chaos }, { ...all, 'timed out': 4 })).toEqual(['too many: timed out'])
    expect(missingFrom({ plan, troubles: troubles.slice(1), chaos }, all)).toEqual(['did not happen: evict'])
    expect(missingFrom({ plan, troubles, chaos: { ...chaos, '/key/block': 0 } }, all)).toEqual([
      'did not happen: block',
    ])
  })
})
