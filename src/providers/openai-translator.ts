import { isAnthropicsPart, wordsIn } from '../dialects/anthropic-words.ts'
import type { ChatMessage, ChatRequest } from '../dialects/chat.ts'
import { effortOfBudget } from '../dialects/effort.ts'
import { type Fields, fields, isFields, list, number, present } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { foreignWords, isForeignHint, type Tongue } from './foreign-words.ts'
import { openaiCompletion, openaiReader } from './openai-reader.ts'
import type { ParameterRules } from './parameter-rules.ts'
import type { Target } from './provider.ts'
import type { Translator } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** Reads what an OpenAI-compatible vendor answers, for callers who do not speak OpenAI's chat themselves. */
export const openaiAnswers = {
  framing: 'sse',
  completion: openaiCompletion,
  reader: openaiReader,
} satisfies Pick<Translator, 'framing' | 'completion' | 'reader'>

export interface PlainOptions extends ParameterRules {
  /**
   * Names beyond OpenAI's own that this vendor knows, of the request (`top_k`), of a message (`reasoning_content`), or
   * `file_url` where it fetches files.
   */
  readonly knows?: readonly string[]
}

/** LiteLLM's and other vendors' words on a message, which OpenAI's servers refuse. */
const MESSAGE_EXTRAS = [
  'thinking_blocks',
  'reasoning_content',
  'annotations',
  'images',
  'provider_specific_fields',
  'cache_control',
  'is_error',
]
const OWN: readonly Tongue[] = ['openai']
/** Anthropic's words on a part. */
const PART_EXTRAS = ['cache_control', 'citations', 'context']

/**
 * A canonical request with nothing in it that only other vendors understand, for `chatBody`. Thoughts of other vendors and
 * cache markers say nothing to OpenAI, which caches by itself; pictures in a tool's result follow in a user message, since
 * a tool's message holds text only; what has no counterpart is refused by name.
 */
export function plainChat(
  request: ChatRequest,
  target: Pick<Target, 'model'>,
  options: PlainOptions = {},
): ChatRequest {
  const knows = new Set(options.knows ?? [])
  const { model, thinking, reasoning: _, tools, tool_choice, messages, ...rest } = request
  const missing = foreignWords(rest, OWN).filter((field) => !knows.has(field))
  const given = list(tools).map(fields)
  const strange = given.filter((tool) => !isPlainTool(tool) && !isWebSearch(tool))
  const unthought = thinks(thinking) && cannotThink(target.model) ? ['thinking'] : []
  const strangers = strange.map(({ type }) => `tools of type ${String(type)}`)
  const allowed = unsupported([...missing, ...unthought, ...strangers], options)
  const hints = Object.keys(rest).filter((field) => !knows.has(field) && isForeignHint(field, OWN))
  const dropped = [...missing.filter((field) => !allowed.includes(field)), ...hints]
  const kept = given.filter(isPlainTool).map(plainTool)
  const search = given.find(isWebSearch)
  const effort = rest.reasoning_effort ?? (unthought.length > 0 ? undefined : effortOf(thinking))
  return {
    ...renamedMaximum(without(rest, dropped), target.model),
    model,
    messages: messages.flatMap((message, at) => plainMessage(message, { knows, at })).flatMap(imagesAfterTools),
    ...(kept.length > 0 && { tools: kept }),
    ...(kept.length > 0 && tool_choice !== undefined && { tool_choice }),
    ...(effort !== undefined && effort !== null && { reasoning_effort: isFields(effort) ? effort.effort : effort }),
    ...(search && rest.web_search_options === undefined && { web_search_options: searchOptions(search) }),
  }
}

function isPlainTool({ type }: Fields): boolean {
  return type === 'function' || type === 'custom' || type === undefined
}

/** Other vendors' marks on a tool (`cache_control`, `eager_input_streaming`) are left out. */
function plainTool({ type, function: called, custom }: Fields): Fields {
  return present({ type, function: called, custom })
}

export function isWebSearch({ type }: Fields): boolean {
  return type === 'web_search' || (typeof type === 'string' && type.startsWith('web_search_preview'))
}

/** OpenAI's search by the tool of its Responses, as chat has it. */
export function searchOptions({ search_context_size, user_location }: Fields): object {
  const { type: _, ...place } = fields(user_location)
  return {
    ...(search_context_size !== undefined && search_context_size !== null && { search_context_size }),
    ...(Object.keys(place).length > 0 && { user_location: { type: 'approximate', approximate: place } }),
  }
}

/** Anthropic's `thinking` as OpenAI's word for it; as much as it likes is OpenAI's own default. */
export function effortOf(thinking: unknown): string | undefined {
  const { type, budget_tokens } = fields(thinking)
  if (type === 'adaptive' || (type === 'enabled' && number(budget_tokens) === undefined)) return 'medium'
  return effortOfBudget(thinking)
}

