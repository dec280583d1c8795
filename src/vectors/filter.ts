import * as z from 'zod'

export const comparisons = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin'] as const
export type Comparison = (typeof comparisons)[number]
export type Scalar = string | number | boolean

/** OpenAI's filters of a vector store's search: comparisons of attributes, and all or any of several. */
export type Filter =
  | { readonly type: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly type: Comparison; readonly key: string; readonly value: Scalar | readonly Scalar[] }

/** Names that go into a query of any product as they are. */
const key = z.string().regex(/^[A-Za-z_][\w.-]{0,63}$/, 'must be a name of letters, digits and underscores')
const scalar = z.union([z.string().max(512), z.number(), z.boolean()])
const one = z.object({ type: z.enum(['eq', 'ne', 'gt', 'gte', 'lt', 'lte']), key, value: scalar })
const several = z.object({ type: z.enum(['in', 'nin']), key, value: z.array(scalar).min(1).max(100) })
const leaf = z.union([one, several])
/** Two levels, as OpenAI documents them. */
const inner = z.object({ type: z.enum(['and', 'or']), filters: z.array(leaf).min(1).max(50) })

export const filter = z.union([
  leaf,
  z.object({
    type: z.enum(['and', 'or']),
    filters: z
      .array(z.union([leaf, inner]))
      .min(1)
      .max(50),
  }),
])

/** Whether what lies beside a vector is as a filter wants it. What is not there is equal to nothing. */
export function fits(fields: Readonly<Record<string, unknown>>, wanted: Filter): boolean {
  if ('filters' in wanted) {
    const { type, filters } = wanted
    return type === 'and' ? filters.every((each) => fits(fields, each)) : filters.some((each) => fits(fields, each))
  }
  const found = fields[wanted.key]
  const { type, value } = wanted
  if (Array.isArray(value)) return value.includes(found) === (type === 'in')
  if (type === 'eq') return found === value
  if (type === 'ne') return found !== value
  if (typeof found !== typeof value || typeof found === 'boolean' || found === undefined) return false
  const [a, b] = [found as number, value as number]
  return type === 'gt' ? a > b : type === 'gte' ? a >= b : type === 'lt' ? a < b : a <= b
}
