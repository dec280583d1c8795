import { wordsIn } from '../dialects/anthropic-words.ts'
import type { ChatMessage, ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, parsed, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { chatBody } from './chat-body.ts'
import { dataUrl } from './data-url.ts'
import { foreignWords, isForeignHint } from './foreign-words.ts'
import { functionCall } from './older-words.ts'
import type { Target } from './provider.ts'
import { kept, unsupported } from './unsupported.ts'

/** OpenAI's words that change nothing in an answer of one's own machine. */
const INERT = [
  'user',
  'safety_identifier',
  'store',
  'metadata',
  'prompt_cache_key',
  'service_tier',
  'parallel_tool_calls',
]
const MISSING = [
  'logit_bias',
  'audio',
  'modalities',
  'prediction',
  'verbosity',
  'web_search_options',
  'functions',
  'function_call',
]
/** `options` by OpenAI's names, where they differ. */
const OPTIONS: Readonly<Record<string, string>> = {
  max_tokens: 'num_predict',
  max_completion_tokens: 'num_predict',
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  seed: 'seed',
  frequency_penalty: 'frequency_penalty',
  presence_penalty: 'presence_penalty',
}
/** Ollama's own fields, which stand beside `options`; every other field of Ollama's belongs into them. */
const BESIDE = ['keep_alive', 'truncate', 'shift', 'logprobs', 'top_logprobs', 'think']
const READ = [
  'messages',
  'model',
  'n',
  'stop',
  'tools',
  'tool_choice',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'thinking',
]

/** A canonical request as the body of `/api/chat`. */
export function ollamaBody(request: ChatRequest, target: Target): Fields {
  const { model: _, messages: __, options, format, ...given } = chatBody({ ...request, stream: false }, target)
  const thought = thinking(given, target.model)
  const tools = toolsOf(given)
  const foreign = foreignWords(given, []).filter((field) => field !== 'top_k')
  const lacking = [...MISSING.filter((field) => means(given[field])), ...foreign]
  const several = number(given.n) !== undefined && given.n !== 1 ? ['n'] : []
  // One function alone is hardly called twice at once.
  const single = given.parallel_tool_calls === false && tools.kept.length > 1 ? ['parallel_tool_calls'] : []
  const allowed = unsupported([...lacking, ...several, ...single, ...tools.lacking, ...thought.lacking], target)
  const settings = { ...optionsOf(given, foreign), ...fields(options) }
  const wanted = format ?? formatOf(given.response_format)
  return {
    ...kept(allowed, given),
    model: target.model,
    messages: request.messages.map((message, at) => ollamaMessage(message, at, request.messages)),
    stream: request.stream === true,
    ...(tools.kept.length > 0 && { tools: tools.kept }),
    ...(wanted !== undefined && wanted !== null && { format: wanted }),
    ...(thought.think !== undefined && { think: thought.think }),
    ...defined(Object.fromEntries(BESIDE.map((field) => [field, given[field]]))),
    ...(Object.keys(settings).length > 0 && { options: settings }),
  }
}

function optionsOf(given: Fields, foreign: readonly string[]): Fields {
  const others = new Set([...foreign, ...INERT, ...MISSING, ...BESIDE, ...READ, ...Object.keys(OPTIONS)])
  const known = Object.entries(OPTIONS).flatMap(([field, option]) => {
    const value = number(given[field])
    return value === undefined ? [] : [[option, value]]
  })
  const stop = (typeof given.stop === 'string' ? [given.stop] : list(given.stop)).filter(
    (one) => typeof one === 'string',
  )
  return {
    ...defined(
      Object.fromEntries(Object.entries(given).filter(([field]) => !others.has(field) && !isForeignHint(field, []))),
    ),
    ...Object.fromEntries(known),
    ...(stop.length > 0 && { stop }),
  }
}

function formatOf(asked: unknown): unknown {
  const { type, json_schema } = fields(asked)
  if (type === 'json_object') return 'json'
  if (type !== 'json_schema') return undefined
  const { schema } = fields(json_schema)
  if (isFields(schema)) return schema
  throw invalid('response_format.json_schema.schema', 'must be a JSON schema.')
}

interface Thought {
  readonly think?: boolean | string
  readonly lacking: readonly string[]
}

/** gpt-oss is told how much, other models only whether. */
function thinking(given: Fields, model: string): Thought {
  if (given.think !== undefined && given.think !== null) return { lacking: [] }
  const effort = text(given.reasoning_effort) ?? text(fields(given.reasoning_effort).effort)
  const { type } = fields(given.thinking)
  if (effort === undefined) return type === undefined ? { lacking: [] } : { think: type !== 'disabled', lacking: [] }
  if (effort === 'none') return { think: false, lacking: [] }
  if (!model.includes('gpt-oss')) return { think: true, lacking: [] }
  if (effort === 'low' || effort === 'medium' || effort === 'high') return { think: effort, lacking: [] }
  return { lacking: ['reasoning_effort'] }
}

function toolsOf({ tools, tool_choice }: Fields): {
  readonly kept: readonly Fields[]
  readonly lacking: readonly string[]
} {
  const given = list(tools).map(fields)
  const only = list(fields(fields(tool_choice).allowed_tools).tools).map((tool) => fields(fields(tool).function).name)
  const kept = given
    .filter((tool) => (tool.type === 'function' || tool.type === undefined) && isFields(tool.function))
    .filter((tool) => only.length === 0 || only.includes(fields(tool.function).name))
    .map((tool) => ({ type: 'function', function: tool.function }))
  const strange = given.flatMap((tool, at) => (isFields(tool.function) ? [] : [`tools[${at}]`]))
  const forced = means(tool_choice) && tool_choice !== 'auto' && tool_choice !== 'none' && only.length === 0
  const required = fields(fields(tool_choice).allowed_tools).mode === 'required'
  return {
    kept: tool_choice === 'none' ? [] : kept,
    lacking: [...strange, ...(forced || required ? ['tool_choice'] : [])],
  }
}

function ollamaMessage(message: ChatMessage, at: number, all: readonly ChatMessage[]): Fields {
  const path = `messages[${at}]`
  const { content, images } = contentOf(message.content, `${path}.content`)
  const role = message.role === 'developer' ? 'system' : message.role === 'function' ? 'tool' : message.role
  const calls = list(message.tool_calls).map((call, place) => callOf(fields(call), `${path}.tool_calls[${place}]`))
  const thought = message.role === 'assistant' ? thoughtOf(message) : undefined
  const name = role === 'tool' ? (calledName(message.tool_call_id, all.slice(0, at)) ?? text(message.name)) : undefined
  return {
    role,
    content: role === 'assistant' && content === '' ? (text(message.refusal) ?? '') : content,
    ...(images.length > 0 && { images }),
    ...(thought !== undefined && { thinking: thought }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(role === 'tool' && defined({ tool_name: name, tool_call_id: text(message.tool_call_id) })),
  }
}

function thoughtOf({ reasoning_content, thinking_blocks }: ChatMessage): string | undefined {
  return (
    text(reasoning_content) ??
    text(
      list(thinking_blocks)
        .map((block) => text(fields(block).thinking) ?? '')
        .join(''),
    )
  )
}

/** Ollama tells results apart by the tool's name, which OpenAI has only on the call. */
function calledName(id: unknown, before: readonly ChatMessage[]): string | undefined {
  const calls = before.flatMap(({ tool_calls }) => list(tool_calls).map(fields))
  const { function: called, custom } = fields(calls.findLast((call) => call.id === id))
  return text(fields(called ?? custom).name)
}

function callOf(call: Fields, path: string): Fields {
  const { name, arguments: written } = fields(functionCall(call).function)
  if (text(name) === undefined) throw invalid(`${path}.function.name`, 'must be the name of a function.')
  const given = text(written) === undefined ? (isFields(written) ? written : {}) : parsed(String(written))
  if (!isFields(given)) throw invalid(`${path}.function.arguments`, 'must be a JSON object.')
  return { ...defined({ id: text(call.id) }), function: { name, arguments: given } }
}

/** Texts together and images apart, as Ollama wants them. */
function contentOf(content: unknown, path: string): { readonly content: string; readonly images: readonly string[] } {
  if (!Array.isArray(content)) return { content: text(content) ?? '', images: [] }
  const images: string[] = []
  const texts = content.map(fields).flatMap((part, at) => {
    const own = wordsIn(part)
    if (own !== undefined) return [own]
    const words = text(part.text) ?? text(part.refusal)
    if (part.type === 'text' || part.type === 'input_text' || part.type === 'output_text' || part.type === 'refusal')
      return words === undefined ? [] : [words]
    if (part.type === 'thinking' || part.type === 'redacted_thinking') return []
    const file = fields(part.file)
    const url = text(part.image_url) ?? text(fields(part.image_url).url) ?? text(file.file_data)
    const data = url === undefined ? undefined : dataUrl(url)
    if (part.type === 'image_url' && data) images.push(data.base64)
    else if (part.type === 'image_url')
      throw invalid(`${path}[${at}].image_url`, 'must be a data: URL with base64: Ollama fetches nothing from the web.')
    else if (part.type === 'file' && data?.mediaType.startsWith('image/')) images.push(data.base64)
    else throw invalid(`${path}[${at}]`, `has the type "${String(part.type)}", which Ollama cannot be given.`)
    return []
  })
  return { content: texts.join('\n'), images }
}

function means(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false
  if (Array.isArray(value)) return value.length > 0 && !value.every((one) => one === 'text')
  return !isFields(value) || Object.keys(value).length > 0
}

function defined(entries: Fields): Fields {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined && value !== null))
}

function invalid(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}`, { param })
}
