import type { Fallbacks } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Principal } from '../tenants/principal.ts'

/** Another group to ask, perhaps with other fields of the request (`{model, messages, …}`). */
export interface Elsewhere {
  readonly model: string
  readonly overrides?: Readonly<Record<string, unknown>>
}

/** Fallbacks as a caller may write them: a list for whatever model is asked, or lists by group. */
export type AskedFallbacks = readonly Elsewhere[] | Fallbacks

/** What a caller says to the gateway itself: never a vendor's business. */
export interface Controls {
  readonly fallbacks?: AskedFallbacks
  readonly contextWindowFallbacks?: AskedFallbacks
  readonly contentPolicyFallbacks?: AskedFallbacks
  readonly disableFallbacks: boolean
  readonly maxFallbacks?: number
  readonly numRetries?: number
  /** LiteLLM's switches with which anyone may try their fallbacks: the first attempt fails without being made. */
  readonly mock?: 'failure' | 'context_window' | 'content_policy' | 'rate_limit'
  /** What it says about the cache, as it says it. */
  readonly cache?: unknown
  readonly caching?: unknown
  /** `allowed_model_region`. */
  readonly region?: string
  /** `x-tollgate-explain: 1`. */
  readonly explain: boolean
}

type Fields = Readonly<Record<string, unknown>>

const FIELDS = [
  'fallbacks',
  'context_window_fallbacks',
  'context_window_fallback_dict',
  'content_policy_fallbacks',
  'disable_fallbacks',
  'max_fallbacks',
  'num_retries',
  'max_retries',
  'allowed_model_region',
  'cache',
  'caching',
  'mock_testing_fallbacks',
  'mock_testing_context_fallbacks',
  'mock_testing_content_policy_fallbacks',
  'mock_testing_rate_limit_error',
] as const

/** Of a request that says nothing of its own way. */
export const noControls: Controls = { disableFallbacks: false, explain: false }
const MOST_RETRIES = 10
const MOST_TARGETS = 10

/** Takes LiteLLM's routing fields out of a body, whatever dialect the rest is in. Throws `invalid_request`. */
export function controlsOf(
  body: Fields,
  headers: Headers,
  { metadata }: Pick<Principal, 'metadata'>,
): { readonly controls: Controls; readonly body: Fields } {
  const explain = headers.get('x-tollgate-explain') === '1'
  const inHeader = headers.get('x-litellm-num-retries')
  const disableFallbacks = body.disable_fallbacks === true || metadata.disable_fallbacks === true
  const named = FIELDS.some((field) => field in body)
  if (!named && inHeader === null) {
    const controls = explain || disableFallbacks ? { disableFallbacks, explain } : noControls
    return { controls, body }
  }
  const rest: Record<string, unknown> = { ...body }
  for (const field of FIELDS) delete rest[field]
  const fallbacks = fallbacksIn(body, 'fallbacks')
  const contextWindowFallbacks =
    fallbacksIn(body, 'context_window_fallbacks') ?? fallbacksIn(body, 'context_window_fallback_dict')
  const contentPolicyFallbacks = fallbacksIn(body, 'content_policy_fallbacks')
  const numRetries = countIn('num_retries', body.num_retries ?? body.max_retries ?? inHeader, MOST_RETRIES)
  const maxFallbacks = countIn('max_fallbacks', body.max_fallbacks, MOST_TARGETS)
  const mock = mockIn(body)
  const region = regionIn(body.allowed_model_region)
  return {
    controls: {
      ...(fallbacks && { fallbacks }),
      ...(contextWindowFallbacks && { contextWindowFallbacks }),
      ...(contentPolicyFallbacks && { contentPolicyFallbacks }),
      ...(numRetries !== undefined && { numRetries }),
      ...(maxFallbacks !== undefined && { maxFallbacks }),
      ...(mock && { mock }),
      ...(region !== undefined && { region }),
      ...('cache' in body && { cache: body.cache }),
      ...('caching' in body && { caching: body.caching }),
      disableFallbacks,
      explain,
    },
    body: rest,
  }
}

function mockIn(body: Fields): Controls['mock'] {
  if (body.mock_testing_fallbacks === true) return 'failure'
  if (body.mock_testing_context_fallbacks === true) return 'context_window'
  if (body.mock_testing_content_policy_fallbacks === true) return 'content_policy'
  return body.mock_testing_rate_limit_error === true ? 'rate_limit' : undefined
}

function regionIn(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  throw refused('allowed_model_region', "must be 'eu', 'us', or the name of a vendor's region")
}

function countIn(param: string, value: unknown, most: number): number | undefined {
  if (value === undefined || value === null) return undefined
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return Math.min(count, most)
  throw refused(param, 'must be a whole number, 0 or above')
}

function fallbacksIn(body: Fields, param: string): AskedFallbacks | undefined {
  const value = body[param]
  if (value === undefined || value === null) return undefined
  const entries = Array.isArray(value) ? value : [value]
  const byGroup = entries.flatMap((entry) => (isByGroup(entry) ? Object.entries(entry) : []))
  if (byGroup.length === 0) return entries.slice(0, MOST_TARGETS).map((entry) => elsewhere(entry, param))
  if (byGroup.length < entries.length) throw refused(param, 'must be a list of models, or lists by group; not both')
  return Object.fromEntries(byGroup.map(([group, models]) => [group, names(models, param)]))
}

/** `{"gpt-4o": ["claude"]}`, LiteLLM's form in the file; a target with fields of its own has its `model` as a text. */
function isByGroup(entry: unknown): entry is Fields {
  return isFields(entry) && typeof entry.model !== 'string'
}

function elsewhere(entry: unknown, param: string): Elsewhere {
  if (typeof entry === 'string' && entry !== '') return { model: entry }
  if (!isFields(entry) || typeof entry.model !== 'string' || entry.model === '')
    throw refused(param, 'must list models by name, or objects with a `model`')
  const { model, ...overrides } = entry
  return Object.keys(overrides).length === 0 ? { model } : { model, overrides }
}

function names(value: unknown, param: string): readonly string[] {
  const models = Array.isArray(value) ? value : [value]
  if (models.every((model) => typeof model === 'string' && model !== '')) return models.slice(0, MOST_TARGETS)
  throw refused(param, 'must name models by group')
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}
