import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { budgetOf } from './budget.ts'
import { newLimits, shownLimits } from './fields.ts'
import { shownOrganization, shownTeam } from './shown.ts'

const shown = z.object({
  organization_id: z.string(),
  organization_alias: z.string(),
  ...shownLimits,
  litellm_budget_table: z.record(z.string(), z.unknown()),
})

const create = route({
  method: 'POST',
  paths: ['/organization/new'],
  access: 'admin',
  tag: 'Organizations',
  summary: 'Make an organization. Its limits hold for all of its teams and keys together.',
  area: 'admin.organization',
  body: z.strictObject({ organization_alias: name, organization_id: name.nullish(), ...newLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const organizationId = body.organization_id ?? newId(nowMs)
    const timeZone = deps.gateway.config.litellm.timeZone
    const record = await deps.tenantStore.createOrganization(
      {
        organizationId,
        organizationAlias: body.organization_alias,
        models: body.models ?? [],
        metadata: body.metadata ?? {},
        rpmLimit: body.rpm_limit ?? null,
        tpmLimit: body.tpm_limit ?? null,
        blocked: body.blocked ?? false,
        budget: budgetOf(body, undefined, { entity: entityName('org', organizationId), timeZone, nowMs }) ?? undefined,
      },
      authorOf(asked),
    )
    return shownOrganization(record, nowMs)
  },
})

const info = route({
  method: 'GET',
  paths: ['/organization/info'],
  access: 'admin',
  tag: 'Organizations',
  summary: 'An organization with its limits, its spend and its teams.',
  query: z.strictObject({ organization_id: name }),
  out: shown.extend({ teams: z.array(z.record(z.string(), z.unknown())), members: z.array(z.unknown()) }),
  async handle({ query, deps, receivedAtMs }) {
    const organizationId = query.organization_id
    const organization = await deps.tenantStore.findOrganization(organizationId)
    if (!organization) {
      throw new GatewayError(
        'not_found',
        `Organization not found, organization_id = ${organizationId}. POST /organization/new makes one.`,
        { param: 'organization_id' },
      )
    }
    const teams = await deps.tenantStore.teamsOf(organizationId)
    return {
      ...shownOrganization(organization, receivedAtMs),
      teams: teams.map((team) => shownTeam(team, receivedAtMs)),
      members: [],
    }
  },
})

export const organizationRoutes: readonly Route[] = [create, info]
