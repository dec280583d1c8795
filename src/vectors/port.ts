import type { Filter } from './filter.ts'

/** Something that a product found, whatever it calls it. */
export interface Match {
  readonly id: string
  /** The cosine, from 0 to 1, whatever the product's own scale. */
  readonly similarity: number
  /** What lies beside the vector. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Search {
  readonly vector: readonly number[]
  readonly most: number
  /** Matches further away are left out. */
  readonly atLeast?: number | undefined
  readonly filter?: Filter | undefined
  readonly signal: AbortSignal
}

/**
 * A collection that somebody else fills: only ever read here. What a filter says holds for every match. A collection
 * that is not there, and every other fault, is an exception.
 */
export interface Collection {
  /** The best first. */
  nearest(search: Search): Promise<readonly Match[]>
}
