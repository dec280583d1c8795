import { bell, seededRandom } from './random.ts'

export const ISOLATES = 20
/** How old what an isolate knows of the others may be. */
export const REFRESH_MS = 2_000

/** A deployment as it is; routers see only what comes of it. */
export interface Site {
  readonly id: string
  /** Before the first token, and for each; for a site that is not overloaded. */
  readonly firstTokenMs: number
  readonly msPerToken: number
  /** As many requests at once as it answers without slowing down; of three times as many it refuses the rest. */
  readonly slots: number
  /** Requests in any sixty seconds, above which it answers 429. */
  readonly rpm: number
  /** A token's price, of input and output alike. */
  readonly pico: number
}

/** Five that serve one model: alike, and yet one is the fastest. */
export const sites: readonly Site[] = [
  { id: 'a', firstTokenMs: 300, msPerToken: 8, slots: 200, rpm: 6_000, pico: 1_000 },
  { id: 'b', firstTokenMs: 320, msPerToken: 8.4, slots: 200, rpm: 6_000, pico: 1_000 },
  { id: 'c', firstTokenMs: 340, msPerToken: 8.8, slots: 200, rpm: 6_000, pico: 1_100 },
  { id: 'd', firstTokenMs: 360, msPerToken: 9.2, slots: 200, rpm: 6_000, pico: 1_200 },
  { id: 'e', firstTokenMs: 380, msPerToken: 9.6, slots: 200, rpm: 6_000, pico: 1_500 },
]

export interface Phase {
  readonly name: 'calm' | 'spike' | 'slow' | 'failing'
  readonly seconds: number
  readonly requestsPerSecond: number
  /** Times its usual time, by id. */
  readonly slowed?: Readonly<Record<string, number>>
  /** It answers 500 to everything, and soon. */
  readonly failing?: string
}

const CALM = 40

/** Ten minutes with three bad ones among them. */
export const badDay: readonly Phase[] = [
  { name: 'calm', seconds: 120, requestsPerSecond: CALM },
  { name: 'spike', seconds: 60, requestsPerSecond: 10 * CALM },
  { name: 'calm', seconds: 60, requestsPerSecond: CALM },
  { name: 'slow', seconds: 90, requestsPerSecond: 2 * CALM, slowed: { a: 6 } },
  { name: 'calm', seconds: 60, requestsPerSecond: CALM },
  { name: 'failing', seconds: 90, requestsPerSecond: 2 * CALM, failing: 'b' },
  { name: 'calm', seconds: 120, requestsPerSecond: CALM },
]

export interface Arrival {
  readonly atMs: number
  readonly isolate: number
  readonly phase: Phase
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Who comes when and asks what: the same for every router. */
export function arrivalsOf(phases: readonly Phase[], seed: number): readonly Arrival[] {
  const random = seededRandom(seed)
  const arrivals: Arrival[] = []
  let startMs = 0
  for (const phase of phases) {
    const endMs = startMs + phase.seconds * 1000
    for (let atMs = startMs; ; ) {
      atMs += (-Math.log(1 - random()) * 1000) / phase.requestsPerSecond
      if (atMs >= endMs) break
      arrivals.push({
        atMs,
        phase,
        isolate: Math.floor(random() * ISOLATES),
        inputTokens: Math.ceil(400 * Math.exp(0.6 * bell(random))),
        outputTokens: Math.ceil(180 * Math.exp(0.5 * bell(random))),
      })
    }
    startMs = endMs
  }
  return arrivals
}
