import type { KeyRecord } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'

/** Every key of a team or of a user, oldest first. */
export async function keysOf(
  owner: { readonly teamId: string } | { readonly userId: string },
  { tenantStore }: Pick<AppDeps, 'tenantStore'>,
): Promise<readonly KeyRecord[]> {
  const found: KeyRecord[] = []
  for (let page = 1; ; page++) {
    const order = { page, size: 500, sortBy: 'created_at', sortOrder: 'asc' } as const
    const { keys, total } = await tenantStore.listKeys({ ...owner, ...order })
    found.push(...keys)
    if (keys.length === 0 || found.length >= total) return found
  }
}
