import * as z from 'zod'
import type { Config } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { configWith, find, readNow, storeOf } from './stored.ts'

const notFound = (group: string) =>
  new GatewayError('not_found', `Access group '${group}' not found. POST /access_group/new makes one.`, {
    param: 'access_group',
  })

const models = z.array(name).min(1).max(1_000)
const shown = z.object({ access_group: z.string(), model_names: z.array(z.string()), models_updated: z.number() })
const tag = 'Model management'

/** A group of models that nobody can ask would allow nothing, silently. */
async function mustExist(names: readonly string[], deps: AppDeps): Promise<void> {
  const config = configWith(await readNow(deps), deps)
  const missing = names.filter((one) => !config.deployments.some(({ group }) => group === one))
  if (missing.length === 0) return
  throw new GatewayError(
    'invalid_request',
    `There is no model ${missing.slice(0, 5).join(', ')}. GET /v1/models lists those there are.`,
    { param: 'model_names' },
  )
}

const counted = (names: readonly string[], config: Config) =>
  config.deployments.filter(({ group }) => names.includes(group)).length

/** Groups of the file (`model_info.access_groups`) and those made here, as they hold now. */
function groupsOf(config: Config) {
  const groups = new Map<string, Set<string>>()
  for (const { group, accessGroups = [] } of config.deployments) {
    for (const one of accessGroups) groups.set(one, (groups.get(one) ?? new Set()).add(group))
  }
  return groups
}

const describe = (group: string, names: ReadonlySet<string>, config: Config) => ({
  access_group: group,
  model_names: [...names],
  deployment_count: counted([...names], config),
})

const create = route({
  method: 'POST',
  paths: ['/access_group/new'],
  access: 'admin',
  tag,
  summary: 'Give several models one name, for the lists of models that keys and teams may use.',
  body: z.strictObject({ access_group: name, model_names: models }),
  out: shown,
  async handle(asked) {
    const { body, deps } = asked
    const store = storeOf(deps)
    await mustExist(body.model_names, deps)
    const row = { kind: 'access_group' as const, id: body.access_group, models: body.model_names }
    if (!(await store.create<'access_group'>(row, authorOf(asked))))
      throw new GatewayError('conflict', `Access group '${body.access_group}' already exists.`, {
        param: 'access_group',
      })
    return { ...body, models_updated: counted(body.model_names, deps.gateway.config) }
  },
})

const update = route({
  method: 'PUT',
  paths: ['/access_group/{access_group}/update'],
  access: 'admin',
  tag,
  summary: 'Say anew which models it names.',
  body: z.strictObject({ model_names: models }),
  out: shown,
  async handle(asked) {
    const { params, body, deps } = asked
    const id = params.access_group ?? ''
    const store = storeOf(deps)
    await mustExist(body.model_names, deps)
    const row = { kind: 'access_group' as const, id, models: body.model_names }
    if (!(await store.replace<'access_group'>(row, authorOf(asked)))) throw notFound(id)
    return {
      access_group: id,
      model_names: body.model_names,
      models_updated: counted(body.model_names, deps.gateway.config),
    }
  },
})

const deletion = route({
  method: 'DELETE',
  paths: ['/access_group/{access_group}/delete'],
  access: 'admin',
  tag,
  summary: 'Delete the name; the models stay.',
  async handle(asked) {
    const { deps } = asked
    const { access_group: id = '' } = asked.params
    const store = storeOf(deps)
    const before = find(await readNow(deps), 'access_group', id)
    if (!before || !(await store.remove('access_group', id, authorOf(asked)))) throw notFound(id)
    return {
      access_group: id,
      models_updated: counted(before.models, deps.gateway.config),
      message: `Access group '${id}' deleted successfully`,
    }
  },
})

const list = route({
  method: 'GET',
  paths: ['/access_group/list'],
  access: 'viewer',
  tag,
  summary: 'Every access group, of the file and stored, with its models.',
  async handle({ deps }) {
    const config = configWith(await readNow(deps), deps)
    return { access_groups: [...groupsOf(config)].map(([one, names]) => describe(one, names, config)) }
  },
})

const info = route({
  method: 'GET',
  paths: ['/access_group/{access_group}/info'],
  access: 'viewer',
  tag,
  summary: 'One of them.',
  async handle({ params: { access_group: id = '' }, deps }) {
    const config = configWith(await readNow(deps), deps)
    const names = groupsOf(config).get(id)
    if (!names) throw notFound(id)
    return describe(id, names, config)
  },
})

export const accessGroupRoutes: readonly Route[] = [create, list, info, update, deletion]
