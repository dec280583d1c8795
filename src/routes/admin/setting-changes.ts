import type { Json } from '../../config/config.ts'
import { networks } from '../../config/networks.ts'
import { GatewayError } from '../../errors.ts'
import { clientAddress } from '../../middleware/address.ts'
import type { SettingChange } from '../../models/port.ts'
import { type Section, sections, settingId, settingNamed, settings } from '../../models/settings.ts'
import type { AppDeps } from '../deps.ts'

type Whole = { readonly [S in Section]?: Readonly<Record<string, unknown>> | undefined }

/** One checked change; null takes the stored value away, so that the file's holds again. */
export function changeOf(section: Section, field: string, value: unknown): SettingChange {
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

/** Those of a whole document. */
export function changesOf(body: Whole): SettingChange[] {
  return sections.flatMap((section) =>
    Object.entries(body[section] ?? {}).map(([field, value]) => changeOf(section, field, value)),
  )
}

/** An admin who shuts the door behind itself could not open it again. */
export function mustStayInside(changes: readonly SettingChange[], request: Request, deps: AppDeps): void {
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
