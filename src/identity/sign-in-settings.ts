import { type Role, roles } from '../tenants/principal.ts'

/** Who people sign in with, by LiteLLM's variables. */
export interface SignInSettings {
  /** The issuer itself, or what its discovery document can be found by. */
  readonly provider: { readonly issuer: string } | { readonly authorizationEndpoint: string }
  readonly clientId: string
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret?: string
  readonly scope: string
  readonly claims: { readonly id: string; readonly email: string; readonly alias: string; readonly role: string }
  /** Roles by what a claim of groups has, the mightiest first. */
  readonly groups?: { readonly claim: string; readonly roles: readonly (readonly [Role, readonly string[]])[] }
  /** Of people who are new and whose claims say nothing. */
  readonly defaultRole: Role
  /** Absent means any address. */
  readonly emailDomains?: readonly string[]
  /** `PROXY_ADMIN_ID`: who is the proxy's admin whatever the claims say. */
  readonly adminId?: string
  /** `PROXY_BASE_URL`: where browsers reach this gateway. */
  readonly baseUrl: string
}

type Read = (name: string) => string | undefined

const VENDORS = ['GENERIC', 'GOOGLE', 'MICROSOFT']
const vendorIn = (read: Read) => VENDORS.find((name) => read(`${name}_CLIENT_ID`) !== undefined)

/** Whether people sign in at all. */
export const isSignInSet = (read: Read): boolean => vendorIn(read) !== undefined

/** Throws, by the name of the variable, what cannot work. */
export function signInSettings(read: Read): SignInSettings {
  const vendor = vendorIn(read) ?? missing('GENERIC_CLIENT_ID')
  const clientId = read(`${vendor}_CLIENT_ID`) ?? missing(`${vendor}_CLIENT_ID`)
  const clientSecret = read(`${vendor}_CLIENT_SECRET`)
  const generic = (name: string, otherwise: string) =>
    (vendor === 'GENERIC' ? read(`GENERIC_${name}`) : undefined) ?? otherwise
  const domains = read('ALLOWED_EMAIL_DOMAINS')
  const adminId = read('PROXY_ADMIN_ID')
  const groups = groupsOf(read)
  return {
    provider: providerOf(vendor, read),
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    scope: withOpenId(generic('SCOPE', 'openid email profile')),
    claims: {
      // Who may choose a name of their own at the provider shall not come by another's account: `sub` never changes hands.
      id: generic('USER_ID_ATTRIBUTE', 'sub'),
      email: generic('USER_EMAIL_ATTRIBUTE', 'email'),
      alias: generic('USER_DISPLAY_NAME_ATTRIBUTE', 'name'),
      // Entra writes its app roles there.
      role: vendor === 'MICROSOFT' ? 'roles' : generic('USER_ROLE_ATTRIBUTE', 'role'),
    },
    ...(groups === undefined ? {} : { groups }),
    defaultRole: roleOf(read('GENERIC_ROLE_MAPPINGS_DEFAULT_ROLE')) ?? 'internal_user_viewer',
    ...(domains === undefined ? {} : { emailDomains: domains.split(',').map((one) => one.trim().toLowerCase()) }),
    ...(adminId === undefined ? {} : { adminId }),
    baseUrl: (read('PROXY_BASE_URL') ?? missing('PROXY_BASE_URL')).replace(/\/+$/, ''),
  }
}

/** Entra's names for everybody: there, anyone's administrator could vouch for any address. */
const MANY_TENANTS = ['common', 'organizations', 'consumers']

function providerOf(vendor: string, read: Read): SignInSettings['provider'] {
  if (vendor === 'GOOGLE') return { issuer: 'https://accounts.google.com' }
  if (vendor === 'MICROSOFT') {
    const tenant = read('MICROSOFT_TENANT') ?? missing('MICROSOFT_TENANT')
    if (MANY_TENANTS.includes(tenant)) throw new Error('MICROSOFT_TENANT must be one tenant, by its id or its domain')
    return { issuer: `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/v2.0` }
  }
  const issuer = read('GENERIC_ISSUER')
  if (issuer !== undefined) return { issuer }
  return { authorizationEndpoint: read('GENERIC_AUTHORIZATION_ENDPOINT') ?? missing('GENERIC_ISSUER') }
}

const withOpenId = (scope: string) => (scope.split(' ').includes('openid') ? scope : `openid ${scope}`)

/** LiteLLM's old names of two roles stand beside those of today. */
export function roleOf(said: unknown): Role | undefined {
  const name = said === 'internal_user_view_only' ? 'internal_user_viewer' : said
  return roles.find((one) => one === name)
}

/** `GENERIC_ROLE_MAPPINGS_ROLES`, `{"proxy_admin": ["group"], ...}`, in the order of `roles`. */
function groupsOf(read: Read): SignInSettings['groups'] {
  const claim = read('GENERIC_ROLE_MAPPINGS_GROUP_CLAIM')
  const text = read('GENERIC_ROLE_MAPPINGS_ROLES')
  if (claim === undefined || text === undefined) return undefined
  const said = mapping(text)
  return {
    claim,
    roles: roles.flatMap((role) => {
      const names = said[role]
      return Array.isArray(names) ? [[role, names.map(String)] as const] : []
    }),
  }
}

function mapping(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // The same words as for what is no object.
  }
  throw new Error('GENERIC_ROLE_MAPPINGS_ROLES must be JSON such as {"proxy_admin": ["gateway-admins"]}')
}

function missing(name: string): never {
  throw new Error(`${name} is not set, and nobody can sign in without it`)
}
