import type { Circuit, DeploymentState } from '../routing/state.ts'
import {
  afterAnswer,
  afterFailure,
  afterTally,
  type CircuitSettings,
  type CircuitState,
  circuitAt,
  countsFromMs,
  failureName,
  joined,
  neverOpened,
  verdictOn,
} from './circuit.ts'
import { PROBE_BEGIN_MS, PROBE_LIFE_MS, type Report, type Shared } from './group.ts'
import {
  addSample,
  type Latencies,
  type LatencySummary,
  noLatencies,
  noSamples,
  type Samples,
  summaryOf,
  turnGeneration,
} from './latency.ts'
import type { Ended } from './port.ts'
import { bucketAt, emptyTally, type Tally, tallyInto, type Window } from './window.ts'

/** Older than this, what all isolates reported counts less than what this one saw itself. */
const SHARED_COUNTS_MS = 10_000

type Changing<T> = { -readonly [K in keyof T]: T[K] }

/** One deployment as one isolate sees it: what all reported until a moment ago, and what happened here since. */
export class LocalDeployment {
  /** The same object for the isolate's life, changed in place: a look costs nothing. */
  readonly state: DeploymentState
  readonly #state: Changing<DeploymentState>
  readonly #settings: CircuitSettings
  readonly #ttlMs: number
  #circuit: CircuitState = neverOpened
  #shared: Shared | undefined
  #sharedAtMs = 0
  #inFlight = 0
  /** What nobody was told yet, and what is on its way. */
  #window: Window = []
  #sentWindow: Window = []
  #samples: Samples | undefined
  #sentSamples: Samples | undefined
  #tellCircuit = false
  #probe: 'begun' | 'over' | undefined
  #sentProbe: 'begun' | 'over' | undefined
  #probeBeginByMs = 0
  #probingSinceMs: number | undefined
  /** Its own latencies, for when nobody tells those of all. */
  readonly #own: Latencies

