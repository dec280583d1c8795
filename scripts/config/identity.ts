import type * as z from 'zod'
import type { JwtClaimNames, JwtIssuer, JwtSettings } from '../../src/config/identity.ts'
import { given } from '../../src/models/row/given.ts'
import { textOf } from '../../src/models/row/text.ts'
import type { ConfigFile } from './schema/file.ts'
import type { jwtAuth } from './schema/jwt-auth.ts'

type File = z.output<typeof jwtAuth>
type Claims = Pick<File, Extract<keyof File, `${string}_jwt_field`>>
type Note = (level: 'error' | 'warning' | 'notice', path: readonly PropertyKey[], message: string) => void

const ADMIN_ROUTES = ['management_routes', 'spend_tracking_routes', 'info_routes']
const TEAM_ROUTES = ['llm_api_routes', 'info_routes']
const KEYS_TTL_S = 600
const AT = ['general_settings', 'litellm_jwtauth'] as const

/** `litellm_jwtauth`, with LiteLLM's defaults; the issuer, its audience and its keys come from variables unless the file lists issuers. */
export function jwtOf({ general_settings: general = {} }: ConfigFile, note: Note): JwtSettings | undefined {
  if (general.enable_jwt_auth !== true) return undefined
  const file: File = general.litellm_jwtauth ?? {}
  const issuers = issuersOf(file, note)
  for (const { claims } of issuers) {
    const { userId, teamId, teamIds, objectId } = claims
    if ([userId, teamId, teamIds, objectId, file.team_id_default].every((name) => name === undefined))
      note(
        'warning',
        AT,
        'only tokens with the admin scope are let in: no claim says whose a token is; set user_id_jwt_field, team_id_jwt_field or team_ids_jwt_field',
      )
  }
  return {
    issuers,
    adminScope: file.admin_jwt_scope ?? 'litellm_proxy_admin',
    adminRoutes: file.admin_allowed_routes ?? ADMIN_ROUTES,
    teamRoutes: file.team_allowed_routes ?? TEAM_ROUTES,
    keysTtlMs: (file.public_key_ttl ?? KEYS_TTL_S) * 1000,
    upsertsUsers: file.user_id_upsert ?? false,
    ...given('teamIdDefault', file.team_id_default),
    ...given('allowedEmailDomain', file.user_allowed_email_domain?.toLowerCase()),
    ...given('userAllowedRoles', file.user_allowed_roles),
    ...given('enforceRbac', file.enforce_rbac === true ? (true as const) : undefined),
    ...given(
      'roleMappings',
      file.role_mappings?.map(({ role, internal_role: internalRole }) => ({ role, internalRole })),
    ),
  }
}

function issuersOf(file: File, note: Note): readonly JwtIssuer[] {
  const own = claimsOf(file)
  if (file.issuers === undefined) {
    return [
      {
        issuer: { env: 'JWT_ISSUER' },
        audience: { env: 'JWT_AUDIENCE' },
        keysUrl: { env: 'JWT_PUBLIC_KEY_URL' },
        claims: own,
      },
    ]
  }
  return file.issuers.flatMap((one, index) => {
    const { issuer, audience, jwks_url: keysUrl } = one
    if (issuer !== undefined && audience !== undefined) {
      const url = given('keysUrl', keysUrl === undefined ? undefined : textOf(keysUrl))
      return [{ issuer: textOf(issuer), audience: textOf(audience), ...url, claims: { ...own, ...claimsOf(one) } }]
    }
    const missing = issuer === undefined ? 'issuer' : 'audience'
    note(
      'error',
      [...AT, 'issuers', index],
      `found no ${missing}, expected one: without it a token that was made for somebody else would open the gateway`,
    )
    return []
  })
}

function claimsOf(file: Claims): JwtClaimNames {
  return {
    ...given('userId', file.user_id_jwt_field),
    ...given('userEmail', file.user_email_jwt_field),
    ...given('userRoles', file.user_roles_jwt_field),
    ...given('teamId', file.team_id_jwt_field),
    ...given('teamIds', file.team_ids_jwt_field),
    ...given('organizationId', file.org_id_jwt_field),
    ...given('endUserId', file.end_user_id_jwt_field),
    ...given('roles', file.roles_jwt_field),
    ...given('objectId', file.object_id_jwt_field),
  }
}

/** `ui_access_mode`: everyone, or admins alone. */
export function onlyAdminsSignIn(mode: unknown, note: Note): true | undefined {
  if (mode === undefined || mode === 'all') return undefined
  if (mode !== 'admin_only')
    note(
      'error',
      ['general_settings', 'ui_access_mode'],
      "found another mode, expected 'all' or 'admin_only'; admins alone sign in until it is one of them",
    )
  return true
}
