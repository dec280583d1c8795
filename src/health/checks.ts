/** What came of asking one deployment for a word, beside its traffic. */
export interface Check {
  /** A UUIDv7. */
  readonly id: string
  readonly atMs: number
  readonly group: string
  readonly deployment: string
  readonly provider: string
  readonly model: string
  readonly ok: boolean
  readonly latencyMs: number
  /** What the question cost, nano-USD. */
  readonly costNano: bigint
  /** Why it did not answer. */
  readonly error: string | null
  /** `background`, or `asked`: by `GET /health`. */
  readonly by: 'background' | 'asked'
}

export interface ChecksQuery {
  readonly group?: string | undefined
  readonly ok?: boolean | undefined
  readonly sinceMs?: number | undefined
  readonly most: number
  readonly after: number
}

/** Remembers checks, so that one of late need not be paid for again, whichever isolate is asked. */
export interface CheckLog {
  keep(checks: readonly Check[]): Promise<void>
  /** The last of each of these deployments, as far as there is one. */
  latest(deployments: readonly string[]): Promise<readonly Check[]>
  /** Whether the caller may ask it now: true for one of all who want to within `keptMs`, so that nobody pays twice. */
  claim(deployment: string, nowMs: number, keptMs: number): Promise<boolean>
  /** Newest first, and how many there are in all. */
  history(query: ChecksQuery): Promise<{ readonly found: readonly Check[]; readonly total: number }>
}

/** Of these, those that are due to be asked: known for longer than `keptMs`, or never asked. */
export function dueOf<D extends { readonly id: string }>(
  deployments: readonly D[],
  latest: readonly Check[],
  keptMs: number,
  nowMs: number,
): readonly D[] {
  const fresh = new Set(latest.filter(({ atMs }) => nowMs - atMs < keptMs).map(({ deployment }) => deployment))
  return deployments.filter(({ id }) => !fresh.has(id))
}
