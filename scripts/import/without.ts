import type { LongTable, ShortTable, Source, SourceRow } from './source.ts'
import { array, isEmpty, object, text } from './values.ts'

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

type Counts = Record<string, number>

function add(without: Counts, what: string, rows: number): void {
  if (rows > 0) without[what] = (without[what] ?? 0) + rows
}

/** Counts what rows have that there is no place for. */
export function countWithout(without: Counts, table: LongTable | ShortTable, rows: readonly SourceRow[]): void {
  for (const [column, why] of Object.entries(WITHOUT)) {
    add(without, `${table}.${column}: ${why}`, rows.filter((row) => !isEmpty(row[column])).length)
  }
}

/** The same of the short tables, and those that are not read into anything. */
export function withoutPlace(source: Source): Counts {
  const without: Counts = {}
  for (const table of ['TeamTable', 'OrganizationTable'] as const) countWithout(without, table, source[table])
  const nameless = source.TeamTable.flatMap((row) => array(row.members_with_roles).map(object)).filter(
    (one) => text(one.user_id) === null,
  )
  add(without, 'members of teams without a user_id', nameless.length)
  const budgets = source.OrganizationMembership.filter((row) => !isEmpty(row.budget_id))
  add(without, 'OrganizationMembership.budget_id: a person has no budget in an organization here', budgets.length)
  add(without, 'Config: put these settings into config.yaml (npm run config:check)', source.Config.length)
  add(without, 'ProjectTable: projects are not known here', source.ProjectTable.length)
  const rotated = source.DeprecatedVerificationToken.length
  add(without, 'DeprecatedVerificationToken: keys in their grace period after a rotation', rotated)
  return without
}
