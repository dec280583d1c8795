import * as z from 'zod'
import type { Principal } from '../../tenants/principal.ts'
import type { TeamRecord } from '../../tenants/record.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { recallAfter } from './recall.ts'
import { mustRunOrganization } from './runs-organization.ts'
import { shownTeam } from './shown.ts'
import { teamNamed } from './team-named.ts'
import { ALWAYS_PERMITTED, isAdmin, mustRunTeam, PERMISSIONS } from './whose.ts'
import { mustFitOrganization } from './within-organization.ts'

export const permissions = z.array(z.enum(PERMISSIONS as [string, ...string[]])).max(100)
const shownPermissions = z.object({
  team_id: z.string(),
  team_member_permissions: z.array(z.string()),
  all_available_permissions: z.array(z.string()),
})

/** A team that the caller runs as proxy admin or for its organization: its own admins do not decide what it may use. */
async function teamRunBy(principal: Principal, teamId: string, deps: AppDeps): Promise<TeamRecord> {
  const team = isAdmin(principal) ? await teamNamed(teamId, deps) : await deps.tenantStore.find('team', [teamId])
  await mustRunOrganization(principal, team?.organizationId, deps)
  return team ?? teamNamed(teamId, deps)
}

const blocking = (path: '/team/block' | '/team/unblock', blocked: boolean, summary: string) =>
  route({
    method: 'POST',
    paths: [path],
    access: 'editor',
    tag: 'Teams',
    summary,
    area: 'admin.team',
    body: z.strictObject({ team_id: name }),
    async handle(asked) {
      const { body, deps, receivedAtMs } = asked
      const before = await teamRunBy(asked.principal, body.team_id, deps)
      const team = await deps.tenantStore.update('team', [before.teamId], { blocked }, authorOf(asked))
      if (!team) return teamNamed(body.team_id, deps)
      recallAfter(entityName('team', team.teamId), before, team, deps)
      return shownTeam(team, receivedAtMs)
    },
  })

const models = (path: '/team/model/add' | '/team/model/delete', summary: string) =>
  route({
    method: 'POST',
    paths: [path],
    access: 'editor',
    tag: 'Teams',
    summary,
    area: 'admin.team',
    body: z.strictObject({ team_id: name, models: z.array(name).min(1).max(1_000) }),
    async handle(asked) {
      const { body, deps, receivedAtMs } = asked
      const before = await teamRunBy(asked.principal, body.team_id, deps)
      const others = before.models.filter((model) => !body.models.includes(model))
      // A list without a model would allow all: who takes the last one away means none.
      const left = others.length === 0 && before.models.length > 0 ? ['no-default-models'] : others
      const named = path === '/team/model/add' ? [...new Set([...before.models, ...body.models])] : left
      const organization = before.organizationId && (await deps.tenantStore.find('org', [before.organizationId]))
      if (organization)
        mustFitOrganization({ models: named.filter((model) => !before.models.includes(model)) }, organization)
      const team = await deps.tenantStore.update('team', [before.teamId], { models: named }, authorOf(asked))
      return team ? shownTeam(team, receivedAtMs) : teamNamed(body.team_id, deps)
    },
  })

const shownRights = (teamId: string, granted: readonly string[]) => ({
  team_id: teamId,
  team_member_permissions: [...new Set([...ALWAYS_PERMITTED, ...granted])],
  all_available_permissions: PERMISSIONS,
})

const permitted = route({
  method: 'GET',
  paths: ['/team/permissions_list'],
  access: 'key',
  tag: 'Teams',
  summary: 'What members of a team may do with their keys there.',
  query: z.strictObject({ team_id: name }),
  out: shownPermissions,
  async handle({ query, principal, deps }) {
    await mustRunTeam(principal, query.team_id, deps)
    const team = await teamNamed(query.team_id, deps)
    return shownRights(team.teamId, team.memberPermissions)
  },
})

const permit = route({
  method: 'POST',
  paths: ['/team/permissions_update'],
  access: 'editor',
  tag: 'Teams',
  summary: 'Say what members of a team may do with their keys there.',
  area: 'admin.team',
  body: z.strictObject({ team_id: name, team_member_permissions: permissions }),
  out: shownPermissions,
  async handle(asked) {
    const { body, principal, deps } = asked
    await mustRunTeam(principal, body.team_id, deps)
    const { teamId } = await teamNamed(body.team_id, deps)
    const changes = { memberPermissions: body.team_member_permissions }
    await deps.tenantStore.update('team', [teamId], changes, authorOf(asked))
    return shownRights(teamId, body.team_member_permissions)
  },
})

const deletion = route({
  method: 'POST',
  paths: ['/team/delete'],
  access: 'editor',
  tag: 'Teams',
  summary: 'Delete teams with their keys and memberships. What they spent stays in the log.',
  area: 'admin.team',
  body: z.strictObject({ team_ids: z.array(name).min(1).max(100) }),
  out: z.object({ deleted_teams: z.array(z.string()) }),
  async handle(asked) {
    const { body, deps } = asked
    await Promise.all(body.team_ids.map((teamId) => teamRunBy(asked.principal, teamId, deps)))
    await deps.tenantStore.remove(
      'team',
      body.team_ids.map((teamId) => [teamId]),
      authorOf(asked),
    )
    return { deleted_teams: body.team_ids }
  },
})

export const teamRightsRoutes: readonly Route[] = [
  blocking('/team/block', true, 'Stop all keys of a team: within five seconds everywhere.'),
  blocking('/team/unblock', false, 'Let a blocked team go on.'),
  models('/team/model/add', 'Let a team use more models. A team without a list may use all.'),
  models('/team/model/delete', 'Take models from the list of a team; after the last it may use none.'),
  permitted,
  permit,
  deletion,
]
