import { describe, expect, it } from 'vitest'
import { Agenda } from '../../../scripts/simulate/agenda.ts'
import { figuresOf } from '../../../scripts/simulate/figures.ts'
import { litellm } from '../../../scripts/simulate/litellm.ts'
import { ours } from '../../../scripts/simulate/ours.ts'
import { seededRandom } from '../../../scripts/simulate/random.ts'
import { run } from '../../../scripts/simulate/run.ts'
import type { Phase } from '../../../scripts/simulate/world.ts'

const day: readonly Phase[] = [
  { name: 'calm', seconds: 20, requestsPerSecond: 40 },
  { name: 'spike', seconds: 20, requestsPerSecond: 400 },
  { name: 'calm', seconds: 5, requestsPerSecond: 40 },
]

describe('ten times the load, over isolates that know of each other two seconds late', () => {
  const theirs = litellm.find(({ strategy }) => strategy === 'latency-based-routing')!
  const [mine, other] = [ours('latency-based-routing'), theirs].map((contender) => figuresOf(run(contender, day, 3)))

  it("overloads nobody with our latency-based routing, and somebody threefold with LiteLLM's", () => {
    expect(mine!.worstOverload).toBeLessThan(1.6)
    expect(other!.worstOverload).toBeGreaterThan(2.5)
  })

  it('loses less than a third of the time to queues', () => {
    expect(mine!.phases.spike!.p99LostMs * 3).toBeLessThan(other!.phases.spike!.p99LostMs)
    expect(mine!.phases.spike!.p99Ms * 1.5).toBeLessThan(other!.phases.spike!.p99Ms)
  })

  it('answers everything, and no deployment has more than a third of it', () => {
    expect(mine!.errors).toBe(0)
    expect(mine!.refused).toBe(0)
    expect(Math.max(...Object.values(mine!.shares))).toBeLessThan(0.33)
  })

  it('is the same day again with the same seed', () => {
    expect(figuresOf(run(ours('least-busy'), day.slice(0, 1), 5))).toEqual(
      figuresOf(run(ours('least-busy'), day.slice(0, 1), 5)),
    )
  })
})

it('what is planned happens in its order', () => {
  const random = seededRandom(1)
  const agenda = new Agenda<number>()
  const times = Array.from({ length: 500 }, () => Math.floor(random() * 50))
  times.forEach((atMs, turn) => {
    agenda.plan(atMs, turn)
  })
  const got: [number, number][] = []
  for (let next = agenda.next(); next; next = agenda.next()) got.push([next.atMs, next.what])
  expect(got).toEqual(times.map((atMs, turn) => [atMs, turn]).sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!))
})
