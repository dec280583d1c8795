import type { StrategyName } from '../../src/config/config.ts'
import { addSample, type Latencies, noLatencies, summaryOf, turnGeneration } from '../../src/health/latency.ts'
import type { DeploymentState } from '../../src/routing/state.ts'
import { unknownState } from '../../src/routing/state.ts'
import { strategies } from '../../src/routing/strategies.ts'
import type { Contender, Finished, Router } from './router.ts'
import { type Arrival, ISOLATES, sites } from './world.ts'

const TTL_MS = 3_600_000
const settings = { ttlMs: TTL_MS, lowestLatencyBuffer: 0 }

/** A strategy of ours, as the gateway runs it: over a shared state that is old, and what the isolate did itself since. */
export function ours(strategy: StrategyName): Contender {
  return { strategy, family: 'tollgate', triesAnother: true, router: (random) => routerOf(strategy, random) }
}

/** Of one site, in the last sixty seconds and now. */
interface Facts {
  inFlight: number
  requests: number
  tokens: number
  failures: number
}

function routerOf(strategy: StrategyName, random: () => number): Router {
  const truth = sites.map(() => ({ ...noFacts(), latencies: noLatencies(0) as Latencies, past: [] as Past[] }))
  const snapshots: DeploymentState[][] = Array.from({ length: ISOLATES }, () => sites.map(() => unknownState))
  const since = Array.from({ length: ISOLATES }, () => sites.map(noFacts))
  const count = (isolate: number, site: number, change: Facts, nowMs: number) => {
    const own = since[isolate]?.[site]
    const all = truth[site]
    if (!own || !all) return
    add(own, change)
    add(all, change)
    all.past.push({ ...change, inFlight: 0, atMs: nowMs })
  }
  return {
    choose(isolate, open, { inputTokens }, nowMs) {
      const candidates = open.map((site) => candidate(site, snapshots[isolate]?.[site], since[isolate]?.[site]))
      const moment = { nowMs, random, stream: false, inputTokens }
      return strategies[strategy](candidates, moment, settings).map(({ site }) => site)
    },
    began(isolate, site, nowMs) {
      count(isolate, site, { inFlight: 1, requests: 1, tokens: 0, failures: 0 }, nowMs)
    },
    ended(isolate, site, arrival, { ok, durationMs }: Finished, nowMs) {
      const tokens = ok ? tokensOf(arrival) : 0
      count(isolate, site, { inFlight: -1, requests: 0, tokens, failures: ok ? 0 : 1 }, nowMs)
      const latencies = truth[site]?.latencies
      if (!ok || !latencies) return
      turnGeneration(latencies, nowMs, TTL_MS)
      addSample(latencies.younger, { durationMs, outputTokens: arrival.outputTokens })
    },
    refresh(isolate, nowMs) {
      snapshots[isolate] = truth.map((all) => {
        while (all.past[0] && all.past[0].atMs < nowMs - 60_000) {
          const { requests, tokens, failures } = all.past.shift() as Past
          add(all, { inFlight: 0, requests: -requests, tokens: -tokens, failures: -failures })
        }
        const { inFlight, requests, tokens, failures } = all
        return { ...unknownState, inFlight, requests, tokens, failures, ...summaryOf(all.latencies, nowMs, TTL_MS) }
      })
      since[isolate] = sites.map(noFacts)
    },
  }
}

interface Past extends Facts {
  readonly atMs: number
}

function noFacts(): Facts {
  return { inFlight: 0, requests: 0, tokens: 0, failures: 0 }
}

function add(to: Facts, change: Facts): void {
  to.inFlight += change.inFlight
  to.requests += change.requests
  to.tokens += change.tokens
  to.failures += change.failures
}

export function tokensOf({ inputTokens, outputTokens }: Arrival): number {
  return inputTokens + outputTokens
}

function candidate(site: number, known: DeploymentState = unknownState, own: Facts = noFacts()) {
  const { id = '', rpm = 0, pico = 0 } = sites[site] ?? {}
  const state = {
    ...known,
    inFlight: known.inFlight + own.inFlight,
    requests: known.requests + own.requests,
    tokens: known.tokens + own.tokens,
    failures: known.failures + own.failures,
  }
  return { site, id, rpm, inputPico: pico, outputPico: pico, state }
}
