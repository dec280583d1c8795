import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { changedLimits, newLimits, shownLimits, templateLimits } from './fields.ts'
import { limitsOf } from './limits.ts'
import { recallAfter } from './recall.ts'
import { shownOrganization, shownTeam } from './shown.ts'

const shown = z.object({
  organization_id: z.string(),
  organization_alias: z.string(),
  ...shownLimits,
  litellm_budget_table: z.record(z.string(), z.unknown()),
})

async function organizationNamed(organizationId: string, deps: AppDeps) {
  const organization = await deps.tenantStore.find('org', [organizationId])
  if (organization) return organization
  throw new GatewayError(
    'not_found',
    `Organization not found, organization_id = ${organizationId}. POST /organization/new makes one.`,
    { param: 'organization_id' },
  )
}

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
    const fields = {
      organizationAlias: body.organization_alias,
      ...(await limitsOf(body, undefined, { entity: entityName('org', organizationId), deps, nowMs })),
    }
    const [organization] = await deps.tenantStore.create('org', [{ id: [organizationId], fields }], authorOf(asked))
    if (!organization) throw new Error('an organization that was just made cannot be read')
    return shownOrganization(organization, nowMs)
  },
})

/** LiteLLM's `PATCH`; a `POST` is taken too, like everywhere else. Limits may stand in `litellm_budget_table`. */
const update = (method: 'PATCH' | 'POST') =>
  route({
    method,
    paths: ['/organization/update'],
    access: 'admin',
    tag: 'Organizations',
    summary: 'Change some fields of an organization; the others stay.',
    area: 'admin.organization',
    body: z.strictObject({
      organization_id: name,
      organization_alias: name.optional(),
      litellm_budget_table: z.strictObject(templateLimits).nullish(),
      ...changedLimits,
    }),
    out: shown,
    async handle(asked) {
      const { body, deps, receivedAtMs: nowMs } = asked
      const before = await organizationNamed(body.organization_id, deps)
      const entity = entityName('org', before.organizationId)
      const limits = { ...body.litellm_budget_table, ...body }
      const changes = {
        organizationAlias: body.organization_alias,
        ...(await limitsOf(limits, before, { entity, deps, nowMs })),
        ...(body.metadata === undefined ? {} : { metadata: { ...before.metadata, ...body.metadata } }),
      }
      const after = await deps.tenantStore.update('org', [before.organizationId], changes, authorOf(asked))
      if (!after) return organizationNamed(body.organization_id, deps)
      recallAfter(entity, before, after, deps)
      return shownOrganization(after, nowMs)
    },
  })

const info = route({
  method: 'GET',
  paths: ['/organization/info'],
  access: 'viewer',
  tag: 'Organizations',
  summary: 'An organization with its limits, its spend and its teams.',
  query: z.strictObject({ organization_id: name }),
  out: shown.extend({ teams: z.array(z.record(z.string(), z.unknown())), members: z.array(z.unknown()) }),
  async handle({ query, deps, receivedAtMs }) {
    const organization = await organizationNamed(query.organization_id, deps)
    const teams = await deps.tenantStore.belonging('team', { organizationId: organization.organizationId })
    return {
      ...shownOrganization(organization, receivedAtMs),
      teams: teams.map((team) => shownTeam(team, receivedAtMs)),
      members: [],
    }
  },
})

const list = route({
  method: 'GET',
  paths: ['/organization/list'],
  access: 'viewer',
  tag: 'Organizations',
  summary: 'The organizations, oldest first, up to a thousand.',
  query: z.strictObject({ org_id: name.optional(), org_alias: name.optional() }),
  out: z.array(shown),
  async handle({ query, deps, receivedAtMs }) {
    const { found } = await deps.tenantStore.list('org', {
      page: 1,
      size: 1_000,
      is: { organizationId: query.org_id },
      has: { organizationAlias: query.org_alias },
      sortBy: 'createdAtMs',
      sortOrder: 'asc',
    })
    return found.map((organization) => shownOrganization(organization, receivedAtMs))
  },
})

/** LiteLLM's `DELETE`; a `POST` is taken too, for clients that send no body with a `DELETE`. */
const deletion = (method: 'DELETE' | 'POST') =>
  route({
    method,
    paths: ['/organization/delete'],
    access: 'admin',
    tag: 'Organizations',
    summary: 'Delete organizations with their teams, memberships and keys. What they spent stays in the log.',
    area: 'admin.organization',
    body: z.strictObject({ organization_ids: z.array(name).min(1).max(100) }),
    out: z.array(shown),
    async handle(asked) {
      const { body, deps, receivedAtMs } = asked
      const found = await Promise.all(body.organization_ids.map((id) => organizationNamed(id, deps)))
      await deps.tenantStore.remove(
        'org',
        found.map(({ organizationId }) => [organizationId]),
        authorOf(asked),
      )
      return found.map((organization) => shownOrganization(organization, receivedAtMs))
    },
  })

export const organizationRoutes: readonly Route[] = [
  create,
  update('PATCH'),
  update('POST'),
  info,
  list,
  deletion('DELETE'),
  deletion('POST'),
]
