import type { EntityRecord, KeyRecord, OrganizationRecord, TeamRecord } from '../../tenants/record.ts'
import { entityName } from '../../tenants/scope.ts'
import { shownBudget } from './budget.ts'

const iso = (ms: number) => new Date(ms).toISOString()

function shownEntity(entity: string, record: EntityRecord, nowMs: number) {
  return {
    ...shownBudget(entity, record, nowMs),
    models: record.models,
    rpm_limit: record.rpmLimit,
    tpm_limit: record.tpmLimit,
    metadata: record.metadata,
    blocked: record.blocked,
    created_at: iso(record.createdAtMs),
    created_by: record.createdBy,
    updated_at: iso(record.updatedAtMs),
    updated_by: record.updatedBy,
  }
}

/** A key's row as LiteLLM shows it, without its hash. */
export function shownKey(key: KeyRecord, nowMs: number) {
  return {
    key_name: key.keyName,
    key_alias: key.keyAlias,
    user_id: key.userId,
    team_id: key.teamId,
    organization_id: key.organizationId,
    expires: key.expiresAtMs === null ? null : iso(key.expiresAtMs),
    ...shownEntity(entityName('key', key.id), key, nowMs),
  }
}

export function shownTeam(team: TeamRecord, nowMs: number) {
  return {
    team_id: team.teamId,
    team_alias: team.teamAlias,
    organization_id: team.organizationId,
    ...shownEntity(entityName('team', team.teamId), team, nowMs),
    // Members come with users; clients of LiteLLM read these lists.
    admins: [],
    members: [],
    members_with_roles: [],
  }
}

export function shownOrganization(organization: OrganizationRecord, nowMs: number) {
  const shown = shownEntity(entityName('org', organization.organizationId), organization, nowMs)
  return {
    organization_id: organization.organizationId,
    organization_alias: organization.organizationAlias,
    ...shown,
    litellm_budget_table: {
      max_budget: shown.max_budget,
      budget_duration: shown.budget_duration,
      rpm_limit: shown.rpm_limit,
      tpm_limit: shown.tpm_limit,
    },
  }
}
