import * as z from 'zod'
import { ofDistance } from './cosine.ts'
import type { Filter, Scalar } from './filter.ts'
import type { Collection, Match } from './port.ts'
import { ask, type Rest, StoreFault } from './rest.ts'

const additional = z.object({ distance: z.number(), id: z.string().optional() })
const row = z.looseObject({ _additional: additional })
const answer = z.object({
  data: z.object({ Get: z.record(z.string(), z.array(row).nullable()) }).nullish(),
  errors: z.array(z.object({ message: z.string() })).nullish(),
})

export interface WeaviateQuery {
  readonly className: string
  /** Those that are to come back. */
  readonly properties: readonly string[]
  readonly vector: readonly number[]
  readonly most: number
  /** In GraphQL. */
  readonly where?: string | undefined
  readonly signal: AbortSignal
}

/** Weaviate's GraphQL `Get` with `nearVector`, for classes with the distance cosine. Undefined where the class is not there. */
export async function queryWeaviate(rest: Rest, query: WeaviateQuery): Promise<readonly Match[] | undefined> {
  const { className, properties, vector, most, where, signal } = query
  const near = `limit:${most},nearVector:{vector:${JSON.stringify(vector)}}`
  const asked = where === undefined ? near : `${near},where:${where}`
  const graph = `{Get{${className}(${asked}){${properties.join(' ')} _additional{distance id}}}}`
  const { json } = await ask(rest, { path: '/v1/graphql', body: { query: graph }, signal })
  const { data, errors } = answer.parse(json)
  if (errors?.some(({ message }) => message.includes(`Cannot query field "${className}"`))) return undefined
  if (!data || (errors && errors.length > 0)) throw new StoreFault('weaviate refused a query')
  return (data.Get[className] ?? []).map(({ _additional, ...fields }) => ({
    id: _additional.id ?? '',
    similarity: ofDistance(_additional.distance),
    fields,
  }))
}

export function weaviateCollection(rest: Rest, className: string, properties: readonly string[]): Collection {
  return {
    async nearest({ filter, atLeast = 0, ...search }) {
      const where = filter && weaviateFilter(filter)
      const found = await queryWeaviate(rest, { ...search, className, properties, where })
      if (!found) throw new StoreFault(`no class ${className}`)
      return found.filter(({ similarity }) => similarity >= atLeast)
    },
  }
}

/** Weaviate's classes begin with a capital, and have letters, digits and underscores. */
export function weaviateClass(name: string): string {
  const word = name.replace(/\W/g, '_')
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const OPERATORS = {
  ...{ eq: 'Equal', ne: 'NotEqual', gt: 'GreaterThan', gte: 'GreaterThanEqual' },
  ...{ lt: 'LessThan', lte: 'LessThanEqual' },
} as const

/** A filter in Weaviate's GraphQL (docs.weaviate.io, "Conditional filters"). */
export function weaviateFilter(filter: Filter): string {
  if ('filters' in filter) return joined(filter.type === 'and' ? 'And' : 'Or', filter.filters.map(weaviateFilter))
  const { type, key, value } = filter
  const compare = (operator: string, one: Scalar) => `{path:["${key}"],operator:${operator},${typed(one)}}`
  if (type === 'in' || type === 'nin') {
    const all = Array.isArray(value) ? value : [value as Scalar]
    return type === 'in'
      ? joined(
          'Or',
          all.map((one: Scalar) => compare('Equal', one)),
        )
      : joined(
          'And',
          all.map((one: Scalar) => compare('NotEqual', one)),
        )
  }
  return compare(OPERATORS[type], value as Scalar)
}

const joined = (operator: string, operands: readonly string[]) =>
  `{operator:${operator},operands:[${operands.join(',')}]}`

function typed(value: Scalar): string {
  if (typeof value === 'string') return `valueText:${JSON.stringify(value)}`
  return typeof value === 'number' ? `valueNumber:${value}` : `valueBoolean:${value}`
}
