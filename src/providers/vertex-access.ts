import { GatewayError } from '../errors.ts'

/** What a deployment knows of a Google Cloud project. */
export interface VertexAccess {
  /** Else the one that the credentials name. */
  readonly project?: string
  /** A region, `us` or `eu` for several at once, or `global`, which is also where nothing is said. */
  readonly location?: string
  /** An access token of the moment: the gateway fetched it with `googleTokenRequest`. */
  readonly token?: string
}

/** Who publishes the model decides how it is asked; only Google's and Anthropic's are known here. */
export type Publisher = 'google' | 'anthropic'

export interface VertexAddress {
  readonly publisher: Publisher
  readonly model: string
  readonly version: 'v1' | 'v1beta1'
  readonly method: string
}

export interface VertexTarget {
  readonly apiBase?: string
  readonly apiKey?: string
  readonly vertex?: VertexAccess
}

/**
 * Where a model of Vertex AI is asked. With an API key and no project it is Vertex's express mode, which has no projects
 * in its paths; a model that is a number is an endpoint of one's own.
 */
export function vertexUrl({ apiBase, apiKey, vertex = {} }: VertexTarget, address: VertexAddress): string {
  const { publisher, model, version, method } = address
  const location = vertex.location ?? 'global'
  if (!/^[a-z0-9-]+$/.test(location))
    throw new GatewayError(
      'internal',
      `"${location}" is no location of Vertex AI: the operator must correct vertex_location.`,
    )
  const [base = '', query] = (apiBase ?? `https://${hostOf(location)}`).split('?', 2)
  const trimmed = base.replace(/\/+$/, '')
  const root = /\/v\d\w*$/.test(trimmed) ? trimmed : `${trimmed}/${version}`
  const name = model.split('/').map(encodeURIComponent).join('/')
  const published = /^\d+$/.test(model) ? `endpoints/${model}` : `publishers/${publisher}/models/${name}`
  const suffix = query === undefined ? '' : `${method.includes('?') ? '&' : '?'}${query}`
  const end = `${/^(projects|publishers|endpoints)\//.test(model) ? name : published}:${method}${suffix}`
  if (model.startsWith('projects/')) return `${root}/${end}`
  if (vertex.project !== undefined)
    return `${root}/projects/${encodeURIComponent(vertex.project)}/locations/${location}/${end}`
  if (apiKey !== undefined) return `${root}/${end}`
  throw new GatewayError(
    'internal',
    'Nobody knows which Google Cloud project to ask: the operator must set vertex_project, or credentials that name one.',
  )
}

/** Regions have hosts of their own, groups of regions too, and what is global has none. */
function hostOf(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com'
  if (location === 'us' || location === 'eu') return `aiplatform.${location}.rep.googleapis.com`
  return `${location}-aiplatform.googleapis.com`
}

/** The token of the project, else the key of express mode. */
export function vertexAuth({ apiKey, vertex }: VertexTarget): Record<string, string> {
  if (vertex?.token !== undefined) return { authorization: `Bearer ${vertex.token}` }
  if (apiKey !== undefined) return { 'x-goog-api-key': apiKey }
  throw new GatewayError(
    'internal',
    'This deployment has no Google credentials: the operator must set vertex_credentials (a service account), or an api_key.',
  )
}
