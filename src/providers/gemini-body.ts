import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, present, text } from '../dialects/loose-json.ts'
import { chatBody } from './chat-body.ts'
import { geminiContents } from './gemini-contents.ts'
import { thinkingConfig } from './gemini-thinking.ts'
import { geminiTools } from './gemini-tools.ts'
import type { Target } from './provider.ts'
import { kept, unsupported } from './unsupported.ts'

/** Fields of the canonical request that are read here. */
const READ = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'response_format',
  'modalities',
  'audio',
  'thinking',
  'reasoning_effort',
  'reasoning',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'web_search_options',
  'parallel_tool_calls',
  'service_tier',
  'google',
])

/** What changes no answer: names of users, hints to caches, what OpenAI shall store. */
const HINTS = new Set([
  'user',
  'metadata',
  'store',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'vertex_project',
  'vertex_location',
  'vertex_credentials',
  'vertex_ai_project',
  'vertex_ai_location',
  'vertex_ai_credentials',
])

/** Google's own words, which callers and operators may use beside OpenAI's; in camel or snake case. */
const BODY_FIELDS = ['safetySettings', 'cachedContent', 'labels', 'toolConfig', 'modelArmorConfig', 'generationConfig']
const CONFIG_FIELDS = [
  'thinkingConfig',
  'speechConfig',
  'imageConfig',
  'mediaResolution',
  'responseModalities',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'audioTimestamp',
  'enableEnhancedCivicAnswers',
  'routingConfig',
  'modelSelectionConfig',
  'audioTranscriptionConfig',
]

export interface GeminiBody extends Fields {
  readonly contents: readonly unknown[]
}

/** A canonical request as the body of `generateContent`. What Gemini has no word for is refused by name, or dropped. */
export function geminiBody(request: ChatRequest, target: Target): GeminiBody {
  const asked: Fields = chatBody(request, target)
  const google = googleFields(asked)
  const given = Object.entries(asked).filter(([, value]) => value !== null && value !== undefined)
  const made = geminiTools(asked)
  const thinking = thinkingConfig(target.model, asked)
  const speech = speechConfig(asked.audio)
  const tier = tierOf(asked.service_tier)
  const format = responseFormat(asked.response_format)
  const strangers = given.flatMap(([name]) => (READ.has(name) || HINTS.has(name) || isGoogles(name) ? [] : [name]))
  const allowed = unsupported(
    [
      ...strangers,
      ...made.missing,
      ...(thinking === false ? ['reasoning_effort'] : []),
      ...(speech === false ? ['audio'] : []),
      ...(tier === false ? ['service_tier'] : []),
      ...(format === false ? ['response_format'] : []),
      // One function alone is hardly called twice at once.
      ...(asked.parallel_tool_calls === false && list(asked.tools).length > 1 ? ['parallel_tool_calls'] : []),
    ],
    target,
  )

  const { generationConfig, toolConfig, ...body } = google.body
  const config = {
    ...present({
      temperature: asked.temperature,
      topP: asked.top_p,
      topK: asked.top_k,
      maxOutputTokens: asked.max_completion_tokens ?? asked.max_tokens,
      candidateCount: asked.n === 1 ? undefined : asked.n,
      seed: asked.seed,
      presencePenalty: asked.presence_penalty,
      frequencyPenalty: asked.frequency_penalty,
      responseLogprobs: asked.logprobs === true ? true : undefined,
      logprobs: asked.logprobs === true && number(asked.top_logprobs) !== 0 ? asked.top_logprobs : undefined,
      stopSequences: typeof asked.stop === 'string' ? [asked.stop] : asked.stop,
      responseModalities: modalities(asked.modalities),
      speechConfig: speech === false ? undefined : speech,
      thinkingConfig: thinking === false ? undefined : thinking,
    }),
    ...(format === false ? {} : format),
    ...fields(generationConfig),
    ...google.config,
  }
  const tools = {
    ...(made.functionCallingConfig && { functionCallingConfig: made.functionCallingConfig }),
    ...fields(toolConfig),
  }
  return {
    ...kept(allowed, asked),
    ...geminiContents(request.messages, target.model),
    ...(made.tools.length > 0 && { tools: made.tools }),
    ...(Object.keys(tools).length > 0 && { toolConfig: tools }),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(typeof tier === 'string' && { serviceTier: tier }),
    ...body,
  }
}

/** Under their own names, or in the `google` object that Google's OpenAI-compatible surface reads. */
function googleFields(asked: Fields): { readonly body: Fields; readonly config: Fields } {
  const inner = fields(asked.google)
  const pick = (names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = asked[name] ?? asked[snake(name)] ?? inner[name] ?? inner[snake(name)]
        return value === undefined || value === null ? [] : [[name, value]]
      }),
    )
  return { body: pick(BODY_FIELDS), config: pick(CONFIG_FIELDS) }
}

function isGoogles(name: string): boolean {
  return [...BODY_FIELDS, ...CONFIG_FIELDS].some((known) => known === name || snake(known) === name)
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function responseFormat(format: unknown): Fields | undefined | false {
  if (format === undefined || format === null) return undefined
  const { type, json_schema, response_schema, schema } = fields(format)
  if (type === 'text') return undefined
  const wanted = fields(json_schema).schema ?? response_schema ?? schema
  if (type !== 'json_object' && type !== 'json_schema') return false
  return { responseMimeType: 'application/json', ...(isFields(wanted) && { responseJsonSchema: wanted }) }
}

function modalities(asked: unknown): string[] | undefined {
  const names = list(asked).flatMap((name) => text(name)?.toUpperCase() ?? [])
  return names.length === 0 ? undefined : names
}

/** Gemini speaks in raw samples of 24 kHz only, which is OpenAI's `pcm16`. */
function speechConfig(audio: unknown): Fields | undefined | false {
  if (!isFields(audio)) return undefined
  const { voice, format } = audio
  if (format !== undefined && format !== null && format !== 'pcm16') return false
  const voiceName = text(voice) ?? text(fields(voice).id)
  return voiceName === undefined ? undefined : { voiceConfig: { prebuiltVoiceConfig: { voiceName } } }
}

function tierOf(tier: unknown): string | undefined | false {
  if (tier === undefined || tier === null || tier === 'auto' || tier === 'default') return undefined
  return tier === 'flex' || tier === 'priority' || tier === 'standard' ? tier : false
}
