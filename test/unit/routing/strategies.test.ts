import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../scripts/simulate/random.ts'
import type { StrategyName } from '../../../src/config/config.ts'
import { type DeploymentState, unknownState } from '../../../src/routing/state.ts'
import { strategies, strategyOf, strategySettings } from '../../../src/routing/strategies.ts'
import type { Moment, Routable } from '../../../src/routing/strategy.ts'

const settings = { ttlMs: 3_600_000, lowestLatencyBuffer: 0 }
const names = Object.keys(strategies) as StrategyName[]

function one(id: string, state: Partial<DeploymentState> = {}, rest: Partial<Routable> = {}): Routable {
  return { id, ...rest, state: { ...unknownState, ...state } }
}

/** How often each is asked first. */
function shares(
  name: StrategyName,
  candidates: readonly Routable[],
  { rounds = 10_000, buffer = 0, ...moment }: Partial<Moment> & { rounds?: number; buffer?: number } = {},
): Record<string, number> {
  const random = seededRandom(7)
  const firsts: Record<string, number> = Object.fromEntries(candidates.map(({ id }) => [id, 0]))
  for (let round = 0; round < rounds; round++) {
    const [first] = strategies[name](
      candidates,
      { nowMs: 0, random, stream: false, inputTokens: 100, ...moment },
      { ...settings, lowestLatencyBuffer: buffer },
    )
    firsts[first!.id]! += 1
  }
  return Object.fromEntries(Object.entries(firsts).map(([id, times]) => [id, times / rounds]))
}

const count = fc.nat(2000)
const candidate = fc.record({
  id: fc.uuid(),
  weight: fc.option(fc.nat(5), { nil: undefined }),
  rpm: fc.option(fc.nat(500), { nil: undefined }),
  tpm: fc.option(fc.nat(500), { nil: undefined }),
  inputPico: fc.option(count, { nil: undefined }),
  outputPico: fc.option(count, { nil: undefined }),
  state: fc.record({
    inFlight: count,
    requests: count,
    tokens: count,
    failures: count,
    samples: count,
    latencyMs: fc.option(count, { nil: undefined }),
    msPerToken: fc.option(count, { nil: undefined }),
    firstTokenMs: fc.option(count, { nil: undefined }),
  }),
})

describe.each(names)('%s', (name) => {
  it('returns every candidate exactly once, whatever is known of them', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 9 }), fc.nat(), fc.boolean(), (made, seed, stream) => {
        const candidates = made.map((each) => ({ ...each, state: { ...unknownState, ...each.state } })) as Routable[]
        const moment = { nowMs: 0, random: seededRandom(seed), stream, inputTokens: 10 }
        const order = strategies[name](candidates, moment, settings)
        expect(order).toHaveLength(candidates.length)
        expect(new Set(order)).toEqual(new Set(candidates))
      }),
    )
  })

  it('hands back a single candidate as it is', () => {
    const only = [one('a')]
    expect(strategies[name](only, { nowMs: 0, random: () => 0, stream: false, inputTokens: 1 }, settings)).toBe(only)
  })

  it('treats alike who is alike, wherever it stands', () => {
    for (const share of Object.values(
      shares(
        name,
        ['a', 'b', 'c', 'd'].map((id) => one(id)),
      ),
    )) {
      expect(Math.abs(share - 0.25)).toBeLessThan(0.02)
    }
  })
})

describe('simple-shuffle', () => {
  it('keeps weighted shares within two per cent', () => {
    const got = shares('simple-shuffle', [
      one('a', {}, { weight: 6 }),
      one('b', {}, { weight: 3 }),
      one('c', {}, { weight: 1 }),
    ])
    expect(Math.abs(got.a! - 0.6)).toBeLessThan(0.02)
    expect(Math.abs(got.b! - 0.3)).toBeLessThan(0.02)
    expect(Math.abs(got.c! - 0.1)).toBeLessThan(0.02)
  })
})

