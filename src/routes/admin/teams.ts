import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { TeamRecord } from '../../tenants/record.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { changedLimits, type LimitFields, limitTypes, newLimits, shownLimits } from './fields.ts'
import { bound } from './governed.ts'
import { mustBeGuaranteed } from './guaranteed.ts'
import { keysShown } from './keys-of.ts'
import { limitsOf } from './limits.ts'
import { firstMembers, memberLimits, memberTemplate } from './member-template.ts'
import { withTeamDefaults } from './new-rules.ts'
import { member } from './people.ts'
import { recallAfter, recallTemplateAfter } from './recall.ts'
import { mustRunOrganization, runsOrganization } from './runs-organization.ts'
import { shownKey, shownMember, shownTeam } from './shown.ts'
import { teamNamed } from './team-named.ts'
import { permissions } from './team-rights.ts'
import { isAdmin, mustRunTeam, runsTeam, seesAll, seesTeam } from './whose.ts'
import { mustFitOrganization } from './within-organization.ts'

export const shown = z.object({
  team_id: z.string(),
  team_alias: z.string().nullable(),
  organization_id: z.string().nullable(),
  allowed_cache_controls: z.array(z.string()),
  enforced_params: z.array(z.string()),
  object_permission: z.object({ vector_stores: z.array(z.string()) }).nullable(),
  ...shownLimits,
  team_member_budget_id: z.string().nullable(),
  model_aliases: z.record(z.string(), z.string()),
  team_member_permissions: z.array(z.string()),
})

/** By which names it may call models, and what its members may do with their keys. */
const rights = {
  model_aliases: z.record(name, name).nullish(),
  team_member_permissions: permissions.nullish(),
}

async function mustFit(
  body: LimitFields,
  { teamId, organizationId, before }: { teamId: string; organizationId: string | null; before?: TeamRecord },
  deps: AppDeps,
): Promise<void> {
  const organization = organizationId === null ? undefined : await deps.tenantStore.find('org', [organizationId])
  if (!organization) return
  mustFitOrganization(body, organization)
  const asked = {
    rpmLimit: body.rpm_limit ?? before?.rpmLimit,
    tpmLimit: body.tpm_limit ?? before?.tpmLimit,
    rpmLimitType: body.rpm_limit_type ?? before?.rpmLimitType,
    tpmLimitType: body.tpm_limit_type ?? before?.tpmLimitType,
  }
  const teams = await deps.tenantStore.belonging('team', { organizationId: organization.organizationId })
  const others = teams.filter((team) => team.teamId !== teamId)
  mustBeGuaranteed(asked, others, { ...organization, name: `organization_id = ${organization.organizationId}` })
}

const create = route({
  method: 'POST',
  paths: ['/team/new'],
  access: 'editor',
  tag: 'Teams',
  summary: 'Make a team. Its limits hold for all of its keys together.',
  area: 'admin.team',
  body: z.strictObject({
    team_id: name.nullish(),
    team_alias: name.nullish(),
    organization_id: name.nullish(),
    ...newLimits,
    ...limitTypes,
    ...bound,
    ...memberLimits,
    ...rights,
    members_with_roles: z.array(member).max(500).nullish(),
  }),
  out: shown,
  async handle(asked) {
    const { deps, receivedAtMs: nowMs } = asked
    await mustBeOfOrganization(asked.body, asked.principal, deps)
    const body = withTeamDefaults(asked.body, deps)
    const teamId = body.team_id ?? newId(nowMs)
    const organizationId = body.organization_id ?? null
    await mustFit(body, { teamId, organizationId }, deps)
    if (await deps.tenantStore.find('team', [teamId])) {
      throw new GatewayError('conflict', `Team id = ${teamId} already exists. Choose another team_id.`, {
        status: 400,
        param: 'team_id',
      })
    }
    const members = await memberTemplate(body, null, { deps, nowMs })
    const fields = {
      teamAlias: body.team_alias,
      organizationId,
      ...(await limitsOf(body, undefined, {
        entity: entityName('team', teamId),
        deps,
        nowMs,
        principal: asked.principal,
      })),
      memberBudgetId: members.budgetId,
      modelAliases: body.model_aliases,
      memberPermissions: body.team_member_permissions ?? undefined,
    }
    const asMembers = body.members_with_roles ?? []
    const first = await firstMembers(asMembers, teamId, members.beside.template, { deps, nowMs })
    const beside = { ...members.beside, ...first }
    const [team] = await deps.tenantStore.create('team', [{ id: [teamId], fields }], authorOf(asked), beside)
    const there = asMembers.length === 0 ? [] : await deps.tenantStore.belonging('member', { teamId })
    return shownTeam(team as TeamRecord, nowMs, there)
  },
})

/** What admins of a team decide; what it may spend and use is the proxy admin's to say. */
const THEIRS = ['team_id', 'team_alias', 'metadata', 'team_member_permissions']

