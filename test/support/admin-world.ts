import { neonAudit } from '../../src/audit/neon.ts'
import { neonModels } from '../../src/models/neon.ts'
import { neonDebug } from '../../src/observe/debug-neon.ts'
import { keyRing, sealer } from '../../src/seal.ts'
import { neonLog } from '../../src/spend/logs-neon.ts'
import { neonDays } from '../../src/spend/report-days-neon.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { neonOrganizationMembers } from '../../src/tenants/organization-members-neon.ts'
import { world } from '../unit/routes/world.ts'
import type { TestPostgres } from './postgres.ts'

/** The front door with a real Postgres behind every admin route. */
export function adminWorld({ db }: TestPostgres): ReturnType<typeof world> {
  const w = world({ tenants: neonTenants(db) })
  const ring = keyRing([sealer('salt', (bytes) => crypto.getRandomValues(bytes))])
  Object.assign(w.deps, {
    spendReport: { ...neonLog(db), ...neonDays(db) },
    organizationMembers: neonOrganizationMembers(db),
    audit: neonAudit(db),
    models: neonModels(db, () => ring),
    builtConfig: w.deps.gateway.config,
    debugKeys: neonDebug(db),
    callbackSeals: () => ring,
  })
  return w
}
