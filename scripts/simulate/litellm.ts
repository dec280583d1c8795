import { tokensOf } from './ours.ts'
import type { Contender, Finished, Router } from './router.ts'
import { type Arrival, ISOLATES, sites } from './world.ts'

/**
 * LiteLLM's algorithms as they are documented, at their best: nothing that is shared is ever lost to a race, and what
 * usage-based routing reads is fresh.
 */
export const litellm: readonly Contender[] = [
  { strategy: 'simple-shuffle', family: 'litellm', triesAnother: false, router: shuffle },
  { strategy: 'least-busy', family: 'litellm', triesAnother: false, router: leastBusy },
  { strategy: 'latency-based-routing', family: 'litellm', triesAnother: false, router: latencyBased },
  { strategy: 'usage-based-routing-v2', family: 'litellm', triesAnother: false, router: usageBased },
  { strategy: 'cost-based-routing', family: 'litellm', triesAnother: false, router: costBased },
]

const nothing = () => {}

/** By `rpm`, which is the same for all of them. */
function shuffle(random: () => number): Router {
  return { choose: (_, open) => [anyOf(open, random)], began: nothing, ended: nothing, refresh: nothing }
}

/** One dictionary of counts; the least, ties at random. */
function leastBusy(random: () => number): Router {
  const shared = sites.map(() => 0)
  const copies = Array.from({ length: ISOLATES }, () => sites.map(() => 0))
  const change = (isolate: number, site: number, by: number) => {
    shared[site] = (shared[site] ?? 0) + by
    const own = copies[isolate]
    if (own) own[site] = (own[site] ?? 0) + by
  }
  return {
    choose: (isolate, open) => [leastOf(open, (site) => copies[isolate]?.[site] ?? 0, random)],
    began: (isolate, site) => change(isolate, site, 1),
    ended: (isolate, site) => change(isolate, site, -1),
    refresh(isolate) {
      copies[isolate] = [...shared]
    },
  }
}

/** Up to ten samples each, of which a full list only ever replaces the last; unknown counts as zero; the best, at random among equals. */
function latencyBased(random: () => number): Router {
  const shared: number[][] = sites.map(() => [])
  const usage = new Minutes()
  let copies: number[][][] = Array.from({ length: ISOLATES }, () => sites.map(() => []))
  const learn = (samples: number[] | undefined, sample: number) => {
    if (samples && samples.length < 10) samples.push(sample)
    else if (samples) samples[9] = sample
  }
  const mean = (samples: readonly number[] = []) =>
    samples.length === 0 ? 0 : samples.reduce((sum, one) => sum + one, 0) / samples.length
  return {
    choose(isolate, open, arrival, nowMs) {
      const room = open.filter((site) => usage.hasRoom(site, arrival, nowMs))
      return room.length === 0 ? [] : [leastOf(room, (site) => mean(copies[isolate]?.[site]), random)]
    },
    began: nothing,
    ended(isolate, site, arrival, { ok, durationMs }: Finished, nowMs) {
      if (!ok) return
      usage.asked(site, nowMs)
      learn(shared[site], durationMs / arrival.outputTokens)
      learn(copies[isolate]?.[site], durationMs / arrival.outputTokens)
    },
    refresh(isolate) {
      copies = copies.with(
        isolate,
        shared.map((samples) => [...samples]),
      )
    },
  }
}

/** The least tokens of this minute of the clock, among those with room; ties at random. */
function usageBased(random: () => number): Router {
  const usage = new Minutes()
  return {
    choose(_, open, arrival, nowMs) {
      const room = open.filter((site) => usage.hasRoom(site, arrival, nowMs))
      return room.length === 0 ? [] : [leastOf(room, (site) => usage.tokens(site, nowMs), random)]
    },
    began: (_, site, nowMs) => usage.asked(site, nowMs),
    ended(_, site, arrival, { ok }: Finished, nowMs) {
      if (ok) usage.used(site, tokensOf(arrival), nowMs)
    },
    refresh: nothing,
  }
}

/** The least price, the first of equals. */
function costBased(): Router {
  const usage = new Minutes()
  return {
    choose(_, open, arrival, nowMs) {
      const room = open.filter((site) => usage.hasRoom(site, arrival, nowMs))
      return [...room].sort((a, b) => (sites[a]?.pico ?? 0) - (sites[b]?.pico ?? 0)).slice(0, 1)
    },
    began: nothing,
    ended(_, site, __, { ok }: Finished, nowMs) {
      if (ok) usage.asked(site, nowMs)
    },
    refresh: nothing,
  }
}

/** Requests and tokens by minutes of the clock. */
class Minutes {
  readonly #used = sites.map(() => ({ minute: -1, requests: 0, tokens: 0 }))

  asked(site: number, nowMs: number): void {
    this.#at(site, nowMs).requests += 1
  }

  used(site: number, tokens: number, nowMs: number): void {
    this.#at(site, nowMs).tokens += tokens
  }

  tokens(site: number, nowMs: number): number {
    return this.#at(site, nowMs).tokens
  }

  hasRoom(site: number, _: Arrival, nowMs: number): boolean {
    return this.#at(site, nowMs).requests + 1 < (sites[site]?.rpm ?? 0)
  }

  #at(site: number, nowMs: number) {
    const minute = Math.floor(nowMs / 60_000)
    const counted = this.#used[site]
    if (counted?.minute === minute) return counted
    const fresh = { minute, requests: 0, tokens: 0 }
    this.#used[site] = fresh
    return fresh
  }
}

function anyOf(open: readonly number[], random: () => number): number {
  return open[Math.floor(random() * open.length)] ?? 0
}

function leastOf(open: readonly number[], amountOf: (site: number) => number, random: () => number): number {
  const least = Math.min(...open.map(amountOf))
  return anyOf(
    open.filter((site) => amountOf(site) <= least),
    random,
  )
}
