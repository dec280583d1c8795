import { usdFromNano } from '../../money.ts'
import { withoutSealed } from '../../observe/callbacks.ts'
import { listIn } from '../../tenants/governed.ts'
import type {
  CustomerRecord,
  EntityRecord,
  KeyRecord,
  MemberRecord,
  OrganizationRecord,
  TagRecord,
  TeamRecord,
  UserRecord,
} from '../../tenants/record.ts'
import { entityName, memberName } from '../../tenants/scope.ts'
import { shownBudgets, shownIncrease } from './budget.ts'

const iso = (ms: number) => new Date(ms).toISOString()

function shownEntity(entity: string, record: EntityRecord, nowMs: number) {
  const { template } = record
  const softNano = record.softBudgetNano ?? template?.softBudgetNano ?? null
  return {
    ...shownBudgets(entity, record, nowMs),
    soft_budget: softNano === null ? null : usdFromNano(softNano),
    budget_id: record.budgetId,
    models: record.models,
    rpm_limit: record.rpmLimit ?? template?.rpmLimit ?? null,
    tpm_limit: record.tpmLimit ?? template?.tpmLimit ?? null,
    max_parallel_requests: record.maxParallelRequests ?? template?.maxParallelRequests ?? null,
    model_rpm_limit: record.modelRpmLimit,
    model_tpm_limit: record.modelTpmLimit,
    rpm_limit_type: record.rpmLimitType,
    tpm_limit_type: record.tpmLimitType,
    metadata: /^(key|team):/.test(entity) ? withoutSealed(record.metadata) : record.metadata,
    blocked: record.blocked,
    created_at: iso(record.createdAtMs),
    created_by: record.createdBy,
    updated_at: iso(record.updatedAtMs),
    updated_by: record.updatedBy,
  }
}

/** LiteLLM shows the limits of some entities a second time, as the table where it keeps them. */
function budgetTable(shown: ReturnType<typeof shownEntity>) {
  return {
    budget_id: shown.budget_id,
    max_budget: shown.max_budget,
    soft_budget: shown.soft_budget,
    budget_duration: shown.budget_duration,
    budget_reset_at: shown.budget_reset_at,
    model_max_budget: shown.model_max_budget,
    rpm_limit: shown.rpm_limit,
    tpm_limit: shown.tpm_limit,
    max_parallel_requests: shown.max_parallel_requests,
  }
}

/** LiteLLM's permissions by object, of those the vector stores; null where there are none. */
function permissionOf(bound: Parameters<typeof listIn>[0]) {
  const vector_stores = listIn(bound, 'vector_stores')
  return vector_stores.length === 0 ? null : { vector_stores }
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
    aliases: key.aliases ?? {},
    allowed_routes: key.allowedRoutes,
    allowed_cache_controls: listIn(key, 'allowed_cache_controls'),
    allowed_ips: listIn(key, 'allowed_ips'),
    enforced_params: listIn(key, 'enforced_params'),
    object_permission: permissionOf(key),
    ...shownEntity(entityName('key', key.id), key, nowMs),
    ...shownIncrease(key, nowMs),
  }
}

export function shownTeam(team: TeamRecord, nowMs: number, members: readonly MemberRecord[] = []) {
  return {
    team_id: team.teamId,
    team_alias: team.teamAlias,
    organization_id: team.organizationId,
    allowed_cache_controls: listIn(team, 'allowed_cache_controls'),
    enforced_params: listIn(team, 'enforced_params'),
    object_permission: permissionOf(team),
    ...shownEntity(entityName('team', team.teamId), team, nowMs),
    team_member_budget_id: team.memberBudgetId,
    model_aliases: team.modelAliases ?? {},
    team_member_permissions: team.memberPermissions,
    admins: members.filter(({ role }) => role === 'admin').map(({ userId }) => userId),
    members: members.map(({ userId }) => userId),
    members_with_roles: members.map(({ userId, role }) => ({ user_id: userId, role })),
  }
}

export function shownOrganization(organization: OrganizationRecord, nowMs: number) {
  const shown = shownEntity(entityName('org', organization.organizationId), organization, nowMs)
  return {
    organization_id: organization.organizationId,
    organization_alias: organization.organizationAlias,
    ...shown,
    litellm_budget_table: budgetTable(shown),
  }
}

export function shownUser(user: UserRecord, nowMs: number) {
  return {
    user_id: user.userId,
    user_alias: user.userAlias,
    user_email: user.userEmail,
    user_role: user.userRole,
    ...shownEntity(entityName('user', user.userId), user, nowMs),
  }
}

export function shownMember(member: MemberRecord, nowMs: number) {
  const shown = shownEntity(memberName(member.teamId, member.userId), member, nowMs)
  return {
    user_id: member.userId,
    team_id: member.teamId,
    role: member.role,
    spend: shown.spend,
    budget_id: shown.budget_id,
    litellm_budget_table: budgetTable(shown),
  }
}

export function shownCustomer(customer: CustomerRecord, nowMs: number) {
  const shown = shownEntity(entityName('customer', customer.userId), customer, nowMs)
  const { userId, alias, allowedModelRegion } = customer
  const own = { user_id: userId, alias, allowed_model_region: allowedModelRegion }
  return { ...own, ...shown, litellm_budget_table: budgetTable(shown) }
}

export function shownTag(tag: TagRecord, nowMs: number) {
  const shown = shownEntity(entityName('tag', tag.name), tag, nowMs)
  return { name: tag.name, description: tag.description, ...shown, litellm_budget_table: budgetTable(shown) }
}
