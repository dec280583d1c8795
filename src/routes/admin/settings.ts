import * as z from 'zod'
import type { Config, Json } from '../../config/config.ts'
import { networks } from '../../config/networks.ts'
import { GatewayError } from '../../errors.ts'
import { clientAddress } from '../../middleware/address.ts'
import type { SettingChange } from '../../models/port.ts'
import { type Section, sections, settingId, settingNamed, settings } from '../../models/settings.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { isStorable, name } from '../text.ts'
import { authorOf } from './author.ts'
import { builtOf, ofKind, readNow, storeOf } from './stored.ts'

const tag = 'Model management'
const given = z.record(name, z.json()).refine(isStorable, 'must be text without NUL characters and broken surrogates')
const whole = {
  general_settings: given.optional(),
  router_settings: given.optional(),
  litellm_settings: given.optional(),
}
type Whole = { readonly [S in Section]?: Readonly<Record<string, unknown>> | undefined }

/** One checked change; null takes the stored value away, so that the file's holds again. */
function changeOf(section: Section, field: string, value: unknown): SettingChange {
  const path = `${section}.${field}`
  const setting = settingNamed(section, field)
  if (!setting) {
    throw new GatewayError(
      'invalid_request',
      `${path} cannot be stored: it is read from config.yaml when the gateway is built, or from the environment. These can: ${Object.keys(settings[section]).join(', ')}.`,
      { param: path },
    )
  }
  if (value === null) return { id: settingId(section, field), value: null }
  const parsed = setting.value.safeParse(value)
  if (parsed.success) return { id: settingId(section, field), value: parsed.data as Json }
  const [issue] = parsed.error.issues
  const param = [path, ...(issue?.path ?? []).map(String)].join('.')
  throw new GatewayError('invalid_request', `${param}: ${issue?.message ?? 'is not what it must be'}`, { param })
}

function changesOf(body: Whole): SettingChange[] {
  return sections.flatMap((section) =>
    Object.entries(body[section] ?? {}).map(([field, value]) => changeOf(section, field, value)),
  )
}

/** An admin who shuts the door behind itself could not open it again. */
function mustStayInside(changes: readonly SettingChange[], request: Request, deps: AppDeps): void {
  const listOf = (id: string) =>
    changes.find((change) => change.id === id)?.value as readonly string[] | null | undefined
  const { trustedProxies } = deps.gateway.config.general.access ?? {}
  const ips = listOf('general_settings.allowed_ips')
  const address = clientAddress(request.headers, trustedProxies && networks(trustedProxies))
  if (ips && (address === undefined || !networks(ips).has(address))) {
    throw new GatewayError(
      'invalid_request',
      `allowed_ips would shut you out: your address is ${address ?? 'not known here'}. Let it be among them.`,
      { param: 'general_settings.allowed_ips' },
    )
  }
  const routes = listOf('general_settings.allowed_routes')
  if (
    routes &&
    !routes.some((one) => ['/config/*', '/config/field/*', '/config', '/config/field/delete', '/*'].includes(one))
  ) {
    throw new GatewayError('invalid_request', 'allowed_routes would shut you out: let /config/* be among them.', {
      param: 'general_settings.allowed_routes',
    })
  }
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

const configType = z.enum(sections).default('general_settings')

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

function mustBeSetting(section: Section, field: string): void {
  changeOf(section, field, null)
}

const fieldInfo = route({
  method: 'GET',
  paths: ['/config/field/info'],
  access: 'viewer',
  tag,
  summary: 'One of them.',
  query: z.strictObject({ field_name: name, config_type: configType }),
  out: shownField,
  async handle({ query: { field_name: field, config_type: section }, deps }) {
    mustBeSetting(section, field)
    return shown(section, field, await storedValues(deps), builtOf(deps))
  },
})

const fieldUpdate = route({
  method: 'POST',
  paths: ['/config/field/update'],
  access: 'admin',
  tag,
  summary: 'Store one setting.',
  body: z.strictObject({ field_name: name, field_value: z.json().refine(isStorable), config_type: configType }),
  out: shownField,
  async handle(asked) {
    const { body, deps, request } = asked
    const { field_name: field, config_type: section } = body
    const store = storeOf(deps)
    const changes = [changeOf(section, field, body.field_value)]
    mustStayInside(changes, request, deps)
    await store.set(changes, authorOf(asked))
    return shown(section, field, await storedValues(deps), builtOf(deps))
  },
})

const fieldDelete = route({
  method: 'POST',
  paths: ['/config/field/delete'],
  access: 'admin',
  tag,
  summary: "Take a stored setting away: the file's holds again.",
  body: z.strictObject({ field_name: name, config_type: configType }),
  out: shownField,
  async handle(asked) {
    const { body, deps } = asked
    const { field_name: field, config_type: section } = body
    await storeOf(deps).set([changeOf(section, field, null)], authorOf(asked))
    return shown(section, field, await storedValues(deps), builtOf(deps))
  },
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

export const settingRoutes: readonly Route[] = [
  update,
  apply,
  stored,
  list,
  fieldInfo,
  fieldUpdate,
  fieldDelete,
  routerSettings,
]
