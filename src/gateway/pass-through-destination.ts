import type { Config, Text } from '../config/config.ts'
import type { PassThroughEndpoint } from '../config/pass-through.ts'
import { readText } from '../config/read.ts'
import { GatewayError } from '../errors.ts'
import type { Target } from '../providers/provider.ts'
import { withAccess } from './access.ts'
import type { GatewayDeps } from './deps.ts'
import {
  type Account,
  accountHeaders,
  accountOf,
  type PassThroughVendor,
  secretsOf,
  type Wanted,
} from './pass-through-account.ts'

/** Where a request goes on to, and with what. */
export interface Destination {
  /** Names it in rows and refusals. */
  readonly name: string
  readonly id: string
  /** Absent for an endpoint of the operator's. */
  readonly vendor?: PassThroughVendor
  readonly provider?: string
  readonly base: string
  /** Below it, where the vendor has more to say about the path than the caller. */
  readonly rest: string
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly target: Omit<Target, 'model'>
  readonly timeouts: Account['timeouts']
  readonly secrets: readonly string[]
}

/** A vendor's, with the operator's account there. */
export async function vendorDestination(
  vendor: PassThroughVendor,
  { rest, ...wanted }: Wanted & { readonly rest: string },
  deps: GatewayDeps,
): Promise<Destination> {
  const account = accountOf(vendor, wanted, deps)
  const { tokenSource } = account.target
  const target = tokenSource ? await withAccess(account.target, tokenSource, deps) : account.target
  const { base, rest: path } = vendor.name === 'vertex_ai' ? onVertex(account, rest) : { base: account.base, rest }
  const versioned = vendor.version !== undefined && !/^\/v\d/.test(path) ? `/${vendor.version}${path}` : path
  return {
    name: vendor.name,
    id: account.id,
    vendor,
    provider: vendor.providers[0],
    base,
    rest: versioned,
    headers: {
      ...(vendor.name === 'anthropic' && { 'anthropic-version': '2023-06-01' }),
      ...accountHeaders(vendor, { target }),
    },
    query: {},
    target,
    timeouts: account.timeouts,
    secrets: secretsOf(target),
  }
}

const PLACE = /^\/(v\d\w*)\/projects\/([^/]+)\/locations\/([a-z0-9-]+)\//

/** Vertex AI has a host for each location; the project is the operator's, whatever the path says. */
function onVertex({ base, target }: Account, rest: string): { readonly base: string; readonly rest: string } {
  const [whole, said = 'v1', , place] = PLACE.exec(rest) ?? []
  const { project, location: own = 'global' } = target.vertex ?? {}
  if (project === undefined && target.apiKey === undefined)
    throw new GatewayError(
      'not_found',
      'Nobody knows which Google Cloud project to ask: the operator must set vertex_project.',
    )
  const location = place ?? own
  const host = location === 'global' ? 'aiplatform.googleapis.com' : `${location}-aiplatform.googleapis.com`
  const at = base === '' ? `https://${host}` : base
  if (project === undefined) return { base: at, rest }
  const version = whole === undefined ? (/^\/(v\d\w*)\//.exec(rest)?.[1] ?? 'v1') : said
  const below = whole === undefined ? rest.replace(/^\/v\d\w*(?=\/)/, '') : `/${rest.slice(whole.length)}`
  return { base: at, rest: `/${version}/projects/${encodeURIComponent(project)}/locations/${location}${below}` }
}

/** An endpoint of the operator's own. */
export function endpointDestination(
  endpoint: PassThroughEndpoint & { readonly target: Text },
  rest: string,
  { config, env }: Pick<GatewayDeps, 'config' | 'env'>,
): Destination {
  const read = (text: Text) => readText(text, config, env)
  const base = read(endpoint.target)
  if (base === undefined || !URL.canParse(base))
    throw new GatewayError('internal', `${endpoint.path} leads nowhere: the operator must correct its target.`)
  const headers = Object.entries(endpoint.headers).map(([name, parts]) => {
    const texts = parts.map(read)
    if (texts.includes(undefined))
      throw new GatewayError(
        'internal',
        `${endpoint.path} lacks its header ${name}: the operator must set its variable.`,
      )
    return [name.toLowerCase(), texts.join('')] as const
  })
  const { timeoutMs } = endpoint
  const url = new URL(base)
  return {
    name: endpoint.path,
    id: `pass-through${endpoint.path}`,
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    rest,
    headers: Object.fromEntries(headers),
    query: { ...Object.fromEntries(url.searchParams), ...endpoint.query },
    target: { apiBase: base, extraHeaders: {}, params: {} },
    timeouts: timeoutMs === undefined ? {} : { timeoutMs },
    secrets: [...headers.map(([, value]) => value.replace(/^\w+ /, '')), ...Object.values(endpoint.query)],
  }
}

/** The row of the file that a path belongs to: the longest that fits. */
export function endpointFor(method: string, path: string, { passThrough }: Config): PassThroughEndpoint | undefined {
  const fits = (one: PassThroughEndpoint) =>
    (path === one.path || (one.subpaths && path.startsWith(`${one.path}/`))) &&
    (one.methods === undefined || one.methods.includes(method))
  return passThrough?.endpoints.filter(fits).sort((a, b) => b.path.length - a.path.length)[0]
}
