import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addSample, noLatencies, type Sample, summaryOf, turnGeneration } from '../../../src/health/latency.ts'

const TTL = 60_000

function measured(samples: readonly Sample[], stepMs = 1) {
  const latencies = noLatencies(0)
  for (const [n, sample] of samples.entries()) {
    turnGeneration(latencies, n * stepMs, TTL)
    addSample(latencies.younger, sample)
  }
  return latencies
}

const took = (durationMs: number): Sample => ({ durationMs, outputTokens: 10 })

describe('latencies', () => {
  it('say nothing before the first success', () => {
    expect(summaryOf(noLatencies(0), 0, TTL)).toEqual({ samples: 0 })
  })

  it('know the middle and the slow end to five per cent', () => {
    const samples = Array.from({ length: 40 }, (_, n) => took(100 + n * 10))
    const { latencyMs, latencyP95Ms } = summaryOf(measured(samples), 50, TTL)
    expect(Math.abs((latencyMs ?? 0) / 290 - 1)).toBeLessThan(0.06)
    expect(Math.abs((latencyP95Ms ?? 0) / 470 - 1)).toBeLessThan(0.06)
  })

  it('measure by output token, and until the first one', () => {
    const samples = [
      { durationMs: 300, outputTokens: 10, firstTokenMs: 100 },
      { durationMs: 700, outputTokens: 90, firstTokenMs: 200 },
      { durationMs: 200, outputTokens: 0 },
    ]
    expect(summaryOf(measured(samples), 5, TTL)).toMatchObject({ samples: 3, msPerToken: 12, firstTokenMs: 150 })
  })

  it('know how late the slow first tokens are, of those that were streamed', () => {
    const streamed = Array.from({ length: 20 }, (_, n) => ({ ...took(5_000), firstTokenMs: n === 19 ? 2_000 : 100 }))
    const { firstTokenP95Ms = 0 } = summaryOf(measured([...streamed, ...streamed, took(9_000)]), 50, TTL)
    expect(Math.abs(firstTokenP95Ms / 100 - 1)).toBeLessThan(0.06)
    const slower = streamed.map((one, n) => (n > 15 ? { ...one, firstTokenMs: 2_000 } : one))
    expect(summaryOf(measured(slower), 50, TTL).firstTokenP95Ms).toBeGreaterThan(1_900)
  })

  it('follow a deployment that turns slow within a hundred requests, and one that recovers', () => {
    const fast = Array.from({ length: 5_000 }, () => took(100))
    const slow = Array.from({ length: 100 }, () => took(4_000))
    expect(summaryOf(measured([...fast, ...slow]), 5_100, TTL).latencyMs).toBeGreaterThan(3_500)
    expect(summaryOf(measured([...slow, ...fast]), 5_100, TTL).latencyP95Ms).toBeLessThan(120)
  })

  it('forget what is older than its time to live', () => {
    const latencies = measured([took(100), took(100)])
    expect(summaryOf(latencies, TTL - 1, TTL).samples).toBe(2)
    expect(summaryOf(latencies, TTL + 1, TTL).samples).toBe(0)
  })

  it('stay small and between the fastest and the slowest', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900_000 }), { minLength: 1, maxLength: 300 }), (times) => {
        const latencies = measured(times.map(took))
        const { samples, latencyMs = 0, latencyP95Ms = 0 } = summaryOf(latencies, times.length, TTL)
        expect(samples).toBeLessThanOrEqual(100)
        expect(latencyMs).toBeLessThanOrEqual(latencyP95Ms)
        expect(latencyMs).toBeGreaterThanOrEqual(Math.min(...times) * 0.95 - 1)
        expect(latencyP95Ms).toBeLessThanOrEqual(Math.max(...times) * 1.06 + 1)
      }),
    )
  })
})