describe('least-busy', () => {
  it('asks the less busy of two, and never the busiest of many', () => {
    expect(shares('least-busy', [one('a', { inFlight: 9 }), one('b', { inFlight: 2 })]).b).toBe(1)
    const got = shares('least-busy', [
      one('a', { inFlight: 40 }),
      one('b', { inFlight: 30 }),
      one('c', { inFlight: 20 }),
    ])
    expect(got.a).toBe(0)
    expect(got.c).toBeGreaterThan(got.b!)
  })

  it('is not drawn to one that is idle because it fails at once', () => {
    const got = shares('least-busy', [
      one('a', { requests: 400, failures: 400 }),
      one('b', { inFlight: 20, requests: 400 }),
      one('c', { inFlight: 20, requests: 400 }),
    ])
    expect(got.a).toBeLessThan(0.1)
  })
})

describe('latency-based-routing', () => {
  const known = (latencyMs: number, inFlight = 0) => ({ msPerToken: latencyMs, latencyMs, samples: 50, inFlight })

  it('prefers who answers sooner, and gives nobody everything', () => {
    const got = shares('latency-based-routing', [one('a', known(10)), one('b', known(20)), one('c', known(80))])
    expect(got.a).toBeGreaterThan(0.6)
    expect(got.b).toBeGreaterThan(0.05)
    expect(got.c).toBeLessThan(0.01)
  })

  it('lets a lucky one go as soon as it is busy', () => {
    const got = shares('latency-based-routing', [
      one('lucky', known(10, 60)),
      one('b', known(12, 20)),
      one('c', known(13, 20)),
    ])
    expect(got.lucky).toBe(0)
  })

  it('takes one lucky answer for little', () => {
    const lucky = { msPerToken: 1, samples: 1 }
    const got = shares('latency-based-routing', [
      one('a', lucky),
      one('b', known(20)),
      one('c', known(20)),
      one('d', known(20)),
    ])
    expect(got.a).toBeLessThan(0.7)
  })

  it('gives an unknown one a fair share, not everything', () => {
    const got = shares('latency-based-routing', [
      one('new'),
      one('b', known(20)),
      one('c', known(20)),
      one('d', known(20)),
    ])
    expect(got.new).toBeGreaterThan(0.15)
    expect(got.new).toBeLessThan(0.35)
  })

  it('counts those within the buffer as equally fast', () => {
    const both = [one('a', known(10)), one('b', known(14))]
    expect(shares('latency-based-routing', both).a).toBeGreaterThan(0.98)
    expect(shares('latency-based-routing', both, { buffer: 0.5 }).a).toBeCloseTo(0.5, 1)
  })

  it('compares streams by their first token', () => {
    const both = [one('soon', { ...known(30), firstTokenMs: 100 }), one('fast', { ...known(10), firstTokenMs: 900 })]
    expect(shares('latency-based-routing', both, { stream: true }).soon).toBeGreaterThan(0.98)
    expect(shares('latency-based-routing', both, { stream: false }).fast).toBeGreaterThan(0.98)
  })

  it('goes on trying who was slow once, seldom', () => {
    const { slow } = shares('latency-based-routing', [one('a', known(10)), one('slow', known(900))])
    expect(slow).toBeGreaterThan(0.001)
    expect(slow).toBeLessThan(0.01)
  })

  it('asks last who has used up its minute', () => {
    expect(
      shares('latency-based-routing', [one('a', { ...known(1), requests: 60 }, { rpm: 60 }), one('b', known(50))]).b,
    ).toBe(1)
  })
})

