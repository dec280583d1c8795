import type { ChatRequest } from './chat.ts'
import type { PathFields } from './dialect.ts'
import { messagesOf } from './gemini-contents.ts'
import { jsonSchema } from './gemini-schema.ts'
import { camelOf, unreadable, word } from './gemini-words.ts'
import { type Fields, fields, isFields, list, number, present, text } from './loose-json.ts'

/**
 * A body of `generateContent` as canonical chat. What only Google's models know (`safetySettings`, `cachedContent`, tools
 * of its own) keeps its name, so that Google gets it and any other vendor refuses it by that name.
 */
export function parseGenerate(body: unknown, path: PathFields): ChatRequest {
  if (!isFields(body)) throw unreadable('body', 'must be a JSON object')
  const model = path.model ?? text(body.model)
  if (model === undefined) throw unreadable('model', 'must be named in the path')
  const config = named(word(body, 'generationConfig'), 'generationConfig')
  const { known, rest } = configOf(config)
  const calling = fields(word(fields(word(body, 'toolConfig')), 'functionCallingConfig'))
  const tools = toolsOf(word(body, 'tools'), calling.mode === 'VALIDATED')
  const choice = choiceOf(calling)
  const others = Object.entries(body).filter(([name]) => !READ.has(camelOf(name)) && name !== 'model')
  const { functionCallingConfig: _, function_calling_config: __, ...toolConfig } = fields(word(body, 'toolConfig'))
  const tier = text(word(body, 'serviceTier'))?.toLowerCase()
  return {
    ...Object.fromEntries(others.map(([name, value]) => [camelOf(name), value])),
    model: model.replace(/^models\//, ''),
    messages: messagesOf(body.contents, word(body, 'systemInstruction')),
    ...(path.stream === true && { stream: true, stream_options: { include_usage: true } }),
    ...known,
    ...(Object.keys(rest).length > 0 && { generationConfig: rest }),
    ...(tools.length > 0 && { tools }),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(Object.keys(toolConfig).length > 0 && { toolConfig }),
    ...present({ service_tier: tier === 'standard' || tier === 'unspecified' ? 'default' : tier }),
  }
}

/** A body of `countTokens`: turns alone, or a whole request within. */
export function parseCountTokens(body: unknown, path: PathFields): ChatRequest {
  const whole = word(fields(body), 'generateContentRequest')
  return parseGenerate(isFields(whole) ? whole : body, path)
}

const READ = new Set([
  'contents',
  'systemInstruction',
  'generationConfig',
  'tools',
  'toolConfig',
  'serviceTier',
  'stream',
])

function named(value: unknown, name: string): Fields {
  if (value === undefined || value === null) return {}
  if (!isFields(value)) throw unreadable(name, 'must be an object')
  return value
}

interface Config {
  readonly known: Fields
  /** What has no counterpart, under Google's names. */
  readonly rest: Fields
}

const PLAIN: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  maxOutputTokens: 'max_tokens',
  candidateCount: 'n',
  stopSequences: 'stop',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  responseLogprobs: 'logprobs',
  logprobs: 'top_logprobs',
}
const COUNTED = new Set(['maxOutputTokens', 'candidateCount'])
const FORMAT = new Set(['responseMimeType', 'responseSchema', 'responseJsonSchema'])

function configOf(config: Fields): Config {
  const known: Record<string, unknown> = {}
  const rest: Record<string, unknown> = {}
  for (const [written, value] of Object.entries(config)) {
    const name = camelOf(written)
    const canonical = PLAIN[name]
    if (value === undefined || value === null || FORMAT.has(name)) continue
    if (COUNTED.has(name) && !(Number.isInteger(value) && Number(value) > 0))
      throw unreadable(`generationConfig.${name}`, 'must be a whole number above 0')
    if (canonical !== undefined) known[canonical] = value
    else if (name === 'responseModalities') known.modalities = list(value).map((kind) => String(kind).toLowerCase())
    else if (name === 'thinkingConfig') Object.assign(known, thinkingOf(fields(value)))
    else if (name === 'speechConfig' && voiceOf(fields(value))) known.audio = voiceOf(fields(value))
    else rest[name] = value
  }
  const format = formatOf(config)
  return { known: { ...known, ...format.known }, rest: { ...rest, ...format.rest } }
}

