import { GatewayError } from '../errors.ts'
import type { Principal, Role } from '../tenants/principal.ts'
import type { Route } from './route.ts'

/**
 * Who may call a route: anyone; any valid key; any key whose person may change something; who may see everything; the
 * proxy's admin. What of it concerns the caller is the handler's to say (routes/admin/whose.ts).
 */
export type Access = 'public' | 'key' | 'editor' | 'viewer' | 'admin'

const ROLES: Readonly<Record<Exclude<Access, 'public' | 'key'>, readonly Role[]>> = {
  editor: ['proxy_admin', 'internal_user'],
  viewer: ['proxy_admin', 'proxy_admin_viewer'],
  admin: ['proxy_admin'],
}

export function mayCall(access: Access, role: Role): boolean {
  return access === 'public' || access === 'key' || ROLES[access].includes(role)
}

/** Throws when the caller's role, or its key's `allowed_routes`, do not let it call a route. */
export function mustMayCall(route: Route, url: string, principal: Principal): void {
  const { role, allowedRoutes, session } = principal
  if (session && !isForPeople(route)) {
    throw new GatewayError(
      'forbidden',
      'A session calls no models. Make a key for yourself with POST /key/generate, and call with that.',
      { retry: false },
    )
  }
  if (!mayCall(route.access, role)) {
    throw new GatewayError(
      'auth_error',
      `Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route=${route.paths[0]}. Your role=${role}. Use the master key.`,
      { retry: false },
    )
  }
  if (!allowedRoutes) return
  const path = new URL(url).pathname
  if (!allowedRoutes.some((allowed) => covers(allowed, route, path))) {
    throw new GatewayError(
      'forbidden',
      `Virtual key is not allowed to call this route. Only allowed to call routes: ${allowedRoutes.join(', ')}. Tried to call route: ${path}`,
      { retry: false },
    )
  }
}

const MANAGEMENT = ['Keys', 'Teams', 'Organizations', 'Users', 'Customers', 'Tags', 'Budgets', 'Model management']
/** Tags of routes that reach a vendor. */
export const LLM: readonly string[] = ['Models', 'Realtime', 'Files and batches', 'Pass-through']
const isLlm = ({ tag, access }: Route) => LLM.includes(tag) && access !== 'public'
const listsModels = ({ method, paths }: Route) => method === 'GET' && paths.some((path) => path.includes('/models'))
const PEOPLES = [...MANAGEMENT, 'Spend', 'Audit', 'Health', 'Cache', 'About', 'Sign-in']
const isForPeople = (route: Route) => PEOPLES.includes(route.tag) || listsModels(route)
const asks = ['/key/health', '/v2/key/info', '/budget/info', '/tag/info']

/** LiteLLM's names for groups of routes, as far as there are such routes. */
const GROUPS: Readonly<Record<string, (route: Route) => boolean>> = {
  llm_api_routes: isLlm,
  openai_routes: (route) =>
    isLlm(route) && ['openai', 'completions', 'responses'].includes(route.dialect?.name ?? 'openai'),
  anthropic_routes: (route) => isLlm(route) && route.dialect?.name === 'anthropic',
  google_routes: (route) => isLlm(route) && route.dialect?.name === 'gemini',
  management_routes: ({ tag }) => MANAGEMENT.includes(tag),
  key_management_routes: ({ tag }) => tag === 'Keys',
  spend_tracking_routes: ({ tag }) => tag === 'Spend',
  info_routes: (route) =>
    listsModels(route) || (MANAGEMENT.includes(route.tag) && (route.method === 'GET' || asks.includes(route.paths[0]))),
}

export const routeGroups: readonly string[] = Object.keys(GROUPS)

/** Whether a path, its beginning (`/v1/*`) or a group's name stands for this route. */
export function covers(allowed: string, route: Route, path: string): boolean {
  const group = Object.hasOwn(GROUPS, allowed) ? GROUPS[allowed] : undefined
  if (group) return group(route)
  if (allowed.endsWith('*')) return path.startsWith(allowed.slice(0, -1))
  return allowed === path || path.startsWith(`${allowed}/`) || route.paths.includes(allowed)
}
