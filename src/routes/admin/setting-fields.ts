import * as z from 'zod'
import type { Config, Json } from '../../config/config.ts'
import { type Section, sections, settingId, settingNamed, settings } from '../../models/settings.ts'
import type { AppDeps } from '../deps.ts'
import { type Asked, type Route, route } from '../route.ts'
import { isStorable, name } from '../text.ts'
import { authorOf } from './author.ts'
import { changeOf, mustStayInside } from './setting-changes.ts'
import { builtOf, ofKind, readNow, storeOf } from './stored.ts'

const tag = 'Model management'
const configType = z.enum(sections).default('general_settings')
const naming = { field_name: name, config_type: configType }
type Named = z.output<z.ZodObject<typeof naming>>

const shownField = z.object({
  field_name: z.string(),
  field_type: z.string(),
  field_description: z.string(),
  field_value: z.unknown(),
  stored_in_db: z.boolean(),
  field_default_value: z.unknown(),
  premium_field: z.literal(false),
  nested_fields: z.null(),
})

function shown(
  section: Section,
  field: string,
  stored: ReadonlyMap<string, Json>,
  built: Config,
): z.output<typeof shownField> {
  const setting = settingNamed(section, field)
  const own = stored.get(settingId(section, field))
  const ofFile = setting?.read(built) ?? null
  return {
    field_name: field,
    field_type: setting?.type ?? 'String',
    field_description: setting?.description ?? '',
    field_value: own ?? ofFile,
    stored_in_db: own !== undefined,
    field_default_value: ofFile,
    premium_field: false,
    nested_fields: null,
  }
}

const storedValues = async (deps: AppDeps) =>
  new Map(ofKind(await readNow(deps), 'setting').map(({ id, value }) => [id, value]))

const list = route({
  method: 'GET',
  paths: ['/config/list'],
  access: 'viewer',
  tag,
  summary: 'The settings that may be stored, with their values and where those come from.',
  query: z.strictObject({ config_type: configType }),
  out: z.array(shownField),
  async handle({ query: { config_type: section }, deps }) {
    const stored = await storedValues(deps)
    return Object.keys(settings[section]).map((field) => shown(section, field, stored, builtOf(deps)))
  },
})

/** The setting that a request names, as it is then. */
async function named({ field_name: field, config_type: section }: Named, deps: AppDeps) {
  return shown(section, field, await storedValues(deps), builtOf(deps))
}

const fieldInfo = route({
  method: 'GET',
  paths: ['/config/field/info'],
  access: 'viewer',
  tag,
  summary: 'One of them.',
  query: z.strictObject(naming),
  out: shownField,
  handle({ query, deps }) {
    changeOf(query.config_type, query.field_name, null)
    return named(query, deps)
  },
})

/** Stores one; null takes it away. */
async function stored(asked: Asked<'admin', unknown, Named>, value: unknown) {
  const { body, deps, request } = asked
  const store = storeOf(deps)
  const changes = [changeOf(body.config_type, body.field_name, value)]
  mustStayInside(changes, request, deps)
  await store.set(changes, authorOf(asked))
  return named(body, deps)
}

const fieldUpdate = route({
  method: 'POST',
  paths: ['/config/field/update'],
  access: 'admin',
  tag,
  summary: 'Store one setting.',
  body: z.strictObject({ ...naming, field_value: z.json().refine(isStorable) }),
  out: shownField,
  handle: (asked) => stored(asked, asked.body.field_value),
})

const fieldDelete = route({
  method: 'POST',
  paths: ['/config/field/delete'],
  access: 'admin',
  tag,
  summary: "Take a stored setting away: the file's holds again.",
  body: z.strictObject(naming),
  out: shownField,
  handle: (asked) => stored(asked, null),
})

const routerSettings = route({
  method: 'GET',
  paths: ['/router/settings'],
  access: 'viewer',
  tag,
  summary: 'How the router is set now: what runs, with what is stored.',
  out: z.object({
    fields: z.array(z.record(z.string(), z.unknown())),
    current_values: z.record(z.string(), z.unknown()),
  }),
  handle({ deps }) {
    const rows = Object.entries(settings.router_settings).map(([field, setting]) => ({
      field_name: field,
      field_type: setting.type,
      field_description: setting.description,
      field_value: setting.read(deps.gateway.config) ?? null,
      field_default: setting.read(builtOf(deps)) ?? null,
    }))
    return {
      fields: rows,
      current_values: Object.fromEntries(rows.map(({ field_name, field_value }) => [field_name, field_value])),
    }
  },
})

export const settingFieldRoutes: readonly Route[] = [list, fieldInfo, fieldUpdate, fieldDelete, routerSettings]
