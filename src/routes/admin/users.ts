import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { Beside, NewEntity } from '../../tenants/port.ts'
import { roles } from '../../tenants/principal.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Asked, type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { changedLimits, newLimits, shownLimits, usd } from './fields.ts'
import { keysShown } from './keys-of.ts'
import { limitsOf } from './limits.ts'
import { preparedKey } from './make-key.ts'
import { withUserDefaults } from './new-rules.ts'
import { organizationNamed } from './organization-named.ts'
import { newMembers, role } from './people.ts'
import { recallAfter } from './recall.ts'
import { organizationMembers, personOf } from './runs-organization.ts'
import { shownKey, shownTeam, shownUser } from './shown.ts'
import { teamNamed } from './team-named.ts'
import { seesAll } from './whose.ts'

const ownFields = {
  user_alias: name.nullish(),
  user_email: z.email().max(256).nullish(),
  user_role: z.enum(roles).nullish(),
}

export const shown = z.object({
  user_id: z.string(),
  user_alias: z.string().nullable(),
  user_email: z.string().nullable(),
  user_role: z.string(),
  ...shownLimits,
})

export const notFound = (userId: string) =>
  new GatewayError('not_found', `User not found, user_id = ${userId}. POST /user/new makes one.`, { param: 'user_id' })

/** The teams that a new user is in, by LiteLLM's two ways to say so. */
const teams = z
  .array(
    z.union([
      name,
      z.strictObject({ team_id: name, max_budget_in_team: usd.nullish(), user_role: role.default('user') }),
    ]),
  )
  .max(100)

async function membershipsOf(userId: string, asked: z.output<typeof teams>, deps: AppDeps, nowMs: number) {
  const found = asked.map(async (one) => {
    const { team_id: teamId, user_role: role = 'user', ...limits } = typeof one === 'string' ? { team_id: one } : one
    return newMembers(await teamNamed(teamId, deps), [{ userId, role }], limits, { deps, nowMs })
  })
  return (await Promise.all(found)).flat()
}

const create = route({
  method: 'POST',
  paths: ['/user/new'],
  access: 'admin',
  tag: 'Users',
  summary: 'Make a user, and a key for it unless `auto_create_key` is false. Its budget counts over all of its keys.',
  area: 'admin.user',
  body: z.strictObject({
    user_id: name.nullish(),
    ...ownFields,
    ...newLimits,
    teams: teams.nullish(),
    organizations: z.array(name).max(100).nullish(),
    auto_create_key: z.boolean().default(true),
    key_alias: name.nullish(),
    duration: name.nullish(),
  }),
  out: shown.extend({ key: z.string().nullable(), expires: z.string().nullable(), teams: z.array(z.unknown()) }),
  async handle(asked) {
    const { deps, receivedAtMs: nowMs } = asked
    const body = withUserDefaults(asked.body, deps.gateway.config)
    const userId = body.user_id ?? newId(nowMs)
    const entity = entityName('user', userId)
    if (await deps.tenantStore.find('user', [userId])) {
      throw new GatewayError('conflict', `user_id = ${userId} already exists. POST /user/update changes it.`, {
        param: 'user_id',
      })
    }
    const fields = {
      userAlias: body.user_alias,
      userEmail: body.user_email,
      userRole: body.user_role ?? undefined,
      ...(await limitsOf(body, undefined, { entity, deps, nowMs })),
    }
    const key = body.auto_create_key
      ? await preparedKey({ user_id: userId, key_alias: body.key_alias, duration: body.duration }, asked)
      : undefined
    const members = await membershipsOf(userId, body.teams ?? [], deps, nowMs)
    const beside = { members, ...(key ? { key: { id: [key.id], fields: key.fields } } : {}) }
    const user = await madeIn(body.organizations ?? [], { id: [userId], fields }, asked, beside)
    if (!user) throw notFound(userId)
    const expiresAtMs = key?.fields.expiresAtMs ?? null
    const expires = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString()
    return {
      ...shownUser(user, nowMs),
      key: key?.key ?? null,
      expires,
      teams: members.map(({ id: [teamId] }) => teamId),
    }
  },
})

