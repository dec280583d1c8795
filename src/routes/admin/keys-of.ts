import type { KeyQuery } from '../../tenants/port.ts'
import type { KeyRecord } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'

/** How many keys stand on the page of a team or a user: `/key/list` has them all. */
const MOST_SHOWN = 100

type Whose = Partial<Omit<KeyQuery, 'page' | 'size' | 'sortBy' | 'sortOrder'>>
const oldestFirst = { sortBy: 'created_at', sortOrder: 'asc' } as const

/** The oldest keys of a team or a user, and how many there are. */
export function keysShown(whose: Whose, { tenantStore }: Pick<AppDeps, 'tenantStore'>) {
  return tenantStore.listKeys({ ...whose, ...oldestFirst, page: 1, size: MOST_SHOWN })
}

/** The keys of a team whose limits are guaranteed. */
export async function guaranteedKeysOf(
  teamId: string,
  { tenantStore }: Pick<AppDeps, 'tenantStore'>,
): Promise<readonly KeyRecord[]> {
  const found: KeyRecord[] = []
  for (let page = 1; ; page++) {
    const whose = { teamId, isGuaranteed: true, ...oldestFirst }
    const { keys, total } = await tenantStore.listKeys({ ...whose, page, size: 500 })
    found.push(...keys)
    if (keys.length === 0 || found.length >= total) return found
  }
}
