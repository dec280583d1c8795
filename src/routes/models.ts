import * as z from 'zod'
import type { Deployment } from '../config/config.ts'
import { deploymentsFor, groupOf } from '../config/read.ts'
import { GatewayError } from '../errors.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { allowsModel } from '../tenants/access.ts'
import type { Principal } from '../tenants/principal.ts'
import { type Route, route } from './route.ts'

const model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number(),
  owned_by: z.string(),
})

/** LiteLLM's constant: a group has no birthday. */
const CREATED = 1_677_610_602

const shown = (id: string, ownedBy: string) => ({ id, object: 'model' as const, created: CREATED, owned_by: ownedBy })

/** The groups, and other names for them, that a caller may use and that somebody can serve. */
function usable({ config, env }: GatewayDeps, principal: Principal): ReadonlyMap<string, Deployment> {
  const first = new Map<string, Deployment>()
  for (const { deployment, reason } of deploymentsFor(config, env)) {
    if (reason === undefined && !first.has(deployment.group)) first.set(deployment.group, deployment)
  }
  const names = [...first.keys(), ...Object.keys(config.router.modelGroupAlias)]
  return new Map(
    names.flatMap((name) => {
      const group = groupOf(config, name)
      const deployment = group === undefined ? undefined : first.get(group)
      return deployment && allowsModel(principal, name, group) ? [[name, deployment] as const] : []
    }),
  )
}

const list = route({
  method: 'GET',
  paths: ['/v1/models', '/models'],
  access: 'key',
  tag: 'Models',
  summary: 'The models that the caller may use.',
  query: z.strictObject({}),
  out: z.object({ object: z.literal('list'), data: z.array(model) }),
  handle: ({ principal, deps }) => ({
    object: 'list',
    data: [...usable(deps.gateway, principal).keys()].map((id) => shown(id, 'openai')),
  }),
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
