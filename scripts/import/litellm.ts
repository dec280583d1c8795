import { createDb } from '../../src/db/client.ts'
import type { OrganizationRole } from '../../src/tenants/organization-members.ts'
import { neonOrganizationMembers } from '../../src/tenants/organization-members-neon.ts'
import { applyTenants, IMPORTER, type Into } from './apply.ts'
import { counted, emptyReport, type Report } from './report.ts'
import { type Source, withLitellm } from './source.ts'
import { applyStored, type Salts } from './stored.ts'
import { id } from './values.ts'
import { withoutPlace } from './without.ts'

export interface Import extends Salts {
  readonly databaseUrl: string
  readonly to: string
  readonly timeZone: string
  readonly nowMs: number
  readonly dryRun: boolean
}

/** Copies a LiteLLM database. Again, it takes what changed there and leaves what was changed here. */
export async function importLitellm({ databaseUrl, to, timeZone, nowMs, dryRun, ...salts }: Import): Promise<Report> {
  return await withLitellm(databaseUrl, async (source) => {
    const report = { ...emptyReport(), without: withoutPlace(source) }
    const into: Into = { db: createDb(to, { timeoutMs: 30_000 }), report, timeZone, nowMs, dryRun }
    await applyStored(source, salts, into)
    await applyTenants(source, into)
    await applyOrganizationMembers(source, into)
    return report
  })
}

async function applyOrganizationMembers(source: Source, { db, report, nowMs, dryRun }: Into): Promise<void> {
  const members = neonOrganizationMembers(db)
  for (const row of source.OrganizationMembership) {
    const one = { organizationId: id(row, 'organization_id'), userId: id(row, 'user_id') }
    const before = await members.find(one)
    if (!before && !dryRun) await members.add([{ ...one, role: roleOf(row.user_role) }], [], { by: IMPORTER, nowMs })
    if (before && before.role !== roleOf(row.user_role)) {
      report.kept.push(`${one.userId} in organization ${one.organizationId} differs in role`)
    } else counted(report, 'org member', before ? 'same' : 'created')
  }
}

function roleOf(role: unknown): OrganizationRole {
  return role === 'org_admin' || role === 'internal_user_viewer' ? role : 'internal_user'
}
