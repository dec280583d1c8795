import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { all } from './all.ts'
import { page, pageOf, pageShape, sizeOf, sortOrder } from './paging.ts'
import { organizationsRunBy, personOf } from './runs-organization.ts'
import { shownMember, shownTeam } from './shown.ts'
import { shown } from './teams.ts'
import { seesAll, teamsOfOrganizations } from './whose.ts'

/** Which teams a list may have: undefined is all. Who does not see everything may ask for its own only. */
async function teamIdsFor(
  principal: Principal,
  asked: string | undefined,
  deps: AppDeps,
): Promise<readonly string[] | undefined> {
  const own = seesAll(principal)
  if (!own && asked !== undefined && asked !== principal.userId) {
    throw new GatewayError('auth_error', 'Only admin users can query all teams/other teams. Leave user_id out.', {
      param: 'user_id',
    })
  }
  if (!own && principal.teamId !== undefined) return [principal.teamId]
  const user = own ? asked : personOf(principal)
  if (user === undefined) return own ? undefined : []
  const member = (await deps.tenantStore.belonging('member', { userId: user })).map(({ teamId }) => teamId)
  if (own) return member
  const run = await teamsOfOrganizations(await organizationsRunBy(principal, deps), deps)
  return [...new Set([...member, ...run])]
}

/** LiteLLM's word for teams that belong to no organization. */
const organization = (asked: string | undefined) => (asked === 'default_organization' ? null : asked)

const filters = { user_id: name.optional(), organization_id: name.optional() }
const SORTS = { team_id: 'teamId', team_alias: 'teamAlias', created_at: 'createdAtMs' } as const

const everything = route({
  method: 'GET',
  paths: ['/team/list'],
  access: 'key',
  tag: 'Teams',
  summary: 'Every team that the caller may see, as `{"teams": [...]}`; `/v2/team/list` goes page by page.',
  query: z.strictObject(filters),
  out: z.object({ teams: z.array(shown) }),
  async handle({ query, principal, deps, receivedAtMs: nowMs }) {
    const ids = await teamIdsFor(principal, query.user_id, deps)
    const found = await all('team', deps, { ids, is: { organizationId: organization(query.organization_id) } })
    return { teams: found.map((team) => shownTeam(team, nowMs)) }
  },
})

const paged = route({
  method: 'GET',
  paths: ['/v2/team/list'],
  access: 'key',
  tag: 'Teams',
  summary: 'The teams that the caller may see, page by page.',
  query: z.strictObject({
    ...filters,
    team_id: name.optional(),
    team_alias: name.optional(),
    page,
    page_size: sizeOf(10),
    sort_by: z.enum(['team_id', 'team_alias', 'created_at']).default('created_at'),
    sort_order: sortOrder('asc'),
  }),
  out: z.object({ teams: z.array(shown), ...pageShape }),
  async handle({ query, principal, deps, receivedAtMs: nowMs }) {
    const ids = await teamIdsFor(principal, query.user_id, deps)
    const { found, total } = await deps.tenantStore.list('team', {
      page: query.page,
      size: query.page_size,
      ids,
      is: { organizationId: organization(query.organization_id), teamId: query.team_id },
      has: { teamAlias: query.team_alias },
      sortBy: SORTS[query.sort_by],
      sortOrder: query.sort_order,
    })
    return { teams: found.map((team) => shownTeam(team, nowMs)), ...pageOf(total, query) }
  },
})

const mine = route({
  method: 'GET',
  paths: ['/team/available'],
  access: 'key',
  tag: 'Teams',
  summary: 'Teams that the caller may join by itself. There are none: an admin puts users into teams.',
  query: z.strictObject({}),
  out: z.array(z.unknown()),
  handle: () => [],
})

const memberships = route({
  method: 'GET',
  paths: ['/team/{team_id}/members/me'],
  access: 'key',
  tag: 'Teams',
  summary: 'What the caller is in a team, and may spend there.',
  async handle({ params, principal, deps, receivedAtMs }) {
    const teamId = params.team_id ?? ''
    const member =
      principal.userId === undefined ? undefined : await deps.tenantStore.find('member', [teamId, principal.userId])
    if (!member)
      throw new GatewayError('not_found', `You are not a member of team_id = ${teamId}.`, { param: 'team_id' })
    return shownMember(member, receivedAtMs)
  },
})

export const teamListRoutes: readonly Route[] = [everything, paged, mine, memberships]
