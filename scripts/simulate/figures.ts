import type { Run } from './run.ts'
import { type Phase, sites } from './world.ts'

export interface PhaseFigures {
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Beyond what the deployment that answered takes when it is well. */
  readonly p99LostMs: number
  readonly errors: number
}

export interface Figures {
  readonly strategy: string
  readonly family: string
  readonly phases: Readonly<Partial<Record<Phase['name'], PhaseFigures>>>
  readonly errors: number
  /** Attempts that vendors refused, for quota or overload. */
  readonly refused: number
  /** Of all attempts, by site. */
  readonly shares: Readonly<Record<string, number>>
  /** The most requests at once by what the site can take. */
  readonly worstOverload: number
}

/** Times are those of answered requests. */
export function figuresOf({ contender, outcomes, asked, worstOverload, refused }: Run): Figures {
  const all = asked.reduce((sum, one) => sum + one, 0)
  const byPhase = Map.groupBy(outcomes, ({ arrival }) => arrival.phase.name)
  return {
    strategy: contender.strategy,
    family: contender.family,
    phases: Object.fromEntries([...byPhase].map(([name, some]) => [name, phaseFigures(some)])),
    errors: outcomes.filter(({ ok }) => !ok).length,
    refused,
    shares: Object.fromEntries(sites.map(({ id }, site) => [id, rounded((asked[site] ?? 0) / all, 3)])),
    worstOverload: rounded(Math.max(...worstOverload), 2),
  }
}

function phaseFigures(outcomes: Run['outcomes']): PhaseFigures {
  const answered = outcomes.filter(({ ok }) => ok)
  const times = ascending(answered.map(({ durationMs }) => durationMs))
  const lost = ascending(answered.map(({ lostMs }) => lostMs))
  return {
    requests: outcomes.length,
    p50Ms: Math.round(quantile(times, 0.5)),
    p99Ms: Math.round(quantile(times, 0.99)),
    p99LostMs: Math.round(quantile(lost, 0.99)),
    errors: outcomes.length - times.length,
  }
}

/** Of numbers in ascending order; zero where there are none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function ascending(numbers: number[]): number[] {
  return numbers.sort((a, b) => a - b)
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
