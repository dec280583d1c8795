import type { AccessSettings } from '../config/access.ts'
import { type Networks, networks } from '../config/networks.ts'
import { GatewayError } from '../errors.ts'
import { clientAddress } from '../middleware/address.ts'
import type { Principal } from '../tenants/principal.ts'
import { covers, LLM } from './may-call.ts'
import type { Route } from './route.ts'

/** The lists of one config, read once: configs are made anew when they change. */
const read = new WeakMap<readonly string[], Networks>()

function networksOf(texts: readonly string[]): Networks {
  const known = read.get(texts) ?? networks(texts)
  read.set(texts, known)
  return known
}

const refused = (message: string) => new GatewayError('forbidden', message, { retry: false })

/** Before anyone asks who it is: whether the operator takes requests from there, and has that route at all. */
export function mustBeLetIn(route: Route, request: Request, access: AccessSettings): void {
  if (access.allowedIps) mustComeFrom(request.headers, access.allowedIps, access)
  const path = pathOf(request)
  if (access.allowedRoutes && !access.allowedRoutes.some((allowed) => covers(allowed, route, path))) {
    throw refused(`Route ${path} is not allowed on this gateway (general_settings.allowed_routes).`)
  }
}

/** Once it is known who asks: from where its key may be used, and whether the route is for admins alone. */
export function mustBeAllowed(
  route: Route,
  request: Request,
  principal: Principal,
  access: AccessSettings | undefined,
): void {
  if (principal.allowedIps) mustComeFrom(request.headers, principal.allowedIps, access)
  if (!access?.adminOnlyRoutes || principal.role === 'proxy_admin') return
  const path = pathOf(request)
  if (access.adminOnlyRoutes.some((one) => covers(one, route, path))) {
    throw refused(
      `user not allowed to access this route, role=${principal.role}. Trying to access: ${path}, which is for proxy admins (general_settings.admin_only_routes).`,
    )
  }
}

function mustComeFrom(headers: Headers, allowed: readonly string[], access: AccessSettings | undefined): void {
  const { trustedProxies } = access ?? {}
  const address = clientAddress(headers, trustedProxies && networksOf(trustedProxies))
  if (address !== undefined && networksOf(allowed).has(address)) return
  throw refused(
    `Access forbidden: IP address ${address ?? 'unknown'} not allowed. Ask the admin to add it to allowed_ips.`,
  )
}

/** Whether the operator lets everyone read a route: never one that changes or spends something. */
export function isPublic(route: Route, request: Request, { publicRoutes }: AccessSettings): boolean {
  if (!publicRoutes || route.method !== 'GET' || spends(route)) return false
  const path = pathOf(request)
  return publicRoutes.some((one) => covers(one, route, path))
}

/** Tags of routes that spend whatever their method is. */
const SPENDING = ['Pass-through', 'Realtime']

/** Whether a route may cost something at a vendor: reading does not, unless it is passed on or talks. */
const spends = ({ tag, method, access }: Route): boolean =>
  LLM.includes(tag) && access !== 'public' && (method !== 'GET' || SPENDING.includes(tag))

/** Whether a route asks a model in a body that we read. */
export const asksModel = ({ tag, method, access }: Pick<Route, 'tag' | 'method' | 'access'>): boolean =>
  tag === 'Models' && method === 'POST' && access !== 'public'

const ADVICE_EVERY_MS = 3_600_000
const advisedAtMs = new WeakMap<object, number>()

/** The master key calls models unless the operator says no; then a key is advised, once an hour for each isolate. */
export function mustSuitMaster(
  route: Route,
  {
    access,
    nowMs,
    isolate,
    log,
  }: {
    readonly access: AccessSettings | undefined
    readonly nowMs: number
    /** One for an isolate. */
    readonly isolate: object
    readonly log: (line: string) => void
  },
): void {
  if (!spends(route)) return
  if (access?.masterKeyLlm === false) {
    throw refused(
      'The master key calls no models here (general_settings.allow_master_key_llm). POST /key/generate makes a key that does.',
    )
  }
  const last = advisedAtMs.get(isolate)
  if (last !== undefined && nowMs - last < ADVICE_EVERY_MS) return
  advisedAtMs.set(isolate, nowMs)
  log(
    JSON.stringify({
      level: 'warn',
      message:
        'the master key calls models: it has no limits and every right. Give applications a key (POST /key/generate)',
      route: route.paths[0],
    }),
  )
}

const pathOf = (request: Request) => new URL(request.url).pathname
