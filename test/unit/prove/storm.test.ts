import { describe, expect, it } from 'vitest'
import { brokenIn, type WindowNow } from '../../../scripts/prove/audit.ts'
import { type BudgetRefusal, falseRefusals, MARGIN_MS, type Occupant } from '../../../scripts/prove/false-refusals.ts'
import type { Seen } from '../../../scripts/prove/load.ts'
import { numberIn, outputTokensOf, planOf, promptTokensOf, type Rates } from '../../../scripts/prove/plan.ts'
import type { Bill } from '../../../scripts/prove/provider.ts'
import { aboveRates } from '../../../scripts/prove/rates.ts'

const options = {
  seed: 7,
  requests: 500,
  concurrency: 50,
  isolates: 4,
  organizations: 5,
  teams: 20,
  keys: 40,
  shared: 10,
}
const text = (value: unknown) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one))

describe('the plan of a storm', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(text(planOf(options))).toBe(text(planOf(options)))
    expect(text(planOf({ ...options, seed: 8 }))).not.toBe(text(planOf(options)))
  })

  it('lets no two requests of a key hold the same, and the provider bill no more than was allowed', () => {
    const { requests } = planOf(options)
    const sizes = requests.map(({ key, prompt, maxTokens }) => `${key}/${prompt.length + 4 * maxTokens}`)
    expect(new Set(sizes).size).toBe(sizes.length)
    for (const { n, prompt, maxTokens, vendor } of requests) {
      expect(numberIn(prompt)).toBe(n)
      expect(promptTokensOf(prompt)).toBeLessThanOrEqual(prompt.length)
      if (vendor.kind === 'answer') expect(outputTokensOf(maxTokens, vendor.outputShare)).toBeLessThanOrEqual(maxTokens)
    }
  })

  it('breaks everything that can break', () => {
    const kinds = new Set(planOf(options).chaos.map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual([
      ...['block', 'database', 'evict', 'increase', 'kill', 'limit', 'queue', 'refuse', 'replies', 'reset'],
    ])
  })
})

describe('a false refusal', () => {
  const refusal: BudgetRefusal = {
    n: 1,
    scope: 'key:k@life',
    startMs: 0,
    neededNano: 40,
    sentMs: 10_000,
    endedMs: 10_100,
  }
  const limit = (limitNano: number | undefined, atMs = 0) => ({ scope: 'key:k@life', atMs, limitNano })
  const spent = (more: Partial<Occupant> = {}): Occupant => ({
    scope: 'key:k@life',
    startMs: 0,
    fromMs: 1_000,
    heldUntilMs: 2_000,
    holdNano: 90,
    costNano: 50,
    ...more,
  })
  const isFalse = (occupants: readonly Occupant[], ...limits: ReturnType<typeof limit>[]) =>
    falseRefusals([refusal], occupants, limits.length > 0 ? limits : [limit(100)]).length > 0

  it('is one that fits beside what has ended, at what it cost', () => {
    expect(isFalse([spent()])).toBe(true)
    expect(isFalse([spent({ costNano: 61 })])).toBe(false)
  })

  it('is none beside what is or may just have been held', () => {
    expect(isFalse([spent({ heldUntilMs: 9_900 })])).toBe(false)
    expect(isFalse([spent({ heldUntilMs: refusal.sentMs - 2 * MARGIN_MS })])).toBe(false)
    expect(isFalse([spent({ heldUntilMs: refusal.sentMs - 2 * MARGIN_MS - 1 })])).toBe(true)
    expect(isFalse([spent({ fromMs: refusal.endedMs + MARGIN_MS + 1, heldUntilMs: 20_000 })])).toBe(true)
  })

  it('counts what is of its window, or of nobody knows which', () => {
    const held = { heldUntilMs: 20_000 }
    expect(isFalse([spent({ ...held, startMs: 5_000 })])).toBe(true)
    const { startMs: _, ...anywhere } = spent(held)
    expect(isFalse([anywhere])).toBe(false)
    expect(isFalse([spent({ ...held, scope: 'key:other@life' })])).toBe(true)
  })

  it('goes by the smallest limit about that moment', () => {
    expect(isFalse([spent()], limit(100), limit(80, 10_050), limit(100, 10_060))).toBe(false)
    expect(isFalse([spent()], limit(80), limit(100, 5_000), limit(80, 12_000))).toBe(true)
    expect(isFalse([spent()], limit(100), limit(undefined, 9_500))).toBe(false)
  })
})

it('a look at the windows finds what is broken', () => {
  const fine: WindowNow = { scope: 's', startMs: 0, spent: 5n, leased: 3n, logged: 5n, leases: 3n, ceiling: 8n }
  expect(brokenIn([fine, { ...fine, ceiling: undefined }]).broken).toEqual({ log: 0, leases: 0, above: 0 })
  expect(brokenIn([{ ...fine, logged: 4n }]).broken).toEqual({ log: 1, leases: 0, above: 0 })
  expect(brokenIn([{ ...fine, leases: 2n }]).broken).toEqual({ log: 0, leases: 1, above: 0 })
  expect(brokenIn([{ ...fine, ceiling: 7n }])).toMatchObject({ broken: { above: 1 }, example: { ceiling: 7n } })
})

describe('what goes above a sliding limit', () => {
  const bill = (n: number, fromMs: number, toMs: number): Bill => ({
    ...{ n, fromMs, toMs, whole: true, model: 'cheap' },
    ...{ promptTokens: 30, outputTokens: 10 },
  })
  const plan = planOf(options)
  const seen = [1, 2, 3].map((n): Seen => ({ n, sentMs: 0, endedMs: 0, how: 'answered' }))
  const above = (rates: Rates, ...bills: Bill[]) =>
    aboveRates({ plan, bills, seen }, [{ entity: 'key:k', rates, isTheirs: () => true }]).length > 0

  it('is more requests or tokens within a minute', () => {
    const three = [bill(1, 0, 10), bill(2, 30_000, 30_010), bill(3, 54_000, 54_010)]
    expect([above({ rpm: 3, tpm: 120 }, ...three), above({ rpm: 2 }, ...three)]).toEqual([false, true])
    expect(above({ tpm: 119 }, ...three)).toBe(true)
    expect(above({ rpm: 2 }, ...three.slice(0, 2), bill(3, 61_000, 61_010))).toBe(false)
    // A second attempt is no second request, but its tokens count.
    expect(above({ rpm: 2 }, ...three.slice(0, 2), bill(2, 31_000, 31_010))).toBe(false)
    expect(above({ tpm: 100 }, ...three.slice(0, 2), bill(2, 31_000, 31_010))).toBe(true)
  })

  it('is more at the same time', () => {
    expect(above({ parallel: 1 }, bill(1, 0, 10), bill(2, 10, 20))).toBe(false)
    expect(above({ parallel: 1 }, bill(1, 0, 10), bill(2, 9, 20))).toBe(true)
  })
})
