import * as z from 'zod'
import { clamped } from './cosine.ts'
import type { Filter, Scalar } from './filter.ts'
import type { Collection, Match } from './port.ts'
import { ask, type Rest, StoreFault } from './rest.ts'

const point = z.object({
  id: z.union([z.string(), z.number()]),
  score: z.number(),
  payload: z.record(z.string(), z.unknown()).nullish(),
})
const answer = z.object({ result: z.object({ points: z.array(point) }) })

export interface QdrantQuery {
  /** `/collections/NAME`. */
  readonly path: string
  readonly vector: readonly number[]
  /** Of collections whose points have several. */
  readonly vectorName?: string | undefined
  readonly most: number
  readonly atLeast?: number | undefined
  readonly filter?: unknown
  readonly signal: AbortSignal
}

/**
 * Qdrant's `points/query`: its scores for Cosine are the cosine itself (qdrant.tech, "Search"). Undefined where the
 * collection is not there.
 */
export async function queryQdrant(rest: Rest, query: QdrantQuery): Promise<readonly Match[] | undefined> {
  const { path, vector, vectorName, most, atLeast, filter, signal } = query
  const { status, json } = await ask(rest, {
    path: `${path}/points/query`,
    body: {
      query: vector,
      ...(vectorName !== undefined && { using: vectorName }),
      ...(filter !== undefined && { filter }),
      limit: most,
      ...(atLeast !== undefined && { score_threshold: atLeast }),
      with_payload: true,
    },
    signal,
    also: [404],
  })
  if (status === 404) return undefined
  return answer.parse(json).result.points.map(({ id, score, payload }) => ({
    id: String(id),
    similarity: clamped(score),
    fields: payload ?? {},
  }))
}

export function qdrantCollection(rest: Rest, name: string, vectorName?: string): Collection {
  const path = `/collections/${encodeURIComponent(name)}`
  return {
    async nearest({ filter, ...search }) {
      const found = await queryQdrant(rest, { ...search, path, vectorName, filter: filter && qdrantFilter(filter) })
      if (!found) throw new StoreFault(`no collection at ${path}`)
      return found
    },
  }
}

/** A filter in Qdrant's words (qdrant.tech, "Filtering"). */
export function qdrantFilter(filter: Filter): object {
  if ('filters' in filter) {
    const parts = filter.filters.map(qdrantFilter)
    return filter.type === 'and' ? { must: parts } : { should: parts }
  }
  const { type, key, value } = filter
  if (Array.isArray(value)) {
    // Its lists are of one kind; what is of another is compared by itself.
    const any = { should: value.map((one: Scalar) => ({ key, match: { value: one } })) }
    return type === 'in' ? any : { must_not: [any] }
  }
  const is = typeof value === 'number' ? { key, range: { gte: value, lte: value } } : { key, match: { value } }
  if (type === 'eq') return { must: [is] }
  if (type === 'ne') return { must_not: [is] }
  return { must: [{ key, range: { [type]: value } }] }
}
