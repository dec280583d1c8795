import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import type { Changes, NewEntity } from '../../tenants/port.ts'
import type { TeamRecord } from '../../tenants/record.ts'
import { memberName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { count, type LimitFields, usd } from './fields.ts'
import { limitsOf } from './limits.ts'
import { recallAfter } from './recall.ts'
import { shownMember, shownTeam, shownUser } from './shown.ts'
import { teamNamed } from './team-named.ts'
import { mustRunTeam } from './whose.ts'

const role = z.enum(['admin', 'user'])
const member = z.strictObject({ user_id: name, role: role.default('user') })

/** What a member may spend in the team: an own budget, else what the team gives to new members. */
function limitsInTeam(
  { memberBudgetId }: TeamRecord,
  given: { max_budget_in_team?: number | null | undefined; budget_duration?: string | null | undefined },
): LimitFields {
  const { max_budget_in_team: own, budget_duration } = given
  if (own != null) return { max_budget: own, budget_duration }
  return memberBudgetId === null ? {} : { budget_id: memberBudgetId }
}

/** Members as they are made: the users of a list, each once. */
function newMembers(
  team: TeamRecord,
  users: readonly z.output<typeof member>[],
  given: Parameters<typeof limitsInTeam>[1],
  { deps, nowMs }: { readonly deps: AppDeps; readonly nowMs: number },
): Promise<readonly NewEntity<'member'>[]> {
  const limits = limitsInTeam(team, given)
  return Promise.all(
    users.map(async ({ user_id: userId, role }) => ({
      id: [team.teamId, userId],
      fields: {
        role,
        ...(await limitsOf(limits, undefined, { entity: memberName(team.teamId, userId), deps, nowMs })),
      },
    })),
  )
}

const add = route({
  method: 'POST',
  paths: ['/team/member_add'],
  access: 'editor',
  tag: 'Teams',
  summary: 'Put users into a team. A user who is not there yet is made.',
  area: 'admin.member',
  body: z.strictObject({
    team_id: name,
    member: z.union([member, z.array(member).min(1).max(100)]),
    max_budget_in_team: usd.nullish(),
    budget_duration: name.nullish(),
  }),
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    await mustRunTeam(asked.principal, body.team_id, deps)
    const team = await teamNamed(body.team_id, deps)
    const users = [body.member].flat()
    const there = await deps.tenantStore.belonging('member', { teamId: team.teamId })
    for (const [n, { user_id: userId }] of users.entries()) {
      const twice = users.findIndex((one) => one.user_id === userId) < n
      if (!twice && !there.some((one) => one.userId === userId)) continue
      throw new GatewayError('invalid_request', `user_id = ${userId} is in team_id = ${team.teamId} already.`, {
        type: 'team_member_already_in_team',
        param: 'member',
      })
    }
    const fresh = await newMembers(team, users, body, { deps, nowMs })
    const made = await deps.tenantStore.create('member', fresh, authorOf(asked))
    const found = await Promise.all(users.map(({ user_id: userId }) => deps.tenantStore.find('user', [userId])))
    return {
      ...shownTeam(team, nowMs, [...there, ...made]),
      updated_users: found.filter((user) => user !== undefined).map((user) => shownUser(user, nowMs)),
      updated_team_memberships: made.map((one) => shownMember(one, nowMs)),
    }
  },
})

