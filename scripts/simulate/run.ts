import { Agenda } from './agenda.ts'
import { Cooldowns } from './cooldowns.ts'
import { Load } from './load.ts'
import { seededRandom } from './random.ts'
import type { Contender } from './router.ts'
import { type Arrival, arrivalsOf, ISOLATES, type Phase, REFRESH_MS, sites } from './world.ts'

/** LiteLLM's default. */
const RETRIES = 2

export interface Outcome {
  readonly arrival: Arrival
  readonly ok: boolean
  readonly durationMs: number
  /** Beyond what the site that answered takes when it is well: lost to queues, failures, slowness. */
  readonly lostMs: number
}

export interface Run {
  readonly contender: Contender
  readonly outcomes: readonly Outcome[]
  /** By site. */
  readonly asked: readonly number[]
  readonly worstOverload: readonly number[]
  /** Attempts that sites refused for quota or overload. */
  readonly refused: number
}

interface Attempt {
  readonly arrival: Arrival
  readonly site: number
  readonly status: number
  readonly durationMs: number
  readonly failed: readonly number[]
}

type Happening = { readonly arrives: Arrival } | { readonly ends: Attempt } | { readonly refreshes: number }

/** A day of virtual time under one router. The same seed gives the same day. */
export function run(contender: Contender, phases: readonly Phase[], seed: number): Run {
  const router = contender.router(seededRandom(seed + 1))
  const cooldowns = new Cooldowns()
  const loads = sites.map((site) => new Load(site))
  const agenda = new Agenda<Happening>()
  const outcomes: Outcome[] = []
  const endMs = phases.reduce((sum, { seconds }) => sum + seconds * 1000, 0)
  for (const arrives of arrivalsOf(phases, seed)) agenda.plan(arrives.atMs, { arrives })
  for (let isolate = 0; isolate < ISOLATES; isolate++) {
    agenda.plan((isolate * REFRESH_MS) / ISOLATES, { refreshes: isolate })
  }
  const close = (arrival: Arrival, ok: boolean, usualMs: number, nowMs: number) => {
    const durationMs = nowMs - arrival.atMs
    outcomes.push({ arrival, ok, durationMs, lostMs: durationMs - usualMs })
  }

  const ask = (arrival: Arrival, failed: readonly number[], nowMs: number) => {
    const open = cooldowns.open(arrival.isolate, nowMs)
    const others = open.filter((site) => !failed.includes(site))
    const candidates = contender.triesAnother && others.length > 0 ? others : open
    const site = candidates.length === 0 ? undefined : router.choose(arrival.isolate, candidates, arrival, nowMs)[0]
    const load = site === undefined ? undefined : loads[site]
    if (site === undefined || load === undefined) {
      close(arrival, false, 0, nowMs)
      return
    }
    router.began(arrival.isolate, site, nowMs)
    const answer = load.begin(arrival, phaseAt(phases, nowMs), nowMs)
    agenda.plan(nowMs + answer.durationMs, { ends: { arrival, site, failed, ...answer } })
  }

  const end = ({ arrival, site, status, durationMs, failed }: Attempt, nowMs: number) => {
    const ok = status === 200
    loads[site]?.end()
    router.ended(arrival.isolate, site, arrival, { ok, durationMs }, nowMs)
    cooldowns.ended(arrival.isolate, site, status, nowMs)
    if (ok || failed.length >= RETRIES) close(arrival, ok, loads[site]?.usualMs(arrival) ?? 0, nowMs)
    else ask(arrival, [...failed, site], nowMs)
  }

  for (let next = agenda.next(); next !== undefined; next = agenda.next()) {
    const { atMs, what } = next
    if ('arrives' in what) ask(what.arrives, [], atMs)
    else if ('ends' in what) end(what.ends, atMs)
    else if (atMs < endMs) {
      router.refresh(what.refreshes, atMs)
      cooldowns.refresh(what.refreshes)
      agenda.plan(atMs + REFRESH_MS, what)
    }
  }
  return {
    contender,
    outcomes,
    asked: loads.map(({ asked }) => asked),
    worstOverload: loads.map(({ worstOverload }) => worstOverload),
    refused: loads.reduce((sum, { refused }) => sum + refused, 0),
  }
}

function phaseAt(phases: readonly Phase[], nowMs: number): Phase {
  let untilMs = 0
  const found = phases.find(({ seconds }) => {
    untilMs += seconds * 1000
    return nowMs < untilMs
  })
  return found ?? { name: 'calm', seconds: 0, requestsPerSecond: 0 }
}
