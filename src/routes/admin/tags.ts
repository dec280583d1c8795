import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { all } from './all.ts'
import { authorOf } from './author.ts'
import { changedLimits, newLimits, shownLimits } from './fields.ts'
import { limitsOf } from './limits.ts'
import { recallAfter } from './recall.ts'
import { shownTag } from './shown.ts'

const shown = z.object({
  name: z.string(),
  description: z.string().nullable(),
  ...shownLimits,
  litellm_budget_table: z.record(z.string(), z.unknown()),
})

const notFound = (tag: string) =>
  new GatewayError('not_found', `Tag not found, name = ${tag}. POST /tag/new makes one.`, { param: 'name' })

const create = route({
  method: 'POST',
  paths: ['/tag/new'],
  access: 'admin',
  tag: 'Tags',
  summary: 'Make a tag: requests that bear it count in its limits, and its spend is shown.',
  area: 'admin.tag',
  body: z.strictObject({ name, description: name.nullish(), ...newLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const fields = {
      description: body.description,
      ...(await limitsOf(body, undefined, { entity: entityName('tag', body.name), deps, nowMs })),
    }
    const [tag] = await deps.tenantStore.create('tag', [{ id: [body.name], fields }], authorOf(asked))
    if (!tag) throw notFound(body.name)
    return shownTag(tag, nowMs)
  },
})

const update = route({
  method: 'POST',
  paths: ['/tag/update'],
  access: 'admin',
  tag: 'Tags',
  summary: 'Change some fields of a tag; the others stay.',
  area: 'admin.tag',
  body: z.strictObject({ name, description: name.nullish(), ...changedLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const entity = entityName('tag', body.name)
    const before = await deps.tenantStore.find('tag', [body.name])
    if (!before) throw notFound(body.name)
    const changes = { description: body.description, ...(await limitsOf(body, before, { entity, deps, nowMs })) }
    const tag = await deps.tenantStore.update('tag', [body.name], changes, authorOf(asked))
    if (!tag) throw notFound(body.name)
    recallAfter(entity, before, tag, deps)
    return shownTag(tag, nowMs)
  },
})

const info = route({
  method: 'POST',
  paths: ['/tag/info'],
  access: 'viewer',
  tag: 'Tags',
  summary: 'Tags by their names, with their limits and their spend.',
  area: 'admin.tag',
  body: z.strictObject({ names: z.array(name).min(1).max(100) }),
  out: z.record(z.string(), shown),
  async handle({ body, deps, receivedAtMs }) {
    const found = await Promise.all(body.names.map((tag) => deps.tenantStore.find('tag', [tag])))
    const shownTags = found.filter((tag) => tag !== undefined).map((tag) => [tag.name, shownTag(tag, receivedAtMs)])
    return Object.fromEntries(shownTags)
  },
})

const list = route({
  method: 'GET',
  paths: ['/tag/list'],
  access: 'viewer',
  tag: 'Tags',
  summary: 'The tags that somebody made, by name.',
  out: z.array(shown),
  async handle({ deps, receivedAtMs }) {
    return (await all('tag', deps, { sortBy: 'name' })).map((tag) => shownTag(tag, receivedAtMs))
  },
})

const deletion = route({
  method: 'POST',
  paths: ['/tag/delete'],
  access: 'admin',
  tag: 'Tags',
  summary: 'Delete a tag with its limits. What was spent under it stays in the log.',
  area: 'admin.tag',
  body: z.strictObject({ name }),
  out: z.object({ message: z.string() }),
  async handle(asked) {
    const { body, deps } = asked
    if ((await deps.tenantStore.remove('tag', [[body.name]], authorOf(asked))) === 0) throw notFound(body.name)
    return { message: `Tag ${body.name} deleted successfully` }
  },
})

export const tagRoutes: readonly Route[] = [create, update, info, list, deletion]
