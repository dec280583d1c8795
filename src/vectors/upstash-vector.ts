import * as z from 'zod'
import { ofUpstashScore } from './cosine.ts'
import type { Comparison, Filter, Scalar } from './filter.ts'
import type { Collection, Match } from './port.ts'
import { ask, type Rest } from './rest.ts'

const match = z.object({
  id: z.union([z.string(), z.number()]),
  score: z.number(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  data: z.string().nullish(),
})
const answer = z.object({ result: z.array(match) })

export interface UpstashQuery {
  /** Empty for the one that has no name. */
  readonly namespace: string
  readonly vector: readonly number[]
  readonly most: number
  readonly filter?: string | undefined
  readonly signal: AbortSignal
  /** What was kept as `data` beside the metadata comes as the field `data`. */
  readonly withData?: boolean
}

/** Upstash Vector's `/query`; the index has the metric COSINE. */
export async function queryUpstash(rest: Rest, query: UpstashQuery): Promise<readonly Match[]> {
  const { namespace, vector, most, filter, signal, withData } = query
  const body = {
    ...{ vector, topK: most, includeMetadata: true },
    ...(withData && { includeData: true }),
    ...(filter !== undefined && { filter }),
  }
  const path = namespace === '' ? '/query' : `/query/${encodeURIComponent(namespace)}`
  const { json } = await ask(rest, { path, body, signal })
  return answer.parse(json).result.map(({ id, score, metadata, data }) => ({
    id: String(id),
    similarity: ofUpstashScore(score),
    fields: { ...(data != null && { data }), ...metadata },
  }))
}

export function upstashCollection(rest: Rest, namespace = ''): Collection {
  return {
    async nearest({ filter, atLeast = 0, ...search }) {
      const wanted = filter && upstashFilter(filter)
      const found = await queryUpstash(rest, { ...search, namespace, filter: wanted, withData: true })
      return found.filter(({ similarity }) => similarity >= atLeast)
    },
  }
}

const WORDS: Readonly<Record<Comparison, string>> = {
  ...{ eq: '=', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=' },
  ...{ in: 'IN', nin: 'NOT IN' },
}

/** A filter in Upstash's words (upstash.com/docs/vector, "Metadata Filtering"): texts stand in either kind of quotes. */
export function upstashFilter(filter: Filter): string {
  if ('filters' in filter) return `(${filter.filters.map(upstashFilter).join(` ${filter.type.toUpperCase()} `)})`
  const { type, key, value } = filter
  const said = Array.isArray(value) ? `(${value.map(literal).join(', ')})` : literal(value as Scalar)
  return `${key} ${WORDS[type]} ${said}`
}

function literal(value: Scalar): string {
  if (typeof value !== 'string') return String(value)
  if (!value.includes("'")) return `'${value}'`
  if (!value.includes('"')) return `"${value}"`
  // There is no way to write both; nothing is equal to a text that never was.
  throw new RangeError('A text with both kinds of quotes cannot be searched for here.')
}
