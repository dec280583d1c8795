import * as z from 'zod'
import type { Section } from '../../models/settings.ts'
import { type Route, route } from '../route.ts'
import { isStorable, name } from '../text.ts'
import { authorOf } from './author.ts'
import { changesOf, mustStayInside } from './setting-changes.ts'
import { settingFieldRoutes } from './setting-fields.ts'
import { ofKind, readNow, storeOf } from './stored.ts'

const tag = 'Model management'
const given = z.record(name, z.json()).refine(isStorable, 'must be text without NUL characters and broken surrogates')
const whole = {
  general_settings: given.optional(),
  router_settings: given.optional(),
  litellm_settings: given.optional(),
}
const update = route({
  method: 'POST',
  paths: ['/config/update'],
  access: 'admin',
  tag,
  summary:
    'Store settings over those of the file, all of them or none; null takes one away. They hold within five seconds.',
  body: z.strictObject(whole),
  out: z.object({ message: z.string() }),
  async handle(asked) {
    const { body, deps, request } = asked
    const store = storeOf(deps)
    const changes = changesOf(body)
    mustStayInside(changes, request, deps)
    await store.set(changes, authorOf(asked))
    return { message: 'Config updated successfully' }
  },
})

const apply = route({
  method: 'POST',
  paths: ['/config/apply'],
  access: 'admin',
  tag,
  summary: 'Make these the stored settings, all of them or none: what is stored and not given is taken away.',
  body: z.strictObject(whole),
  out: z.object({ message: z.string(), changed: z.array(z.string()) }),
  async handle(asked) {
    const { body, deps, request } = asked
    const store = storeOf(deps)
    const wanted = changesOf(body)
    mustStayInside(wanted, request, deps)
    const before = ofKind(await readNow(deps), 'setting')
    const gone = before.filter(({ id }) => !wanted.some((one) => one.id === id)).map(({ id }) => ({ id, value: null }))
    const is = new Map(before.map(({ id, value }) => [id, JSON.stringify(value)]))
    const changes = [...gone, ...wanted.filter(({ id, value }) => is.get(id) !== JSON.stringify(value))]
    await store.set(changes, authorOf(asked))
    return { message: 'Config applied successfully', changed: changes.map(({ id }) => id) }
  },
})

const stored = route({
  method: 'GET',
  paths: ['/config/export'],
  access: 'viewer',
  tag,
  summary: 'The stored settings as /config/apply takes them.',
  out: z.object({ general_settings: z.unknown(), router_settings: z.unknown(), litellm_settings: z.unknown() }),
  async handle({ deps }) {
    const stored = ofKind(await readNow(deps), 'setting')
    const of = (section: Section) =>
      Object.fromEntries(
        stored.flatMap(({ id, value }) =>
          id.startsWith(`${section}.`) ? [[id.slice(section.length + 1), value]] : [],
        ),
      )
    return {
      general_settings: of('general_settings'),
      router_settings: of('router_settings'),
      litellm_settings: of('litellm_settings'),
    }
  },
})

export const settingRoutes: readonly Route[] = [update, apply, stored, ...settingFieldRoutes]