function thinks(thinking: unknown): boolean {
  const { type } = fields(thinking)
  return type === 'enabled' || type === 'adaptive'
}

/** OpenAI's models from before thinking; they refuse to be asked for it. */
export function cannotThink(model: string): boolean {
  return /^(gpt-[34]|chatgpt-4)/.test(model)
}

/** OpenAI's reasoning models know only the newer name of the maximum. */
function renamedMaximum(rest: Fields, model: string): Fields {
  if (!/^(o[1-9]|gpt-[5-9])/.test(model) || rest.max_tokens === undefined || rest.max_tokens === null) return rest
  const { max_tokens, ...others } = rest
  return { ...others, max_completion_tokens: rest.max_completion_tokens ?? max_tokens }
}

interface Place {
  readonly knows: ReadonlySet<string>
  readonly at: number
}

function plainMessage(message: ChatMessage, { knows, at }: Place): ChatMessage[] {
  const kept = without(
    message,
    MESSAGE_EXTRAS.filter((field) => !knows.has(field)),
  )
  const calls = list(message.tool_calls).map(fields)
  if (message.role === 'assistant' && Object.keys(kept).every((field) => field === 'role' || isNothing(kept[field])))
    return []
  const path = `messages[${at}].content`
  return [
    {
      ...kept,
      role: message.role,
      ...(Array.isArray(message.content) && {
        content: message.content.map((part, place) => plainPart(part, `${path}[${place}]`, knows)),
      }),
      ...(calls.length > 0 && {
        tool_calls: calls.map((call) => without(call, ['provider_specific_fields', 'index'])),
      }),
    },
  ]
}

/** A turn that was only thoughts of another vendor has nothing left to say. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

/** Items of a vendor's own tools, which a conversation in Responses may hold. */
const OWN_ITEM = /_(?:call|output|response|request|tools|item|trigger)$|^(?:compaction|program)$/

function plainPart(part: unknown, path: string, knows: ReadonlySet<string>): unknown {
  if (!isFields(part)) return part
  const { type } = part
  if (typeof type === 'string' && OWN_ITEM.test(type))
    throw refused(path, `"${type}" belongs to a tool of OpenAI's Responses, which this model's provider does not have.`)
  const words = wordsIn(part)
  if (words !== undefined) return { type: 'text', text: words }
  if (isAnthropicsPart(part) && !knows.has(String(type)))
    throw refused(
      path,
      `"${type}" is a part of Anthropic's, which this model's provider does not have. Send text, or a file itself.`,
    )
  const plain = without(part, PART_EXTRAS)
  return type === 'file' && isFields(part.file) ? plainFile(plain, part.file, { path, knows }) : plain
}

/** OpenAI fetches pictures, but no files. */
function plainFile(part: Fields, file: Fields, { path, knows }: { path: string; knows: ReadonlySet<string> }): Fields {
  const { file_id: id, format } = file
  if (typeof id === 'string' && /^https?:/.test(id)) {
    if (typeof format === 'string' && format.startsWith('image/')) return { type: 'image_url', image_url: { url: id } }
    if (knows.has('file_url')) return part
    throw refused(path, "This model's provider fetches no files by their address. Send the file itself as file_data.")
  }
  return { ...part, file: without(file, ['format']) }
}

function refused(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}

/** Every tool's result comes before anything else may be said, so pictures wait until the last of them. */
function imagesAfterTools(message: ChatMessage, at: number, all: readonly ChatMessage[]): ChatMessage[] {
  if (message.role !== 'tool') return [message]
  const said = { ...message, content: textsOnly(message.content) }
  if (all[at + 1]?.role === 'tool') return [said]
  const first = all.findLastIndex((one, place) => place < at && one.role !== 'tool') + 1
  const shown = all.slice(first, at + 1).flatMap(({ content, tool_call_id }) => {
    const pictures = Array.isArray(content) ? content.filter((part) => fields(part).type !== 'text') : []
    if (pictures.length === 0) return []
    return [{ type: 'text', text: `What the tool call ${String(tool_call_id)} returned beside text:` }, ...pictures]
  })
  return shown.length === 0 ? [said] : [said, { role: 'user', content: shown }]
}

function textsOnly(content: unknown): unknown {
  if (!Array.isArray(content)) return content
  const texts = content.filter((part) => fields(part).type === 'text')
  if (texts.length === content.length) return content
  if (texts.length > 0) return texts
  return 'The result follows in the next message of the user.'
}

function without(from: Fields, names: readonly string[]): Fields {
  if (!names.some((name) => name in from)) return from
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)))
}
