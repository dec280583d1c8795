import { servedModes } from '../../config/capabilities.ts'
import type { Capability, Deployment, Json, KnownFamily, KnownModel, Notice } from '../../config/config.ts'
import { listedAs } from '../../config/known-models.ts'
import { nearestName } from '../../config/nearest.ts'
import type { Provider } from '../../providers/provider.ts'
import { hasAddress, reach } from './accounts.ts'
import { given } from './given.ts'
import { type ModelRow, rateKeys } from './model-list.ts'
import { paramNotices, providerParams } from './params.ts'
import { budgetOf, ms, policyOf, timeoutsOf } from './policies.ts'
import { type OwnRates, priceOver, unitRates } from './pricing.ts'
import { shownKey } from './secrets.ts'
import { textFrom, textOf } from './text.ts'
import { knownVendors, type VendorModel, vendorOf } from './vendors.ts'

/** What is known beside the row: the vendors that exist, and list prices. */
export interface RowWorld {
  readonly vendors: Readonly<Record<string, Pick<Provider, 'defaults'>>>
  readonly lookup: (provider: string, model: string) => KnownModel | undefined
  /** All models of a vendor, for wildcards; undefined where there is no list. */
  readonly families: (provider: string) => readonly KnownFamily[] | undefined
}

export interface Resolved {
  readonly deployment: Deployment
  /** Paths are relative to the row. */
  readonly notices: readonly Notice[]
}

type Params = ModelRow['litellm_params']
type Info = NonNullable<ModelRow['model_info']>

/** One row of `model_list` as a deployment, under its own id or the given one. A vendor that is not built, or an address that is missing, disables it. */
export function resolveDeployment(row: ModelRow, id: string, world: RowWorld): Resolved {
  const notices: Notice[] = []
  const note = (level: Notice['level'], path: string, message: string) => notices.push({ level, path, message })
  const { litellm_params: params, model_info: info = {} } = row
  const built = Object.keys(world.vendors)
  const at = vendorOf(params.model, params.custom_llm_provider, built) ?? { provider: '', model: params.model }
  const pricedAs = info.base_model === undefined ? at : (vendorOf(info.base_model, undefined, built) ?? at)
  const openEnded = info.base_model === undefined && at.model.includes('*')
  const known = openEnded
    ? undefined
    : world.lookup(pricedAs.provider, info.base_model === undefined ? at.model : pricedAs.model)
  const ownSearch = params.search_context_cost_per_query ?? info.search_context_cost_per_query
  const own = { ...rates(info), ...rates(params) }
  const price = priceOver(known?.price, own, ownSearch)
  const mode = info.mode ?? known?.mode ?? 'chat'

  const vendor = Object.hasOwn(world.vendors, at.provider) ? world.vendors[at.provider] : undefined
  const address = vendor && reach(at.provider, params, at.model, vendor.defaults)
  const disabled = vendor === undefined ? whyNoVendor(params.model, at.provider, built) : whyNot(row, at, mode, address)
  if (disabled !== undefined)
    note(
      knownVendors.includes(at.provider) || vendor ? 'notice' : 'warning',
      'litellm_params.model',
      `disabled: ${disabled}`,
    )

  const maxInputTokens = info.max_input_tokens ?? known?.maxInputTokens
  const maxOutputTokens = info.max_output_tokens ?? info.max_tokens ?? known?.maxOutputTokens
  if (disabled === undefined) {
    const listed = openEnded && world.families(at.provider) !== undefined
    if (price === undefined && !listed)
      note('advice', 'litellm_params', `no price is known, so callers with a budget are refused: set ${priceHint(at)}`)
    if (maxOutputTokens === undefined && TOKEN_MODES.has(mode) && mode !== 'embedding' && !listed)
      note(
        'advice',
        'model_info',
        'nobody knows how long an answer can be, so the worst case of a request without max_tokens is a guess: set model_info.max_output_tokens',
      )
    const unused = TOKEN_MODES.has(mode)
      ? Object.keys(unitRates).find((key) => key in params || key in info)
      : undefined
    if (unused !== undefined)
      note('warning', `litellm_params.${unused}`, `no '${mode}' is billed by it: set input_cost_per_token instead`)
    for (const problem of [...paramNotices(params, at.provider), ...expressionNotices(params)]) notices.push(problem)
  }

  const headers = Object.entries(params.extra_headers ?? {}).map(([name, value]) => [name, textOf(value)] as const)
  const deployment: Deployment = {
    id: info.id ?? id,
    group: row.model_name,
    provider: at.provider,
    model: at.model,
    ...(address ?? {}),
    ...given('organization', textFrom(params.organization)),
    ...(headers.length === 0 ? {} : { extraHeaders: Object.fromEntries(headers) }),
    params: providerParams(params),
    ...given('price', price),
    ...given('pricing', pricingOf(own, ownSearch, info.base_model === undefined ? undefined : pricedAs)),
    ...given('maxInputTokens', maxInputTokens),
    ...given('maxOutputTokens', maxOutputTokens),
    mode,
    ...given('supports', supportsOf(info, known)),
    ...given('reasonsInSilence', info.reasons_in_silence ?? known?.reasonsInSilence),
    ...rulesOf(params),
    ...given('healthCheck', healthCheckOf(info)),
    ...(row.model_name.includes('*') ? { wildcard: true } : {}),
    ...given('teamId', info.team_id),
    ...given('teamModelName', info.team_public_model_name),
    ...given('accessGroups', info.access_groups),
    ...given('disabled', disabled),
  }
  return { deployment, notices }
}

