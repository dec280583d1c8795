import { createHash } from 'node:crypto'
import { distance } from 'fastest-levenshtein'
import { servedModes } from '../../src/config/capabilities.ts'
import type { Deployment, Json, Notice } from '../../src/config/config.ts'
import { nearestName } from '../../src/config/nearest.ts'
import type { Price } from '../../src/prices/price.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { accountNotices, hasAddress, reach } from './accounts.ts'
import { given } from './given.ts'
import { type OwnRates, priceOver } from './pricing.ts'
import { gatewayParams, type ModelRow, rateKeys } from './schema/model-list.ts'
import { isReference, shownKey } from './secrets.ts'
import { textFrom, textOf } from './text.ts'
import { literalSecrets } from './validate.ts'
import { knownVendors, vendorOf } from './vendors.ts'

/** What the build knows beside the file: the vendors that exist, and list prices. */
export interface World {
  readonly vendors: Readonly<Record<string, Pick<Provider, 'defaults'>>>
  readonly lookup: (provider: string, model: string) => KnownModel | undefined
  readonly catalogueVersion: string
}

export interface KnownModel {
  readonly price?: Price
  readonly maxInputTokens?: number
  readonly maxOutputTokens?: number
  readonly mode: string
}

export interface Resolved {
  readonly deployment: Deployment
  /** Paths are relative to the row. */
  readonly notices: readonly Notice[]
}

type Params = ModelRow['litellm_params']

/** One row of `model_list` as a deployment. A vendor that is not built, or an address that is missing, disables it. */
export function resolveDeployment(row: ModelRow, world: World): Resolved {
  const notices: Notice[] = []
  const note = (level: Notice['level'], path: string, message: string) => notices.push({ level, path, message })
  const { litellm_params: params, model_info: info = {} } = row
  const built = Object.keys(world.vendors)
  const at = vendorOf(params.model, params.custom_llm_provider, built) ?? { provider: '', model: params.model }
  const pricedAs = info.base_model === undefined ? at : (vendorOf(info.base_model, undefined, built) ?? at)
  const known = world.lookup(pricedAs.provider, info.base_model === undefined ? at.model : pricedAs.model)
  const price = priceOver(known?.price, { ...rates(info), ...rates(params) })
  const mode = info.mode ?? known?.mode ?? 'chat'

  const vendor = Object.hasOwn(world.vendors, at.provider) ? world.vendors[at.provider] : undefined
  const address = vendor && reach(at.provider, params, at.model, vendor.defaults)
  const disabled =
    vendor === undefined ? whyNoVendor(params.model, at.provider, built) : whyNot(row, at.provider, mode, address)
  if (disabled !== undefined)
    note(
      knownVendors.includes(at.provider) || vendor ? 'notice' : 'warning',
      'litellm_params.model',
      `disabled: ${disabled}`,
    )

  const maxInputTokens = info.max_input_tokens ?? known?.maxInputTokens
  const maxOutputTokens = info.max_output_tokens ?? info.max_tokens ?? known?.maxOutputTokens
  if (disabled === undefined) {
    if (price === undefined)
      note(
        'advice',
        'litellm_params',
        'no price is known, so callers with a budget are refused: set input_cost_per_token and output_cost_per_token (0 is a price)',
      )
    if (maxOutputTokens === undefined)
      note(
        'advice',
        'model_info',
        'nobody knows how long an answer can be, so the worst case of a request without max_tokens is a guess: set model_info.max_output_tokens',
      )
    for (const problem of paramNotices(params, at.provider)) notices.push(problem)
  }

  const headers = Object.entries(params.extra_headers ?? {}).map(([name, value]) => [name, textOf(value)] as const)
  const deployment: Deployment = {
    id: info.id ?? idOf(row),
    group: row.model_name,
    provider: at.provider,
    model: at.model,
    ...(address ?? {}),
    ...given('organization', textFrom(params.organization)),
    ...(headers.length === 0 ? {} : { extraHeaders: Object.fromEntries(headers) }),
    params: providerParams(params),
    ...given('price', price),
    ...given('maxInputTokens', maxInputTokens),
    ...given('maxOutputTokens', maxOutputTokens),
    mode,
    ...given('weight', params.weight),
    ...given('rpm', params.rpm),
    ...given('tpm', params.tpm),
    ...given('timeoutMs', ms(params.timeout)),
    ...given('streamTimeoutMs', ms(params.stream_timeout)),
    ...given('tags', params.tags),
    ...given('disabled', disabled),
  }
  return { deployment, notices }
}

