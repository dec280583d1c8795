import type { Entities, EntityKind } from './record.ts'
import { entityName, memberName } from './scope.ts'

/** Which rows an entity is, and which of its fields are which columns. `id` names the fields that identify it. */
export const entities = {
  key: {
    table: 'virtual_key',
    id: ['id'],
    columns: {
      id: 'id',
      token: 'token',
      keyName: 'key_name',
      keyAlias: 'key_alias',
      userId: 'user_id',
      teamId: 'team_id',
      organizationId: 'organization_id',
      expiresAtMs: 'expires',
      aliases: 'aliases',
      allowedRoutes: 'allowed_routes',
    },
  },
  team: {
    table: 'team',
    id: ['teamId'],
    columns: {
      teamId: 'team_id',
      teamAlias: 'team_alias',
      organizationId: 'organization_id',
      memberBudgetId: 'member_budget_id',
      modelAliases: 'model_aliases',
      memberPermissions: 'member_permissions',
    },
  },
  org: {
    table: 'organization',
    id: ['organizationId'],
    columns: { organizationId: 'organization_id', organizationAlias: 'organization_alias' },
  },
  user: {
    table: 'internal_user',
    id: ['userId'],
    columns: { userId: 'user_id', userAlias: 'user_alias', userEmail: 'user_email', userRole: 'user_role' },
  },
  member: {
    table: 'team_membership',
    id: ['teamId', 'userId'],
    columns: { teamId: 'team_id', userId: 'user_id', role: 'role' },
  },
  customer: {
    table: 'customer',
    id: ['userId'],
    columns: { userId: 'user_id', alias: 'alias', allowedModelRegion: 'allowed_model_region' },
  },
  tag: { table: 'tag', id: ['name'], columns: { name: 'name', description: 'description' } },
} as const satisfies {
  [K in EntityKind]: {
    readonly table: string
    readonly id: readonly [string, ...string[]]
    readonly columns: Partial<Record<keyof Entities[K], string>>
  }
}

/** The fields that every entity has, and their columns. */
export const commonColumns = {
  models: 'models',
  metadata: 'metadata',
  rpmLimit: 'rpm_limit',
  tpmLimit: 'tpm_limit',
  maxParallelRequests: 'max_parallel_requests',
  softBudgetNano: 'soft_budget_nano',
  modelRpmLimit: 'model_rpm_limit',
  modelTpmLimit: 'model_tpm_limit',
  rpmLimitType: 'rpm_limit_type',
  tpmLimitType: 'tpm_limit_type',
  budgetId: 'budget_id',
  blocked: 'blocked',
} as const

export const templateColumns = {
  budgetId: 'budget_id',
  maxBudgetNano: 'max_budget_nano',
  budgetDuration: 'budget_duration',
  timeZone: 'time_zone',
  anchorMs: 'anchor',
  modelMaxBudget: 'model_max_budget',
  rpmLimit: 'rpm_limit',
  tpmLimit: 'tpm_limit',
  maxParallelRequests: 'max_parallel_requests',
  softBudgetNano: 'soft_budget_nano',
} as const

/** One value per field of `entities[kind].id`: a member is its team and its user. */
export type EntityId = readonly string[]

export function nameOf(kind: EntityKind, id: EntityId): string {
  const [first = '', second = ''] = id
  return kind === 'member' ? memberName(first, second) : entityName(kind, first)
}

export function idOf<K extends EntityKind>(kind: K, record: Entities[K]): EntityId {
  const fields: Readonly<Record<string, unknown>> = { ...record }
  return entities[kind].id.map((field) => String(fields[field]))
}