const TOKEN_MODES: ReadonlySet<string> = new Set(['chat', 'completion', 'responses', 'embedding'])

/** A deployment on Azure has a name of its own, so the list has to be told whose price it has. */
function priceHint({ provider }: VendorModel): string {
  const own = 'input_cost_per_token and output_cost_per_token (0 is a price)'
  return /^azure/.test(provider) ? `model_info.base_model, such as ${provider}/gpt-4o, or ${own}` : own
}

/** What a price is made of beside the list; undefined where the list alone says it. */
function pricingOf(own: OwnRates, search: unknown, as: VendorModel | undefined): Deployment['pricing'] | undefined {
  const said = {
    ...(as && { as: listedAs(as.provider, as.model) }),
    ...(Object.keys(own).length > 0 && { own: own as Record<string, number> }),
    // A file holds nothing else than JSON.
    ...(search !== undefined && { search: search as Json }),
  }
  return Object.keys(said).length === 0 ? undefined : said
}

/** How it is chosen, timed, limited, and what may be left out of its requests. */
function healthCheckOf(info: Info): Deployment['healthCheck'] {
  const rules = {
    ...given('model', info.health_check_model),
    ...given('timeoutMs', ms(info.health_check_timeout || undefined)),
    ...given('maxTokens', info.health_check_max_tokens),
    ...given('background', info.disable_background_health_check === true ? (false as const) : undefined),
  }
  return Object.keys(rules).length === 0 ? undefined : rules
}

function rulesOf(params: Params): Partial<Deployment> {
  return {
    ...given('weight', params.weight),
    ...given('rpm', params.rpm),
    ...given('tpm', params.tpm),
    ...given('order', params.order),
    ...given('tags', params.tags),
    ...given('tagRegex', params.tag_regex?.filter(isExpression)),
    ...given('regionName', params.region_name),
    ...given('maxParallelRequests', params.max_parallel_requests),
    ...given('timeoutMs', ms(params.timeout || undefined)),
    ...given('streamTimeoutMs', ms(params.stream_timeout || undefined)),
    ...given('timeouts', timeoutsOf(params)),
    ...given('numRetries', params.num_retries),
    ...given('cooldownTimeMs', ms(params.cooldown_time)),
    ...given('allowedFails', params.allowed_fails),
    ...given('allowedFailsPolicy', policyOf(params.allowed_fails_policy, 'AllowedFails')),
    ...given('budget', budgetOf(params)),
    ...given('passThrough', params.use_in_pass_through === true ? (true as const) : undefined),
    ...given('dropParams', params.drop_params),
    ...given('additionalDropParams', params.additional_drop_params),
    ...given('allowedOpenaiParams', params.allowed_openai_params),
    ...given('mergesReasoning', params.merge_reasoning_content_in_choices === true ? (true as const) : undefined),
    ...given('clientsideAuthParams', params.configurable_clientside_auth_params),
  }
}

const abilities = {
  supports_vision: 'vision',
  supports_function_calling: 'tools',
  supports_response_schema: 'jsonSchema',
  supports_audio_input: 'audioInput',
  supports_audio_output: 'audioOutput',
  supports_pdf_input: 'pdfInput',
  supports_reasoning: 'reasoning',
  supports_web_search: 'webSearch',
} as const satisfies Partial<Record<keyof Info, Capability>>

/** What the row says of the model, over what is publicly known. */
function supportsOf(info: Info, known: KnownModel | undefined): Deployment['supports'] | undefined {
  const own = Object.entries(abilities).flatMap(([key, ability]) => {
    const said = info[key as keyof typeof abilities]
    return said === undefined ? [] : [[ability, said] as const]
  })
  const all = { ...known?.supports, ...Object.fromEntries(own) }
  return Object.keys(all).length === 0 ? undefined : all
}

function isExpression(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

function* expressionNotices({ tag_regex = [] }: Params): Generator<Notice> {
  if (!tag_regex.every(isExpression))
    yield {
      level: 'error',
      path: 'litellm_params.tag_regex',
      message: 'found a text that is no regular expression, expected one such as ^User-Agent: claude-code/',
    }
}

function whyNoVendor(name: string, provider: string, built: readonly string[]): string {
  if (provider !== '' && knownVendors.includes(provider))
    return `the vendor '${provider}' is not built yet (${built.join(', ')} are)`
  const prefix = (provider === '' ? name.split('/')[0] : provider) ?? ''
  const near = nearestName(prefix, [...built, ...knownVendors])
  return `'${shownKey(prefix)}' names no vendor; write vendor/model, such as openai/gpt-4o-mini${near ? ` (did you mean '${near}'?)` : ''}`
}

function whyNot(
  { model_name: group, litellm_params: params }: ModelRow,
  { provider, model }: VendorModel,
  mode: string,
  address: Pick<Deployment, 'apiBase'> | undefined,
): string | undefined {
  if (stars(model) > stars(group))
    return `'${shownKey(params.model)}' has a * that model_name has not; write model_name: ${shownKey(provider)}/*`
  if (!servedModes.includes(mode))
    return `it is a model for '${mode}', which is not served yet (${servedModes.join(', ')} are)`
  if (address?.apiBase === undefined && !hasAddress(provider))
    return `'${provider}' has no address of its own; set litellm_params.api_base`
  return undefined
}

function stars(text: string): number {
  return text.split('*').length - 1
}

function rates(from: OwnRates): OwnRates {
  return Object.fromEntries(rateKeys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])))
}
