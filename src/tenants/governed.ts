import type { Principal } from './principal.ts'
import type { EntityRecord } from './record.ts'

/** Lists that bind a key or a team and lie where LiteLLM keeps them, in its metadata: only their own fields change them. */
export const governed = ['allowed_cache_controls', 'allowed_ips', 'enforced_params', 'vector_stores'] as const
export type Governed = (typeof governed)[number]

type Bound = Pick<EntityRecord, 'metadata'>

/** What one of these lists says; an empty one restricts nothing. */
export function listIn({ metadata }: Bound, name: Governed | 'tags'): readonly string[] {
  const list = metadata[name]
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
}

const listsOf = (entities: readonly (Bound | undefined)[], name: Governed | 'tags') =>
  entities.map((one) => (one ? listIn(one, name) : [])).filter((list) => list.length > 0)

/** What all of them allow; undefined where none restricts. */
export function allowedByAll(entities: readonly (Bound | undefined)[], name: Governed): readonly string[] | undefined {
  const lists = listsOf(entities, name)
  return lists.length === 0 ? undefined : lists.reduce((left, right) => left.filter((item) => right.includes(item)))
}

/** The vector stores that each of them allows. */
export function storesOf(levels: {
  readonly key?: Bound
  readonly team?: Bound | undefined
}): Principal['vectorStores'] {
  const lists = (['key', 'team'] as const).flatMap((level) => {
    const bound = levels[level]
    const ids = bound ? listIn(bound, 'vector_stores') : []
    return ids.length === 0 ? [] : [{ level, ids }]
  })
  return lists.length === 0 ? undefined : lists
}

/** What any of them says; undefined where none says anything. */
export function saidByAny(
  entities: readonly (Bound | undefined)[],
  name: Governed | 'tags',
): readonly string[] | undefined {
  const lists = listsOf(entities, name)
  return lists.length === 0 ? undefined : [...new Set(lists.flat())]
}

/** Metadata after these lists are set; an empty one is taken away. */
export function withBound(
  metadata: Readonly<Record<string, unknown>>,
  bound: { readonly [G in Governed]?: readonly string[] },
): Readonly<Record<string, unknown>> {
  const rest = Object.entries(metadata).filter(([name]) => !(name in bound))
  return Object.fromEntries([...rest, ...Object.entries(bound).filter(([, list]) => list.length > 0)])
}

/** What of metadata are such lists. */
export function boundIn(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => governed.some((one) => one === name)))
}
