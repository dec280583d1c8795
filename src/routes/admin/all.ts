import type { ListQuery } from '../../tenants/port.ts'
import type { Entities, EntityKind } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'

const PAGE = 1_000

/** Everything of a kind that fits, oldest first: for LiteLLM's lists without pages. */
export async function all<K extends EntityKind>(
  kind: K,
  { tenantStore }: AppDeps,
  query: Pick<ListQuery<K>, 'ids' | 'is' | 'has'> = {},
): Promise<readonly Entities[K][]> {
  const found: Entities[K][] = []
  for (let page = 1; ; page++) {
    const part = await tenantStore.list(kind, { ...query, page, size: PAGE, sortBy: 'createdAtMs', sortOrder: 'asc' })
    found.push(...part.found)
    if (part.found.length < PAGE) return found
  }
}
