import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import type { Changes } from '../../tenants/port.ts'
import { memberName } from '../../tenants/scope.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { count, usd } from './fields.ts'
import { limitsOf } from './limits.ts'
import { addedPeople, member, newMembers, peopleOf, person, role, userIdOf } from './people.ts'
import { recallAfter } from './recall.ts'
import { shownMember, shownTeam } from './shown.ts'
import { teamNamed } from './team-named.ts'
import { mustRunTeam, seesAll } from './whose.ts'

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
    const { body, principal, deps, receivedAtMs: nowMs } = asked
    await mustRunTeam(principal, body.team_id, deps)
    const team = await teamNamed(body.team_id, deps)
    const wanted = [body.member].flat()
    const { people, users } = await peopleOf(wanted, 'member', { deps, nowMs })
    const there = await deps.tenantStore.belonging('member', { teamId: team.teamId })
    for (const [n, { userId }] of people.entries()) {
      const twice = people.findIndex((one) => one.userId === userId) < n
      if (!twice && !there.some((one) => one.userId === userId)) continue
      throw new GatewayError('invalid_request', `user_id = ${userId} is in team_id = ${team.teamId} already.`, {
        type: 'team_member_already_in_team',
        param: 'member',
      })
    }
    const fresh = await newMembers(team, people, body, { deps, nowMs })
    const made = await deps.tenantStore.create('member', fresh, authorOf(asked), { users })
    return {
      ...shownTeam(team, nowMs, [...there, ...made]),
      updated_users: await addedPeople(people, { asked: wanted, made: users, principal }, { deps, nowMs }),
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
    ...person,
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
    const userId = await userIdOf(body, deps)
    const id = [body.team_id, userId ?? '']
    const entity = memberName(body.team_id, userId ?? '')
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
    // Whoever runs the team may have put anybody there.
    const user = seesAll(asked.principal) ? await deps.tenantStore.find('user', [after.userId]) : undefined
    return {
      team_id: after.teamId,
      user_id: after.userId,
      user_email: user?.userEmail ?? (body.user_email || null),
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
  body: z.strictObject({ team_id: name, ...person }),
  async handle(asked) {
    const { body, principal, deps, receivedAtMs } = asked
    await mustRunTeam(principal, body.team_id, deps)
    const team = await teamNamed(body.team_id, deps)
    const userId = await userIdOf(body, deps)
    const those = userId === undefined ? [] : [[body.team_id, userId]]
    if ((await deps.tenantStore.remove('member', those, authorOf(asked))) === 0) throw notMember(body)
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
    const { people, users } = await peopleOf(body.members, 'members', { deps, nowMs })
    const added = people.filter(({ userId }) => !taken.has(userId) && Boolean(taken.add(userId)))
    const fresh = await newMembers(team, added, body, { deps, nowMs })
    const made = added.length === 0 ? [] : await deps.tenantStore.create('member', fresh, authorOf(asked), { users })
    const results = people.map((one, n) => {
      const membership = added.includes(one) ? made.find(({ userId }) => userId === one.userId) : undefined
      const who = { user_id: one.userId, user_email: body.members[n]?.user_email ?? null }
      return membership
        ? { ...who, success: true, updated_team_membership: shownMember(membership, nowMs) }
        : { ...who, success: false, error: `user_id = ${one.userId} is in the team already.` }
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

function notMember(
  body: { readonly team_id: string } & { readonly [F in keyof typeof person]?: string | null | undefined },
) {
  const [field, value] = body.user_id == null ? ['user_email', body.user_email] : ['user_id', body.user_id]
  return new GatewayError(
    'not_found',
    `${field} = ${value} is not in team_id = ${body.team_id}. POST /team/member_add puts it there.`,
    { param: field ?? 'user_id' },
  )
}

export const memberRoutes: readonly Route[] = [add, update, leave, bulkAdd]
