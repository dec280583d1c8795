import { type Context, type ExecutionContext, Hono } from 'hono'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { SmartRouter } from 'hono/router/smart-router'
import { TrieRouter } from 'hono/router/trie-router'
import type { H, RouterRoute } from 'hono/types'
import { systemClock } from './clock.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { IdempotencyStore } from './idempotency/port.ts'
import { authenticate } from './middleware/authenticate.ts'
import type { Newcomer } from './middleware/bearer.ts'
import { cors, exposedHeaders } from './middleware/cors.ts'
import { presentedKey } from './middleware/credentials.ts'
import { refusal } from './middleware/error-door.ts'
import { IDEMPOTENCY_KEY, onlyOnce } from './middleware/idempotent.ts'
import { RememberingRouter } from './middleware/remembering-router.ts'
import { idHeaders, type RequestIds, requestIds } from './middleware/request-id.ts'
import { bringsSession, signedIn } from './middleware/signed-in.ts'
import { enrolled } from './routes/admin/enrol.ts'
import type { AppDeps } from './routes/deps.ts'
import { isPublic, mustBeAllowed, mustBeLetIn, mustSuitMaster } from './routes/let-in.ts'
import { mustMayCall } from './routes/may-call.ts'
import { notThere, notThisMethod } from './routes/not-there.ts'
import { configuredRoute } from './routes/pass-through.ts'
import type { Incoming, Route } from './routes/route.ts'
import { routes } from './routes/table.ts'
import type { Moment } from './tenants/port.ts'
import type { Principal } from './tenants/principal.ts'
import { publicPrincipal } from './tenants/principal-of.ts'

export type { AppDeps } from './routes/deps.ts'

interface Served<E extends object = object> {
  Bindings: E
}

type Answer<E extends object> = (c: Context<Served<E>>, visit: Visit) => Response | Promise<Response>

const NO_PARAMS: Readonly<Record<string, string>> = {}

/** A request inside the door. */
interface Visit {
  readonly ids: RequestIds
  readonly deps: AppDeps
  readonly receivedAtMs: number
}

/**
 * The front door: every request gets an id, finds its route, shows who it is, and leaves with an answer in our words.
 * Each path has one handler and no layers around it: the router then answers with that handler's own promise.
 */
export function createApp<E extends object>(
  depsFor: (env: E, ctx: ExecutionContext) => AppDeps | Promise<AppDeps>,
): Hono<Served<E>> {
  const router = new SmartRouter<[H, RouterRoute]>({ routers: [new RegExpRouter(), new TrieRouter()] })
  const app = new Hono<Served<E>>({ router: new RememberingRouter(router) })
  const others = new Hono<Served<E>>()
  const allowOrigins = cors(exposedHeaders)

  const enter = (answer: Answer<E>, dialect?: Dialect) => async (c: Context<Served<E>>) => {
    // The id comes first: also a gateway that cannot be built answers under one.
    const ids = requestIds(c.req.raw.headers, systemClock())
    let deps: AppDeps | undefined
    try {
      const made = depsFor(c.env, c.executionCtx as ExecutionContext)
      deps = made instanceof Promise ? await made : made
      const response = await answer(c, { ids, deps, receivedAtMs: deps.gateway.clock() })
      return leave(response, ids, deps)
    } catch (error) {
      return leave(refusal(error, ids.requestId, deps?.log ?? console.error, dialect), ids, deps)
    }
  }
  const door = (answer: Answer<E>, dialect?: Dialect) => {
    const inside = enter(answer, dialect)
    return async (c: Context<Served<E>>): Promise<Response> => {
      if (!c.req.raw.headers.has('origin')) return inside(c)
      const preflight = await allowOrigins(c, async () => {
        c.res = await inside(c)
      })
      return preflight ?? c.res
    }
  }

  for (const route of routes) {
    for (const path of route.paths) {
      const params = path.includes('{') ? (c: Context<Served<E>>) => c.req.param() : () => NO_PARAMS
      const handler = door((c, visit) => answered(route, c.req.raw, params(c), visit), route.dialect)
      app.on(route.method, honoPath(path), handler)
    }
  }
  app.notFound((c) => others.fetch(c.req.raw, c.env, c.executionCtx))
  for (const [path, methods] of methodsByPath()) {
    const handler = door((c) => {
      throw notThisMethod(c.req.method, c.req.path, methods)
    })
    others.all(honoPath(path), handler)
  }
  others.notFound(
    door((c, visit) => {
      const route = configuredRoute(c.req.method, c.req.path, visit.deps)
      if (route) return answered(route, c.req.raw, NO_PARAMS, visit)
      throw notThere(c.req.method, c.req.path, routes)
    }),
  )
  return app
}

