import { type CircuitState, circuitAt, joined, neverOpened } from './circuit.ts'
import {
  addSamples,
  type Latencies,
  type LatencySummary,
  noLatencies,
  type Samples,
  summaryOf,
  turnGeneration,
} from './latency.ts'
import { addWindow, type Bucket, WINDOW_MS, type Window } from './window.ts'

/** What one isolate has to tell of one deployment since its last report. */
export interface Report {
  /** At this moment, not since. */
  readonly inFlight: number
  readonly window?: readonly Bucket[]
  readonly samples?: Samples
  readonly circuit?: CircuitState
  /** The request that tries a half-open deployment is on its way, or ended without an answer either way. */
  readonly probe?: 'begun' | 'over'
}

/** One call. A batch that is sent again keeps its sequence number, and counts once. */
export interface Batch {
  readonly isolate: string
  readonly sequence: number
  readonly ttlMs: number
  readonly deployments: Readonly<Record<string, Report>>
}

/** What all isolates together know of one deployment, as it is told to one of them. */
export interface Shared {
  readonly inFlightElsewhere: number
  readonly window: readonly Bucket[]
  readonly latency: LatencySummary
  readonly circuit: CircuitState
  /** How often it opened since this memory began; absent for never. */
  readonly openings?: number
  /** The asking isolate may send the one request that tries it, for as long as `PROBE_BEGIN_MS` after it is half-open. */
  readonly mayProbe?: true
}

export type Snapshot = Readonly<Record<string, Shared>>

/** How long an isolate that was given the right to try a deployment may begin to. */
export const PROBE_BEGIN_MS = 2_000
/** How long after that the object hears of it at the latest, if it hears of it at all. */
const PROBE_HEARD_MS = 3_000
/** A probe that nobody tells the end of is given up for lost after this. */
export const PROBE_LIFE_MS = 60_000
/** The right is given this long before its time, so that nobody has to ask when it comes. */
const PROBE_AHEAD_MS = 1_000
/** What an isolate that is not heard of for so long has in flight counts no more. */
const SILENT_MS = 15_000
/** Nobody remembers an opening of this age. */
const CIRCUIT_KEPT_MS = 24 * 3_600_000

interface Probe {
  readonly isolate: string
  untilMs: number
}

interface Known {
  readonly window: Window
  readonly latencies: Latencies
  circuit: CircuitState
  openings: number
  probe?: Probe
}

interface Isolate {
  sequence: number
  heardAtMs: number
  inFlight: ReadonlyMap<string, number>
}

/**
 * One model group as many isolates report it. It decides nothing but who may try a half-open deployment: rules live with
 * those who see failures, and what they conclude is joined here.
 */
export class Group {
  readonly #deployments = new Map<string, Known>()
  readonly #isolates = new Map<string, Isolate>()
  /** The circuits that were opened once: what must outlive this memory. */
  readonly #circuits: Record<string, CircuitState>

  constructor(circuits: Readonly<Record<string, CircuitState>> = {}) {
    this.#circuits = { ...circuits }
  }