  constructor(settings: CircuitSettings, ttlMs: number, nowMs: number) {
    this.#settings = settings
    this.#ttlMs = ttlMs
    this.#own = noLatencies(nowMs)
    this.#state = {
      inFlight: 0,
      requests: 0,
      tokens: 0,
      samples: 0,
      failures: 0,
      circuit: 'closed',
      mayProbe: false,
    }
    this.state = this.#state
  }

  began(nowMs: number): void {
    this.#inFlight += 1
    this.#state.inFlight += 1
    bucketAt(this.#window, nowMs).requests += 1
    this.#state.requests += 1
    if (this.circuit(nowMs) !== 'half_open') return
    this.#probe = 'begun'
    this.#probeBeginByMs = 0
    this.#probingSinceMs = nowMs
    this.#state.mayProbe = false
  }

  ended(ended: Ended): void {
    const { atMs, totalTokens } = ended
    this.#inFlight = Math.max(0, this.#inFlight - 1)
    this.#state.inFlight = Math.max(0, this.#state.inFlight - 1)
    const bucket = bucketAt(this.#window, atMs)
    bucket.tokens += totalTokens
    this.#state.tokens += totalTokens
    if (ended.ok) {
      bucket.good += 1
      this.#sampled(ended)
      this.#answered(ended)
    } else if (ended.error) this.#failed(ended, ended.error)
    this.#probeEnded(ended)
  }

  /** What there is to tell. What is taken counts as on its way until `heard`; taken again, it is the same. */
  report(again: boolean): Report {
    if (!again) {
      this.#sentWindow = this.#window
      this.#window = []
      this.#sentSamples = this.#samples
      this.#samples = undefined
      this.#sentProbe = this.#probe
      this.#probe = undefined
    }
    const tellCircuit = this.#tellCircuit
    this.#tellCircuit = false
    return {
      inFlight: this.#inFlight,
      ...(this.#sentWindow.length > 0 ? { window: this.#sentWindow } : {}),
      ...(this.#sentSamples ? { samples: this.#sentSamples } : {}),
      ...(tellCircuit || again ? { circuit: this.#circuit } : {}),
      ...(this.#sentProbe ? { probe: this.#sentProbe } : {}),
    }
  }

  get hasNews(): boolean {
    return this.#window.length > 0 || this.#tellCircuit || this.#probe !== undefined
  }

  /** There is nothing to tell, nor anything in flight that a report would miss. */
  get idle(): boolean {
    return this.#inFlight === 0 && !this.hasNews
  }

  /** The circuit is not as others know it. */
  get urgent(): boolean {
    return this.#tellCircuit
  }

  /** All isolates' knowledge as of a call that was sent at `sentAtMs` and answered now. */
  heard(shared: Shared | undefined, sentAtMs: number, nowMs: number): void {
    this.#sentWindow = []
    this.#sentSamples = undefined
    this.#sentProbe = undefined
    this.#shared = shared
    this.#sharedAtMs = nowMs
    const told = shared?.circuit ?? neverOpened
    const before = this.#circuit
    this.#circuit = joined(before, told)
    if (shared?.mayProbe) this.#probeBeginByMs = Math.max(sentAtMs, this.#circuit.openUntilMs) + PROBE_BEGIN_MS
    this.#decide(afterTally(this.#circuit, this.#tally(nowMs), this.#settings, nowMs))
    // The object may have lost what it was told.
    if (this.#circuit.openUntilMs !== told.openUntilMs || this.#circuit.closed !== told.closed) this.#tellCircuit = true
  }

  circuit(nowMs: number): Circuit {
    return circuitAt(this.#circuit, nowMs)
  }

  /** Brings `state` up to date. `alone`: the shared state cannot be reached, so this isolate may try for itself. */
  refresh(nowMs: number, alone: boolean): void {
    const state = this.#state
    const shared = this.#shared
    const tally = emptyTally()
    if (shared) tallyInto(tally, shared.window, nowMs)
    tallyInto(tally, this.#sentWindow, nowMs)
    tallyInto(tally, this.#window, nowMs)
    const sharedCounts = shared !== undefined && nowMs - this.#sharedAtMs < SHARED_COUNTS_MS
    state.inFlight = this.#inFlight + (sharedCounts ? shared.inFlightElsewhere : 0)
    state.requests = tally.requests
    state.tokens = tally.tokens
    state.failures = tally.failures
    if (shared?.openings !== undefined) state.openings = shared.openings
    this.#showLatency(
      shared && shared.latency.samples > 0 && (sharedCounts || this.#own.younger.count + this.#own.older.count === 0)
        ? shared.latency
        : summaryOf(this.#own, nowMs, this.#ttlMs),
    )
    this.#showCircuit(nowMs, alone)
  }

  /** Its time is over, and this isolate has to ask who may try it. */
  get waits(): boolean {
    return this.#state.circuit === 'half_open' && !this.#state.mayProbe
  }

  /** When `state` changes by time alone. */
  changesAtMs(nowMs: number): number {
    const { openUntilMs, closed } = this.#circuit
    if (closed) return Number.POSITIVE_INFINITY
    if (nowMs < openUntilMs) return openUntilMs
    return this.#probeBeginByMs > nowMs ? this.#probeBeginByMs : Number.POSITIVE_INFINITY
  }

  #sampled(ended: Ended): void {
    this.#samples ??= noSamples()
    addSample(this.#samples, ended)
    turnGeneration(this.#own, ended.atMs, this.#ttlMs)
    addSample(this.#own.younger, ended)
  }

  #answered({ atMs, durationMs }: Ended): void {
    this.#decide(afterAnswer(this.#circuit, atMs - durationMs))
    this.#showCircuit(atMs, false)
  }

  #failed(ended: Ended, error: NonNullable<Ended['error']>): void {
    const { atMs, durationMs } = ended
    const verdict = verdictOn(error, this.#settings)
    if (verdict === 'alive') this.#answered(ended)
    if (verdict !== 'bad') return
    const { fails } = bucketAt(this.#window, atMs)
    const name = failureName(error)
    fails[name] = (fails[name] ?? 0) + 1
    this.#state.failures += 1
    const failed = { ...error, startedAtMs: atMs - durationMs }
    const facts = { tally: this.#tally(atMs), settings: this.#settings, nowMs: atMs }
    this.#decide(afterFailure(this.#circuit, failed, facts))
    this.#showCircuit(atMs, false)
  }

  /** The probe that neither opened nor closed anything lets another try. */
  #probeEnded({ atMs, durationMs }: Ended): void {
    if (this.#probingSinceMs === undefined || atMs - durationMs < this.#probingSinceMs) return
    this.#probingSinceMs = undefined
    if (this.circuit(atMs) === 'half_open') this.#probe = 'over'
  }

  #decide(next: CircuitState): void {
    if (next === this.#circuit) return
    this.#circuit = next
    this.#tellCircuit = true
  }

  #tally(nowMs: number): Tally {
    const tally = emptyTally()
    const sinceMs = countsFromMs(this.#circuit)
    if (this.#shared) tallyInto(tally, this.#shared.window, nowMs, sinceMs)
    tallyInto(tally, this.#sentWindow, nowMs, sinceMs)
    tallyInto(tally, this.#window, nowMs, sinceMs)
    return tally
  }

  #showCircuit(nowMs: number, alone: boolean): void {
    const state = this.#state
    const { openUntilMs, because } = this.#circuit
    state.circuit = this.circuit(nowMs)
    if (state.circuit === 'closed') {
      delete state.openUntilMs
      delete state.openBecause
      state.mayProbe = false
      return
    }
    state.openUntilMs = openUntilMs
    if (because !== undefined) state.openBecause = because
    const given = nowMs <= this.#probeBeginByMs
    const free = this.#probingSinceMs === undefined || nowMs - this.#probingSinceMs > PROBE_LIFE_MS
    state.mayProbe = state.circuit === 'half_open' && free && (given || alone)
  }

  #showLatency({ samples, ...times }: LatencySummary): void {
    const state = this.#state
    state.samples = samples
    for (const name of TIMES) set(state, name, times[name])
  }
}

const TIMES = ['latencyMs', 'latencyP95Ms', 'msPerToken', 'firstTokenMs', 'firstTokenP95Ms'] as const

function set(state: Changing<DeploymentState>, name: (typeof TIMES)[number], value: number | undefined): void {
  if (value === undefined) delete state[name]
  else state[name] = value
}
