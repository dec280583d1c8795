import { type Context, Hono } from 'hono'
import { systemClock } from './clock.ts'
import { GatewayError } from './errors.ts'
import { authenticate } from './middleware/authenticate.ts'
import { cors, exposedHeaders } from './middleware/cors.ts'
import { refusal } from './middleware/error-door.ts'
import { idHeaders, type RequestIds, requestIds } from './middleware/request-id.ts'
import type { AppDeps } from './routes/deps.ts'
import { notThere, notThisMethod } from './routes/not-there.ts'
import type { Route } from './routes/route.ts'
import { routes } from './routes/table.ts'
import type { Principal } from './tenants/principal.ts'

export type { AppDeps } from './routes/deps.ts'

interface Served<E extends object = object> {
  Bindings: E
  Variables: { ids: RequestIds; deps?: AppDeps; receivedAtMs: number }
}

/** The front door: every request gets an id, finds its route, shows who it is, and leaves with an answer in our words. */
export function createApp<E extends object>(depsFor: (env: E, ctx: ExecutionContext) => AppDeps): Hono<Served<E>> {
  const app = new Hono<Served<E>>()
  app.onError((error, c) => leave(c, refusal(error, c.var.ids.requestId, c.var.deps?.log ?? console.error)))
  app.use(async (c, next) => {
    // The id comes first: also a gateway that cannot be built answers under one.
    c.set('ids', requestIds(c.req.raw.headers, systemClock()))
    const deps = depsFor(c.env, c.executionCtx as ExecutionContext)
    c.set('deps', deps)
    c.set('receivedAtMs', deps.gateway.clock())
    await next()
  })
  app.use(cors(exposedHeaders))
  for (const route of routes) {
    for (const path of route.paths) app.on(route.method, honoPath(path), async (c) => leave(c, await answer(route, c)))
  }
  for (const [path, methods] of methodsByPath()) {
    app.all(honoPath(path), (c) => {
      throw notThisMethod(c.req.method, c.req.path, methods)
    })
  }
  app.notFound((c) => {
    throw notThere(c.req.method, c.req.path, routes)
  })
  return app
}

async function answer<E extends object>(route: Route, c: Context<Served<E>>): Promise<Response> {
  const { deps, ids, receivedAtMs } = c.var
  if (!deps) throw new Error('a route was reached before the gateway was built')
  const request = c.req.raw
  const principal = route.access === 'public' ? undefined : await caller(route, request, deps, receivedAtMs)
  return route.answer({
    request,
    params: c.req.param(),
    principal,
    deps,
    requestId: ids.requestId,
    receivedAtMs,
  })
}

async function caller(route: Route, request: Request, deps: AppDeps, nowMs: number): Promise<Principal> {
  const { config, env, defer } = deps.gateway
  const { tenants, guards } = deps
  const principal = await authenticate(request.headers, { config, env, tenants, guards }, { nowMs, defer })
  if (route.access === 'admin' && principal.role !== 'proxy_admin') {
    throw new GatewayError(
      'auth_error',
      `Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route=${route.paths[0]}. Your role=${principal.role}. Use the master key.`,
      { retry: false },
    )
  }
  return principal
}

/** What every answer carries, whoever made it. */
function leave<E extends object>(c: Context<Served<E>>, response: Response): Response {
  const { ids, deps } = c.var
  const answered = mutable(response)
  for (const [name, value] of Object.entries(idHeaders(ids))) answered.headers.set(name, value)
  if (deps) answered.headers.set('x-litellm-version', deps.gateway.version)
  return answered
}

/** A response that came from elsewhere may have headers that refuse to change. */
function mutable(response: Response): Response {
  try {
    response.headers.delete('x-request-id')
    return response
  } catch {
    return new Response(response.body, response)
  }
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
