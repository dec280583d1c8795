import type { InternalRole, JwtClaimNames, JwtSettings } from '../config/identity.ts'
import { GatewayError } from '../errors.ts'

type Fields = Readonly<Record<string, unknown>>

/** Who a token says its bearer is, and what for. */
export interface Bearing {
  readonly userId?: string
  /** An address that the issuer says is the person's: who has it may be taken for the user it was written down for. */
  readonly email?: string
  /** Its teams, the one it names alone first. */
  readonly teamIds: readonly string[]
  readonly organizationId?: string
  readonly customerId?: string
  readonly isAdmin: boolean
  readonly expiresAtMs: number
}

const LONGEST = 256
const MOST_TEAMS = 100

/** Claims by the operator's mapping. Throws when the mapping demands what they do not have. */
export function bearingOf(claims: Fields, names: JwtClaimNames, settings: JwtSettings): Bearing {
  const role = internalRoleOf(claims, names, settings)
  const objectId = textAt(claims, names.objectId)
  const userId = textAt(claims, names.userId) ?? (role === 'internal_user' ? objectId : undefined)
  const teamId = textAt(claims, names.teamId) ?? (role === 'team' ? objectId : undefined)
  const email = textAt(claims, names.userEmail)?.toLowerCase()
  mustHaveRole(claims, names, settings)
  mustBeOfDomain(email, claims, settings)
  const listed = textsAt(claims, names.teamIds)
  if (listed.length > MOST_TEAMS) throw refused(`it names more than ${MOST_TEAMS} teams`)
  const teamIds = [...new Set([...(teamId === undefined ? [] : [teamId]), ...listed])]
  const given = teamIds.length === 0 && settings.teamIdDefault !== undefined ? [settings.teamIdDefault] : teamIds
  const organizationId = textAt(claims, names.organizationId)
  const customerId = textAt(claims, names.endUserId)
  return {
    ...(userId === undefined ? {} : { userId }),
    ...(email === undefined || claims.email_verified !== true ? {} : { email }),
    teamIds: given,
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(customerId === undefined ? {} : { customerId }),
    isAdmin: role === 'proxy_admin' || scopesOf(claims).includes(settings.adminScope),
    expiresAtMs: Number(claims.exp) * 1000,
  }
}

/** `role_mappings`: the first whose role the token has. */
function internalRoleOf(claims: Fields, names: JwtClaimNames, settings: JwtSettings): InternalRole | undefined {
  const roles = textsAt(claims, names.roles)
  const found = settings.roleMappings?.find(({ role }) => roles.includes(role))?.internalRole
  if (found === undefined && settings.enforceRbac && !scopesOf(claims).includes(settings.adminScope)) {
    throw refused('it has none of the roles that role_mappings lets in')
  }
  return found
}

function mustHaveRole(claims: Fields, names: JwtClaimNames, { userAllowedRoles: allowed }: JwtSettings): void {
  if (allowed === undefined) return
  if (textsAt(claims, names.userRoles).some((role) => allowed.includes(role))) return
  throw refused('it has none of the roles in user_allowed_roles')
}

function mustBeOfDomain(email: string | undefined, claims: Fields, { allowedEmailDomain: domain }: JwtSettings): void {
  if (domain === undefined || isOfDomain(email, claims, [domain])) return
  throw refused('its e-mail address is not of the domain that user_allowed_email_domain lets in')
}

/** An address that its issuer says is not verified is of no domain. */
export function isOfDomain(email: string | undefined, claims: Fields, domains: readonly string[]): boolean {
  const domain = email?.slice(email.lastIndexOf('@') + 1)
  const isUnverified = claims.email_verified === false || claims.email_verified === 'false'
  return email?.includes('@') === true && domain !== undefined && !isUnverified && domains.includes(domain)
}

/** OAuth's `scope` is a text with spaces; some issuers write a list, or `scp`. */
function scopesOf({ scope, scp }: Fields): readonly string[] {
  return [scope, scp].flatMap((said) => (typeof said === 'string' ? said.split(' ') : Array.isArray(said) ? said : []))
}

/** What stands at a path, the whole name first: issuers write URLs with dots as names of claims. */
export function claimAt(claims: Fields, path: string | undefined): unknown {
  if (path === undefined) return undefined
  if (Object.hasOwn(claims, path)) return claims[path]
  return path
    .split('.')
    .reduce<unknown>((at, part) => (isFields(at) && Object.hasOwn(at, part) ? at[part] : undefined), claims)
}

export function textAt(claims: Fields, path: string | undefined): string | undefined {
  const value = claimAt(claims, path)
  if (value === undefined || value === null || value === '') return undefined
  return textOf(value, path)
}

/** A list, or a text alone. */
export function textsAt(claims: Fields, path: string | undefined): readonly string[] {
  const value = claimAt(claims, path)
  if (value === undefined || value === null || value === '') return []
  return Array.isArray(value) ? value.map((one) => textOf(one, path)) : [textOf(value, path)]
}

function textOf(value: unknown, path: string | undefined): string {
  const text = typeof value === 'number' ? String(value) : value
  const isGood = typeof text === 'string' && text !== '' && text.length <= LONGEST
  if (isGood && !text.includes('\0') && text.isWellFormed()) return text
  throw refused(`its claim \`${path}\` is not a text of at most ${LONGEST} characters`)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const refused = (why: string) =>
  new GatewayError('forbidden', `This token does not let you in: ${why}. Ask who manages your identity provider.`, {
    retry: false,
  })