async function answered(
  route: Route,
  request: Request,
  params: Readonly<Record<string, string>>,
  { ids, deps, receivedAtMs }: Visit,
): Promise<Response> {
  const principal = route.access === 'public' ? undefined : await caller(route, request, deps, { ids, receivedAtMs })
  const incoming = { request, params, principal, deps, requestId: ids.requestId, receivedAtMs }
  if (route.method !== 'POST' || !request.headers.has(IDEMPOTENCY_KEY)) return route.answer(incoming)
  const { idempotency } = deps
  return principal && idempotency ? servedOnce(route, incoming, principal, idempotency) : route.answer(incoming)
}

function servedOnce(
  route: Route,
  incoming: Incoming,
  { keyId, userId }: Principal,
  store: IdempotencyStore,
): Promise<Response> {
  const { config, clock, sleep, defer } = incoming.deps.gateway
  const { maxRequestBytes, allowRequestsOnDbUnavailable: servesUntold } = config.general
  return onlyOnce(
    { request: incoming.request, callerId: JSON.stringify([keyId, userId]), requestId: incoming.requestId },
    (request) => route.answer({ ...incoming, request }),
    { store, maxRequestBytes, servesUntold, clock, sleep, defer },
  )
}

async function caller(
  route: Route,
  request: Request,
  deps: AppDeps,
  { ids, receivedAtMs: nowMs }: Pick<Visit, 'ids' | 'receivedAtMs'>,
): Promise<Principal> {
  const { config, defer } = deps.gateway
  const { guards } = deps
  const { access } = config.general
  if (access) {
    mustBeLetIn(route, request, access)
    if (isPublic(route, request, access) && presentedKey(request.headers, config.general.keyHeaderName) === undefined) {
      return publicPrincipal(nowMs)
    }
  }
  const principal = await who(request, deps, { nowMs, defer }, ids.requestId)
  if (principal.kind === 'master') mustSuitMaster(route, { access, nowMs, isolate: guards, log: deps.log })
  else {
    mustMayCall(route, request.url, principal)
    mustBeAllowed(route, request, principal, access)
  }
  return principal
}

/** A key, or a token in its place; else the person who is signed in. */
function who(request: Request, deps: AppDeps, moment: Moment, requestId: string): Promise<Principal> {
  const { headers } = request
  const { config, env } = deps.gateway
  const { tenants, guards, identity } = deps
  const { byToken, byCookie } = identity ?? {}
  if (byCookie && bringsSession(headers) && presentedKey(headers, config.general.keyHeaderName) === undefined) {
    const { origin } = byCookie.signIn()
    return signedIn(request, { cookies: byCookie.cookies, origin, tenants }, moment)
  }
  const door = { config, env, tenants, guards }
  if (!byToken) return authenticate(headers, door, moment)
  const enrol = (one: Newcomer) => enrolled(one, { request, requestId, receivedAtMs: moment.nowMs, deps })
  return authenticate(headers, { ...door, byToken: { ...byToken, enrol } }, moment)
}

/** What every answer carries, whoever made it. */
function leave(response: Response, ids: RequestIds, deps: AppDeps | undefined): Response {
  try {
    label(response.headers, ids, deps)
    return response
  } catch {
    // A response that came from elsewhere may have headers that refuse to change.
    const answered = new Response(response.body, response)
    label(answered.headers, ids, deps)
    return answered
  }
}

function label(headers: Headers, ids: RequestIds, deps: AppDeps | undefined): void {
  const named = idHeaders(ids)
  for (const name in named) headers.set(name, named[name] ?? '')
  if (deps) headers.set('x-litellm-version', deps.gateway.version)
}

/** `{name}` is one part of a path, `{name+}` the rest of it. */
function honoPath(path: string): string {
  return path.replace(/\{(\w+)\+\}/g, ':$1{.+}').replace(/\{(\w+)\}/g, ':$1')
}

function methodsByPath(): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>()
  for (const { method, paths } of routes) {
    for (const path of paths) methods.set(path, [...(methods.get(path) ?? []), method])
  }
  return methods
}
