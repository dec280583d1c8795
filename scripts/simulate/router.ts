import type { Arrival } from './world.ts'

export interface Finished {
  readonly ok: boolean
  readonly durationMs: number
}

/** A routing algorithm over twenty isolates, each of which knows what it did itself and what was shared a while ago. */
export interface Router {
  /** Indexes of sites, best first, out of those given. */
  choose(isolate: number, open: readonly number[], arrival: Arrival, nowMs: number): readonly number[]
  began(isolate: number, site: number, nowMs: number): void
  ended(isolate: number, site: number, arrival: Arrival, finished: Finished, nowMs: number): void
  /** The isolate learns what all did until now. */
  refresh(isolate: number, nowMs: number): void
}

export interface Contender {
  readonly strategy: string
  readonly family: 'tollgate' | 'litellm'
  /** Whether a retry goes to a site that has not failed this request, where there is one. */
  readonly triesAnother: boolean
  readonly router: (random: () => number) => Router
}