/** An `org_admin` makes teams of its organization, within what that may spend and use. */
async function mustBeOfOrganization(
  body: Readonly<Record<string, unknown>> & { readonly organization_id?: string | null | undefined },
  principal: Principal,
  deps: AppDeps,
): Promise<void> {
  await mustRunOrganization(principal, body.organization_id, deps)
  if (!isAdmin(principal)) mustStayWithin({ ...body, organization_id: undefined })
}

/** A shared budget may be more than the organization's, and who takes a team out takes it from its limits. */
function mustStayWithin(body: Readonly<Record<string, unknown>>): void {
  const field =
    body.organization_id !== undefined ? 'organization_id' : body.budget_id != null ? 'budget_id' : undefined
  if (field === undefined) return
  throw new GatewayError('forbidden', `Only a proxy admin may set ${field} of a team. Leave it out.`, { param: field })
}

function mustBeOurs(body: Readonly<Record<string, unknown>>): void {
  const [field] = Object.entries(body).find(([name, value]) => value !== undefined && !THEIRS.includes(name)) ?? []
  if (field === undefined) return
  throw new GatewayError('forbidden', `Only a proxy admin may change ${field} of a team. Leave it out.`, {
    param: field,
  })
}

const update = route({
  method: 'POST',
  paths: ['/team/update'],
  access: 'editor',
  tag: 'Teams',
  summary:
    'Change some fields of a team; the others stay. An empty `organization_id` takes it out of its organization.',
  area: 'admin.team',
  body: z.strictObject({
    team_id: name,
    team_alias: name.nullish(),
    organization_id: z.union([name, z.literal('')]).nullish(),
    ...changedLimits,
    ...limitTypes,
    ...bound,
    ...memberLimits,
    ...rights,
  }),
  out: z.object({ team_id: z.string(), data: shown }),
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    await mustRunTeam(asked.principal, body.team_id, deps)
    const before = await teamNamed(body.team_id, deps)
    if (!isAdmin(asked.principal)) {
      if (await runsOrganization(asked.principal, before.organizationId, deps)) mustStayWithin(body)
      else mustBeOurs(body)
    }
    const entity = entityName('team', before.teamId)
    const organizationId = body.organization_id === undefined ? undefined : body.organization_id || null
    const root = organizationId === undefined ? before.organizationId : organizationId
    await mustFit(body, { teamId: before.teamId, organizationId: root, before }, deps)
    const members = await memberTemplate(body, before.memberBudgetId, { deps, nowMs })
    const changes = {
      teamAlias: body.team_alias,
      organizationId,
      ...(await limitsOf(body, before, { entity, deps, nowMs, principal: asked.principal })),
      memberBudgetId: members.budgetId,
      modelAliases: body.model_aliases,
      memberPermissions: body.team_member_permissions ?? undefined,
    }
    const team = await deps.tenantStore.update('team', [before.teamId], changes, authorOf(asked), members.beside)
    if (!team) return teamNamed(body.team_id, deps)
    recallAfter(entity, before, team, deps)
    if (members.before) recallTemplateAfter(members.before, members.beside.template?.budgets ?? [], { deps, nowMs })
    return { team_id: team.teamId, data: shownTeam(team, nowMs) }
  },
})

const info = route({
  method: 'GET',
  paths: ['/team/info'],
  access: 'key',
  tag: 'Teams',
  summary:
    'A team with its limits, its spend, its members and its hundred oldest keys (`/key/list` has all): for who does not run it, the own ones.',
  query: z.strictObject({ team_id: name }),
  out: z.object({
    team_id: z.string(),
    team_info: shown,
    keys: z.array(z.record(z.string(), z.unknown())),
    keys_total: z.number(),
    team_memberships: z.array(z.unknown()),
  }),
  async handle({ query, principal, deps, receivedAtMs: nowMs }) {
    const teamId = query.team_id
    if (!(await seesTeam(principal, teamId, deps))) {
      throw new GatewayError('forbidden', 'You are not allowed to access this team.', {
        type: 'auth_error',
        param: 'team_id',
      })
    }
    const team = await teamNamed(teamId, deps)
    const members = await deps.tenantStore.belonging('member', { teamId })
    const all = seesAll(principal) || (await runsTeam(principal, teamId, deps))
    const { keys, total } = all ? await keysShown({ teamId }, deps) : await ownKeysIn(teamId, principal, deps)
    return {
      team_id: teamId,
      team_info: shownTeam(team, nowMs, members),
      keys: keys.map((key) => ({ token: key.token, ...shownKey(key, nowMs) })),
      keys_total: total,
      team_memberships: members.map((member) => shownMember(member, nowMs)),
    }
  },
})

/** A person's keys in a team; a key of nobody sees itself. */
async function ownKeysIn(teamId: string, { userId, keyId }: Principal, deps: AppDeps) {
  if (userId !== undefined) return keysShown({ teamId, userId }, deps)
  const key = await deps.tenantStore.findKey({ id: keyId })
  const keys = key?.teamId === teamId ? [key] : []
  return { keys, total: keys.length }
}

export const teamRoutes: readonly Route[] = [create, update, info]