const update = route({
  method: 'POST',
  paths: ['/team/member_update'],
  access: 'editor',
  tag: 'Teams',
  summary: 'Change what a member may do and spend in a team.',
  area: 'admin.member',
  body: z.strictObject({
    team_id: name,
    user_id: name,
    role: role.optional(),
    max_budget_in_team: usd.nullish(),
    budget_duration: name.nullish(),
    rpm_limit: count.nullish(),
    tpm_limit: z.int().nonnegative().nullish(),
  }),
  out: z.object({
    team_id: z.string(),
    user_id: z.string(),
    user_email: z.string().nullable(),
    role: z.string(),
    max_budget_in_team: z.number().nullable(),
    rpm_limit: z.number().nullable(),
    tpm_limit: z.number().nullable(),
  }),
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    await mustRunTeam(asked.principal, body.team_id, deps)
    const id = [body.team_id, body.user_id]
    const entity = memberName(body.team_id, body.user_id)
    const before = await deps.tenantStore.find('member', id)
    if (!before) throw notMember(body)
    const { max_budget_in_team, budget_duration, rpm_limit, tpm_limit } = body
    const limits = { max_budget: max_budget_in_team, budget_duration, rpm_limit, tpm_limit }
    const changes: Changes<'member'> = {
      role: body.role,
      ...(await limitsOf(limits, before, { entity, deps, nowMs })),
    }
    const after = await deps.tenantStore.update('member', id, changes, authorOf(asked))
    if (!after) throw notMember(body)
    recallAfter(entity, before, after, deps)
    const shown = shownMember(after, nowMs)
    const user = await deps.tenantStore.find('user', [body.user_id])
    return {
      team_id: after.teamId,
      user_id: after.userId,
      user_email: user?.userEmail ?? null,
      role: after.role,
      max_budget_in_team: shown.litellm_budget_table.max_budget,
      rpm_limit: shown.litellm_budget_table.rpm_limit,
      tpm_limit: shown.litellm_budget_table.tpm_limit,
    }
  },
})

const leave = route({
  method: 'POST',
  paths: ['/team/member_delete'],
  access: 'editor',
  tag: 'Teams',
  summary: 'Take a user out of a team, with the keys that the user has there.',
  area: 'admin.member',
  body: z.strictObject({ team_id: name, user_id: name }),
  async handle(asked) {
    const { body, principal, deps, receivedAtMs } = asked
    await mustRunTeam(principal, body.team_id, deps)
    const team = await teamNamed(body.team_id, deps)
    const gone = await deps.tenantStore.remove('member', [[body.team_id, body.user_id]], authorOf(asked))
    if (gone === 0) throw notMember(body)
    return shownTeam(team, receivedAtMs, await deps.tenantStore.belonging('member', { teamId: team.teamId }))
  },
})

const bulkAdd = route({
  method: 'POST',
  paths: ['/team/bulk_member_add'],
  access: 'editor',
  tag: 'Teams',
  summary: 'Put many users into a team: all who are not there yet, or none of them.',
  area: 'admin.member',
  body: z.strictObject({
    team_id: name,
    members: z.array(member).min(1).max(500),
    max_budget_in_team: usd.nullish(),
    budget_duration: name.nullish(),
  }),
  async handle(asked) {
    const { body, principal, deps, receivedAtMs: nowMs } = asked
    await mustRunTeam(principal, body.team_id, deps)
    const team = await teamNamed(body.team_id, deps)
    const there = await deps.tenantStore.belonging('member', { teamId: team.teamId })
    const taken = new Set(there.map(({ userId }) => userId))
    const isNew = ({ user_id }: z.output<typeof member>) => !taken.has(user_id) && Boolean(taken.add(user_id))
    const users = body.members.filter(isNew)
    const fresh = await newMembers(team, users, body, { deps, nowMs })
    const made = users.length === 0 ? [] : await deps.tenantStore.create('member', fresh, authorOf(asked))
    const results = body.members.map((one) => {
      const membership = users.includes(one) ? made.find(({ userId }) => userId === one.user_id) : undefined
      return membership
        ? { user_id: one.user_id, success: true, updated_team_membership: shownMember(membership, nowMs) }
        : { user_id: one.user_id, success: false, error: `user_id = ${one.user_id} is in the team already.` }
    })
    return {
      team_id: team.teamId,
      results,
      total_requested: results.length,
      successful_additions: made.length,
      failed_additions: results.length - made.length,
      updated_team: shownTeam(team, nowMs, [...there, ...made]),
    }
  },
})

const notMember = (body: { readonly team_id: string; readonly user_id: string }) =>
  new GatewayError(
    'not_found',
    `user_id = ${body.user_id} is not in team_id = ${body.team_id}. POST /team/member_add puts it there.`,
    { param: 'user_id' },
  )

export const memberRoutes: readonly Route[] = [add, update, leave, bulkAdd]
