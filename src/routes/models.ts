import * as z from 'zod'
import type { Deployment } from '../config/config.ts'
import { accessGroups, deploymentsFor, groupOf } from '../config/read.ts'
import { knownNames } from '../config/wildcard.ts'
import { GatewayError } from '../errors.ts'
import { noControls } from '../gateway/controls.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { fallbacksFor } from '../gateway/fallback.ts'
import { resolve } from '../routing/resolve.ts'
import { allowsModel } from '../tenants/access.ts'
import type { Principal } from '../tenants/principal.ts'
import type { AppDeps } from './deps.ts'
import { type Route, route } from './route.ts'
import { name } from './text.ts'

const model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number(),
  owned_by: z.string(),
  metadata: z.object({ fallbacks: z.array(z.string()) }).optional(),
})

/** LiteLLM's constant: a group has no birthday. */
const CREATED = 1_677_610_602

const shown = (id: string, ownedBy: string) => ({ id, object: 'model' as const, created: CREATED, owned_by: ownedBy })

const flag = z.stringbool().optional()

/** LiteLLM's options. */
const listQuery = z.strictObject({
  team_id: name.optional(),
  scope: z.literal('expand').optional(),
  return_wildcard_routes: flag,
  include_model_access_groups: flag,
  only_model_access_groups: flag,
  include_metadata: flag,
  fallback_type: z.enum(['general', 'context_window', 'content_policy']).optional(),
})

/** After which failure the fallbacks are asked for, in LiteLLM's words. */
const FAILURES = {
  general: 'upstream_failed',
  context_window: 'context_window_exceeded',
  content_policy: 'content_policy_violation',
} as const

/** Where a request goes on, told where it is asked for: groups that the caller may not use are none for it. */
function metadata(
  name: string,
  { include_metadata, fallback_type = 'general' }: z.output<typeof listQuery>,
  found: ReadonlyMap<string, Deployment>,
  { config }: GatewayDeps,
) {
  if (!include_metadata) return {}
  const names = [...new Set([name, groupOf(config, name)])].filter((one) => one !== undefined)
  const targets = fallbacksFor(FAILURES[fallback_type], names, noControls, config.router)
  return { metadata: { fallbacks: targets.map(({ model }) => model).filter((model) => found.has(model)) } }
}

/** Of a team's models, where the caller may know them. */
async function narrowed(principal: Principal, teamId: string | undefined, deps: AppDeps): Promise<Principal> {
  if (teamId === undefined || teamId === principal.teamId) return principal
  if (principal.role !== 'proxy_admin') {
    throw new GatewayError('forbidden', 'A key may ask for the models of its own team only. Leave team_id out.', {
      param: 'team_id',
    })
  }
  const team = await deps.tenantStore.find('team', [teamId])
  if (!team) {
    throw new GatewayError('not_found', `Team not found, team_id = ${teamId}. POST /team/new makes one.`, {
      param: 'team_id',
    })
  }
  return team.models.length === 0 ? principal : { ...principal, models: [{ level: 'team', names: team.models }] }
}

/** The groups, and other names for them, that a caller may use and that somebody can serve. */
function usable({ config, env }: GatewayDeps, principal: Principal): ReadonlyMap<string, Deployment> {
  const first = new Map<string, Deployment>()
  for (const { deployment, reason } of deploymentsFor(config, env)) {
    if (reason === undefined && !first.has(deployment.group)) first.set(deployment.group, deployment)
  }
  const own = (principal.aliases ?? []).flatMap((names) => Object.keys(names))
  const names = [...first.keys(), ...Object.keys(config.router.modelGroupAlias), ...own]
  return new Map(
    names.flatMap((name) => {
      const group = own.includes(name) ? resolve(name, config, principal)?.group : groupOf(config, name)
      const deployment = group === undefined ? undefined : first.get(group)
      const meaning = {
        target: group,
        accessGroups: accessGroups(config.deployments.filter((one) => one.group === group)),
      }
      return deployment && allowsModel(principal, name, meaning) ? [[name, deployment] as const] : []
    }),
  )
}

/** Wildcards show as the names under them that are known, and as themselves and access groups where they are asked for. */
function listed(
  found: ReadonlyMap<string, Deployment>,
  query: z.output<typeof listQuery>,
  { config }: GatewayDeps,
): readonly string[] {
  const names = [...found].flatMap(([name, deployment]) => {
    if (!name.includes('*')) return [name]
    return [...(query.return_wildcard_routes ? [name] : []), ...knownNames(deployment, config)]
  })
  const groups = accessGroups(config.deployments.filter(({ group }) => found.has(group)))
  const asks = query.include_model_access_groups || query.only_model_access_groups
  return [...new Set([...(query.only_model_access_groups ? [] : names), ...(asks ? groups : [])])]
}

const list = route({
  method: 'GET',
  paths: ['/v1/models', '/models'],
  access: 'key',
  tag: 'Models',
  summary: 'The models that the caller may use.',
  query: listQuery,
  out: z.object({ object: z.literal('list'), data: z.array(model) }),
  async handle({ query, principal, deps }) {
    const hidden = deps.gateway.config.router.hiddenAliases ?? []
    const found = usable(deps.gateway, await narrowed(principal, query.team_id, deps))
    const names = listed(found, query, deps.gateway)
    const told = (id: string) => ({ ...shown(id, 'openai'), ...metadata(id, query, found, deps.gateway) })
    return { object: 'list', data: names.filter((id) => !hidden.includes(id)).map(told) }
  },
})

const one = route({
  method: 'GET',
  paths: ['/v1/models/{model+}', '/models/{model+}'],
  access: 'key',
  tag: 'Models',
  summary: 'One model that the caller may use.',
  query: z.strictObject({}),
  out: model,
  handle({ params, principal, deps }) {
    const id = params.model ?? ''
    const deployment = usable(deps.gateway, principal).get(id)
    if (!deployment) {
      throw new GatewayError(
        'not_found',
        `The model ${id} does not exist or this key may not use it. GET /v1/models lists the others.`,
        {
          code: 'model_not_found',
          param: 'model',
        },
      )
    }
    return shown(id, deployment.provider)
  },
})

export const modelRoutes: readonly Route[] = [list, one]