  /** `circuits` is there where they have changed. */
  report(batch: Batch, nowMs: number): { snapshot: Snapshot; circuits?: Readonly<Record<string, CircuitState>> } {
    const changed = this.#hear(batch, nowMs)
    this.#forget(nowMs)
    const snapshot: Record<string, Shared> = {}
    for (const id of new Set([...Object.keys(this.#circuits), ...this.#deployments.keys()])) {
      snapshot[id] = this.#sharedWith(batch, id, nowMs)
    }
    return { snapshot, ...(changed ? { circuits: this.#circuits } : {}) }
  }

  /** Answers whether a circuit has changed. */
  #hear({ isolate: name, sequence, ttlMs, deployments }: Batch, nowMs: number): boolean {
    const isolate = this.#isolates.get(name) ?? { sequence: 0, heardAtMs: nowMs, inFlight: new Map() }
    this.#isolates.set(name, isolate)
    const again = sequence <= isolate.sequence
    isolate.sequence = Math.max(sequence, isolate.sequence)
    isolate.heardAtMs = nowMs
    isolate.inFlight = new Map(Object.entries(deployments).map(([id, { inFlight }]) => [id, inFlight]))
    let changed = false
    for (const [id, report] of Object.entries(deployments)) {
      const known = this.#known(id, nowMs)
      if (report.circuit && this.#join(id, known, report.circuit, nowMs)) {
        changed = true
        // Whoever tried it tells what came of it.
        if (known.probe?.isolate === name) delete known.probe
      }
      if (report.probe) probed(known, name, report.probe, nowMs)
      if (again) continue
      if (report.window) addWindow(known.window, report.window, nowMs)
      if (report.samples) {
        turnGeneration(known.latencies, nowMs, ttlMs)
        addSamples(known.latencies.younger, report.samples)
      }
    }
    return changed
  }

  #join(id: string, known: Known, circuit: CircuitState, nowMs: number): boolean {
    const before = known.circuit
    known.circuit = joined(before, circuit)
    if (known.circuit.openUntilMs === before.openUntilMs && known.circuit.closed === before.closed) return false
    this.#circuits[id] = known.circuit
    // Several isolates may tell of one opening, each with an end of its own.
    if (circuitAt(before, nowMs) !== 'open' && circuitAt(known.circuit, nowMs) === 'open') known.openings += 1
    return true
  }

  #known(id: string, nowMs: number): Known {
    const known = this.#deployments.get(id)
    if (known) return known
    const made: Known = {
      window: [],
      latencies: noLatencies(nowMs),
      circuit: this.#circuits[id] ?? neverOpened,
      openings: 0,
    }
    this.#deployments.set(id, made)
    return made
  }

  #sharedWith({ isolate, ttlMs }: Batch, id: string, nowMs: number): Shared {
    const known = this.#known(id, nowMs)
    addWindow(known.window, [], nowMs)
    let inFlightElsewhere = 0
    for (const [name, other] of this.#isolates) if (name !== isolate) inFlightElsewhere += other.inFlight.get(id) ?? 0
    return {
      inFlightElsewhere,
      window: known.window,
      latency: summaryOf(known.latencies, nowMs, ttlMs),
      circuit: known.circuit,
      ...(known.openings > 0 ? { openings: known.openings } : {}),
      ...(mayProbe(known, isolate, nowMs) ? { mayProbe: true } : {}),
    }
  }

  #forget(nowMs: number): void {
    for (const [name, { heardAtMs }] of this.#isolates) {
      if (nowMs - heardAtMs > SILENT_MS) this.#isolates.delete(name)
    }
    for (const [id, { openUntilMs }] of Object.entries(this.#circuits)) {
      if (nowMs - openUntilMs <= CIRCUIT_KEPT_MS) continue
      delete this.#circuits[id]
      this.#deployments.delete(id)
    }
    for (const [id, { window, latencies }] of this.#deployments) {
      const heardAtMs = Math.max(latencies.sinceMs, (window.at(-1)?.startMs ?? 0) + WINDOW_MS)
      if (!this.#circuits[id] && nowMs - heardAtMs > CIRCUIT_KEPT_MS) this.#deployments.delete(id)
    }
  }
}

function probed(known: Known, isolate: string, probe: 'begun' | 'over', nowMs: number): void {
  if (known.probe?.isolate !== isolate) return
  if (probe === 'over') delete known.probe
  else known.probe.untilMs = nowMs + PROBE_LIFE_MS
}

/** Gives the right to the first isolate that asks when nobody has it. */
function mayProbe(known: Known, isolate: string, nowMs: number): boolean {
  const { circuit, probe } = known
  const { openUntilMs } = circuit
  if (circuitAt(circuit, nowMs + PROBE_AHEAD_MS) !== 'half_open') return false
  // Also a right of an earlier opening: who has it may not have heard of the later one.
  if (probe && nowMs < probe.untilMs) return false
  const untilMs = Math.max(nowMs, openUntilMs) + PROBE_BEGIN_MS + PROBE_HEARD_MS
  known.probe = { isolate, untilMs }
  return true
}
