import { type Fields, fields, isFields } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { lowerNames } from './lower-names.ts'
import { openaiSpeech, openaiTranscription } from './openai-audio.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { eachChoice } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { openaiImages } from './openai-images.ts'
import { openaiRealtime } from './openai-realtime.ts'
import { responsesOf } from './openai-responses.ts'
import type { Target } from './provider.ts'
import type { Reach } from './task-request.ts'
import type { Vendor } from './translator.ts'

const API_VERSION = '2025-02-01-preview'

/**
 * Azure OpenAI: OpenAI's chat under the operator's own deployments, asked with a key or an Entra token. What its content
 * filter found stands with what it was found in.
 */
const chat = openaiCompatible(
  { apiBaseEnv: 'AZURE_API_BASE', apiKeyEnv: 'AZURE_API_KEY' },
  {
    keepsUp: true,
    body: (body, { model }) => ({ ...body, model: deploymentOf(model) }),
    url: (target) => azureUrl(target, '/chat/completions'),
    headers: azureHeaders,
    plain: (answer) => ({
      ...eachChoice(answer, withFilter),
      ...(Array.isArray(answer.prompt_filter_results) && {
        provider_specific_fields: { prompt_filter_results: answer.prompt_filter_results },
      }),
    }),
    refusal,
  },
)

/** Azure's OpenAI by Responses: those of the v1 API, else those of the resource. */
export const azureResponses = responsesOf({
  defaults: chat.defaults,
  url: (target) => azureUrl(target, '/responses'),
  headers: azureHeaders,
  failure: chat.failure,
})

/** Where one of its endpoints is; the body names the deployment as embeddings do. */
const at = (endpoint: Endpoint): Reach => ({ url: (target) => azureUrl(target, endpoint), headers: azureHeaders })
const ACCENT = { body: (body: Fields, { model }: Target) => ({ ...body, model: deploymentOf(model) }) }

export const azure = {
  ...chat,
  embedding: openaiEmbedding(chat.defaults, {
    body: (body, { model }) => ({ ...body, model: deploymentOf(model) }),
    url: (target) => azureUrl(target, '/embeddings'),
    headers: azureHeaders,
  }),
  images: {
    generations: openaiImages(at('/images/generations'), ACCENT),
    edits: openaiImages(at('/images/edits'), ACCENT),
  },
  speech: openaiSpeech(at('/audio/speech'), ACCENT),
  transcription: {
    transcriptions: openaiTranscription(at('/audio/transcriptions'), ACCENT),
    translations: openaiTranscription(at('/audio/translations'), ACCENT),
  },
  realtime: openaiRealtime(at('/realtime')),
  responses: (target) => (isV1(target) ? azureResponses : undefined),
} satisfies Vendor

type Endpoint =
  | '/chat/completions'
  | '/embeddings'
  | '/responses'
  | '/realtime'
  | '/images/generations'
  | '/images/edits'
  | '/audio/speech'
  | '/audio/transcriptions'
  | '/audio/translations'

const ENDPOINT = /\/(?:chat\/completions|embeddings|responses|realtime|images\/\w+|audio\/\w+)$/
/** Those that name the deployment in the body, or the query, and so have one address for a resource. */
const OF_RESOURCE: readonly Endpoint[] = ['/responses', '/realtime']

/** Whether the deployment is asked by Azure's v1 API, which is OpenAI's own. */
function isV1({ apiBase = '', apiVersion }: Pick<Target, 'apiBase' | 'apiVersion'>): boolean {
  return (
    apiVersion === 'v1' ||
    /\/openai\/v1\/?(?:\/(?:chat\/completions|embeddings|responses|realtime|images\/\w+|audio\/\w+)\/?)?(?:\?|$)/.test(
      apiBase,
    )
  )
}

/** By deployment and `api-version`, or by Azure's v1 API, where the body names the deployment, as it does for Responses. */
function azureUrl(target: Target, endpoint: Endpoint): string {
  const { apiBase, apiVersion, model } = target
  const name = deploymentOf(model)
  if (apiBase === undefined)
    throw new GatewayError('internal', `Nobody knows where "${name}" is: the operator must set its api_base.`)
  const url = new URL(apiBase)
  const path = url.pathname.replace(/\/+$/, '').replace(ENDPOINT, '')
  const said = apiVersion ?? url.searchParams.get('api-version') ?? undefined
  const ofResource = OF_RESOURCE.includes(endpoint)
  const v1 = isV1(target) || (ofResource && (said === undefined || /^(?:preview|latest)$/.test(said)))
  const version = said ?? (v1 ? undefined : API_VERSION)
  const resource = path.replace(/(?:\/openai)?(?:\/v1)?$/, '')
  if (v1) url.pathname = `${resource}/openai/v1${endpoint}`
  else if (ofResource) url.pathname = `${resource.replace(/\/openai\/deployments\/[^/]+$/, '')}/openai${endpoint}`
  else if (/\/openai\/deployments\/[^/]+/.test(path)) url.pathname = `${path}${endpoint}`
  else url.pathname = `${resource}/openai/deployments/${encodeURIComponent(name)}${endpoint}`
  if (version !== undefined && version !== 'v1') url.searchParams.set('api-version', version)
  if (endpoint === '/realtime') url.searchParams.set(v1 ? 'model' : 'deployment', name)
  return url.toString()
}

/** LiteLLM's marks for families that a deployment's name does not tell. */
function deploymentOf(model: string): string {
  return model.replace(/^(?:o_series|gpt5_series|responses)\//, '')
}

function azureHeaders({ apiKey, azureAdToken, extraHeaders, model }: Target): Record<string, string> {
  if (apiKey === undefined && azureAdToken === undefined)
    throw new GatewayError('internal', `"${model}" has no api_key and no azure_ad_token: the operator must set one.`)
  return {
    'content-type': 'application/json',
    ...(apiKey === undefined ? { authorization: `Bearer ${azureAdToken}` } : { 'api-key': apiKey }),
    ...lowerNames(extraHeaders),
  }
}

function withFilter(choice: Fields): Fields {
  const { content_filter_results, content_filter_result } = choice
  const found = content_filter_results ?? content_filter_result
  if (!isFields(found) || Object.keys(found).length === 0) return choice
  const place = isFields(choice.message) ? 'message' : 'delta'
  return {
    ...choice,
    [place]: { ...fields(choice[place]), provider_specific_fields: { content_filter_results: found } },
  }
}

/** Azure's names for what OpenAI has others for. */
function refusal(body: Fields): Fields {
  const error = isFields(body.error) ? body.error : body
  const inner = fields(error.innererror ?? error.inner_error)
  const code = String(error.code ?? '')
  if (code === 'DeploymentNotFound') return { error: { ...error, code: 'model_not_found' } }
  const filtered = Object.values(fields(inner.content_filter_result)).some((found) => fields(found).filtered === true)
  if (code === 'content_filter' || inner.code === 'ResponsibleAIPolicyViolation' || filtered)
    return { error: { ...error, message: `${String(error.message)}${reasons(inner)}`, code: 'content_filter' } }
  return code === '429' || code === 'RateLimitReached'
    ? { error: { ...error, code: 'rate_limit_exceeded' } }
    : { error }
}

function reasons({ content_filter_result }: Fields): string {
  const found = Object.entries(fields(content_filter_result)).filter(([, one]) => fields(one).filtered === true)
  return found.length === 0 ? '' : ` (filtered: ${found.map(([kind]) => kind).join(', ')})`
}
