import type { Config, Deployment, Text } from '../config/config.ts'
import { deploymentsFor, readText } from '../config/read.ts'
import { GatewayError } from '../errors.ts'
import { lowerNames } from '../providers/lower-names.ts'
import type { Target } from '../providers/provider.ts'
import { candidateOf } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'

/** A vendor whose every path can be reached under a name of ours. */
export interface PassThroughVendor {
  /** The first part of the path here. */
  readonly name: string
  /** Its names among deployments: whose key, and whose prices. The first is meant where nothing is said. */
  readonly providers: readonly [string, ...string[]]
  readonly apiBase?: Text
  readonly apiKey?: Text
  readonly apiVersion?: Text
  readonly aws?: Deployment['aws']
  readonly vertex?: Deployment['vertex']
  /** What of a deployment's address is a part of the vendor's paths. */
  readonly below?: RegExp
  /** Paths that clients leave it out of begin with it. */
  readonly version?: string
  /** Streams tell their usage only when they are asked to. */
  readonly asksForUsage?: true
}

const optional = (env: string, otherwise = ''): Text => ({ env, otherwise })

const V1 = /\/v1(?:\/.*)?$/

/** LiteLLM's paths and variables. */
export const passThroughVendors: readonly PassThroughVendor[] = [
  {
    name: 'openai',
    providers: ['openai'],
    apiBase: optional('OPENAI_BASE_URL', 'https://api.openai.com'),
    apiKey: optional('OPENAI_API_KEY'),
    below: V1,
    version: 'v1',
    asksForUsage: true,
  },
  {
    name: 'anthropic',
    providers: ['anthropic'],
    apiBase: optional('ANTHROPIC_BASE_URL', 'https://api.anthropic.com'),
    apiKey: optional('ANTHROPIC_API_KEY'),
    below: V1,
  },
  {
    name: 'gemini',
    providers: ['gemini'],
    apiBase: optional('GEMINI_API_BASE', 'https://generativelanguage.googleapis.com'),
    apiKey: optional('GEMINI_API_KEY'),
    below: /\/v1(?:alpha|beta)?(?:\/.*)?$/,
  },
  {
    name: 'vertex_ai',
    providers: ['vertex_ai', 'vertex_ai_beta'],
    apiBase: optional('VERTEXAI_API_BASE'),
    vertex: {
      project: optional('DEFAULT_VERTEXAI_PROJECT'),
      location: optional('DEFAULT_VERTEXAI_LOCATION'),
      credentials: optional('DEFAULT_GOOGLE_APPLICATION_CREDENTIALS'),
    },
    below: /\/v1(?:beta1)?(?:\/.*)?$/,
  },
  {
    name: 'bedrock',
    providers: ['bedrock', 'bedrock_converse'],
    apiBase: optional('BEDROCK_API_BASE'),
    apiKey: optional('AWS_BEARER_TOKEN_BEDROCK'),
    aws: {
      region: optional('AWS_REGION_NAME'),
      accessKeyId: optional('AWS_ACCESS_KEY_ID'),
      secretAccessKey: optional('AWS_SECRET_ACCESS_KEY'),
      sessionToken: optional('AWS_SESSION_TOKEN'),
    },
  },
  {
    name: 'azure',
    providers: ['azure'],
    apiBase: optional('AZURE_API_BASE'),
    apiKey: optional('AZURE_API_KEY'),
    below: /\/openai(?:\/.*)?$/,
    asksForUsage: true,
  },
  {
    name: 'azure_ai',
    providers: ['azure_ai'],
    apiBase: optional('AZURE_AI_API_BASE'),
    apiKey: optional('AZURE_AI_API_KEY'),
    below: /\/(?:openai|models|anthropic)(?:\/.*)?$/,
  },
  {
    name: 'cohere',
    providers: ['cohere', 'cohere_chat'],
    apiBase: optional('COHERE_API_BASE', 'https://api.cohere.com'),
    apiKey: optional('COHERE_API_KEY'),
    below: /\/v[12](?:\/.*)?$/,
  },
  {
    name: 'mistral',
    providers: ['mistral'],
    apiBase: optional('MISTRAL_API_BASE', 'https://api.mistral.ai'),
    apiKey: optional('MISTRAL_API_KEY'),
    below: V1,
    version: 'v1',
  },
  {
    name: 'vllm',
    providers: ['hosted_vllm', 'vllm'],
    apiBase: optional('HOSTED_VLLM_API_BASE'),
    apiKey: optional('HOSTED_VLLM_API_KEY'),
    below: V1,
    asksForUsage: true,
  },
]

/** With what a vendor is asked: the operator's own, never a caller's. */
export interface Account {
  /** Empty for Vertex AI, which has a host for each location. */
  readonly base: string
  readonly target: Target
  /** What it is called in rows. */
  readonly id: string
  readonly timeouts: Pick<Deployment, 'timeoutMs' | 'streamTimeoutMs' | 'timeouts'>
}

type Deps = Pick<GatewayDeps, 'config' | 'env'>

/** What an account is chosen by. */
export interface Wanted {
  readonly model: string | undefined
  readonly teamId: string | undefined
  /** For files and batches, which `files_settings` may put into another account. */
  readonly keeps?: true
}

