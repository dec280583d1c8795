import { type Fields, isFields } from '../dialects/loose-json.ts'

/** Whose API has a word. */
export type Tongue = 'openai' | 'responses' | 'anthropic' | 'google'

/**
 * Fields of a request that one API alone has and that ask for something: who speaks another refuses them by name, before
 * the vendor does in words of its own, or leaves them out where the operator lets it. Of the vendors' references.
 */
const WORDS: Readonly<Record<Tongue, readonly string[]>> = {
  openai: ['moderation'],
  responses: ['moderation', 'access_programs', 'image', 'truncation', 'max_tool_calls', 'prompt', 'background'],
  anthropic: [
    ...['container', 'mcp_servers', 'inference_geo', 'speed', 'thread', 'compaction', 'fallback_credit_token'],
    ...['user_profile_id', 'workspace_id', 'billing_policy', 'top_k'],
  ],
  google: [
    ...['generationConfig', 'safetySettings', 'cachedContent', 'modelArmorConfig', 'toolConfig'],
    ...['thinkingConfig', 'speechConfig', 'imageConfig', 'responseModalities', 'top_k'],
  ],
}

/** Hints of theirs, which change no answer: left out. */
const HINTS: Readonly<Record<Tongue, readonly string[]>> = {
  openai: ['prompt_cache_options'],
  responses: ['prompt_cache_options', 'include'],
  anthropic: ['cache_control', 'diagnostics', 'betas', 'anthropic_beta', 'anthropic_version', 'output_config'],
  google: ['labels'],
}

const TONGUES = Object.keys(WORDS) as readonly Tongue[]

/** The words in a request that none of these tongues has. */
export function foreignWords(asked: Fields, own: readonly Tongue[]): readonly string[] {
  const known = new Set(own.flatMap((tongue) => WORDS[tongue]))
  const words = TONGUES.filter((tongue) => !own.includes(tongue)).flatMap((tongue) => WORDS[tongue])
  const said = [...new Set(words)].filter((word) => !known.has(word) && isSaid(asked[word]))
  // OpenAI writes it as a list, Anthropic as an object.
  const { context_management: managed } = asked
  const isManaged = isFields(managed) ? own.includes('anthropic') : own.includes('responses')
  return isSaid(managed) && !isManaged ? [...said, 'context_management'] : said
}

/** Whether only others would understand the field, and nothing is lost with it. */
export function isForeignHint(field: string, own: readonly Tongue[]): boolean {
  return TONGUES.some((tongue) => HINTS[tongue].includes(field)) && !own.some((tongue) => HINTS[tongue].includes(field))
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== 'disabled' && value !== false
}
