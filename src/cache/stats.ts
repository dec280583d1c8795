import type { SharedEntries } from './port.ts'

export interface Looked {
  readonly kind: 'exact' | 'semantic' | 'miss' | 'bypass'
  readonly team: string
  readonly model: string
  readonly savedNano?: bigint
  readonly savedMs?: number
}

/** Counters are told to the others at most so often. */
const GATHER_MS = 2_000
/** Names are callers' own: what an isolate holds of them between two tellings has an end. */
const MOST_NAMES = 2_000

/** How often what was found, for whom, and what that saved: gathered in the isolate, added up where isolates share. */
export class Stats {
  readonly #shared: Pick<SharedEntries, 'count' | 'counted'> | undefined
  #waiting: Record<string, number> = {}
  #names = 0
  #toldAtMs = 0

  constructor(shared?: Pick<SharedEntries, 'count' | 'counted'>) {
    this.#shared = shared
  }

  /** Never throws, never waits. */
  add(looked: Looked, nowMs: number, defer: (name: string, work: Promise<unknown>) => void): void {
    const name = JSON.stringify([looked.team, looked.model])
    this.#count(`${looked.kind}:${name}`, 1)
    if (looked.savedNano) this.#count(`nano:${name}`, Number(looked.savedNano))
    if (looked.savedMs) this.#count(`ms:${name}`, Math.round(looked.savedMs))
    if (!this.#shared || nowMs - this.#toldAtMs < GATHER_MS) return
    this.#toldAtMs = nowMs
    defer('tell the counts of the cache', this.#tell(this.#shared))
  }

  /** By kind and name, with what this isolate has not told yet. */
  async counted(): Promise<Readonly<Record<string, number>>> {
    const sum = { ...(await this.#shared?.counted()) }
    for (const [name, amount] of Object.entries(this.#waiting)) sum[name] = (sum[name] ?? 0) + amount
    return sum
  }

  clear(): void {
    this.#waiting = {}
    this.#names = 0
  }

  async #tell(shared: Pick<SharedEntries, 'count'>): Promise<void> {
    const amounts = this.#waiting
    this.clear()
    try {
      await shared.count(amounts)
    } catch {
      for (const [name, amount] of Object.entries(amounts)) this.#count(name, amount)
    }
  }

  #count(name: string, amount: number): void {
    const before = this.#waiting[name]
    if (before === undefined && this.#names >= MOST_NAMES) return
    if (before === undefined) this.#names += 1
    this.#waiting[name] = (before ?? 0) + amount
  }
}
