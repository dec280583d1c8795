import { GatewayError } from '../../errors.ts'
import type { OrganizationRecord } from '../../tenants/record.ts'
import type { AppDeps } from '../deps.ts'

/** The organization, or LiteLLM's refusal. */
export async function organizationNamed(organizationId: string, deps: AppDeps): Promise<OrganizationRecord> {
  const organization = await deps.tenantStore.find('org', [organizationId])
  if (organization) return organization
  throw new GatewayError(
    'not_found',
    `Organization not found, organization_id = ${organizationId}. POST /organization/new makes one.`,
    { param: 'organization_id' },
  )
}
