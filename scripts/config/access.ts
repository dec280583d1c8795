import type { AccessSettings } from '../../src/config/access.ts'
import type { Notice } from '../../src/config/config.ts'
import { isNetwork } from '../../src/config/networks.ts'
import { given } from '../../src/models/row/given.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void

/** Who may come in; undefined where the file says nothing about it. */
export function accessOf({ general_settings: general = {} }: ConfigFile, note: Note): AccessSettings | undefined {
  const forwarded = general.use_x_forwarded_for === true
  for (const name of ['allowed_ips', 'trusted_proxy_ranges'] as const) {
    const wrong = general[name]?.find((text) => !isNetwork(text))
    if (wrong !== undefined)
      note('error', ['general_settings', name], `found "${wrong}", expected addresses and networks such as 10.0.0.0/8`)
  }
  if (forwarded && !general.trusted_proxy_ranges?.length)
    note(
      'error',
      ['general_settings', 'use_x_forwarded_for'],
      'anyone may write x-forwarded-for: say in trusted_proxy_ranges which proxies are believed. Without a proxy of yours before Cloudflare take it out, cf-connecting-ip is read',
    )
  const access: AccessSettings = {
    ...given('allowedIps', general.allowed_ips),
    ...given('trustedProxies', forwarded ? general.trusted_proxy_ranges : undefined),
    ...given('allowedRoutes', general.allowed_routes),
    ...given('adminOnlyRoutes', general.admin_only_routes),
    ...given('publicRoutes', general.public_routes),
    ...given('enforcedParams', general.enforced_params),
    ...given('serviceAccountParams', general.service_account_settings?.enforced_params),
    ...given('enforcesUser', general.enforce_user_param || undefined),
    ...given('refusesTags', general.reject_clientside_metadata_tags || undefined),
    ...given('masterKeyLlm', general.allow_master_key_llm === false ? (false as const) : undefined),
  }
  return Object.keys(access).length === 0 ? undefined : access
}
