import { cosine } from './cosine.ts'
import { fits } from './filter.ts'
import type { Collection } from './port.ts'

export interface Kept {
  readonly id: string
  readonly vector: readonly number[]
  readonly fields: Readonly<Record<string, unknown>>
}

/** The twin: exact search over what it was made with. */
export function memoryCollection(kept: readonly Kept[]): Collection {
  return {
    nearest({ vector, most, atLeast = 0, filter }) {
      const found = kept
        .filter(({ fields }) => !filter || fits(fields, filter))
        .map(({ id, vector: own, fields }) => ({ id, fields, similarity: cosine(vector, own) }))
        .filter(({ similarity }) => similarity >= atLeast)
        .sort((a, b) => b.similarity - a.similarity)
      return Promise.resolve(found.slice(0, most))
    },
  }
}