/** JSON with or without a schema; an enumeration as bare text is a format of Google's alone. */
function formatOf(config: Fields): Config {
  const mimeType = text(word(config, 'responseMimeType'))
  const own = word(config, 'responseSchema')
  const schema = word(config, 'responseJsonSchema') ?? (isFields(own) ? jsonSchema(own) : undefined)
  if (mimeType === undefined || mimeType === 'text/plain') return { known: {}, rest: {} }
  if (mimeType !== 'application/json')
    return { known: {}, rest: present({ responseMimeType: mimeType, responseSchema: own }) }
  if (schema === undefined) return { known: { response_format: { type: 'json_object' } }, rest: {} }
  const json_schema = { name: text(fields(schema).title)?.replaceAll(/[^\w-]/g, '_') ?? 'answer', schema }
  return { known: { response_format: { type: 'json_schema', json_schema } }, rest: {} }
}

/**
 * A level is OpenAI's effort; a budget is Anthropic's, with 0 for none and -1 for as the model sees fit, which is also what
 * it means to want to see thoughts and say no more.
 */
function thinkingOf(config: Fields): Fields {
  const level = text(word(config, 'thinkingLevel'))?.toLowerCase()
  const budget = number(word(config, 'thinkingBudget'))
  if (budget === 0) return { thinking: { type: 'disabled' } }
  if (budget !== undefined && budget > 0) return { thinking: { type: 'enabled', budget_tokens: budget } }
  if (level !== undefined && level !== 'thinking_level_unspecified') return { reasoning_effort: level }
  return budget === -1 || word(config, 'includeThoughts') === true ? { thinking: { type: 'adaptive' } } : {}
}

/** One voice is OpenAI's too; several speakers are Google's alone. */
function voiceOf(config: Fields): Fields | undefined {
  const voice = fields(word(fields(word(config, 'voiceConfig')), 'prebuiltVoiceConfig'))
  const name = text(word(voice, 'voiceName'))
  return name === undefined || Object.keys(config).length > 1 ? undefined : { voice: name, format: 'pcm16' }
}

function toolsOf(tools: unknown, strict: boolean): Fields[] {
  if (tools === undefined || tools === null) return []
  const all = isFields(tools) ? [tools] : tools
  if (!Array.isArray(all)) throw unreadable('tools', 'must be a list')
  return all.flatMap((tool: unknown, at) => {
    if (!isFields(tool)) throw unreadable(`tools[${at}]`, 'must be an object')
    const declared = list(word(tool, 'functionDeclarations'))
    const functions = declared.map((one, place) =>
      functionTool(fields(one), `tools[${at}].functionDeclarations[${place}]`, strict),
    )
    const others = Object.entries(tool)
      .filter(([name, value]) => camelOf(name) !== 'functionDeclarations' && value !== null && value !== undefined)
      .map(([name, settings]) => ({ type: camelOf(name), [camelOf(name)]: settings }))
    return [...functions, ...others]
  })
}

function functionTool(declared: Fields, where: string, strict: boolean): Fields {
  const { name, description, parameters } = declared
  if (text(name) === undefined) throw unreadable(`${where}.name`, 'must be a text')
  const written = word(declared, 'parametersJsonSchema') ?? (isFields(parameters) ? jsonSchema(parameters) : undefined)
  return {
    type: 'function',
    function: { name, ...present({ description, parameters: written }), ...(strict && { strict }) },
  }
}

function choiceOf(calling: Fields): unknown {
  const { mode } = calling
  const names = list(word(calling, 'allowedFunctionNames')).filter((name) => typeof name === 'string')
  const [only] = names
  if (mode === 'NONE') return 'none'
  if (mode === 'AUTO') return 'auto'
  if (mode === 'ANY' && names.length === 0) return 'required'
  if (mode === 'ANY' && names.length === 1) return { type: 'function', function: { name: only } }
  if (mode !== 'ANY' && mode !== 'VALIDATED') return undefined
  if (names.length === 0) return 'auto'
  const tools = names.map((name) => ({ type: 'function', function: { name } }))
  return { type: 'allowed_tools', allowed_tools: { mode: mode === 'ANY' ? 'required' : 'auto', tools } }
}
