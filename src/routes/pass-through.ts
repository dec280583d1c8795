import type { PassThroughEndpoint } from '../config/pass-through.ts'
import { anthropic } from '../dialects/anthropic.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { gemini } from '../dialects/gemini.ts'
import { GatewayError } from '../errors.ts'
import { keptBodies } from '../gateway/kept-bodies.ts'
import { passThrough } from '../gateway/pass-through.ts'
import { type PassThroughVendor, passThroughVendors } from '../gateway/pass-through-account.ts'
import { endpointDestination, endpointFor, vendorDestination } from '../gateway/pass-through-destination.ts'
import { mayUseAny } from '../gateway/pass-through-model.ts'
import { presentedKey } from '../middleware/credentials.ts'
import { isPlain, leadsPast, listsAccount, plainPath, safeRest } from '../operations/pass-through-path.ts'
import { isFree, modelNamed, shapeOf } from '../operations/pass-through-shape.ts'
import type { Principal } from '../tenants/principal.ts'
import { callerOf } from './others.ts'
import { withOwnAtVendor } from './owned-at-vendors.ts'
import { readPassed } from './pass-through-body.ts'
import { type Asked, type Incoming, type Route, route } from './route.ts'

/** LiteLLM's other names for them. */
const ALIASES: Readonly<Record<string, string>> = { openai_passthrough: 'openai', 'vertex-ai': 'vertex_ai' }
const DIALECTS: Readonly<Record<string, Dialect>> = { anthropic, gemini, vertex_ai: gemini }
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

type ToPass = Omit<Asked<'key', unknown, unknown>, 'query' | 'body' | 'params'>

/** Whatever a vendor has beyond the routes of this gateway, which come before. */
async function toVendor(asked: ToPass): Promise<Response> {
  const { request, principal, deps } = asked
  const url = new URL(request.url)
  const [, name = ''] = url.pathname.split('/')
  const vendor = passThroughVendors.find((one) => one.name === (ALIASES[name] ?? name))
  if (!vendor)
    throw new GatewayError('not_found', 'Write the vendor plainly, such as /openai/v1/models.', { retry: false })
  const rest = safeRest(url.pathname.slice(name.length + 1))
  if (!isPlain(rest))
    throw new GatewayError(
      'invalid_request',
      'Write letters, digits, "-", ".", "_" and "~" in the path as they are, not with percent signs.',
      { retry: false },
    )
  mustNotList(vendor, request.method, rest, principal)
  const { config } = deps.gateway
  const unread = isFree(request.method, rest) || mayUseAny(principal)
  const { body, said } = await readPassed(request, { maxBytes: config.general.maxRequestBytes, unread })
  const model = modelNamed(rest, said, url.searchParams)
  const shape = shapeOf({ method: request.method, rest, body: said })
  const destination = await vendorDestination(vendor, { rest, model, teamId: principal.teamId }, deps.gateway)
  const priced = endpointFor(request.method, url.pathname, config)
  const call = {
    ...{ ...callOf(asked, url), body, said, model, shape, rest, here: `${url.origin}/${name}` },
    principal: await callerFor(asked, shape ? said : {}),
    pricePico: priced?.target === undefined ? priced?.pricePico : undefined,
  }
  const passed = { vendor: vendor.name, rest, body: said, isShaped: shape !== undefined }
  return withOwnAtVendor(asked, passed, () => {
    const answer = passThrough(call, destination, deps.gateway)
    // Of what is no chat nobody knows which part is said by whom.
    return shape ? keptBodies({ ...call, body: said }, answer, deps.gateway) : answer
  })
}

