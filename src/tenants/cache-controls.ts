import type { EntityRecord } from './record.ts'

/** Where a key or a team has them, as LiteLLM keeps them: in its metadata, where only their own field changes them. */
export const CACHE_CONTROLS = 'allowed_cache_controls'

/** What a key or a team may say about the cache; an empty list allows everything. */
export function cacheControlsOf({ metadata }: Pick<EntityRecord, 'metadata'>): readonly string[] {
  const allowed = metadata[CACHE_CONTROLS]
  return Array.isArray(allowed) ? allowed.filter((name) => typeof name === 'string') : []
}

/** What all of them allow; undefined where none restricts. */
export function allowedByAll(entities: readonly (Pick<EntityRecord, 'metadata'> | undefined)[]) {
  const lists = entities.map((one) => (one ? cacheControlsOf(one) : [])).filter((list) => list.length > 0)
  return lists.length === 0 ? undefined : lists.reduce((left, right) => left.filter((name) => right.includes(name)))
}
