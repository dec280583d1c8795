/** Where a question stands: only what stands in the same place is ever compared. */
export interface Place {
  /** Whose it is, as a hash: what one owner puts away never pushes out another's. */
  readonly owner: string
  /** A hash over everything but the question, the owner too. */
  readonly index: string
  /** The length of the vectors. */
  readonly dimension: number
}

export interface Entry {
  readonly id: string
  readonly vector: readonly number[]
  /** Text that comes back as it is; a few kilobytes at the most. */
  readonly note: string
  readonly expiresAtMs: number
}

export interface Neighbour {
  readonly id: string
  /** The cosine, from 0 (nothing in common, or opposite) to 1, whatever the store's own scale. */
  readonly similarity: number
  readonly note: string
}

export interface Nearest {
  readonly most: number
  /** Neighbours further away are left out. */
  readonly atLeast: number
  readonly nowMs: number
  readonly signal: AbortSignal
}

/**
 * Vectors with a note, by place. Advisory: what was put may not be found at once, or be gone before its time, because
 * what a store keeps of one owner (or of one place) is bounded; an expired entry is never found. A fault is an exception.
 */
export interface VectorStore {
  /** The same id in the same place again replaces. */
  put(place: Place, entry: Entry, nowMs: number): Promise<void>
  /** The best first. A place where nothing was put has no neighbours. */
  nearest(place: Place, vector: readonly number[], options: Nearest): Promise<readonly Neighbour[]>
  /** Of what is not there, nothing. */
  remove(place: Place, id: string): Promise<void>
}
