import * as z from 'zod'
import { newId } from '../../ids.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { all } from './all.ts'
import { authorOf } from './author.ts'
import { changedLimits, newLimits, shownLimits, templateLimits } from './fields.ts'
import { limitsOf } from './limits.ts'
import { shownMembership } from './organization-members.ts'
import { organizationNamed } from './organization-named.ts'
import { recallAfter } from './recall.ts'
import { mustRunOrganization, organizationMembers, organizationsOf } from './runs-organization.ts'
import { shownOrganization, shownTeam } from './shown.ts'
import { seesAll } from './whose.ts'

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
  access: 'key',
  tag: 'Organizations',
  summary: 'An organization with its limits, its spend, its teams and its members; for its admins.',
  query: z.strictObject({ organization_id: name }),
  out: shown.extend({ teams: z.array(z.record(z.string(), z.unknown())), members: z.array(z.unknown()) }),
  async handle({ query, principal, deps, receivedAtMs }) {
    if (!seesAll(principal)) await mustRunOrganization(principal, query.organization_id, deps)
    const organization = await organizationNamed(query.organization_id, deps)
    const teams = await deps.tenantStore.belonging('team', { organizationId: organization.organizationId })
    const { organizationId } = organization
    const members = await organizationMembers(deps).of({ organizationId })
    return {
      ...shownOrganization(organization, receivedAtMs),
      teams: teams.map((team) => shownTeam(team, receivedAtMs)),
      members: members.map(shownMembership),
    }
  },
})

const list = route({
  method: 'GET',
  paths: ['/organization/list'],
  access: 'key',
  tag: 'Organizations',
  summary: 'The organizations that the caller may see, oldest first: all for admins, else those it belongs to.',
  query: z.strictObject({ org_id: name.optional(), org_alias: name.optional() }),
  out: z.array(shown),
  async handle({ query, principal, deps, receivedAtMs }) {
    const found = await all('org', deps, {
      ids: seesAll(principal) ? undefined : await organizationsOf(principal, deps),
      is: { organizationId: query.org_id },
      has: { organizationAlias: query.org_alias },
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