describe('usage-based-routing-v2', () => {
  it('goes by the share of the quota, not by the number', () => {
    const both = [one('large', { tokens: 4000 }, { tpm: 10_000 }), one('small', { tokens: 900 }, { tpm: 1_000 })]
    expect(shares('usage-based-routing-v2', both).large).toBe(1)
  })

  it('asks last who would go over its limit', () => {
    const both = [
      one('full', { tokens: 950 }, { tpm: 1_000 }),
      one('b', { tokens: 700, inFlight: 500 }, { tpm: 1_000 }),
    ]
    expect(shares('usage-based-routing-v2', both, { inputTokens: 100 }).b).toBe(1)
  })

  it('goes by tokens where nobody has a limit', () => {
    expect(shares('usage-based-routing-v2', [one('a', { tokens: 5000 }), one('b', { tokens: 100 })]).b).toBe(1)
  })

  it('does not flood one that lags behind', () => {
    const limited = { rpm: 6000 }
    const got = shares('usage-based-routing-v2', [
      one('behind', { requests: 100, inFlight: 90 }, limited),
      one('b', { requests: 900, inFlight: 30 }, limited),
      one('c', { requests: 900, inFlight: 30 }, limited),
    ])
    expect(got.behind).toBe(0)
  })
})

describe('cost-based-routing', () => {
  const priced = (inputPico: number, outputPico: number) => ({ inputPico, outputPico })

  it('asks the cheapest first, by what this request would cost', () => {
    const both = [one('cheap to read', {}, priced(1, 10)), one('cheap to write', {}, priced(3, 5))]
    expect(shares('cost-based-routing', both, { inputTokens: 10_000 })['cheap to read']).toBe(1)
    expect(shares('cost-based-routing', both, { inputTokens: 10 })['cheap to write']).toBe(1)
  })

  it('puts those without a price, those that are full and those that fail behind', () => {
    const moment = { nowMs: 0, random: () => 0.5, stream: false, inputTokens: 1 }
    const order = strategies['cost-based-routing'](
      [
        one('unpriced'),
        one('full', { requests: 10 }, { ...priced(1, 1), rpm: 10 }),
        one('dear', {}, priced(900, 900)),
        one('fails', { requests: 100, failures: 90 }, priced(2, 2)),
        one('cheap', {}, priced(5, 5)),
      ],
      moment,
      settings,
    )
    expect(order.map(({ id }) => id)).toEqual(['cheap', 'dear', 'unpriced', 'full', 'fails'])
  })

  it('spills over where the cheapest has more in flight than its rpm lets it answer, and spreads where all have', () => {
    const rows = (cheap: number, dear: number) => [
      one('cheap', { inFlight: cheap, latencyMs: 2_000 }, { ...priced(1, 1), rpm: 300 }),
      one('dear', { inFlight: dear, latencyMs: 2_000 }, { ...priced(9, 9), rpm: 300 }),
    ]
    expect(shares('cost-based-routing', rows(9, 0)).cheap).toBe(1)
    expect(shares('cost-based-routing', rows(10, 0)).dear).toBe(1)
    expect(shares('cost-based-routing', rows(40, 12)).dear).toBe(1)
    expect(shares('cost-based-routing', rows(12, 40)).cheap).toBe(1)
  })

  it('asks the less busy among equals', () => {
    expect(shares('cost-based-routing', [one('a', { inFlight: 5 }, priced(1, 1)), one('b', {}, priced(1, 1))]).b).toBe(
      1,
    )
  })
})

describe('which strategy', () => {
  const router = { strategy: 'least-busy', groupStrategies: { chat: 'cost-based-routing' }, modelGroupAlias: {} }

  it("is the group's own, else the router's, else simple-shuffle", () => {
    expect(strategyOf({ router } as never, 'chat')).toBe('cost-based-routing')
    expect(strategyOf({ router } as never, 'constructor')).toBe('least-busy')
    expect(strategyOf({ router: {} } as never, 'chat')).toBe('simple-shuffle')
  })

  it("has LiteLLM's settings where the file says nothing", () => {
    expect(strategySettings({ router: {} } as never)).toEqual({ ttlMs: 3_600_000, lowestLatencyBuffer: 0 })
  })
})