/**
 * The account of a deployment that is marked for it (`use_in_pass_through`), of the model that is asked if there is one,
 * else the account that the vendor's variables name. A team's own deployment lends its account to that team alone.
 */
export function accountOf(vendor: PassThroughVendor, { model, teamId, keeps }: Wanted, { config, env }: Deps): Account {
  const row = keeps && config.passThrough?.filesAccounts.find(({ provider }) => vendor.providers.includes(provider))
  const marked = deploymentsFor(config, env)
    .filter(
      ({ reason, deployment: one }) =>
        reason === undefined && one.passThrough && vendor.providers.includes(one.provider),
    )
    .map(({ deployment }) => deployment)
    .filter((one) => one.teamId === undefined || (one.teamId === teamId && !keeps))
  const found = row
    ? ofVariables({ ...vendor, ...row })
    : (marked.find((one) => one.model === model) ?? marked[0] ?? ofVariables(vendor))
  const candidate = candidateOf(found, config, env)
  if (typeof candidate === 'string') throw notSet(vendor, candidate)
  const { target } = candidate
  const given = target.apiBase ?? readText(vendor.apiBase, config, env) ?? hostOf(vendor, target)
  if (given === undefined && vendor.name !== 'vertex_ai') throw notSet(vendor, 'nobody knows its address')
  return { base: given === undefined ? '' : baseOf(given, vendor), target, id: found.id, timeouts: found }
}

/** What an account is asked with: its own headers over the key's. */
export function accountHeaders(vendor: PassThroughVendor, { target }: Pick<Account, 'target'>): Record<string, string> {
  return { ...keyHeaders(vendor, target), ...lowerNames(target.extraHeaders) }
}

function keyHeaders(vendor: PassThroughVendor, target: Target): Record<string, string> {
  const { apiKey, azureAdToken, organization, vertex, aws } = target
  const isSigned = vendor.name === 'bedrock' && aws?.accessKeyId !== undefined
  const token = vertex?.token ?? (vendor.name === 'azure' ? azureAdToken : undefined)
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  if (apiKey === undefined) {
    // A server of one's own may want no key.
    if (isSigned || vendor.name === 'vllm') return {}
    throw notSet(vendor, 'its key is not set')
  }
  switch (vendor.name) {
    case 'anthropic':
      return apiKey.startsWith('sk-ant-oat')
        ? { authorization: `Bearer ${apiKey}`, 'anthropic-beta': 'oauth-2025-04-20' }
        : { 'x-api-key': apiKey }
    case 'gemini':
    case 'vertex_ai':
      return { 'x-goog-api-key': apiKey }
    case 'azure':
    case 'azure_ai':
      return { 'api-key': apiKey }
    default:
      return {
        authorization: `Bearer ${apiKey}`,
        ...(organization !== undefined && { 'openai-organization': organization }),
      }
  }
}

/** Everything of an account that no answer may show. */
export function secretsOf({ apiKey, azureAdToken, aws, vertex, extraHeaders }: Target): readonly string[] {
  const { secretAccessKey, sessionToken } = aws ?? {}
  const found = [apiKey, azureAdToken, secretAccessKey, sessionToken, vertex?.token, ...Object.values(extraHeaders)]
  return found.filter((secret) => secret !== undefined)
}

function ofVariables(vendor: PassThroughVendor): Deployment {
  const { name, providers, apiBase, apiKey, aws, vertex } = vendor
  return {
    id: `pass-through-${name}`,
    group: name,
    provider: PROVIDERS_BUILT[providers[0]] ?? providers[0],
    model: name,
    mode: 'chat',
    params: {},
    ...(apiBase !== undefined && { apiBase }),
    ...(apiKey !== undefined && { apiKey }),
    ...(aws && { aws }),
    ...(vertex && { vertex }),
  }
}

/** Whose file reads an account where the vendor has none: both are asked with an address and a key. */
const PROVIDERS_BUILT: Readonly<Record<string, string>> = { cohere: 'custom_openai' }

function hostOf({ name }: PassThroughVendor, { aws }: Target): string | undefined {
  const region = aws?.region
  if (name !== 'bedrock' || region === undefined || !/^[a-z0-9-]+$/.test(region)) return undefined
  return `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

function baseOf(given: string, { below }: PassThroughVendor): string {
  if (!URL.canParse(given))
    throw new GatewayError('internal', 'The address of this vendor is none: the operator must correct it.')
  const url = new URL(given)
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${below ? path.replace(below, '') : path}`
}

function notSet({ name }: PassThroughVendor, why: string): GatewayError {
  return new GatewayError(
    'not_found',
    `This gateway passes nothing on to ${name}: ${why}. The operator can set the vendor's variables, or mark a deployment with use_in_pass_through.`,
    { retry: false },
  )
}

/** The deployment whose model a request names, as it counts for access, limits and prices. */
export function deploymentsOf({ providers }: PassThroughVendor, model: string, { deployments }: Config): Deployment[] {
  return deployments.filter((one) => providers.includes(one.provider) && one.model === model)
}