/** The user with everything beside it, and in these organizations. */
async function madeIn(
  organizations: readonly string[],
  user: NewEntity<'user'>,
  asked: Changing,
  beside: Pick<Beside, 'members' | 'key'>,
) {
  const { deps } = asked
  if (organizations.length === 0) {
    const [made] = await deps.tenantStore.create('user', [user], authorOf(asked), beside)
    return made
  }
  await Promise.all(organizations.map((id) => organizationNamed(id, deps)))
  const [userId = ''] = user.id
  const members = [...new Set(organizations)].map((id) => ({
    organizationId: id,
    userId,
    role: 'internal_user' as const,
  }))
  await organizationMembers(deps).add(members, [user], authorOf(asked), beside)
  await deps.tenants.changed()
  return deps.tenantStore.find('user', user.id)
}

const update = route({
  method: 'POST',
  paths: ['/user/update'],
  access: 'admin',
  tag: 'Users',
  summary: 'Change some fields of a user; the others stay.',
  area: 'admin.user',
  body: z.strictObject({ user_id: name, ...ownFields, ...changedLimits }),
  out: z.object({ user_id: z.string(), data: shown }),
  async handle(asked) {
    const { body } = asked
    return { user_id: body.user_id, data: await changedUser(body, asked) }
  },
})

type Changing = Pick<Asked<'admin', unknown, unknown>, 'request' | 'requestId' | 'principal' | 'deps' | 'receivedAtMs'>

const changes = { user_id: name, ...ownFields, ...changedLimits }

export const userChanges = z.strictObject(changes)

/** Writes what a body asks of a user; throws when there is no such user. */
export async function changedUser(body: z.output<typeof userChanges>, asked: Changing) {
  const { deps, receivedAtMs: nowMs } = asked
  const entity = entityName('user', body.user_id)
  const before = await deps.tenantStore.find('user', [body.user_id])
  if (!before) throw notFound(body.user_id)
  const changes = {
    userAlias: body.user_alias,
    userEmail: body.user_email,
    userRole: body.user_role ?? undefined,
    ...(await limitsOf(body, before, { entity, deps, nowMs })),
  }
  const user = await deps.tenantStore.update('user', [body.user_id], changes, authorOf(asked))
  if (!user) throw notFound(body.user_id)
  recallAfter(entity, before, user, deps)
  return shownUser(user, nowMs)
}

const info = route({
  method: 'GET',
  paths: ['/user/info'],
  access: 'key',
  tag: 'Users',
  summary:
    'A user with its limits, its spend, its hundred oldest keys (`/key/list` has all) and its teams. A key may ask about its own user.',
  query: z.strictObject({ user_id: name.optional() }),
  out: z.object({
    user_id: z.string(),
    user_info: shown,
    keys: z.array(z.record(z.string(), z.unknown())),
    keys_total: z.number(),
    teams: z.array(z.record(z.string(), z.unknown())),
  }),
  async handle({ query, principal, deps, receivedAtMs: nowMs }) {
    const userId = query.user_id ?? principal.userId
    if (userId === undefined) {
      throw new GatewayError('invalid_request', 'Name a user: /user/info?user_id=...', { param: 'user_id' })
    }
    if (!seesAll(principal) && userId !== principal.userId) {
      throw new GatewayError('forbidden', 'A key may ask about its own user only. Leave user_id out.', {
        param: 'user_id',
      })
    }
    const store = deps.tenantStore
    const user = await store.find('user', [userId])
    if (!user) throw notFound(userId)
    const own = seesAll(principal) || personOf(principal) === userId
    // A key of a team knows of its person what concerns the team.
    const { keys, total } = await keysShown({ userId, ...(own ? {} : { teamId: principal.teamId ?? '' }) }, deps)
    const members = (await store.belonging('member', { userId })).filter(
      ({ teamId }) => own || teamId === principal.teamId,
    )
    const teams = await Promise.all(members.map(({ teamId }) => store.find('team', [teamId])))
    return {
      user_id: userId,
      user_info: shownUser(user, nowMs),
      keys: keys.map((key) => ({ token: key.token, ...shownKey(key, nowMs) })),
      keys_total: total,
      teams: teams.filter((team) => team !== undefined).map((team) => shownTeam(team, nowMs)),
    }
  },
})

export const userRoutes: readonly Route[] = [create, update, info]
