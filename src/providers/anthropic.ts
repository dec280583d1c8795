import { type Fields, fields, number } from '../dialects/loose-json.ts'
import { anthropicCompletion } from './anthropic-answer.ts'
import { allowedBetas, neededBetas } from './anthropic-beta.ts'
import { claudeBody } from './anthropic-body.ts'
import { anthropicFailure } from './anthropic-failure.ts'
import { ownTurns } from './anthropic-own-turns.ts'
import { anthropicReader } from './anthropic-reader.ts'
import { anthropicUsage } from './anthropic-usage.ts'
import { GATEWAY_FIELDS } from './chat-body.ts'
import { lowerNames } from './lower-names.ts'
import type { Provider, Target, UpstreamRequest } from './provider.ts'
import type { Vendor } from './translator.ts'

const VERSION = '2023-06-01'

const defaults = {
  apiBase: 'https://api.anthropic.com',
  apiBaseEnv: 'ANTHROPIC_BASE_URL',
  apiKeyEnv: 'ANTHROPIC_API_KEY',
} satisfies Provider['defaults']

/** Anthropic's own Messages API. */
export const anthropic = {
  dialect: 'anthropic',
  defaults,
  framing: 'sse',
  chat: (request, target) => {
    const { body, betas } = claudeBody(request, target)
    const streams = request.stream === true
    return post({ model: target.model, ...body, ...(streams && { stream: true }) }, betas, target)
  },
  completion: anthropicCompletion,
  reader: anthropicReader,
  forward: (body, stream, target) => {
    const { native, betas } = nativeBody(ownTurns(body))
    return post({ ...native, model: target.model, ...(stream && { stream }) }, betas, target)
  },
  usage: anthropicUsage,
  failure: anthropicFailure,
  tokenCounter: {
    count(request, target) {
      const { body, betas } = claudeBody(request, target)
      return post({ model: target.model, ...countable(body) }, betas, target, '/count_tokens')
    },
    counted: inputTokens,
  },
} satisfies Vendor

/** What `/v1/messages/count_tokens` knows of a body: everything that is read, and nothing that is about the answer. */
export function countable(body: Fields): Fields {
  return Object.fromEntries(Object.entries(body).filter(([field]) => COUNTED.has(field)))
}

const COUNTED = new Set([
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'context_management',
  'mcp_servers',
  'cache_control',
])

export function inputTokens(answer: unknown): number | undefined {
  return number(fields(answer).input_tokens)
}

/** A caller's own body without what speaks to the gateway; features it asked for in the body belong in a header. */
export function nativeBody(body: Fields): { readonly native: Fields; readonly betas: string[] } {
  const { anthropic_beta, betas, metadata, ...rest } = body
  const { user_id } = fields(metadata)
  const native = Object.fromEntries([
    ...Object.entries(rest).filter(([field]) => !GATEWAY_FIELDS.has(field)),
    // All else in it is the gateway's, and Anthropic refuses what it does not know there.
    ...(user_id === undefined ? [] : [['metadata', { user_id }]]),
  ])
  const asked = [...allowedBetas(anthropic_beta), ...allowedBetas(betas)]
  return { native, betas: [...new Set([...neededBetas(native, false), ...asked])] }
}

function post(body: Fields, betas: readonly string[], target: Target, path = ''): UpstreamRequest {
  const { apiKey, extraHeaders } = target
  const { 'anthropic-beta': ordered, ...others } = lowerNames(extraHeaders)
  const login = apiKey?.startsWith('sk-ant-oat') === true
  // The operator's own features are no caller's wish: they need nobody's leave.
  const all = [...new Set([...betas, ...(login ? ['oauth-2025-04-20'] : []), ...(ordered?.split(/\s*,\s*/) ?? [])])]
  return {
    url: messagesUrl(target.apiBase ?? defaults.apiBase, path),
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'anthropic-version': VERSION,
      ...(apiKey !== undefined && (login ? { authorization: `Bearer ${apiKey}` } : { 'x-api-key': apiKey })),
      ...(all.length > 0 && { 'anthropic-beta': all.join(',') }),
      ...others,
    },
    body: JSON.stringify(body),
  }
}

function messagesUrl(apiBase: string, path: string): string {
  const [address = '', query] = apiBase.split('?', 2)
  const base = address.replace(/\/+$/, '').replace(/\/v1(?:\/messages)?$/, '')
  return `${base}/v1/messages${path}${query === undefined ? '' : `?${query}`}`
}
