import { keyNameOf } from '../../src/tenants/key-text.ts'
import type { EntityKind } from '../../src/tenants/record.ts'
import type { LongTable, Source, SourceRow } from './source.ts'
import { array, id, isEmpty, object, strings, text } from './values.ts'

export interface EntityRowOf {
  readonly kind: EntityKind
  readonly id: readonly string[]
  readonly row: SourceRow
  /** What only this kind has. */
  readonly own: Readonly<Record<string, unknown>>
}

const ROLES = new Set(['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'])

/**
 * Everything that has limits, some at a time, each after what it refers to. A key is named by its hash. `seen` is told of
 * the rows of long tables as they pass.
 */
export async function* entityRows(
  source: Source,
  seen: (table: LongTable, rows: readonly SourceRow[]) => void = () => {},
): AsyncGenerator<readonly EntityRowOf[]> {
  async function* each(table: LongTable, made: (row: SourceRow) => EntityRowOf) {
    for await (const rows of source.parts(table)) {
      seen(table, rows)
      yield rows.map(made)
    }
  }
  const aliases = new Map(source.ModelTable.map((row) => [String(row.id), object(row.aliases ?? row.model_aliases)]))
  yield source.OrganizationTable.map((row) => ({
    kind: 'org' as const,
    id: [id(row, 'organization_id')],
    row,
    own: { organizationAlias: row.organization_alias },
  }))
  yield* each('UserTable', userOf)
  yield source.TeamTable.map((row) => ({
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
  }))
  yield members(source)
  yield* each('EndUserTable', customerOf)
  yield source.TagTable.map((row) => ({
    kind: 'tag' as const,
    id: [id(row, 'tag_name')],
    row,
    own: { description: text(row.description) },
  }))
  yield* each('VerificationToken', keyOf)
}

const userOf = (row: SourceRow): EntityRowOf => ({
  kind: 'user',
  id: [id(row, 'user_id')],
  row,
  own: {
    userAlias: text(row.user_alias),
    userEmail: text(row.user_email),
    userRole: ROLES.has(String(row.user_role)) ? row.user_role : 'internal_user',
  },
})

const customerOf = (row: SourceRow): EntityRowOf => ({
  kind: 'customer',
  id: [id(row, 'user_id')],
  row,
  own: { alias: text(row.alias), allowedModelRegion: text(row.allowed_model_region) },
})

const keyOf = (row: SourceRow): EntityRowOf => ({
  kind: 'key',
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
})

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