function whyNoVendor(name: string, provider: string, built: readonly string[]): string {
  if (provider !== '' && knownVendors.includes(provider))
    return `the vendor '${provider}' is not built yet (${built.join(', ')} are)`
  const prefix = (provider === '' ? name.split('/')[0] : provider) ?? ''
  const near = nearestName(prefix, [...built, ...knownVendors])
  return `'${shownKey(prefix)}' names no vendor; write vendor/model, such as openai/gpt-4o-mini${near ? ` (did you mean '${near}'?)` : ''}`
}

function whyNot(
  row: ModelRow,
  provider: string,
  mode: string,
  address: Pick<Deployment, 'apiBase'> | undefined,
): string | undefined {
  if (row.model_name.includes('*') || row.litellm_params.model.includes('*'))
    return 'wildcard names are not served yet; name each model'
  if (!servedModes.includes(mode))
    return `it is a model for '${mode}', which is not served yet (${servedModes.join(', ')} is)`
  if (address?.apiBase === undefined && !hasAddress(provider))
    return `'${provider}' has no address of its own; set litellm_params.api_base`
  return undefined
}

/** What goes to the provider besides the request: everything that is not for the gateway. */
function providerParams(params: Params): { [key: string]: Json } {
  const extra = Object.entries(params).filter(([key, value]) => !Object.hasOwn(gatewayParams, key) && isPlain(value))
  return {
    ...(Object.fromEntries(extra) as { [key: string]: Json }),
    ...(params.extra_body === undefined ? {} : { extra_body: params.extra_body as Json }),
  }
}

function isPlain(value: unknown): boolean {
  return value !== undefined && !hasReference(value)
}

function hasReference(value: unknown): boolean {
  if (typeof value === 'string') return isReference(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasReference)
}

function* paramNotices(params: Params, provider: string): Generator<Notice> {
  yield* accountNotices(params, provider)
  for (const [key, value] of Object.entries(params)) {
    const path = `litellm_params.${shownKey(key)}`
    const ours = Object.hasOwn(gatewayParams, key)
    const meant = ours ? undefined : mistypedFor(key)
    if (meant) yield { level: 'warning', path, message: `goes to the provider as it is; did you mean '${meant}'?` }
    if ((!ours || key === 'extra_body') && hasReference(value))
      yield {
        level: 'error',
        path,
        message:
          'found a reference (os.environ/…) in a parameter for the provider, expected plain values; references are read in api_key, api_base, organization and extra_headers',
      }
  }
  if ((params.api_base ?? params.base_url) !== undefined && params.api_key === undefined && provider === 'openai')
    yield {
      level: 'advice',
      path: 'litellm_params',
      message: 'names an api_base and no api_key, so no key is sent; if the address wants one, set api_key',
    }
}

/** Parameters of OpenAI's API that look like ours and are not. */
const providerParamNames = ['top_p', 'top_k', 'n', 'seed', 'stop', 'user', 'tools', 'store', 'models', 'temp']

function mistypedFor(key: string): string | undefined {
  if (providerParamNames.includes(key)) return undefined
  const near = nearestName(key, Object.keys(gatewayParams))
  return near !== undefined && key.length > 3 && distance(key, near) <= 2 ? near : undefined
}

function rates(from: OwnRates): OwnRates {
  return Object.fromEntries(rateKeys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])))
}

/** Stable across restarts and builds; a secret that is written out takes no part in it, because ids are public. */
function idOf(row: ModelRow): string {
  const params = Object.entries(row.litellm_params)
    .filter(([key, value]) => literalSecrets(value, [key]).length === 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([row.model_name, params]))
    .digest('hex')
}

function ms(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000)
}
