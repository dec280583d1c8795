import type { CacheKey } from './port.ts'

type Fields = Readonly<Record<string, unknown>>

/** How an answer is delivered, to whom it is billed, and what is said to the gateway alone: nothing that changes an answer. */
const NOT_THE_ANSWERS = new Set([
  'model',
  'stream',
  'stream_options',
  'metadata',
  'tags',
  'store',
  'background',
  'timeout',
  'stream_timeout',
  'request_timeout',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'litellm_session_id',
  'litellm_trace_id',
  'litellm_metadata',
])

/** Saying it is the same as not saying it, whoever the vendor is. */
const MEANS_NOTHING: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  logit_bias: (value) => isEmpty(value),
  stop: (value) => isEmpty(value),
  tools: (value) => isEmpty(value),
  response_format: (value) => isFields(value) && value.type === 'text' && Object.keys(value).length === 1,
  encoding_format: (value) => value === 'float',
}

/** What OpenAI documents as its own defaults; servers of others may have set theirs differently. */
const OPENAIS: Readonly<Record<string, (value: unknown) => boolean>> = {
  temperature: (value) => value === 1,
  top_p: (value) => value === 1,
  parallel_tool_calls: (value) => value === true,
  service_tier: (value) => value === 'auto',
}

export interface Form {
  /** Fields that some deployment of the group sets itself where a request says nothing: their defaults are not known. */
  readonly setElsewhere: ReadonlySet<string>
  /** Every deployment of the group is OpenAI's own model. */
  readonly openais: boolean
}

/**
 * A request as everything in it that can change its answer: the order of fields, white space and defaults that are
 * written out make no difference. Fields that nobody knows count as they are.
 */
export function canonical(request: Fields, { setElsewhere, openais }: Form): string {
  // Names are the caller's: `__proto__` and `valueOf` are fields like any other.
  const kept: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(request)) {
    if (NOT_THE_ANSWERS.has(name) || value === undefined || value === null) continue
    const isDefault = ownOf(MEANS_NOTHING, name) ?? (openais ? ownOf(OPENAIS, name) : undefined)
    if (isDefault?.(value) && !setElsewhere.has(name)) continue
    kept[name] = value
  }
  return sorted(kept)
}

const ownOf = <T>(rules: Readonly<Record<string, T>>, name: string) =>
  Object.hasOwn(rules, name) ? rules[name] : undefined

/** What names an entry, the widest first: no two different lists make the same text. */
export type KeyParts = readonly [scope: string, ...rest: string[]]

const encoder = new TextEncoder()

export async function cacheKey(parts: KeyParts): Promise<CacheKey> {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(JSON.stringify(parts)))
  return { scope: parts[0], hash: hex(new Uint8Array(digest)) }
}

export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  if (!isFields(value)) return JSON.stringify(value) ?? 'null'
  const fields = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${sorted(value[name])}`)
  return `{${fields.join(',')}}`
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
