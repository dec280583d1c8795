import * as z from 'zod'
import { clamped } from './cosine.ts'
import type { Filter } from './filter.ts'
import type { Collection, Match } from './port.ts'
import { ask, type Rest } from './rest.ts'

const match = z.object({ id: z.string(), score: z.number(), metadata: z.record(z.string(), z.unknown()).nullish() })
const answer = z.object({ matches: z.array(match).nullish() })

export const PINECONE_HEADERS = { 'x-pinecone-api-version': '2025-04' }

export interface PineconeQuery {
  readonly namespace: string
  readonly vector: readonly number[]
  readonly most: number
  readonly filter?: object | undefined
  readonly signal: AbortSignal
}

/** Pinecone's `/query` of an index: with the metric cosine its scores are the cosine. */
export async function queryPinecone(rest: Rest, query: PineconeQuery): Promise<readonly Match[]> {
  const { namespace, vector, most, filter, signal } = query
  const body = { namespace, vector, topK: most, includeMetadata: true, ...(filter && { filter }) }
  const { json } = await ask(rest, { path: '/query', body, signal })
  const found = answer.parse(json).matches ?? []
  return found.map(({ id, score, metadata }) => ({ id, similarity: clamped(score), fields: metadata ?? {} }))
}

export function pineconeCollection(rest: Rest, namespace = ''): Collection {
  return {
    async nearest({ filter, atLeast = 0, ...search }) {
      const found = await queryPinecone(rest, { ...search, namespace, filter: filter && pineconeFilter(filter) })
      return found.filter(({ similarity }) => similarity >= atLeast)
    },
  }
}

/** A filter in Pinecone's words (docs.pinecone.io, "Filter by metadata"), which are MongoDB's. */
export function pineconeFilter(filter: Filter): object {
  if ('filters' in filter) return { [`$${filter.type}`]: filter.filters.map(pineconeFilter) }
  return { [filter.key]: { [`$${filter.type}`]: filter.value } }
}
