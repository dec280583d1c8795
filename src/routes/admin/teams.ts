import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { KeyRecord } from '../../tenants/record.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { budgetOf } from './budget.ts'
import { newLimits, shownLimits } from './fields.ts'
import { shownKey, shownTeam } from './shown.ts'
import { mustFitOrganization } from './within-organization.ts'

const shown = z.object({
  team_id: z.string(),
  team_alias: z.string().nullable(),
  organization_id: z.string().nullable(),
  ...shownLimits,
})

const create = route({
  method: 'POST',
  paths: ['/team/new'],
  access: 'admin',
  tag: 'Teams',
  summary: 'Make a team. Its limits hold for all of its keys together.',
  area: 'admin.team',
  body: z.strictObject({
    team_id: name.nullish(),
    team_alias: name.nullish(),
    organization_id: name.nullish(),
    ...newLimits,
  }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const teamId = body.team_id ?? newId(nowMs)
    const organizationId = body.organization_id ?? null
    if (organizationId !== null) {
      const organization = await deps.tenantStore.findOrganization(organizationId)
      if (organization) mustFitOrganization(body, organization)
    }
    const timeZone = deps.gateway.config.litellm.timeZone
    const record = await deps.tenantStore.createTeam(
      {
        teamId,
        teamAlias: body.team_alias ?? null,
        organizationId,
        models: body.models ?? [],
        metadata: body.metadata ?? {},
        rpmLimit: body.rpm_limit ?? null,
        tpmLimit: body.tpm_limit ?? null,
        blocked: body.blocked ?? false,
        budget: budgetOf(body, undefined, { entity: entityName('team', teamId), timeZone, nowMs }) ?? undefined,
      },
      authorOf(asked),
    )
    return shownTeam(record, nowMs)
  },
})

const info = route({
  method: 'GET',
  paths: ['/team/info'],
  access: 'key',
  tag: 'Teams',
  summary: 'A team with its limits, its spend and its keys. A key may ask about its own team.',
  query: z.strictObject({ team_id: name }),
  out: z.object({
    team_id: z.string(),
    team_info: shown,
    keys: z.array(z.record(z.string(), z.unknown())),
    team_memberships: z.array(z.unknown()),
  }),
  async handle({ query, principal, deps, receivedAtMs }) {
    const teamId = query.team_id
    if (principal.role !== 'proxy_admin' && principal.teamId !== teamId) {
      throw new GatewayError(
        'forbidden',
        'You are not allowed to access this team. A key may ask about its own team only.',
        {
          type: 'auth_error',
          param: 'team_id',
        },
      )
    }
    const team = await deps.tenantStore.findTeam(teamId)
    if (!team) {
      throw new GatewayError('not_found', `Team not found, team_id = ${teamId}. POST /team/new makes one.`, {
        type: 'auth_error',
        param: 'team_id',
      })
    }
    const keys = await allKeys(teamId, deps)
    return {
      team_id: teamId,
      team_info: shownTeam(team, receivedAtMs),
      keys: keys.map((key) => ({ token: key.token, ...shownKey(key, receivedAtMs) })),
      team_memberships: [],
    }
  },
})

async function allKeys(teamId: string, deps: AppDeps): Promise<readonly KeyRecord[]> {
  const found: KeyRecord[] = []
  for (let page = 1; ; page++) {
    const { keys, total } = await deps.tenantStore.listKeys({
      page,
      size: 500,
      teamId,
      sortBy: 'created_at',
      sortOrder: 'asc',
    })
    found.push(...keys)
    if (keys.length === 0 || found.length >= total) return found
  }
}

export const teamRoutes: readonly Route[] = [create, info]
