import { GatewayError } from '../../errors.ts'
import { nanoFromUsd, usdFromNano } from '../../money.ts'
import type { OrganizationRecord } from '../../tenants/record.ts'
import type { LimitFields } from './fields.ts'

/** A team may not be promised more than its organization has. Throws, naming the field and the most it may be. */
export function mustFitOrganization(team: LimitFields, organization: OrganizationRecord): void {
  const budget = organization.budgets.find(({ part }) => part === 'main')
  if (budget && team.max_budget != null && nanoFromUsd(team.max_budget) > budget.limitNano) {
    throw exceeds('max_budget', usdFromNano(budget.limitNano), organization)
  }
  if (organization.rpmLimit !== null && (team.rpm_limit ?? 0) > organization.rpmLimit) {
    throw exceeds('rpm_limit', organization.rpmLimit, organization)
  }
  if (organization.tpmLimit !== null && (team.tpm_limit ?? 0) > organization.tpmLimit) {
    throw exceeds('tpm_limit', organization.tpmLimit, organization)
  }
  const allowed = organization.models
  const outside =
    allowed.length === 0 || allowed.includes('*') ? undefined : team.models?.find((model) => !allowed.includes(model))
  if (outside !== undefined) {
    throw new GatewayError(
      'invalid_request',
      `models: ${outside} is not among the models of organization_id = ${organization.organizationId}: ${allowed.join(', ')}.`,
      { param: 'models' },
    )
  }
}

function exceeds(field: string, most: number, { organizationId }: OrganizationRecord): GatewayError {
  return new GatewayError(
    'invalid_request',
    `${field} may not be above that of organization_id = ${organizationId}, which is ${most}.`,
    { param: field },
  )
}