/** An endpoint that the operator's file names. */
async function toEndpoint(asked: ToPass, endpoint: PassThroughEndpoint): Promise<Response> {
  const { request, deps } = asked
  const url = new URL(request.url)
  const { target } = endpoint
  if (target === undefined) throw new GatewayError('internal', `${endpoint.path} leads nowhere.`)
  const below = url.pathname.slice(endpoint.path.length)
  const { maxRequestBytes: maxBytes } = deps.gateway.config.general
  const { body, said } = await readPassed(request, { maxBytes, unread: true })
  const rest = below === '' ? '' : safeRest(below)
  const destination = endpointDestination({ ...endpoint, target }, rest, deps.gateway)
  const call = {
    ...{ ...callOf(asked, url), body, said, rest, here: `${url.origin}${endpoint.path}` },
    principal: await callerFor(asked, {}),
    ...{ model: undefined, shape: undefined, pricePico: endpoint.pricePico },
  }
  return passThrough(call, destination, deps.gateway)
}

function callOf({ request, requestId, receivedAtMs, deps }: ToPass, url: URL) {
  const { method, headers, signal } = request
  const key = presentedKey(headers, deps.gateway.config.general.keyHeaderName)
  return { requestId, method, headers, signal, receivedAtMs, key, query: url.searchParams }
}

function callerFor(
  { principal, request: { headers }, deps, receivedAtMs }: ToPass,
  body: Readonly<Record<string, unknown>>,
): Promise<Principal> {
  return callerOf(principal, { headers, body }, deps.tenants, { nowMs: receivedAtMs, defer: deps.gateway.defer })
}

/** What has owners has routes of its own, by which it is charged. */
const OWNED: Readonly<Record<string, RegExp>> = {
  openai: /^(?:\/v1)?\/(?:files|batches)(?:\/|$)/,
  azure: /\/(?:files|batches)(?:\/|$)/,
  anthropic: /^(?:\/v1)?\/messages\/batches(?:\/|$)/,
}

/** The operator's account holds everybody's things. */
function mustNotList({ name }: PassThroughVendor, method: string, rest: string, { role }: Principal): void {
  if (role === 'proxy_admin' || name === 'vllm') return
  if (OWNED[name]?.test(plainPath(rest)))
    throw new GatewayError(
      'forbidden',
      `Files and batches have owners here: ask for them at /v1/files, /v1/batches and /v1/messages/batches instead of ${method} ${rest.slice(0, 200)}.`,
      { retry: false },
    )
  if (leadsPast(method, rest))
    throw new GatewayError(
      'forbidden',
      `${method} ${rest.slice(0, 200)} would give out a key of ${name}’s own, past every budget and limit here, so it is for admins. Open wss://…/v1/realtime at this gateway with your key: browsers send it as a sub-protocol.`,
      { retry: false },
    )
  if (!listsAccount(method, rest)) return
  throw new GatewayError(
    'forbidden',
    `${method} ${rest.slice(0, 200)} would show what everybody here keeps at ${name}, so it is for admins. Ask for one thing by its id; GET /v1/files and GET /v1/batches list your own.`,
    { retry: false },
  )
}

const vendorNames = [...passThroughVendors.map(({ name }) => name), ...Object.keys(ALIASES)]
const dialectOf = (name: string) => DIALECTS[ALIASES[name] ?? name]

/** One line for each method and dialect: a refusal is in the words of who is asked. */
export const passThroughRoutes: readonly Route[] = [undefined, anthropic, gemini].flatMap((dialect) => {
  const [first = '', ...others] = vendorNames.filter((name) => dialectOf(name) === dialect)
  return METHODS.map((method) =>
    route({
      method,
      paths: [`/${first}/{rest+}`, ...others.map((name) => `/${name}/{rest+}`)],
      access: 'key',
      tag: 'Pass-through',
      summary: "Whatever else the vendor has: passed on with the operator's account, limited and charged.",
      ...(dialect ? { dialect } : {}),
      handle: toVendor,
    }),
  )
})

/** The route of an endpoint that the file names; undefined where it names none. */
export function configuredRoute(method: string, path: string, deps: Incoming['deps']): Route | undefined {
  const known = METHODS.find((one) => one === method)
  const endpoint = known && endpointFor(method, path, deps.gateway.config)
  if (!known || endpoint?.target === undefined) return undefined
  return route({
    method: known,
    paths: [endpoint.path],
    access: 'key',
    tag: 'Pass-through',
    summary: 'An endpoint of the operator’s.',
    handle: (asked) => toEndpoint(asked, endpoint),
  })
}
