import * as z from 'zod'
import type { Nearest, Neighbour } from './port.ts'

/** What lies beside a vector in stores that keep fields. */
export const noted = z.object({ entry: z.string(), note: z.string(), expiresAtMs: z.number() })
export type Noted = z.infer<typeof noted>

export interface Candidate {
  readonly similarity: number
  readonly fields: unknown
}

/** What a store found, as neighbours: what is unreadable, expired or too far away is left out. */
export function neighboursOf(found: readonly Candidate[], { most, atLeast, nowMs }: Nearest): readonly Neighbour[] {
  return found
    .flatMap(({ similarity, fields }): Neighbour[] => {
      const read = noted.safeParse(fields)
      if (!read.success || read.data.expiresAtMs <= nowMs || similarity < atLeast) return []
      return [{ id: read.data.entry, similarity, note: read.data.note }]
    })
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, most)
}
