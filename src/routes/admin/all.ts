import type { ListQuery } from '../../tenants/port.ts'
import type { Entities, EntityKind } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'

const PAGE = 1_000

/** Everything of a kind that fits, oldest first unless it says otherwise: for LiteLLM's lists without pages. */
export async function all<K extends EntityKind>(
  kind: K,
  { tenantStore }: AppDeps,
  query: Partial<Pick<ListQuery<K>, 'ids' | 'is' | 'has' | 'sortBy'>> = {},
): Promise<readonly Entities[K][]> {
  const found: Entities[K][] = []
  for (let page = 1; ; page++) {
    const order = { sortBy: 'createdAtMs', sortOrder: 'asc' } as const
    const part = await tenantStore.list(kind, { ...order, ...query, page, size: PAGE })
    found.push(...part.found)
    if (part.found.length < PAGE) return found
  }
}
