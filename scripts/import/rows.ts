import { keyNameOf } from '../../src/tenants/key-text.ts'
import type { EntityKind } from '../../src/tenants/record.ts'
import type { Source, SourceRow } from './source.ts'
import { array, id, isEmpty, object, strings, text } from './values.ts'

export interface EntityRowOf {
  readonly kind: EntityKind
  readonly id: readonly string[]
  readonly row: SourceRow
  /** What only this kind has. */
  readonly own: Readonly<Record<string, unknown>>
}

const ROLES = new Set(['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'])

/** Everything that has limits, each after what it refers to. A key is named by its hash. */
export function entityRows(source: Source): readonly EntityRowOf[] {
  const aliases = new Map(source.ModelTable.map((row) => [String(row.id), object(row.aliases ?? row.model_aliases)]))
  return [
    ...source.OrganizationTable.map((row) => ({
      kind: 'org' as const,
      id: [id(row, 'organization_id')],
      row,
      own: { organizationAlias: row.organization_alias },
    })),
    ...source.UserTable.map((row) => ({
      kind: 'user' as const,
      id: [id(row, 'user_id')],
      row,
      own: {
        userAlias: text(row.user_alias),
        userEmail: text(row.user_email),
        userRole: ROLES.has(String(row.user_role)) ? row.user_role : 'internal_user',
      },
    })),
    ...source.TeamTable.map((row) => ({
      kind: 'team' as const,
      id: [id(row, 'team_id')],
      row,
      own: {
        teamAlias: text(row.team_alias),
        organizationId: text(row.organization_id),
        memberBudgetId: text(object(row.metadata).team_member_budget_id),
        modelAliases: filled(aliases.get(String(row.model_id))),
        memberPermissions: strings(row.team_member_permissions),
      },
    })),
    ...members(source),
    ...source.EndUserTable.map((row) => ({
      kind: 'customer' as const,
      id: [id(row, 'user_id')],
      row,
      own: { alias: text(row.alias), allowedModelRegion: text(row.allowed_model_region) },
    })),
    ...source.TagTable.map((row) => ({
      kind: 'tag' as const,
      id: [id(row, 'tag_name')],
      row,
      own: { description: text(row.description) },
    })),
    ...source.VerificationToken.map((row) => ({
      kind: 'key' as const,
      id: [id(row, 'token')],
      row,
      own: {
        token: id(row, 'token'),
        keyName: text(row.key_name) ?? keyNameOf(''),
        keyAlias: text(row.key_alias),
        userId: text(row.user_id),
        teamId: text(row.team_id),
        organizationId: text(row.organization_id),
        expiresAtMs: row.expires instanceof Date ? row.expires.getTime() : null,
        aliases: filled(object(row.aliases)),
        allowedRoutes: strings(row.allowed_routes),
      },
    })),
  ]
}

const filled = (value: Readonly<Record<string, unknown>> | undefined) => (isEmpty(value) ? null : value)

/** Roles are in the team's row, budgets and spend in a table of their own. */
function members({ TeamTable, TeamMembership }: Source): readonly EntityRowOf[] {
  const found = new Map<string, EntityRowOf>()
  const put = (teamId: string, userId: string, row: SourceRow, role: string) =>
    found.set(JSON.stringify([teamId, userId]), { kind: 'member', id: [teamId, userId], row, own: { role } })
  const roles = new Map<string, string>()
  for (const team of TeamTable) {
    for (const one of array(team.members_with_roles).map(object)) {
      const userId = text(one.user_id)
      if (userId === null) continue
      const role = one.role === 'admin' ? 'admin' : 'user'
      roles.set(JSON.stringify([team.team_id, userId]), role)
      put(id(team, 'team_id'), userId, {}, role)
    }
  }
  for (const row of TeamMembership) {
    const [teamId, userId] = [id(row, 'team_id'), id(row, 'user_id')]
    put(teamId, userId, row, roles.get(JSON.stringify([teamId, userId])) ?? 'user')
  }
  return [...found.values()]
}

const WITHOUT: Readonly<Record<string, string>> = {
  config: 'settings of one key: set them on its team or in config.yaml',
  permissions: "LiteLLM's free-form permissions are not known here",
  router_settings: 'routing is set in config.yaml, for all',
  policies: 'policies are not known here',
  object_permission_id: 'object permissions (vector stores, MCP, agents) are not known here: check what they forbade',
  project_id: 'projects are not known here: their limits do not bind the key any more',
  agent_id: 'agents are not known here',
  auto_rotate: 'rotation is not carried over',
  default_model: 'a customer has no default model here',
  default_team_member_models: 'new members get no models of their own here',
  password: 'people sign in with OIDC',
  sso_user_id: 'people are met again by their OIDC claims',
}

/** What rows have that there is no place for, and tables that are not read into anything. */
export function withoutPlace(source: Source): Record<string, number> {
  const without: Record<string, number> = {}
  const add = (what: string, rows: number) => {
    if (rows > 0) without[what] = (without[what] ?? 0) + rows
  }
  for (const table of ['VerificationToken', 'TeamTable', 'UserTable', 'OrganizationTable', 'EndUserTable'] as const) {
    for (const [column, why] of Object.entries(WITHOUT)) {
      add(`${table}.${column}: ${why}`, source[table].filter((row) => !isEmpty(row[column])).length)
    }
  }
  const nameless = source.TeamTable.flatMap((row) => array(row.members_with_roles).map(object)).filter(
    (one) => text(one.user_id) === null,
  )
  add('members of teams without a user_id', nameless.length)
  add(
    'OrganizationMembership.budget_id: a person has no budget in an organization here',
    source.OrganizationMembership.filter((row) => !isEmpty(row.budget_id)).length,
  )
  add('Config: put these settings into config.yaml (npm run config:check)', source.Config.length)
  add('ProjectTable: projects are not known here', source.ProjectTable.length)
  add(
    'DeprecatedVerificationToken: keys in their grace period after a rotation',
    source.DeprecatedVerificationToken.length,
  )
  return without
}
